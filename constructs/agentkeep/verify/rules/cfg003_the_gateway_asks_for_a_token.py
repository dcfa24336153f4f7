"""CFG003: the gateway asks for a token."""

from typing import Any, Final

from agentkeep.verify.artifacts import mapping, mappings, text, texts
from agentkeep.verify.case import Case
from agentkeep.verify.configs import openclaws
from agentkeep.verify.intervals import spans, subtract_spans
from agentkeep.verify.values import dig
from agentkeep.verify.verdict import Report

_DANGEROUS: Final = ("allowInsecureAuth", "dangerouslyDisableDeviceAuth", "dangerouslyAllowHostHeaderOriginFallback")


def cfg003_the_gateway_asks_for_a_token(case: Case, report: Report) -> None:
    """
    CFG003: the gateway listens where the tunnel reaches it, asks for a token, and trusts as proxies only the
    cluster's pods.

    Without the tunnel's source among ``trustedProxies`` every request is refused; with more than pods, anybody could
    forge where a request comes from.
    """
    pods = spans(case.ledger.cluster.pod_cidrs)
    for workload, item, config in openclaws(case, report):
        gateway = mapping(config.get("gateway"))
        for problem in _gateway(gateway):
            report.find(workload, problem, place=item.place)
        try:
            trusted = spans(texts(gateway.get("trustedProxies")))
        except ValueError:
            report.find(workload, "trusts a proxy that is no network", place=item.place)
            continue
        if subtract_spans(pods, trusted):
            report.find(workload, "does not trust the tunnel as a proxy", place=item.place)
        if subtract_spans(trusted, pods):
            report.find(workload, "trusts proxies beyond the cluster's pods", place=item.place)
        ports = [port.get("containerPort") for c in workload.containers for port in mappings(c.body.get("ports"))]
        if gateway.get("port") not in ports:
            report.find(workload, f"listens on {gateway.get('port')}, which no container opens", place=item.place)


def _gateway(gateway: Any) -> list[str]:
    found = []
    if gateway.get("mode") != "local":
        found.append("is no gateway of its own (mode)")
    if gateway.get("bind") != "lan":
        found.append("does not listen where the tunnel reaches it (bind)")
    auth = mapping(gateway.get("auth"))
    if auth.get("mode") != "token":
        found.append(f"asks for no token (auth mode {auth.get('mode')})")
    if not auth.get("token"):
        found.append("has no token to ask for")
    control = mapping(gateway.get("controlUi"))
    found += [f"sets controlUi.{key}" for key in _DANGEROUS if control.get(key)]
    if "*" in text(" ".join(texts(control.get("allowedOrigins")))):
        found.append("allows every origin")
    if dig(gateway, "tailscale", "mode") not in (None, "off"):
        found.append("is published by Tailscale as well")
    if dig(gateway, "nodes", "pairing", "autoApproveLocal"):
        found.append("pairs local devices by itself")
    return found
