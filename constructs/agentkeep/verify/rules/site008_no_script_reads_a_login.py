"""SITE008: no script reads a login."""

from typing import Final

from agentkeep.verify.case import Case
from agentkeep.verify.vendors.cloudflare import applications
from agentkeep.verify.verdict import Report

VENDOR: Final = "cloudflare"


def site008_no_script_reads_a_login(case: Case, report: Report) -> None:
    """
    SITE008: the cookie of a login is kept from scripts, so that no page of a published host can copy it.

    It must be written: version 4 of the provider sends `false` where it is left out.
    """
    for app in applications(case):
        report.look()
        if app.body.get("http_only_cookie_attribute") is not True:
            report.find(app.domain, "lets scripts read the cookie of a login", place=app.place)
    if not case.ledger.sites:
        report.look()
