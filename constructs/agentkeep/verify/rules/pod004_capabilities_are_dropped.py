"""POD004: capabilities are dropped."""

from agentkeep.verify.artifacts import mapping, texts
from agentkeep.verify.case import Case
from agentkeep.verify.naming import where
from agentkeep.verify.verdict import Report


def pod004_capabilities_are_dropped(case: Case, report: Report) -> None:
    """POD004: every container drops all capabilities and adds none."""
    for workload in case.workloads:
        for container in workload.containers:
            report.look()
            if container.privileged:
                continue
            capabilities = mapping(container.security.get("capabilities"))
            if "ALL" not in texts(capabilities.get("drop")):
                report.find(where(workload, container), "keeps capabilities", place=container.place)
            for added in texts(capabilities.get("add")):
                report.find(where(workload, container), f"adds {added}", place=container.place)
