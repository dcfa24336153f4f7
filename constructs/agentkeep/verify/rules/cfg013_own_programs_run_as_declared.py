"""CFG013: own programs run as declared."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any, Final

from agentkeep.verify.artifacts import Container, Workload, mapping, mappings, text, texts
from agentkeep.verify.case import Case
from agentkeep.verify.ledger import DeclaredContainer
from agentkeep.verify.naming import where
from agentkeep.verify.programs import USERS_OWN
from agentkeep.verify.verdict import Report

PROGRAM: Final = USERS_OWN
_PROBES: Final = {"startup": "startupProbe", "readiness": "readinessProbe", "liveness": "livenessProbe"}
_HANDLERS: Final = ("httpGet", "tcpSocket", "exec", "grpc")


def cfg013_own_programs_run_as_declared(case: Case, report: Report) -> None:
    """
    CFG013: every container of a program that no table here knows is told exactly what the ledger says, and nothing
    else.

    Compared word for word: command, arguments, working directory, variables, files of ConfigMaps by their path in the
    container and their sha256, and what the probes ask. Hooks and variables from elsewhere are refused.
    """
    for workload in case.with_program(USERS_OWN):
        owner = case.declared(workload)
        if owner is None or owner.declared is None:
            # A policy file need not say what a program is told.
            report.look()
            continue
        read = {
            (reader.container, reader.name)
            for secret in case.ledger.secrets
            for reader in secret.readers
            if reader.workload == owner.id and reader.form == "env"
        }
        for container in workload.containers:
            report.look()
            meant = owner.declared.get(container.name)
            if meant is None:
                report.find(where(workload, container), "is told what nobody declared", place=container.place)
                continue
            for problem in (
                *_told(container, meant),
                *_variables(container, meant, {name for where_, name in read if where_ == container.name}),
                *_files(case, workload, container, meant),
                *_probed(container, meant),
            ):
                report.find(where(workload, container), problem, place=container.place)


def _told(container: Container, meant: DeclaredContainer) -> Iterator[str]:
    body = container.body
    if tuple(texts(body.get("command"))) != meant.command:
        yield "runs another command than declared"
    if tuple(texts(body.get("args"))) != meant.args:
        yield "is given other arguments than declared"
    if text(body.get("workingDir")) != meant.working_dir:
        yield "runs in another folder than declared"
    if body.get("lifecycle"):
        yield "has hooks, which cannot be declared"


def _variables(container: Container, meant: DeclaredContainer, read: set[str]) -> Iterator[str]:
    given: dict[str, Mapping[str, Any]] = {}
    for entry in container.env:
        name = text(entry.get("name"))
        if name in given:
            # The last one wins, which is easily overlooked.
            yield f"sets {name[:80]} twice"
        given[name] = entry
    for name, entry in given.items():
        if "valueFrom" in entry:
            # That the reference is one to a declared secret, and this secret, SEC003 decides.
            if name not in read or set(mapping(entry["valueFrom"])) != {"secretKeyRef"}:
                yield f"takes {name[:80]} from elsewhere"
        elif name not in meant.env:
            yield f"sets {name[:80]}, which is not declared"
        elif text(entry.get("value")) != meant.env[name]:
            yield f"sets {name[:80]} to another value than declared"
    for name in sorted(set(meant.env) - set(given)):
        yield f"does not set {name[:80]}, though declared"
    if container.body.get("envFrom"):
        yield "takes variables wholesale (envFrom)"


def _files(case: Case, workload: Workload, container: Container, meant: DeclaredContainer) -> Iterator[str]:
    found = {path: f"sha256:{hashlib.sha256(content.encode()).hexdigest()}"
             for path, content in _mounted(case, workload, container)}  # fmt: skip
    for path in sorted(found.keys() | meant.files.keys()):
        if path not in meant.files:
            yield f"has the file {path[:120]}, which is not declared"
        elif path not in found:
            yield f"lacks the file {path[:120]}, though declared"
        elif found[path] != meant.files[path]:
            yield f"has another {path[:120]} than declared"


def _mounted(case: Case, workload: Workload, container: Container) -> Iterator[tuple[str, str]]:
    """(path in the container, text) of every file that a ConfigMap puts there."""
    volumes = {text(volume.get("name")): volume for volume in workload.volumes}
    for mount in container.mounts:
        volume = volumes.get(text(mount.get("name")), {})
        folder, below = text(mount.get("mountPath")).rstrip("/"), text(mount.get("subPath")).strip("/")
        for source in (volume, *mappings(mapping(volume.get("projected")).get("sources"))):
            for name, content in _config_map(case, workload, mapping(source.get("configMap"))):
                if not below:
                    yield f"{folder}/{name}", content
                elif name == below:
                    yield folder, content
                elif name.startswith(below + "/"):
                    yield f"{folder}/{name[len(below) + 1 :]}", content


def _config_map(case: Case, workload: Workload, source: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    item = case.artifacts.index.get(("ConfigMap", workload.namespace, text(source.get("name"))))
    data = mapping(item.body.get("data")) if item else {}
    items = {text(one.get("key")): text(one.get("path")) for one in mappings(source.get("items"))}
    for key, content in data.items():
        if isinstance(content, str) and (not items or key in items):
            yield items.get(key, key), content


def _probed(container: Container, meant: DeclaredContainer) -> Iterator[str]:
    named = {text(port.get("name")): port.get("containerPort") for port in mappings(container.body.get("ports"))}
    for short, long in _PROBES.items():
        written = mapping(container.body.get(long))
        handler = {how: _resolved(written[how], named) for how in _HANDLERS if how in written}
        if handler != dict(mapping(meant.probes.get(short))):
            yield f"has another {long} than declared"


def _resolved(handler: Any, named: Mapping[str, Any]) -> Any:
    """A handler with the number of its port, and without what is its default anyway."""
    if not isinstance(handler, dict):
        return handler
    plain = {key: value for key, value in handler.items() if (key, value) != ("scheme", "HTTP")}
    if isinstance(plain.get("port"), str):
        plain["port"] = named.get(plain["port"], plain["port"])
    return plain
