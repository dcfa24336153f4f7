"""Reads a ledger or a policy file, or says what is wrong with it and where."""

import datetime
from collections.abc import Mapping
from typing import Any, Final

from agentkeep.verify.artifacts import POLICY_FORMAT, Place
from agentkeep.verify.documents import Document
from agentkeep.verify.intervals import PROTOCOLS, span
from agentkeep.verify.ledger.fields import Fields, Path
from agentkeep.verify.ledger.model import (
    FAMILIES,
    LEDGER_FORMAT,
    NEIGHBOUR,
    ROLES,
    Acknowledgement,
    Added,
    DeclaredContainer,
    DeclaredFlow,
    DeclaredSecret,
    DeclaredSite,
    DeclaredStorage,
    DeclaredWorkload,
    Ledger,
    Neighbour,
    Reader,
)
from agentkeep.verify.ledger.surroundings import read_cluster, read_vendors
from agentkeep.verify.programs import PROGRAMS, USERS_OWN

# Words of the first policy files, which people have written by hand; a ledger is written by the program.
_OLDER_ROLES: Final = {"llm-proxy": "keeper"}
_PROBES: Final = frozenset({"startup", "readiness", "liveness"})


def read_ledger(document: Document) -> Ledger:
    """
    The ledger in *document*.

    Raises:
        ProofError: it is not one, or a field is missing or of the wrong kind.
    """
    root, read = document.root, Fields(document)
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

    def entries(key: str, otherwise: Any = absent) -> list[tuple[Path, Any]]:
        return [((key, n), body) for n, body in enumerate(read.get(root, (), key, list, otherwise))]

    vendors = read_vendors(read, root, by_hand=by_hand)
    ledger = Ledger(
        platform=read.get(root, (), "platform", str),
        namespace=read.get(root, (), "namespace", str),
        vendors=vendors,
        cluster=read_cluster(read, read.get(root, (), "cluster", dict), vendors, by_hand=by_hand),
        workloads=tuple(_workload(read, path, body, by_hand=by_hand) for path, body in entries("workloads")),
        secrets=tuple(_secret(read, path, body, by_hand=by_hand) for path, body in entries("secrets")),
        flows=tuple(_flow(read, path, body) for path, body in entries("flows")),
        sites=tuple(_site(read, path, body) for path, body in entries("sites")),
        storage=tuple(_storage(read, path, body) for path, body in entries("storage")),
        acknowledgements=tuple(_acknowledgement(read, path, body) for path, body in entries("acknowledgements")),
        families=families,
        place=Place(document.file, 1),
        neighbours=tuple(_neighbour(read, path, body) for path, body in entries("neighbours", [])),
        added=tuple(_added(read, path, body) for path, body in entries("added", [])),
        by_hand=by_hand,
    )
    _expect_unique(read, ledger)
    _expect_neighbours(read, ledger)
    if ledger.sites and not by_hand and not vendors.publishing:
        raise read.refuse(("sites",), "are declared, though vendors.publishing is null")
    return ledger


def _expect_unique(read: Fields, ledger: Ledger) -> None:
    for key, names in (
        ("workloads", [one.id for one in ledger.workloads]),
        ("workloads", [one.deployment for one in ledger.workloads]),
        ("secrets", [one.id for one in ledger.secrets]),
        ("neighbours", [one.id for one in ledger.neighbours]),
        ("acknowledgements", [one.finding for one in ledger.acknowledgements]),
    ):
        twice = {name for name in names if names.count(name) > 1} if len(set(names)) != len(names) else set()
        if twice:
            raise read.refuse((key,), f"{min(twice)[:80]!r} is declared twice")


def _expect_neighbours(read: Fields, ledger: Ledger) -> None:
    """A neighbour lives elsewhere, and a flow to one names a port of it."""
    known = {one.name: one for one in ledger.neighbours}
    for n, one in enumerate(ledger.neighbours):
        if one.namespace == ledger.namespace:
            raise read.refuse(("neighbours", n, "namespace"), "is the platform's own; declare a workload")
    for n, flow in enumerate(ledger.flows):
        for key, name in (("from", flow.source), ("to", flow.target)):
            if name.startswith(NEIGHBOUR) and name not in known:
                raise read.refuse(("flows", n, key), f"{name[:80]!r} is not among the neighbours")
        target = known.get(flow.target)
        if target and (flow.port, flow.protocol) not in {(port, protocol) for _, port, protocol in target.ports}:
            raise read.refuse(("flows", n, "port"), f"is not a port of {target.name}")
        if flow.source in known and flow.target in known:
            raise read.refuse(("flows", n), "joins two neighbours, neither of which is the platform's")


def _ports(read: Fields, path: Path, body: Any) -> tuple[tuple[str, int, str], ...]:
    return tuple(
        (
            read.get(port, (*path, "ports", n), "name", str, ""),
            read.get(port, (*path, "ports", n), "port", int),
            read.choice(port, (*path, "ports", n), "protocol", PROTOCOLS, "TCP"),
        )
        for n, port in enumerate(read.get(body, path, "ports", list, []))
    )


