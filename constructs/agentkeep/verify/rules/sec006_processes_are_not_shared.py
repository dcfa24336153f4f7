"""SEC006: processes are not shared."""

from agentkeep.verify.case import Case
from agentkeep.verify.naming import where
from agentkeep.verify.verdict import Report


def sec006_processes_are_not_shared(case: Case, report: Report) -> None:
    """
    SEC006: no pod shares processes between its containers or with its node.

    Whoever sees a process sees its environment, and with it every secret that it was given.
    """
    for workload in case.workloads:
        report.look()
        for key in ("shareProcessNamespace", "hostPID", "hostIPC"):
            if workload.pod.get(key):
                report.find(where(workload), f"sets {key}", place=workload.place)
