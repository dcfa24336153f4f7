"""SITE005: logins expire within a day."""

import re
from typing import Final

from agentkeep.verify.artifacts import text
from agentkeep.verify.case import Case
from agentkeep.verify.vendors.cloudflare import applications
from agentkeep.verify.verdict import Report

VENDOR: Final = "cloudflare"


def site005_logins_expire_within_a_day(case: Case, report: Report) -> None:
    """
    SITE005: a login to a published host lasts 24 hours at most, in the application and in each of its policies.

    A policy that belongs to one application takes over its time. One of the account, as version 5 has it, must say its
    own.
    """
    for app in applications(case):
        report.look()
        for address, body in ((app.address, app.body), *((policy.address, policy.body) for policy in app.policies)):
            value = text(body.get("session_duration"))
            belongs = "application_id" in body or address.startswith(f"{app.address}.")
            if not value and belongs:
                continue
            hours = _hours(value)
            if hours is None or hours > 24:
                report.find(app.domain, f"keeps a login for {value or 'an unknown time'}", place=app.place)
    if not case.ledger.sites:
        report.look()


def _hours(value: str) -> float | None:
    match = re.fullmatch(r"(\d{1,6})(h|m|s)", value)
    return int(match[1]) / {"h": 1, "m": 60, "s": 3600}[match[2]] if match else None
