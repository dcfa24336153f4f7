"""POD006: nothing of the node is mounted."""

from collections.abc import Mapping
from typing import Any, Final

from agentkeep.verify.artifacts import Container, mapping, mappings, text
from agentkeep.verify.case import Case
from agentkeep.verify.naming import where
from agentkeep.verify.verdict import Report

_VOLUMES: Final = frozenset({"configMap", "emptyDir", "persistentVolumeClaim", "secret", "projected", "downwardAPI"})
_PROJECTED: Final = frozenset({"configMap", "secret", "downwardAPI"})


def pod006_nothing_of_the_node_is_mounted(case: Case, report: Report) -> None:
    """
    POD006: volumes hold configuration, secrets, scratch space or claims; nothing of the node, and no other option of
    it.

    Everything else is unknown, and so refuted: host paths, drivers, ephemeral claims, sysctls, unmasked /proc, node
    names.
    """
    for workload in case.workloads:
        report.look()
        for volume in workload.volumes:
            kinds = set(volume) - {"name"}
            for kind in sorted(kinds - _VOLUMES) or ([] if kinds else ["nothing"]):
                report.find(where(workload), f"mounts {kind} as {text(volume.get('name'))}", place=workload.place)
            for source in mappings(mapping(volume.get("projected")).get("sources")):
                for kind in sorted(set(source) - _PROJECTED - {"serviceAccountToken"}):
                    report.find(where(workload), f"projects {kind}", place=workload.place)
        pod = mapping(workload.pod.get("securityContext"))
        for key in ("sysctls", "seLinuxOptions", "windowsOptions"):
            if pod.get(key):
                report.find(where(workload), f"sets {key}", place=workload.place)
        for key in ("nodeName", "hostAliases", "resourceClaims"):
            if workload.pod.get(key):
                report.find(where(workload), f"sets {key}", place=workload.place)
        for container in workload.containers:
            _container(where(workload, container), container, report)


def _container(subject: str, container: Container, report: Report) -> None:
    if container.security.get("procMount") not in (None, "Default"):
        report.find(subject, "unmasks /proc", place=container.place)
    for key in ("seLinuxOptions", "windowsOptions"):
        if container.security.get(key):
            report.find(subject, f"sets {key}", place=container.place)
    for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
        _hosts(subject, container, mapping(container.body.get(probe)), report)
    for hook in mapping(container.body.get("lifecycle")).values():
        _hosts(subject, container, mapping(hook), report)
    if container.body.get("volumeDevices"):
        report.find(subject, "opens a block device", place=container.place)
    for mount in container.mounts:
        if mount.get("mountPropagation") not in (None, "None"):
            report.find(subject, "propagates mounts", place=container.place)


def _hosts(subject: str, container: Container, handler: Mapping[str, Any], report: Report) -> None:
    """A probe or hook with a host of its own makes the kubelet ask for it, from the node."""
    for how in ("httpGet", "tcpSocket"):
        if mapping(handler.get(how)).get("host"):
            report.find(subject, "makes its node ask another host", place=container.place)
