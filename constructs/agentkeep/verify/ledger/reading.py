"""Reads a ledger or a policy file, or says what is wrong with it and where."""

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

from agentkeep.errors import ProofError
from agentkeep.verify.artifacts import POLICY_FORMAT, Place
from agentkeep.verify.documents import Document
from agentkeep.verify.intervals import PROTOCOLS, spans
from agentkeep.verify.ledger.model import (
    FAMILIES,
    LEDGER_FORMAT,
    ROLES,
    Acknowledgement,
    Cluster,
    DeclaredFlow,
    DeclaredSecret,
    DeclaredSite,
    DeclaredStorage,
    DeclaredWorkload,
    Ledger,
    Reader,
)


class _Reader:
    """Takes typed values out of a mapping, or says what is wrong and where."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._file = document.file

    def refuse(self, path: tuple[str | int, ...], problem: str) -> ProofError:
        where = ".".join(map(str, path)) or "the file"
        line = self._document.line_of(*path)
        return ProofError(f"{self._file}:{line}", f"{where}: {problem}", "mend the ledger, or synthesize again")

    def get(self, body: Any, path: tuple[str | int, ...], key: str, kind: type, default: Any = None) -> Any:
        if not isinstance(body, dict):
            raise self.refuse(path, "is not a mapping")
        value = body.get(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self.refuse((*path, key), f"is not {'text' if kind is str else kind.__name__}")
        return value

    def texts(self, body: Any, path: tuple[str | int, ...], key: str, default: Any = None) -> tuple[str, ...]:
        values = self.get(body, path, key, list, default)
        if not all(isinstance(value, str) for value in values):
            raise self.refuse((*path, key), "holds something that is not text")
        return tuple(values)

    def labels(self, body: Any, path: tuple[str | int, ...], key: str) -> Mapping[str, str]:
        values = self.get(body, path, key, dict)
        if not all(isinstance(value, str) for value in values.values()):
            raise self.refuse((*path, key), "holds something that is not text")
        return dict(values)

    def cidrs(self, body: Any, path: tuple[str | int, ...], key: str) -> tuple[str, ...]:
        values = self.texts(body, path, key)
        try:
            spans(values)
        except ValueError as error:
            raise self.refuse((*path, key), str(error)) from None
        if not values:
            raise self.refuse((*path, key), "is empty; without it no denial can be proved")
        return values

    def choice(
        self, body: Any, path: tuple[str | int, ...], key: str, among: Iterable[str], default: Any = None
    ) -> str:
        value: str = self.get(body, path, key, str, default)
        if value not in among:
            raise self.refuse((*path, key), f"{value[:40]!r} is none of {', '.join(sorted(among))}")
        return value


def read_ledger(document: Document) -> Ledger:
    """
    The ledger in *document*.

    Raises:
        ProofError: it is not one, or a field is missing or of the wrong kind.
    """
    root, read = document.root, _Reader(document)
    form = root.get("format")
    if form not in (LEDGER_FORMAT, POLICY_FORMAT):
        raise read.refuse(("format",), f"is neither {LEDGER_FORMAT} nor {POLICY_FORMAT}")
    by_hand = form == POLICY_FORMAT
    # A policy file names only what it cares about; a ledger is complete.
    absent: Any = [] if by_hand else None
    families = read.texts(root, (), "families", list(FAMILIES))
    unknown = set(families) - set(FAMILIES)
    if unknown or not families:
        raise read.refuse(("families",), f"name some of {', '.join(FAMILIES)}")

    def entries(key: str) -> list[tuple[tuple[str | int, ...], Any]]:
        return [((key, n), body) for n, body in enumerate(read.get(root, (), key, list, absent))]

    ledger = Ledger(
        platform=read.get(root, (), "platform", str),
        namespace=read.get(root, (), "namespace", str),
        cluster=_cluster(read, read.get(root, (), "cluster", dict)),
        workloads=tuple(_workload(read, path, body) for path, body in entries("workloads")),
        secrets=tuple(_secret(read, path, body) for path, body in entries("secrets")),
        flows=tuple(_flow(read, path, body) for path, body in entries("flows")),
        sites=tuple(_site(read, path, body) for path, body in entries("sites")),
        storage=tuple(_storage(read, path, body) for path, body in entries("storage")),
        acknowledgements=tuple(_acknowledgement(read, path, body) for path, body in entries("acknowledgements")),
        families=families,
        place=Place(document.file, 1),
        by_hand=by_hand,
    )
    _expect_unique(read, ledger)
    return ledger


def _expect_unique(read: _Reader, ledger: Ledger) -> None:
    for key, names in (
        ("workloads", [one.id for one in ledger.workloads]),
        ("workloads", [one.deployment for one in ledger.workloads]),
        ("secrets", [one.id for one in ledger.secrets]),
        ("acknowledgements", [one.finding for one in ledger.acknowledgements]),
    ):
        twice = {name for name in names if names.count(name) > 1} if len(set(names)) != len(names) else set()
        if twice:
            raise read.refuse((key,), f"{min(twice)[:80]!r} is declared twice")


def _cluster(read: _Reader, body: Any) -> Cluster:
    path: tuple[str | int, ...] = ("cluster",)
    dns = read.get(body, path, "dns", dict)
    families = read.texts(body, path, "ipFamilies", ["IPv4"])
    if not families or set(families) - {"IPv4", "IPv6"}:
        raise read.refuse((*path, "ipFamilies"), "holds something other than IPv4 and IPv6")
    labels = read.labels(dns, (*path, "dns"), "podLabels")
    if not labels:
        raise read.refuse((*path, "dns", "podLabels"), "is empty; every pod of that namespace would count as DNS")
    return Cluster(
        pod_cidrs=read.cidrs(body, path, "podCidrs"),
        service_cidrs=read.cidrs(body, path, "serviceCidrs"),
        node_cidrs=read.cidrs(body, path, "nodeCidrs"),
        ip_families=families,
        dns_namespace=read.get(dns, (*path, "dns"), "namespace", str),
        dns_labels=labels,
        secret_store=read.get(body, path, "secretStore", str, ""),
        api_server=read.get(body, path, "apiServer", str, ""),
    )


def _workload(read: _Reader, path: tuple[str | int, ...], body: Any) -> DeclaredWorkload:
    name = read.get(body, path, "id", str)
    ports = [
        (
            read.get(port, (*path, "ports", n), "name", str, ""),
            read.get(port, (*path, "ports", n), "port", int),
            read.choice(port, (*path, "ports", n), "protocol", PROTOCOLS, "TCP"),
        )
        for n, port in enumerate(read.get(body, path, "ports", list, []))
    ]
    return DeclaredWorkload(
        id=name,
        role=read.choice(body, path, "role", ROLES),
        deployment=read.get(body, path, "deployment", str, name),
        pod_labels=read.labels(body, path, "podLabels"),
        service_account=read.get(body, path, "serviceAccount", str, ""),
        ports=tuple(ports),
        containers=read.texts(body, path, "containers", []),
        init_containers=read.texts(body, path, "initContainers", []),
    )


def _secret(read: _Reader, path: tuple[str | int, ...], body: Any) -> DeclaredSecret:
    readers: list[Reader] = []
    for n, one in enumerate(read.get(body, path, "readers", list)):
        at: tuple[str | int, ...] = (*path, "readers", n)
        readers.extend(
            Reader(
                read.get(one, at, "workload", str),
                container,
                read.choice(one, at, "as", ("env", "file"), "env"),
                read.get(one, at, "name", str, ""),
            )
            for container in read.texts(one, at, "containers")
        )
    name = read.get(body, path, "id", str)
    return DeclaredSecret(
        id=name,
        role=read.get(body, path, "role", str, "generic"),
        ssm=read.get(body, path, "ssm", str, name),
        filled_by=read.choice(body, path, "filledBy", ("operator", "terraform"), "operator"),
        readers=tuple(readers),
    )


def _flow(read: _Reader, path: tuple[str | int, ...], body: Any) -> DeclaredFlow:
    port = read.get(body, path, "port", int)
    if not 1 <= port <= 65535:
        raise read.refuse((*path, "port"), "is not between 1 and 65535")
    target: str = read.get(body, path, "to", str)
    if target.startswith("cidr:"):
        try:
            spans([target.removeprefix("cidr:")])
        except ValueError as error:
            raise read.refuse((*path, "to"), str(error)) from None
    because: str = read.get(body, path, "because", str)
    if not because.strip():
        raise read.refuse((*path, "because"), "is empty; a flow needs a reason")
    return DeclaredFlow(
        read.get(body, path, "from", str), target, read.choice(body, path, "protocol", PROTOCOLS, "TCP"), port, because
    )


def _site(read: _Reader, path: tuple[str | int, ...], body: Any) -> DeclaredSite:
    return DeclaredSite(
        id=read.get(body, path, "id", str),
        host=read.get(body, path, "host", str),
        workload=read.get(body, path, "workload", str),
        port=read.get(body, path, "port", int),
        zone=read.get(body, path, "zone", str, ""),
        access=read.get(body, path, "access", dict, {}),
    )


def _storage(read: _Reader, path: tuple[str | int, ...], body: Any) -> DeclaredStorage:
    return DeclaredStorage(
        workload=read.get(body, path, "workload", str),
        claim=read.get(body, path, "claim", str),
        backup_groups=read.texts(body, path, "backupGroups", []),
    )


def _acknowledgement(read: _Reader, path: tuple[str | int, ...], body: Any) -> Acknowledgement:
    until = body.get("until") if isinstance(body, dict) else None
    try:
        last = None if until is None else datetime.date.fromisoformat(str(until))
    except ValueError:
        raise read.refuse((*path, "until"), "is not a date such as 2027-01-31") from None
    because, owner = (read.get(body, path, key, str) for key in ("because", "owner"))
    if not because.strip() or not owner.strip():
        raise read.refuse(path, "lacks a reason or an owner")
    return Acknowledgement(read.get(body, path, "finding", str), because, owner, last)
