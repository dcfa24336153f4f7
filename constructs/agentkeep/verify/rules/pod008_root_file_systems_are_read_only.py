"""POD008: root file systems are read only."""

from agentkeep.verify.case import Case
from agentkeep.verify.naming import where
from agentkeep.verify.verdict import Report


def pod008_root_file_systems_are_read_only(case: Case, report: Report) -> None:
    """POD008: no container can write to its own image."""
    for workload in case.workloads:
        for container in workload.containers:
            report.look()
            if not container.privileged and container.security.get("readOnlyRootFilesystem") is not True:
                report.find(where(workload, container), "may write to its image", place=container.place)
