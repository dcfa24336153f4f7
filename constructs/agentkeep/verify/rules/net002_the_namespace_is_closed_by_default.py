"""NET002: the namespace is closed by default."""

from typing import Final

from agentkeep.verify.case import Case
from agentkeep.verify.reachability import EGRESS, INGRESS, bare, ghost
from agentkeep.verify.verdict import Report

BY_POLICY: Final = True


def net002_the_namespace_is_closed_by_default(case: Case, report: Report) -> None:
    """
    NET002: a pod that nobody declared can neither send nor receive, whatever labels it carries short of a workload's
    own.

    Asked of a pod without labels and of one with any labels: both are isolated both ways, and no rule opens for
    every pod.
    """
    for pod in (bare(case.namespace), ghost(case.namespace)):
        for direction in (EGRESS, INGRESS):
            report.look()
            if not case.reach.isolated(pod, direction):
                report.find(
                    f"{case.namespace}/any pod", f"is open for {direction.lower()}",
                    witness=[f"no policy surely isolates {direction.lower()} of {pod}"],
                )  # fmt: skip
    for direction in (EGRESS, INGRESS):
        for policy, rule in case.reach.rules(bare(case.namespace), direction):
            if rule.peers is None or rule.peers:
                report.find(
                    f"{policy.namespace}/{policy.name}", f"opens {direction.lower()} for pods that nobody declared",
                    place=rule.place,
                )  # fmt: skip
