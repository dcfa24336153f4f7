"""DATA006: one writer at a time."""

from agentkeep.verify.artifacts import Object, Workload, claims_of, mapping, text, texts
from agentkeep.verify.case import Case
from agentkeep.verify.naming import where
from agentkeep.verify.verdict import Report


def data006_one_writer_at_a_time(case: Case, report: Report) -> None:
    """
    DATA006: a claim that one pod may write is mounted by one workload, of one replica, whose old pod goes before the
    new one comes.

    Two writers of one file system corrupt it; and a rolling update would wait for the volume for ever.
    """
    claims = {item.name: item for item in case.claims}
    users: dict[str, list[str]] = {}
    for workload in case.workloads:
        report.look()
        for volume in workload.volumes:
            name = text(mapping(volume.get("persistentVolumeClaim")).get("claimName"))
            if not name:
                continue
            users.setdefault(name, []).append(workload.name)
            if name in claims:
                _writers(workload, claims[name], text(volume.get("name")) in workload.templates, report)
            else:
                report.find(where(workload), f"mounts claim {name}, which is in no artifact", place=workload.place)
        for claim in claims_of(workload):
            # The other pods of a StatefulSet mount claims of their own, of the same template.
            users.setdefault(claim.name, [workload.name])
    for name, who in users.items():
        if len(who) > 1:
            report.find(name, f"is mounted by {', '.join(sorted(who))}")
    for name in sorted(set(claims) - set(users)):
        report.find(name, "is a claim that no pod mounts", place=claims[name].place)
    for declared in case.ledger.storage:
        report.look()
        names = (case.ledger.by_deployment.get(name) for name in users.get(declared.claim, []))
        if declared.workload not in {one.id for one in names if one}:
            report.find(declared.claim, f"is not mounted by {declared.workload}, though declared")


def _writers(workload: Workload, claim: Object, made_for_each_pod: bool, report: Report) -> None:
    modes, spec = texts(claim.spec.get("accessModes")), workload.object.spec
    if "ReadWriteMany" in modes or not modes:
        report.find(claim, "may be written by many pods", place=claim.place)
    if workload.object.kind == "Deployment" and mapping(spec.get("strategy")).get("type") != "Recreate":
        report.find(where(workload), "starts its new pod before the old one is gone", place=workload.place)
    if spec.get("replicas", 1) not in (0, 1) and not made_for_each_pod:
        report.find(where(workload), "runs more than one pod on one volume", place=workload.place)
