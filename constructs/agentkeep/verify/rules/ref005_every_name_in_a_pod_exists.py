"""REF005: every name in a pod exists."""

from collections.abc import Iterator
from typing import Any, Final

from agentkeep.verify.artifacts import Container, Workload, mapping, mappings, text
from agentkeep.verify.case import Case
from agentkeep.verify.naming import where
from agentkeep.verify.verdict import Report

_PROBES: Final = ("livenessProbe", "readinessProbe", "startupProbe")


def ref005_every_name_in_a_pod_exists(case: Case, report: Report) -> None:
    """
    REF005: every ConfigMap, key, Secret, claim, ServiceAccount, volume and port that a pod names exists.

    A missing one is a pod that waits for ever; an optional one is a pod that starts without its configuration.
    """
    secrets: dict[tuple[str, str], set[str]] = {}
    for namespace, secret, key in case.flow.sources:
        secrets.setdefault((namespace, secret), set()).add(key)
    claims = {item.name for item in case.claims}
    for workload in case.workloads:
        report.look()
        for kind, name, key, optional in _named(workload):
            report.look()
            if optional:
                report.find(where(workload), f"names {kind} {name} as optional", place=workload.place)
            if kind == "Secret":
                there = secrets.get((workload.namespace, name), set())
            elif kind == "PersistentVolumeClaim":
                there = {""} if name in claims else set()
            else:
                item = case.artifacts.index.get((kind, workload.namespace, name))
                there = (
                    set(mapping(item.body.get("data"))) | set(mapping(item.body.get("binaryData"))) | {""}
                    if item
                    else set()
                )
            if not there or (key and key not in there and "*" not in there):
                report.find(
                    where(workload),
                    f"names {kind} {name}{f' key {key}' if key else ''}, which does not exist",
                    place=workload.place,
                )
        for container in workload.containers:
            _container(workload, container, report)
        if any(text(one.get("name")) for one in mappings(workload.pod.get("imagePullSecrets"))):
            report.unsure(where(workload), "names imagePullSecrets", place=workload.place)


def _named(workload: Workload) -> Iterator[tuple[str, str, str, bool]]:
    """(kind, name, key, optional) of everything that the pod refers to."""
    for volume in workload.volumes:
        yield from _volume(volume)
        for source in mappings(mapping(volume.get("projected")).get("sources")):
            yield from _volume(source)
    for container in workload.containers:
        for entry in container.env:
            source = mapping(entry.get("valueFrom"))
            for field, kind in (("secretKeyRef", "Secret"), ("configMapKeyRef", "ConfigMap")):
                ref = mapping(source.get(field))
                if ref:
                    yield kind, text(ref.get("name")), text(ref.get("key")), ref.get("optional") is True
        for entry in mappings(container.body.get("envFrom")):
            for field, kind in (("secretRef", "Secret"), ("configMapRef", "ConfigMap")):
                ref = mapping(entry.get(field))
                if ref:
                    yield kind, text(ref.get("name")), "", ref.get("optional") is True
    account = text(workload.pod.get("serviceAccountName"))
    if account and account != "default":
        yield "ServiceAccount", account, "", False


def _volume(volume: Any) -> Iterator[tuple[str, str, str, bool]]:
    for field, kind, key in (("configMap", "ConfigMap", "name"), ("secret", "Secret", "secretName")):
        ref = mapping(volume.get(field))
        if ref:
            name = text(ref.get(key)) or text(ref.get("name"))
            yield kind, name, "", ref.get("optional") is True
            for item in mappings(ref.get("items")):
                yield kind, name, text(item.get("key")), ref.get("optional") is True
    claim = text(mapping(volume.get("persistentVolumeClaim")).get("claimName"))
    if claim:
        yield "PersistentVolumeClaim", claim, "", False


def _container(workload: Workload, container: Container, report: Report) -> None:
    volumes = {text(volume.get("name")) for volume in workload.volumes}
    for mount in container.mounts:
        if text(mount.get("name")) not in volumes:
            report.find(
                where(workload, container), f"mounts {mount.get('name')}, which is not a volume", place=container.place
            )
    paths = [text(mount.get("mountPath")) for mount in container.mounts]
    for path in sorted({path for path in paths if paths.count(path) > 1}):
        report.find(where(workload, container), f"mounts twice at {path}", place=container.place)
    named = {port.get("name"): port.get("containerPort") for port in mappings(container.body.get("ports"))}
    for probe in _PROBES:
        for how in ("httpGet", "tcpSocket", "grpc"):
            port = mapping(mapping(container.body.get(probe)).get(how)).get("port")
            if port is not None and port not in named and port not in named.values():
                report.find(
                    where(workload, container),
                    f"is probed on port {port}, which it does not open",
                    place=container.place,
                )
