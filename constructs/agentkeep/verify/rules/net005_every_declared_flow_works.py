"""NET005: every declared flow works."""

from agentkeep.verify.case import Case
from agentkeep.verify.declared_flows import declared_boxes, dns_pod, workload_of
from agentkeep.verify.intervals import subtract
from agentkeep.verify.ledger import DeclaredFlow
from agentkeep.verify.reachability import Answer, Reading
from agentkeep.verify.verdict import Report


def net005_every_declared_flow_works(case: Case, report: Report) -> None:
    """
    NET005: every declared flow is allowed at both its ends, under every network plugin.

    Decided under the reading in which an address block does not match pods, so that a flow never depends on the plugin.
    """
    if not case.ledger.flows:
        # Declared: none.
        report.look()
    for flow in case.ledger.flows:
        report.look()
        source = workload_of(case, flow.source)
        if source is None:
            report.find(flow, f"has no source: no workload {flow.source!r}", place=case.ledger.place)
            continue
        answer = _answer(case, flow)
        if answer is None:
            report.unsure(flow, f"has a destination that is not modelled: {flow.target!r}", place=case.ledger.place)
        elif not answer.allowed:
            report.find(flow, "is declared, but not allowed", witness=answer.witness)


def _answer(case: Case, flow: DeclaredFlow) -> Answer | None:
    source = workload_of(case, flow.source)
    if source is None:
        return None
    pod = case.pod(source)
    if flow.target == "dns":
        return case.reach.between(pod, dns_pod(case), flow.protocol, flow.port, Reading.MUST)
    if flow.target == "internet" or flow.target.startswith("cidr:"):
        wanted = declared_boxes(case, flow)
        missing = subtract(wanted, case.reach.outward(pod, Reading.MUST))
        return Answer(bool(wanted) and not missing, tuple(f"no policy lets {pod} send to {box}" for box in missing[:5]))
    target = workload_of(case, flow.target)
    if target is None:
        return None
    return case.reach.between(pod, case.pod(target), flow.protocol, flow.port, Reading.MUST)
