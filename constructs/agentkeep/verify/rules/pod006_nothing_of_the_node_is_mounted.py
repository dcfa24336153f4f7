"""POD006: nothing of the node is mounted."""

from typing import Final

from agentkeep.verify.artifacts import Container, mapping, mappings, text
from agentkeep.verify.case import Case
from agentkeep.verify.rules._shared import where
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
        if pod.get("sysctls"):
            report.find(where(workload), "sets sysctls", place=workload.place)
        for key in ("nodeName", "hostAliases", "resourceClaims"):
            if workload.pod.get(key):
                report.find(where(workload), f"sets {key}", place=workload.place)
        for container in workload.containers:
            _container(where(workload, container), container, report)


def _container(subject: str, container: Container, report: Report) -> None:
    if container.security.get("procMount") not in (None, "Default"):
        report.find(subject, "unmasks /proc", place=container.place)
    if container.body.get("volumeDevices"):
        report.find(subject, "opens a block device", place=container.place)
    for mount in container.mounts:
        if mount.get("mountPropagation") not in (None, "None"):
            report.find(subject, "propagates mounts", place=container.place)
