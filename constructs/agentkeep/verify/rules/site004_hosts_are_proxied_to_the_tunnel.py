"""SITE004: hosts are proxied to the tunnel."""

from typing import Final

from agentkeep.verify.case import Case
from agentkeep.verify.values import referred
from agentkeep.verify.vendors.cloudflare import records, tunnels
from agentkeep.verify.verdict import Report

VENDOR: Final = "cloudflare"


def site004_hosts_are_proxied_to_the_tunnel(case: Case, report: Report) -> None:
    """
    SITE004: every DNS record is a proxied CNAME of a tunnel that is made here.

    Not proxied, a request would not meet Access; and an address record would name the house.
    """
    known = {address for address, _, _ in tunnels(case)}
    for record in records(case):
        report.look()
        if record.kind != "CNAME":
            report.find(record.host, f"is a record of type {record.kind}", place=record.place)
        if not record.proxied:
            report.find(record.host, "is not proxied", place=record.place)
        ends = record.content.endswith((".cname}", ".id}.cfargotunnel.com"))
        if referred(record.content) not in known or not ends:
            report.find(record.host, "does not point at a tunnel that is made here", place=record.place)
    if not case.ledger.sites:
        report.look()
