"""NET004: nothing leaves but declared flows."""

from collections.abc import Iterator, Mapping
from typing import Final

from agentkeep.verify.artifacts import Workload
from agentkeep.verify.case import Case
from agentkeep.verify.declared_flows import (
    declared_boxes,
    dns_pod,
    id_of,
    lies_within,
    neighbour_pod,
    opened,
    owners_of,
    ports_of,
    selector_of,
)
from agentkeep.verify.intervals import subtract
from agentkeep.verify.ledger import DeclaredFlow
from agentkeep.verify.reachability import EGRESS, Peer, Pod, Policy, Ports, Rule
from agentkeep.verify.verdict import Report

BY_POLICY: Final = True


def net004_nothing_leaves_but_declared_flows(case: Case, report: Report) -> None:
    """
    NET004: whatever a pod may send, to any address or pod, over any protocol and port, is a declared flow.

    Decided under the reading in which an address block matches pods. A pod that no artifact knows may carry any
    labels and may accept everything, so a rule for pods has to lie within the pods of a declared destination.
    """
    for workload in case.workloads:
        flows = case.ledger.flows_from.get(id_of(case, workload), ())
        if workload.host_network:
            report.find(workload, "is on the host network, where no policy binds it", place=workload.place)
            continue
        _addresses(case, workload, flows, report)
        by_target: dict[str, list[DeclaredFlow]] = {}
        for flow in flows:
            by_target.setdefault(flow.target, []).append(flow)
        for policy, rule in case.reach.rules(case.pod(workload), EGRESS):
            report.look()
            if rule.peers is None:
                report.find(workload, f"may send to every pod ({policy.name})", place=rule.place)
            for peer, ports in opened(rule):
                _pods(case, workload, by_target, (policy, rule, peer, ports), report)


def _addresses(case: Case, workload: Workload, flows: tuple[DeclaredFlow, ...], report: Report) -> None:
    report.look()
    if not case.reach.isolated(case.pod(workload), EGRESS):
        # One line for the cause, instead of one for every range that follows from it.
        report.find(workload, "may send anything: no policy isolates its egress", place=workload.place)
        return
    declared = [box for flow in flows for box in declared_boxes(case, flow)]
    for box in subtract(case.reach.outward(case.pod(workload)), declared):
        example = box.example()
        address, _, packet = example.partition(" ")
        protocol, _, port = packet.partition("/")
        answer = case.reach.to_address(case.pod(workload), address, protocol, int(port))
        report.find(workload, f"may send to {box}", witness=[f"packet to {example}", *answer.witness])


def _pods(
    case: Case,
    workload: Workload,
    flows: Mapping[str, list[DeclaredFlow]],
    seen: tuple[Policy, Rule, Peer, Ports],
    report: Report,
) -> None:
    policy, rule, peer, ports = seen
    left: list[int] | None = None
    for target, receiver in _ends(case, policy, peer):
        numbers = ports_of(ports, receiver)
        if numbers is None:
            continue
        declared = {flow.port for flow in flows.get(target, ()) if flow.protocol == ports.protocol}
        left = [n for n in (numbers if left is None else left) if n not in declared]
        if not left:
            return
    report.find(
        workload, f"may send to {peer} on {ports}",
        witness=[f"policy {policy.name}, rule {rule.number} ({rule.place}), lies within no declared flow"],
        place=rule.place,
    )  # fmt: skip


def _ends(case: Case, policy: Policy, peer: Peer) -> Iterator[tuple[str, Pod]]:
    """(declared name, pod) of every destination within which *peer* lies."""
    for owner in owners_of(case, peer, policy.namespace):
        yield id_of(case, owner), case.pod(owner)
    for neighbour in case.ledger.neighbours:
        if lies_within(peer, policy.namespace, neighbour.namespace, selector_of(neighbour.pod_labels)):
            yield neighbour.name, neighbour_pod(neighbour)
    cluster = case.ledger.cluster
    dns = dns_pod(case)
    if dns is not None and lies_within(peer, policy.namespace, cluster.dns_namespace, selector_of(cluster.dns_labels)):
        yield "dns", dns
