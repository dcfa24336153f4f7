"""REF002: workloads are those declared."""

from typing import Final

from agentkeep.verify.case import Case
from agentkeep.verify.verdict import Report

# What is not examined could be anything, whatever families of rules are asked for.
ALWAYS: Final = True


def ref002_workloads_are_those_declared(case: Case, report: Report) -> None:
    """
    REF002: the workloads in the artifacts are exactly those declared, each with its declared labels and ports, and
    what the user added is there.

    A fourth workload would be a pod that no rule about roles looks at. One that the user added by hand is declared by
    that, has no role, and is judged by every general rule.
    """
    added = {(one.kind, one.name) for one in case.ledger.added}
    for workload in case.artifacts.workloads:
        report.look()
        declared = case.declared(workload)
        if declared is None:
            if workload.namespace != case.namespace:
                report.find(workload, "runs in another namespace, where it is not examined", place=workload.place)
            elif (workload.object.kind, workload.name) not in added:
                report.find(workload, "is not declared", place=workload.place)
            continue
        for key, value in declared.pod_labels.items():
            if workload.labels.get(key) != value:
                report.find(workload, f"does not carry the declared label {key}={value}", place=workload.place)
        ports = {
            (port.get("containerPort"), port.get("protocol", "TCP"))
            for container in workload.containers
            for port in container.body.get("ports") or []
        }
        wanted = {(number, protocol) for _, number, protocol in declared.ports}
        for number, protocol in sorted(wanted - ports, key=str):
            report.find(workload, f"does not open its declared port {protocol}/{number}", place=workload.place)
        if not case.ledger.by_hand:
            for number, protocol in sorted(ports - wanted, key=str):
                report.find(workload, f"opens port {protocol}/{number}, which is not declared", place=workload.place)
    here = {(item.kind, item.name) for item in case.artifacts.objects}
    for kind, name in sorted(added - here):
        report.look()
        report.find(f"{kind}/{name}", "is declared as added, but in no artifact", place=case.ledger.place)
    for declared in case.ledger.workloads:
        report.look()
        if declared.deployment not in case.by_name:
            report.find(declared.id, "is declared, but in no artifact", place=case.ledger.place)
