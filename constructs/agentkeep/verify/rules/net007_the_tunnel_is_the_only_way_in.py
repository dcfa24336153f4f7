"""NET007: the tunnel is the only way in."""

from typing import Final

from agentkeep.verify.artifacts import Workload
from agentkeep.verify.case import Case
from agentkeep.verify.declared_flows import id_of, lies_within, opened, owners_of, ports_of, selector_of
from agentkeep.verify.reachability import INGRESS, Peer, Policy, Ports, Rule
from agentkeep.verify.verdict import Report

BY_POLICY: Final = True


def net007_the_tunnel_is_the_only_way_in(case: Case, report: Report) -> None:
    """
    NET007: whatever a pod may receive is a declared flow, an agent receives from a tunnel alone, and a tunnel from
    nobody.

    Kubelet probes come from the pod's own node, which no policy can close; they need no rule.
    """
    for workload in case.workloads:
        name = id_of(case, workload)
        for flow in case.ledger.flows_to.get(name, ()):
            source, role = case.ledger.by_id.get(flow.source), case.role(workload)
            report.look()
            if role == "tunnel" or (role == "agent" and not (source and source.role in ("tunnel", "check"))):
                report.find(workload, f"is declared to receive from {flow.source}", place=case.ledger.place)
        if workload.host_network:
            report.find(workload, "is on the host network, where no policy binds it", place=workload.place)
            continue
        report.look()
        if not case.reach.isolated(case.pod(workload), INGRESS):
            report.find(workload, "may receive anything: no policy isolates its ingress", place=workload.place)
            continue
        for box in case.reach.inward(case.pod(workload)):
            report.find(workload, f"may receive from {box}", witness=[f"packet from {box.example()}"])
        for policy, rule in case.reach.rules(case.pod(workload), INGRESS):
            report.look()
            if rule.peers is None:
                report.find(workload, f"may receive from every pod ({policy.name})", place=rule.place)
            for peer, ports in opened(rule):
                _peer(case, workload, (policy, rule, peer, ports), report)


def _peer(case: Case, workload: Workload, seen: tuple[Policy, Rule, Peer, Ports], report: Report) -> None:
    policy, rule, peer, ports = seen
    numbers = ports_of(ports, case.pod(workload))
    sources = {id_of(case, owner) for owner in owners_of(case, peer, policy.namespace)} if numbers else set()
    if numbers:
        sources |= {
            one.name
            for one in case.ledger.neighbours
            if lies_within(peer, policy.namespace, one.namespace, selector_of(one.pod_labels))
        }
    for source in sources:
        for flow in case.ledger.flows_from.get(source, ()):
            if flow.target == id_of(case, workload) and flow.protocol == ports.protocol:
                numbers = [n for n in numbers or () if n != flow.port]
    if numbers is None or numbers:
        report.find(
            workload, f"may receive from {peer} on {ports}",
            witness=[f"policy {policy.name}, rule {rule.number} ({rule.place}), lies within no declared flow"],
            place=rule.place,
        )  # fmt: skip
