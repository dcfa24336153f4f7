"""SITE006: origins take no short cut."""

from typing import Final

from agentkeep.verify.artifacts import mapping, mappings
from agentkeep.verify.case import Case
from agentkeep.verify.vendors.cloudflare import routes
from agentkeep.verify.verdict import Report

VENDOR: Final = "cloudflare"


def site006_origins_take_no_short_cut(case: Case, report: Report) -> None:
    """
    SITE006: no route weakens the way to its origin, and the tunnel opens no private network.

    Looks at origin requests (a proxy type, switched-off TLS checks, a forged host name) and at WARP routing.
    """
    for route, _ in routes(case):
        report.look()
        origin = route.body.get("origin_request")
        origin = origin[0] if isinstance(origin, list) and origin else origin
        for key in ("no_tls_verify", "proxy_type", "http_host_header", "bastion_mode", "proxy_address"):
            if mapping(origin).get(key):
                report.find(route.hostname or "the last route", f"sets {key}", place=route.place)
        access = mapping(origin).get("access")
        access = access[0] if isinstance(access, list) and access else access
        if access and mapping(access).get("required") is not True:
            report.find(route.hostname, "names Access at the origin without requiring it", place=route.place)
    for module in case.artifacts.terraform:
        for kind, name, body in module.blocks("resource"):
            if kind in ("cloudflare_zero_trust_tunnel_cloudflared_route", "cloudflare_tunnel_route"):
                report.find(f"{kind}.{name}", "opens a private network", place=module.at("resource", kind, name))
            config = body.get("config")
            for one in mappings([config] if isinstance(config, dict) else config):
                if one.get("origin_request"):
                    report.unsure(
                        f"{kind}.{name}", "sets defaults for every origin", place=module.at("resource", kind, name)
                    )
                warp = one.get("warp_routing")
                if any(mapping(w).get("enabled") for w in (warp if isinstance(warp, list) else [warp])):
                    report.find(
                        f"{kind}.{name}",
                        "opens a private network (warp_routing)",
                        place=module.at("resource", kind, name),
                    )
    if not case.ledger.sites:
        report.look()
