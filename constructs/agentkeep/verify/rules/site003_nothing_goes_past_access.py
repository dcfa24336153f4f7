"""SITE003: nothing goes past access."""

from typing import Final

from agentkeep.verify.case import Case
from agentkeep.verify.vendors.cloudflare import applications, policies
from agentkeep.verify.verdict import Report

NEVER_ACKNOWLEDGED: Final = True
_OPENING_SWITCHES: Final = ("options_preflight_bypass", "allow_iframe", "skip_app_launcher_login_page")
VENDOR: Final = "cloudflare"


def site003_nothing_goes_past_access(case: Case, report: Report) -> None:
    """
    SITE003: no policy bypasses Access or admits machines, and no application opens a part of a host.

    Decisions ``bypass`` and ``non_identity`` are never acceptable; an application for a path would take that path out.
    """
    for policy in policies(case):
        report.look()
        if policy.decision not in ("allow", "deny"):
            report.find(policy.address, f"decides {policy.decision or 'nothing'}", place=policy.place)
    for app in applications(case):
        report.look()
        if app.body.get("type", "self_hosted") != "self_hosted":
            report.find(app.domain, f"is an application of type {app.body.get('type')}", place=app.place)
        if "/" in app.domain or "*" in app.domain:
            report.find(app.domain, "covers a path or a wildcard, not one host", place=app.place)
        for key in ("self_hosted_domains", "destinations"):
            if app.body.get(key):
                report.unsure(app.domain, f"sets {key}, which is not modelled", place=app.place)
        for key in _OPENING_SWITCHES:
            if app.body.get(key):
                report.find(app.domain, f"sets {key}", place=app.place)
        for header in app.body.get("cors_headers") or []:
            report.find(
                app.domain,
                f"answers other origins ({header})" if isinstance(header, str) else "answers other origins",
                place=app.place,
            )
    if not case.ledger.sites:
        report.look()
