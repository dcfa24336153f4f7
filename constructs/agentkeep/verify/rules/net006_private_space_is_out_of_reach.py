"""NET006: private space is out of reach."""

from typing import Final

from agentkeep.verify.case import Case
from agentkeep.verify.intervals import intersect_spans, span, subtract_spans
from agentkeep.verify.rules._flows import forbidden, id_of
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
        is_agent = case.role(workload) in ("agent", "")
        exempt = [
            span(flow.target.removeprefix("cidr:"))
            for flow in case.ledger.flows_from.get(id_of(case, workload), ())
            if flow.target.startswith("cidr:") and not is_agent
        ]
        barred = subtract_spans(closed, exempt)
        found = case.reach.outward(case.pod(workload))
        for reached in intersect_spans([box.span for box in found], barred):
            box = next(b for b in found if intersect_spans([b.span], [reached]))
            report.find(
                workload, f"may send to {reached}", witness=[f"packet to {reached}, {box.protocol}/{box.first}"]
            )
