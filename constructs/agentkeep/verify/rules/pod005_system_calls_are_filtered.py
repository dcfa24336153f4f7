"""POD005: system calls are filtered."""

from agentkeep.verify.artifacts import mapping
from agentkeep.verify.case import Case
from agentkeep.verify.naming import where
from agentkeep.verify.verdict import Report


def pod005_system_calls_are_filtered(case: Case, report: Report) -> None:
    """POD005: every container runs under the runtime's seccomp profile or one of its own."""
    for workload in case.workloads:
        pod = mapping(mapping(workload.pod.get("securityContext")).get("seccompProfile"))
        for container in workload.containers:
            report.look()
            profile = mapping(container.security.get("seccompProfile")) or pod
            if not container.privileged and profile.get("type") not in ("RuntimeDefault", "Localhost"):
                report.find(where(workload, container), "has no seccomp profile", place=container.place)
            apparmor = mapping(container.security.get("appArmorProfile"))
            if apparmor.get("type") == "Unconfined":
                report.find(where(workload, container), "is unconfined by AppArmor", place=container.place)
