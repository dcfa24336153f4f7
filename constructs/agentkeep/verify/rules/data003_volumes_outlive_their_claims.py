"""DATA003: volumes outlive their claims."""

from agentkeep.verify.artifacts import mapping, text
from agentkeep.verify.case import Case
from agentkeep.verify.verdict import Report


def data003_volumes_outlive_their_claims(case: Case, report: Report) -> None:
    """
    DATA003: the volume of every claim is retained when the claim goes.

    The claim's StorageClass has to be in the artifacts, with ``reclaimPolicy: Retain``: a class of the cluster could
    change.
    """
    classes = {item.name: item for item in case.artifacts.kind("StorageClass")}
    for claim in case.claims:
        report.look()
        name = text(claim.spec.get("storageClassName"))
        found = classes.get(name)
        if found is None:
            report.unsure(claim, f"is of class {name or 'default'}, which is in no artifact", place=claim.place)
        elif found.body.get("reclaimPolicy") != "Retain":
            report.find(found, f"has reclaimPolicy {found.body.get('reclaimPolicy', 'Delete')}", place=found.place)
    for item in case.artifacts.kind("PersistentVolume"):
        report.look()
        if item.spec.get("persistentVolumeReclaimPolicy") != "Retain":
            report.find(item, "is not retained", place=item.place)
    for workload in case.workloads:
        if workload.object.kind == "StatefulSet":
            report.look()
            policy = mapping(workload.object.spec.get("persistentVolumeClaimRetentionPolicy"))
            if any(policy.get(key, "Retain") != "Retain" for key in ("whenDeleted", "whenScaled")):
                report.find(workload, "deletes its claims", place=workload.place)
    if not case.ledger.storage:
        report.look()
