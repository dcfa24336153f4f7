"""CFG003: the gateway asks for a token."""

from typing import Final

from agentkeep.verify.artifacts import mappings
from agentkeep.verify.case import Case
from agentkeep.verify.configs import openclaws
from agentkeep.verify.intervals import spans, subtract_spans
from agentkeep.verify.programs.openclaw.gateway import gateways, trusted
from agentkeep.verify.values import dig
from agentkeep.verify.verdict import Report

PROGRAM: Final = "openclaw"


def cfg003_the_gateway_asks_for_a_token(case: Case, report: Report) -> None:
    """
    CFG003: the gateway listens where the tunnel reaches it, asks for a token, and trusts as proxies only the
    cluster's pods.

    Without the tunnel's source among ``trustedProxies`` every request is refused; with more than pods, anybody could
    forge where a request comes from.
    """
    pods = spans(case.ledger.cluster.pod_cidrs)
    for workload, item, config in openclaws(case, report):
        for problem in gateways(config):
            report.find(workload, problem, place=item.place)
        believed = trusted(config)
        if believed is not None and subtract_spans(pods, believed):
            report.find(workload, "does not trust the tunnel as a proxy", place=item.place)
        if believed is not None and subtract_spans(believed, pods):
            report.find(workload, "trusts proxies beyond the cluster's pods", place=item.place)
        port = dig(config, "gateway", "port")
        if port not in [one.get("containerPort") for c in workload.containers for one in mappings(c.body.get("ports"))]:
            report.find(workload, f"listens on {port}, which no container opens", place=item.place)
