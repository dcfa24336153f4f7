"""POD011: containers are those declared."""

from agentkeep.verify.case import Case
from agentkeep.verify.naming import where
from agentkeep.verify.verdict import Report


def pod011_containers_are_those_declared(case: Case, report: Report) -> None:
    """
    POD011: every pod consists of exactly the containers declared for it, and nothing is added while it runs.

    A container that nobody declared sees the pod's loopback and shared volumes. The tunnel is never a sidecar of an
    agent: code on loopback could forge the header that names the person.
    """
    for workload in case.workloads:
        declared = case.declared(workload)
        if declared is None or not declared.containers:
            continue
        report.look()
        main = {c.name for c in workload.containers if c.kind == "container"}
        first = {c.name for c in workload.containers if c.kind in ("init", "sidecar")}
        for name in sorted(main - set(declared.containers) | first - set(declared.init_containers)):
            report.find(f"{where(workload)}/{name}", "is not declared", place=workload.place)
        for name in sorted(set(declared.containers) - main | set(declared.init_containers) - first):
            report.find(f"{where(workload)}/{name}", "is declared, but missing", place=workload.place)
        for container in workload.containers:
            if container.kind == "ephemeral":
                report.find(where(workload, container), "is a debug container", place=container.place)
    if case.ledger.by_hand:
        report.look(len(case.workloads))
