"""POD003: no container is privileged."""

from agentkeep.verify.case import Case
from agentkeep.verify.naming import where
from agentkeep.verify.verdict import Report


def pod003_no_container_is_privileged(case: Case, report: Report) -> None:
    """
    POD003: no container is privileged.

    A privileged container is root on its node: no NetworkPolicy, no other container's isolation and no file of the
    node binds it. Every other question of hardening about it is moot, so this finding stands for them all.
    """
    for workload in case.workloads:
        for container in workload.containers:
            report.look()
            if container.privileged:
                report.find(
                    where(workload, container), "privileged", place=container.place,
                    witness=[
                        f"container {where(workload, container)} may open the node's disks and network",
                        "from there: every Secret of every pod on that node, and traffic that no policy sees",
                    ],
                )  # fmt: skip
