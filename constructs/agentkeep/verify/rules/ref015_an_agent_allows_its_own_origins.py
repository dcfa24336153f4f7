"""REF015: an agent allows its own origins."""

from typing import Final

from agentkeep.verify.artifacts import texts
from agentkeep.verify.case import Case
from agentkeep.verify.configs import openclaws
from agentkeep.verify.values import dig
from agentkeep.verify.verdict import Report

PROGRAM: Final = "openclaw"
# A name that is set aside never to exist (RFC 2606): no page can come from there, and the program insists on one.
_NOWHERE: Final = ".invalid"


def ref015_an_agent_allows_its_own_origins(case: Case, report: Report) -> None:
    """
    REF015: the origins that an agent's control page allows are exactly the hosts that it is published at.

    An origin too many lets another page speak for the person.
    """
    for workload, item, config in openclaws(case, report):
        declared = case.declared(workload)
        wanted = {f"https://{site.host}" for site in case.ledger.sites if declared and site.workload == declared.id}
        allowed = set(texts(dig(config, "gateway", "controlUi", "allowedOrigins")))
        for origin in sorted(one for one in allowed - wanted if wanted or not one.endswith(_NOWHERE)):
            report.find(workload, f"allows the origin {origin}", place=item.place)
        for origin in sorted(wanted - allowed):
            report.find(workload, f"does not allow its own origin {origin}", place=item.place)
