"""NET005: every declared flow works."""

from typing import Final

from agentkeep.verify.case import Case
from agentkeep.verify.declared_flows import declared_boxes, dns_pod, pod_named
from agentkeep.verify.intervals import subtract
from agentkeep.verify.ledger import DeclaredFlow
from agentkeep.verify.reachability import EGRESS, INGRESS, Answer, Pod, Reading
from agentkeep.verify.verdict import Report

BY_POLICY: Final = True


def net005_every_declared_flow_works(case: Case, report: Report) -> None:
    """
    NET005: every declared flow is allowed at both its ends, under every network plugin.

    Decided under the reading in which an address block does not match pods, so that a flow never depends on the plugin.
    Of a neighbour in another namespace the artifacts show its end only as far as they hold its policies.
    """
    if not case.ledger.flows:
        # Declared: none.
        report.look()
    silent: dict[tuple[str, str], list[DeclaredFlow]] = {}
    for flow in case.ledger.flows:
        report.look()
        source = pod_named(case, flow.source)
        if source is None:
            report.find(flow, f"has no source: no workload {flow.source!r}", place=case.ledger.place)
            continue
        answer = _answer(case, source, flow)
        if answer is None:
            report.unsure(flow, f"has a destination that is not modelled: {flow.target!r}", place=case.ledger.place)
        elif not answer.allowed:
            end = _silent_end(case, source, flow)
            if end is None:
                report.find(flow, "is declared, but not allowed", witness=answer.witness)
            else:
                silent.setdefault(end, []).append(flow)
    for (name, verb), flows in silent.items():
        # One line for the cause, instead of one for every flow that follows from it.
        count = "1 flow is" if len(flows) == 1 else f"{len(flows)} flows are"
        report.find(name, f"may {verb} nothing, though {count} declared", witness=map(str, flows))


def _silent_end(case: Case, source: Pod, flow: DeclaredFlow) -> tuple[str, str] | None:
    """The end that no rule opens to anybody, as (name, what it may not do)."""
    if source.labels.complete and not any(True for _ in case.reach.rules(source, EGRESS)):
        return flow.source, "send"
    target = pod_named(case, flow.target)
    if target is not None and target.labels.complete and not any(True for _ in case.reach.rules(target, INGRESS)):
        return flow.target, "receive"
    return None


def _answer(case: Case, source: Pod, flow: DeclaredFlow) -> Answer | None:
    wanted = declared_boxes(case, flow)
    missing = subtract(wanted, case.reach.outward(source, Reading.MUST)) if wanted else ()
    if missing:
        return Answer(False, tuple(f"no policy lets {source} send to {box}" for box in missing[:5]))
    if flow.target == "dns":
        pod = dns_pod(case)
        return Answer(True, ()) if pod is None else _between(case, source, pod, flow)
    if flow.target == "internet" or flow.target.startswith("cidr:"):
        return Answer(bool(wanted), ())
    target = pod_named(case, flow.target)
    return None if target is None else _between(case, source, target, flow)


def _between(case: Case, source: Pod, target: Pod, flow: DeclaredFlow) -> Answer:
    return case.reach.between(source, target, flow.protocol, flow.port, Reading.MUST)
