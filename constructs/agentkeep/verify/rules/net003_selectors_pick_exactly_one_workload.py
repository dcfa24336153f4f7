"""NET003: selectors pick exactly one workload."""

from typing import Final

from agentkeep.verify.artifacts import Place, mapping
from agentkeep.verify.case import Case
from agentkeep.verify.reachability import EGRESS, INGRESS
from agentkeep.verify.selectors import Labels, Selector, parse_selector
from agentkeep.verify.verdict import Report

BY_POLICY: Final = True


def net003_selectors_pick_exactly_one_workload(case: Case, report: Report) -> None:
    """
    NET003: every policy and Service selects exactly one workload, every workload has a policy, and no two share pods.

    The one exception is the policy that selects all pods of the namespace and opens nothing. A selector must demand
    all that the workload's own selector demands, or a pod with fewer labels would be taken in.
    """
    pick = _Pick(case)
    covered: dict[str, set[str]] = {}
    for workload in case.workloads:
        report.look()
        names = pick(pick.identities[workload.name])
        others = [name for name in names if name != workload.name]
        if workload.name not in names:
            report.find(workload, "does not select its own pods", place=workload.place)
        if others:
            report.find(workload, f"adopts pods of {', '.join(others)}", place=workload.place)
    for policy in case.reach.policies:
        if policy.namespace != case.namespace:
            continue
        report.look()
        if not policy.subjects.everything:
            for name in pick(policy.subjects):
                covered.setdefault(name, set()).update(policy.isolates)
        if not policy.subjects.everything or policy.ingress or policy.egress:
            pick.judge(f"NetworkPolicy {policy.name}", policy.subjects, policy.place, report)
    for workload in case.workloads:
        if covered.get(workload.name, set()) != {INGRESS, EGRESS}:
            report.find(workload, "has no policy of its own for both directions", place=workload.place)
    _services(case, pick, report)


class _Pick:
    """Finds workloads by selector, by way of their rarest label."""

    def __init__(self, case: Case) -> None:
        self.identities = {workload.name: case.identity(workload) for workload in case.workloads}
        self._labels = {workload.name: Labels(dict(workload.labels)) for workload in case.workloads}
        self._by_pair: dict[tuple[str, str], list[str]] = {}
        for workload in case.workloads:
            for pair in workload.labels.items():
                self._by_pair.setdefault(pair, []).append(workload.name)

    def __call__(self, selector: Selector) -> list[str]:
        pairs = selector.pinned().items()
        rarest = min((self._by_pair.get(pair, []) for pair in pairs), key=len, default=list(self._labels))
        return [name for name in rarest if selector.may(self._labels[name])]

    def judge(self, subject: str, selector: Selector, place: Place, report: Report) -> None:
        names = self(selector)
        if len(names) != 1:
            report.find(subject, f"selects {', '.join(names) or 'no workload'}", place=place)
        elif not selector.implies(self.identities[names[0]]):
            report.find(subject, f"selects more than the pods of {names[0]}", place=place)


def _services(case: Case, pick: _Pick, report: Report) -> None:
    for service in case.own("Service"):
        report.look()
        labels = mapping(service.spec.get("selector"))
        if labels:
            pick.judge(str(service), parse_selector({"matchLabels": dict(labels)}), service.place, report)
        else:
            report.find(service, "selects no workload", place=service.place)
