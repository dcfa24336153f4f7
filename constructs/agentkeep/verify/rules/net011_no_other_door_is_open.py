"""NET011: no other door is open."""

from typing import Final

from agentkeep.verify.case import Case
from agentkeep.verify.verdict import Report

_DOORS: Final = (
    "Ingress", "Gateway", "HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute", "UDPRoute", "IngressRoute",
    "VirtualService", "Endpoints", "EndpointSlice", "ServiceEntry",
)  # fmt: skip


def net011_no_other_door_is_open(case: Case, report: Report) -> None:
    """
    NET011: Services are inside the cluster only, and nothing but the tunnel publishes them.

    A node port, a load balancer, an external address or an Ingress would go past whoever checks who comes in.
    """
    for service in case.own("Service"):
        report.look()
        kind = service.spec.get("type", "ClusterIP")
        if kind != "ClusterIP":
            report.find(service, f"is of type {kind}", place=service.place)
        for key in sorted(service.annotations):
            if not key.startswith(("agentkeep/", "argocd.argoproj.io/", "helm.sh/", "prometheus.io/")):
                report.unsure(service, f"carries the annotation {key[:80]}, which may publish it", place=service.place)
        for key in ("externalIPs", "loadBalancerIP", "externalName", "loadBalancerSourceRanges"):
            if service.spec.get(key):
                report.find(service, f"sets {key}", place=service.place)
    for item in case.own(*_DOORS):
        report.find(item, "publishes past the tunnel", place=item.place)
    report.look()
