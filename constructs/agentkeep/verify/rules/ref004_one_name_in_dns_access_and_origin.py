"""REF004: one name in dns access and origin."""

from agentkeep.verify.artifacts import texts
from agentkeep.verify.case import Case
from agentkeep.verify.configs import openclaws
from agentkeep.verify.values import dig
from agentkeep.verify.vendors.cloudflare import applications, records
from agentkeep.verify.verdict import Report


def ref004_one_name_in_dns_access_and_origin(case: Case, report: Report) -> None:
    """
    REF004: the name in DNS, the domain of the Access application and the origin that the agent allows are one and
    the same.

    An application for another name protects nothing; an origin too many lets another page speak for the person.
    """
    in_dns, in_access = {record.host for record in records(case)}, {one.domain for one in applications(case)}
    for site in case.ledger.sites:
        report.look()
        if site.host not in in_dns:
            report.find(site.host, "has no DNS record")
        if site.host not in in_access:
            report.find(site.host, "has no Access application of that domain")
    for workload, item, config in openclaws(case, report):
        declared = case.declared(workload)
        wanted = {f"https://{site.host}" for site in case.ledger.sites if declared and site.workload == declared.id}
        allowed = set(texts(dig(config, "gateway", "controlUi", "allowedOrigins")))
        for origin in sorted(allowed - wanted):
            report.find(workload, f"allows the origin {origin}", place=item.place)
        for origin in sorted(wanted - allowed):
            report.find(workload, f"does not allow its own origin {origin}", place=item.place)
