"""NET006: private space is out of reach."""

from typing import Final

from agentkeep.verify.artifacts import Workload
from agentkeep.verify.case import Case
from agentkeep.verify.declared_flows import forbidden, id_of
from agentkeep.verify.intervals import Span, intersect_spans, span, spans, subtract_spans, union_spans
from agentkeep.verify.verdict import Report

NEVER_ACKNOWLEDGED: Final = True


def net006_private_space_is_out_of_reach(case: Case, report: Report) -> None:
    """
    NET006: no pod reaches an address of pods, services or nodes, nor any private, shared, link-local or other
    special range.

    Only a declared flow to a named range is exempt, and an agent is never exempt: metadata services, the API server,
    other people's pods and the home network lie there.
    """
    closed = forbidden(case)
    for workload in case.workloads:
        report.look()
        if workload.host_network:
            report.find(workload, "is on the host network, where no policy binds it", place=workload.place)
            continue
        barred = subtract_spans(closed, _exempt(case, workload))
        barred = union_spans((*barred, *spans(case.ledger.cluster.own)))
        found = case.reach.outward(case.pod(workload))
        for reached in intersect_spans([box.span for box in found], barred):
            box = next(b for b in found if intersect_spans([b.span], [reached]))
            report.find(
                workload, f"may send to {reached}", witness=[f"packet to {reached}, {box.protocol}/{box.first}"]
            )


def _exempt(case: Case, workload: Workload) -> list[Span]:
    """Small ranges that a flow names; none for an agent, and none that belongs to the cluster."""
    if case.role(workload) in ("agent", ""):
        return []
    named = [
        span(flow.target.removeprefix("cidr:"))
        for flow in case.ledger.flows_from.get(id_of(case, workload), ())
        if flow.target.startswith("cidr:")
    ]
    return [one for one in named if one.high - one.low < 2 ** (16 if one.family == 4 else 96)]
