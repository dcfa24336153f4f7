"""POD002: no privilege escalation."""

from agentkeep.verify.case import Case
from agentkeep.verify.naming import where
from agentkeep.verify.verdict import Report


def pod002_no_privilege_escalation(case: Case, report: Report) -> None:
    """
    POD002: no process may gain more privileges than its parent has.

    ``allowPrivilegeEscalation`` must be false, written out: absent means true.
    """
    for workload in case.workloads:
        for container in workload.containers:
            report.look()
            if not container.privileged and container.security.get("allowPrivilegeEscalation") is not False:
                report.find(where(workload, container), "may escalate privileges", place=container.place)
