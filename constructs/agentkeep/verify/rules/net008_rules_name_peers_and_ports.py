"""NET008: rules name peers and ports."""

from typing import Final

from agentkeep.verify.case import Case
from agentkeep.verify.reachability import EGRESS, EVERY_PORT, INGRESS
from agentkeep.verify.verdict import Report

BY_POLICY: Final = True


def net008_rules_name_peers_and_ports(case: Case, report: Report) -> None:
    """
    NET008: every rule names its peers and its ports, and a peer in another namespace names pods as well.

    DNS is the usual victim: a namespace alone opens port 53 of every pod in it, and two peers where one was meant
    open both.
    """
    for policy in case.reach.policies:
        if policy.namespace != case.namespace:
            continue
        subject = f"NetworkPolicy {policy.name}"
        report.look()
        for direction in (INGRESS, EGRESS):
            for rule in policy.rules(direction):
                report.look()
                at = f"{direction.lower()} rule {rule.number}"
                if rule.peers is None:
                    report.find(subject, f"{at} names no peer, which allows all", place=rule.place)
                if rule.ports == EVERY_PORT or any(p.named is None and p.last - p.first > 1000 for p in rule.ports):
                    report.find(subject, f"{at} names no port, which allows all", place=rule.place)
                for peer in rule.peers or ():
                    if peer.blocks is None and (peer.pods is None or peer.pods.everything):
                        report.find(
                            subject, f"{at} takes every pod of {peer.namespaces or 'the namespace'}", place=rule.place
                        )
