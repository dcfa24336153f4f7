"""NET006: private space is out of reach."""

from typing import Final

from agentkeep.verify.artifacts import Workload
from agentkeep.verify.case import Case
from agentkeep.verify.declared_flows import declared_boxes, forbidden, id_of, machine_of
from agentkeep.verify.intervals import (
    Box,
    Span,
    boxes,
    intersect_spans,
    span,
    spans,
    subtract,
    subtract_spans,
    union_spans,
)
from agentkeep.verify.reachability import EGRESS
from agentkeep.verify.verdict import Report

NEVER_ACKNOWLEDGED: Final = True
#: Of findings that may be answered for all the same.
EXCEPT: Final = "a declared flow to one machine, on one port"
BY_POLICY: Final = True
_DNS: Final = 53


def net006_private_space_is_out_of_reach(case: Case, report: Report) -> None:
    """
    NET006: no pod reaches an address of pods, services or nodes, the API server wherever it is, nor any private,
    shared, link-local or other special range.

    Exempt are declared addresses of DNS on port 53, and declared flows to a named range, unless an agent has them or
    the range is the cluster's: metadata services, the API server, other people's pods and the home network lie there.
    A declared flow to one machine of the network around, on one port, is a finding that names the machine, for
    somebody to answer for. The API server, pods and services are never answered for.
    """
    closed = forbidden(case)
    api = spans(case.ledger.cluster.api)
    for workload in case.workloads:
        report.look()
        if workload.host_network:
            report.find(workload, "is on the host network, where no policy binds it", place=workload.place)
            continue
        if not case.reach.isolated(case.pod(workload), EGRESS):
            report.find(workload, "may send anything: no policy isolates its egress", place=workload.place)
            continue
        known = _known(case, workload, report)
        barred = subtract_spans(closed, _exempt(case, workload))
        barred = union_spans((*barred, *spans(case.ledger.cluster.own), *api))
        found = subtract(case.reach.outward(case.pod(workload)), known)
        for reached in intersect_spans([box.span for box in found], barred):
            box = next(b for b in found if intersect_spans([b.span], [reached]))
            report.find(
                workload, f"may send to {reached}", witness=[f"packet to {reached}, {box.protocol}/{box.first}"]
            )


def _known(case: Case, workload: Workload, report: Report) -> list[Box]:
    """Packets to declared addresses of DNS, and to declared machines, each of which is named by a finding."""
    found: list[Box] = []
    for flow in case.ledger.flows_from.get(id_of(case, workload), ()):
        if flow.target == "dns" and flow.port == _DNS:
            found += declared_boxes(case, flow)
        machine = machine_of(case, flow)
        if machine is not None and (case.role(workload) in ("agent", "") or _is_own(case, machine)):
            found += boxes([machine], flow.protocol, flow.port, flow.port)
            report.find(
                workload, f"may send to the machine {machine} {flow.protocol}/{flow.port}".replace("/32", "", 1),
                place=workload.place, witness=[f"declared: {flow.because}"], answerable=True,
            )  # fmt: skip
    return found


def _is_own(case: Case, machine: Span) -> bool:
    return bool(intersect_spans([machine], spans(case.ledger.cluster.own)))


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