def _workload(read: Fields, path: Path, body: Any, *, by_hand: bool) -> DeclaredWorkload:
    name = read.get(body, path, "id", str)
    if by_hand and isinstance(body, dict) and body.get("role") in _OLDER_ROLES:
        body = {**body, "role": _OLDER_ROLES[body["role"]]}
    program = read.choice(body, path, "program", PROGRAMS, USERS_OWN if by_hand else None)
    declared = body.get("declared")
    if program == USERS_OWN and declared is None and not by_hand:
        raise read.refuse((*path, "declared"), f"is missing; without it a {USERS_OWN} cannot be proved")
    if program != USERS_OWN and declared is not None:
        raise read.refuse((*path, "declared"), f"is given, but the program is {program}, which has a table of its own")
    return DeclaredWorkload(
        id=name,
        role=read.choice(body, path, "role", ROLES),
        program=program,
        deployment=read.get(body, path, "deployment", str, name),
        pod_labels=read.labels(body, path, "podLabels"),
        service_account=read.get(body, path, "serviceAccount", str, ""),
        ports=_ports(read, path, body),
        containers=read.texts(body, path, "containers", []),
        init_containers=read.texts(body, path, "initContainers", []),
        images=read.texts(body, path, "images") if "images" in body or not by_hand else None,
        declared=None if declared is None else _declared(read, path, body),
    )


def _declared(read: Fields, path: Path, body: Any) -> Mapping[str, DeclaredContainer]:
    at: Path = (*path, "declared")
    found: dict[str, DeclaredContainer] = {}
    for name in read.get(body, path, "declared", dict):
        here: Path = (*at, name)
        one = read.get(body["declared"], at, name, dict)
        unknown = set(one) - {"command", "args", "workingDir", "env", "files", "probes"}
        if unknown:
            raise read.refuse((*here, min(unknown)), "is not a field of a declared container")
        probes = read.get(one, here, "probes", dict, {})
        if set(probes) - _PROBES:
            raise read.refuse((*here, "probes"), f"holds something other than {', '.join(sorted(_PROBES))}")
        found[name] = DeclaredContainer(
            command=read.texts(one, here, "command", []),
            args=read.texts(one, here, "args", []),
            working_dir=read.get(one, here, "workingDir", str, ""),
            env=read.labels(one, here, "env", {}),
            files=read.labels(one, here, "files", {}),
            probes=probes,
        )
    return found


def _secret(read: Fields, path: Path, body: Any, *, by_hand: bool) -> DeclaredSecret:
    readers: list[Reader] = []
    for n, one in enumerate(read.get(body, path, "readers", list)):
        at: Path = (*path, "readers", n)
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
    # The first policy files called the key by the one store that there was.
    older = by_hand and "key" not in body and "ssm" in body
    return DeclaredSecret(
        id=name,
        role=read.get(body, path, "role", str, "generic"),
        key=read.get(body, path, "ssm" if older else "key", str, name if by_hand else None),
        filled_by=read.choice(body, path, "filledBy", ("operator", "terraform"), "operator"),
        readers=tuple(readers),
    )


def _neighbour(read: Fields, path: Path, body: Any) -> Neighbour:
    labels = read.labels(body, path, "podLabels")
    if not labels:
        raise read.refuse((*path, "podLabels"), "is empty; every pod of that namespace would be meant")
    return Neighbour(
        id=read.get(body, path, "id", str),
        namespace=read.get(body, path, "namespace", str),
        pod_labels=labels,
        ports=_ports(read, path, body),
    )


def _added(read: Fields, path: Path, body: Any) -> Added:
    because: str = read.get(body, path, "because", str)
    if not because.strip():
        raise read.refuse((*path, "because"), "is empty; what is added needs a reason")
    return Added(read.get(body, path, "kind", str), read.get(body, path, "name", str), because)


def _flow(read: Fields, path: Path, body: Any) -> DeclaredFlow:
    port = read.get(body, path, "port", int)
    if not 1 <= port <= 65535:
        raise read.refuse((*path, "port"), "is not between 1 and 65535")
    target: str = read.get(body, path, "to", str)
    if target.startswith("cidr:"):
        try:
            span(target.removeprefix("cidr:"))
        except ValueError as error:
            raise read.refuse((*path, "to"), str(error)) from None
    because: str = read.get(body, path, "because", str)
    if not because.strip():
        raise read.refuse((*path, "because"), "is empty; a flow needs a reason")
    return DeclaredFlow(
        read.get(body, path, "from", str), target, read.choice(body, path, "protocol", PROTOCOLS, "TCP"), port, because
    )


def _site(read: Fields, path: Path, body: Any) -> DeclaredSite:
    return DeclaredSite(
        id=read.get(body, path, "id", str),
        host=read.get(body, path, "host", str),
        workload=read.get(body, path, "workload", str),
        port=read.get(body, path, "port", int),
        zone=read.get(body, path, "zone", str, ""),
        access=read.get(body, path, "access", dict, {}),
    )


def _storage(read: Fields, path: Path, body: Any) -> DeclaredStorage:
    return DeclaredStorage(
        workload=read.get(body, path, "workload", str),
        claim=read.get(body, path, "claim", str),
        backup_groups=read.texts(body, path, "backupGroups", []),
    )


def _acknowledgement(read: Fields, path: Path, body: Any) -> Acknowledgement:
    until = body.get("until") if isinstance(body, dict) else None
    try:
        last = None if until is None else datetime.date.fromisoformat(str(until))
    except ValueError:
        raise read.refuse((*path, "until"), "is not a date such as 2027-01-31") from None
    because, owner = (read.get(body, path, key, str) for key in ("because", "owner"))
    if not because.strip() or not owner.strip():
        raise read.refuse(path, "lacks a reason or an owner")
    return Acknowledgement(read.get(body, path, "finding", str), because, owner, last)
