"""REF016: no sync waits for itself."""

from typing import Final

from agentkeep.verify.artifacts import Object, mapping, text
from agentkeep.verify.case import Case
from agentkeep.verify.verdict import Report

VENDOR: Final = "argocd"
_WAVE: Final = "argocd.argoproj.io/sync-wave"


def ref016_no_sync_waits_for_itself(case: Case, report: Report) -> None:
    """
    REF016: a sync can always come to its end: no claim waits for a pod of a later wave, and no failed revision is
    tried again while its fix waits.

    ArgoCD begins a wave when the one before is healthy. A claim whose class binds when the first pod comes
    (``WaitForFirstConsumer``) is healthy only after that pod. ``retry.refresh`` takes up a new commit between tries.
    """
    classes = {item.name: item for item in case.artifacts.kind("StorageClass")}
    claims = {item.name: item for item in case.claims}
    for workload in case.workloads:
        for volume in workload.volumes:
            claim = claims.get(text(mapping(volume.get("persistentVolumeClaim")).get("claimName")))
            if claim is None:
                continue
            report.look()
            storage = classes.get(text(claim.spec.get("storageClassName")))
            binds_at_once = storage is not None and storage.body.get("volumeBindingMode", "Immediate") == "Immediate"
            if not binds_at_once and _wave(claim) < _wave(workload.object):
                report.find(claim, "binds when its first pod comes, which is in a later wave", place=claim.place)
    for item in case.artifacts.kind("Application"):
        report.look()
        policy = mapping(item.spec.get("syncPolicy"))
        retry = mapping(policy.get("retry"))
        if policy.get("automated") and retry and retry.get("limit") != 0 and retry.get("refresh") is not True:
            report.find(item, "tries a failed revision again while its fix waits (retry.refresh)", place=item.place)
    if not case.artifacts.kind("Application"):
        report.look()


def _wave(item: Object) -> int:
    value = item.annotations.get(_WAVE, "0")
    return int(value) if value.lstrip("-").isdigit() else 0
