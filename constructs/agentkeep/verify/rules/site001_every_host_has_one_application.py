"""SITE001: every host has one application."""

from typing import Final

from agentkeep.verify.case import Case
from agentkeep.verify.vendors.cloudflare import applications, policies, records, routes
from agentkeep.verify.verdict import Report

NEVER_ACKNOWLEDGED: Final = True
VENDOR: Final = "cloudflare"


def site001_every_host_has_one_application(case: Case, report: Report) -> None:
    """
    SITE001: every published host has one Access application for the whole host, with a policy, and no host is
    published that is not declared.

    A host is published by a route of a tunnel or by a DNS record, so both are looked at.
    """
    apps = applications(case)
    hosts = {route.hostname for route, last in routes(case) if not last} | {record.host for record in records(case)}
    declared = {site.host for site in case.ledger.sites}
    for host in sorted(hosts | declared):
        report.look()
        mine = [one for one in apps if one.domain == host]
        if len(mine) != 1:
            report.find(host, f"has {len(mine)} Access applications")
        if host not in declared:
            report.find(host, "is published, but not declared")
        for one in mine:
            if not one.policies:
                report.find(host, "has an Access application without a policy", place=one.place)
    for one in apps:
        report.look()
        if one.domain not in declared:
            report.find(one.domain or one.address, "has an Access application, but is not declared", place=one.place)
    attached = {policy.address for one in apps for policy in one.policies}
    for policy in policies(case):
        if policy.address not in attached:
            report.find(policy.address, "is attached to no application", place=policy.place)
    if not hosts and not declared:
        report.look()
