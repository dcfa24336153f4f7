"""REF009: the tunnel token arrives."""

from typing import Final

from agentkeep.verify.case import Case
from agentkeep.verify.values import referred
from agentkeep.verify.vendors.cloudflare import records, routes, tunnels
from agentkeep.verify.verdict import Report

VENDOR: Final = "cloudflare"


def ref009_the_tunnel_token_arrives(case: Case, report: Report) -> None:
    """
    REF009: the token that the tunnel's pods read is the token of the tunnel that DNS points at and that carries the
    routes.

    One tunnel for each declared one: its token in the parameter declared for it, its routes in one configuration,
    its name in DNS.
    """
    addresses = [address for address, _, _ in tunnels(case)]
    for address, body, place in tunnels(case):
        report.look()
        if body.get("config_src") not in (None, "cloudflare"):
            report.find(address, "takes its routes from the pod, not from Terraform", place=place)
        if not any(route.tunnel == address for route, _ in routes(case)):
            report.find(address, "has no routes", place=place)
    tokens = [secret for secret in case.ledger.secrets if secret.role == "tunnel-token"]
    for secret in tokens:
        report.look()
        made = case.entry_of.get(secret.key)
        if made is None:
            report.find(secret.id, f"is not made: {secret.key}")
            continue
        store, entry = made
        source = _token_source(case, store.filled_from(entry))
        if source not in addresses:
            report.find(
                secret.id,
                "does not hold the token of a tunnel that is made here",
                place=entry.place,
            )
        for record in records(case):
            report.look()
            if referred(record.content) != source and len(tokens) == 1:
                report.find(record.host, "points at another tunnel than the token's", place=record.place)
        for reader in secret.readers:
            declared = case.ledger.by_id.get(reader.workload)
            if declared is None or declared.role != "tunnel":
                report.find(secret.id, f"is read by {reader.workload}, which is not a tunnel")
    if not case.ledger.sites and not addresses:
        report.look()


def _token_source(case: Case, value: str) -> str:
    """The tunnel whose token *value* refers to: directly (version 4), or by a data source (version 5)."""
    if value.startswith("${data."):
        kind, name = value.removeprefix("${data.").split(".")[:2]
        for module in case.artifacts.terraform:
            for data_kind, data_name, body in module.blocks("data"):
                if (data_kind, data_name) == (kind, name) and value.rstrip("}").endswith(".token"):
                    return referred(body.get("tunnel_id"))
        return ""
    return referred(value) if value.rstrip("}").endswith(".tunnel_token") else ""
