"""REF004: one name in dns and access."""

from typing import Final

from agentkeep.verify.case import Case
from agentkeep.verify.vendors.cloudflare import applications, records
from agentkeep.verify.verdict import Report

VENDOR: Final = "cloudflare"


def ref004_one_name_in_dns_and_access(case: Case, report: Report) -> None:
    """
    REF004: the name in DNS and the domain of the Access application are one and the same.

    An application for another name protects nothing.
    """
    in_dns, in_access = {record.host for record in records(case)}, {one.domain for one in applications(case)}
    for site in case.ledger.sites:
        report.look()
        if site.host not in in_dns:
            report.find(site.host, "has no DNS record")
        if site.host not in in_access:
            report.find(site.host, "has no Access application of that domain")
    if not case.ledger.sites:
        report.look()
