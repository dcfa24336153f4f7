"""POD001: no container runs as root."""

from agentkeep.verify.artifacts import mapping
from agentkeep.verify.case import Case
from agentkeep.verify.naming import where
from agentkeep.verify.verdict import Report


def pod001_no_container_runs_as_root(case: Case, report: Report) -> None:
    """
    POD001: every container must run as a user other than root, and says so.

    A privileged container is left to POD003: what user it runs as makes no difference.
    """
    for workload in case.workloads:
        pod = mapping(workload.pod.get("securityContext"))
        for container in workload.containers:
            report.look()
            if container.privileged:
                continue
            if container.security.get("runAsNonRoot", pod.get("runAsNonRoot")) is not True:
                report.find(where(workload, container), "may run as root", place=container.place)
            user = container.security.get("runAsUser", pod.get("runAsUser"))
            if user == 0:
                report.find(where(workload, container), "runs as root", place=container.place)
            if (
                container.security.get("runAsGroup", pod.get("runAsGroup")) == 0
                or pod.get("fsGroup") == 0
                or 0 in (pod.get("supplementalGroups") or [])
            ):
                report.find(where(workload, container), "runs in the group of root", place=container.place)
