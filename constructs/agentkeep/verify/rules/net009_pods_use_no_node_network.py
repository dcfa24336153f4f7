"""NET009: pods use no node network."""

from agentkeep.verify.artifacts import mappings
from agentkeep.verify.case import Case
from agentkeep.verify.naming import where
from agentkeep.verify.verdict import Report


def net009_pods_use_no_node_network(case: Case, report: Report) -> None:
    """
    NET009: no pod uses its node's network or opens a port of its node.

    Such a pod is outside what NetworkPolicy can promise. A privileged container is, too: POD003 names it.
    """
    for workload in case.workloads:
        report.look()
        if workload.pod.get("hostNetwork"):
            report.find(where(workload), "sets hostNetwork", place=workload.place)
        for container in workload.containers:
            for port in mappings(container.body.get("ports")):
                if port.get("hostPort") or port.get("hostIP"):
                    report.find(where(workload, container), "opens a port of its node", place=container.place)
