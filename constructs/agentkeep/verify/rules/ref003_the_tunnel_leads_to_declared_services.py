"""REF003: the tunnel leads to declared services."""

import re
from typing import Final

from agentkeep.verify.artifacts import mappings
from agentkeep.verify.case import Case
from agentkeep.verify.vendors.cloudflare import routes
from agentkeep.verify.verdict import Report

_ORIGIN: Final = re.compile(r"https?://([a-z0-9-]+)\.([a-z0-9-]+)\.svc(?:\.cluster\.local)?:(\d+)\Z")
VENDOR: Final = "cloudflare"


def ref003_the_tunnel_leads_to_declared_services(case: Case, report: Report) -> None:
    """
    REF003: each route of the tunnel leads to a Service and port that exist and are declared, and the last one is a
    plain 404.

    A typing error here is a site that is down; a wrong name is somebody else's Service on the Internet.
    """
    if not case.ledger.sites:
        # Declared: none.
        report.look()
    sites = {site.host: site for site in case.ledger.sites}
    found: dict[str, int] = {}
    for route, last in routes(case):
        report.look()
        if last:
            if route.hostname or not re.fullmatch(r"http_status:40[34]", route.service):
                report.find(route.hostname or "the last route", "is not a plain 404", place=route.place)
            continue
        found[route.hostname] = found.get(route.hostname, 0) + 1
        subject = route.hostname or "a route without a host"
        site = sites.get(route.hostname)
        match = _ORIGIN.match(route.service)
        if site is None:
            report.find(subject, "is routed, but not declared", place=route.place)
        if match is None:
            report.find(
                subject, f"leads to {route.service[:80]}, which is no Service of the cluster", place=route.place
            )
            continue
        name, namespace, port = match[1], match[2], int(match[3])
        service = case.artifacts.index.get(("Service", namespace, name))
        ports = [p.get("port") for p in mappings(service.spec.get("ports"))] if service else []
        if port not in ports or namespace != case.namespace:
            report.find(subject, f"leads to {namespace}/{name}:{port}, which does not exist here", place=route.place)
        declared = case.ledger.by_id.get(site.workload) if site else None
        if site and declared and (name, port) != (declared.deployment, site.port):
            report.find(subject, f"leads to {name}:{port}, not to {declared.deployment}:{site.port}", place=route.place)
        if route.body.get("path"):
            report.find(subject, "is limited to a path", place=route.place)
    for host in sorted(sites):
        report.look()
        if found.get(host, 0) != 1:
            report.find(host, f"is declared, and routed {found.get(host, 0)} times", place=case.ledger.place)
