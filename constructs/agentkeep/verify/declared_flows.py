"""Declared flows as sets of packets, and rules of policies held against them."""

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from agentkeep.verify.artifacts import Workload
from agentkeep.verify.case import Case
from agentkeep.verify.intervals import (
    EVERYWHERE,
    SPECIAL,
    Box,
    Span,
    boxes,
    intersect_spans,
    span,
    spans,
    subtract_spans,
    union_spans,
)
from agentkeep.verify.ledger import DeclaredFlow, Neighbour
from agentkeep.verify.reachability import Peer, Pod, Ports, Rule, numbers_at
from agentkeep.verify.selectors import NAME_LABEL, Labels, Requirement, Selector

_PRIVATE: Final = spans(("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"))
# What a node listens on for the cluster: etcd, the API server, the kubelet and its neighbours.
_PORTS_OF_NODES: Final = frozenset({2379, 2380, 6443, 10248, 10249, 10250, 10255, 10256, 10257, 10259})
_FAMILY: Final = {"IPv4": 4, "IPv6": 6}
# A rule that opens more ports than this is never the sum of declared flows.
_MOST_PORTS: Final = 64
_MOST_ALTERNATIVES: Final = 64


def public(case: Case) -> tuple[Span, ...]:
    """The public Internet in the cluster's families, without any range that belongs to the cluster."""
    families = {_FAMILY[name] for name in case.ledger.cluster.ip_families}
    whole = [one for one in EVERYWHERE if one.family in families]
    return subtract_spans(whole, (*SPECIAL, *spans(case.ledger.cluster.own)))


def forbidden(case: Case) -> tuple[Span, ...]:
    """Everything that is not the public Internet: special ranges, and pods, services and nodes of the cluster."""
    return union_spans((*SPECIAL, *spans(case.ledger.cluster.own)))


def declared_boxes(case: Case, flow: DeclaredFlow) -> list[Box]:
    """The packets to addresses that *flow* declares; none for a flow to pods."""
    if flow.target == "internet":
        where: Sequence[Span] = public(case)
    elif flow.target.startswith("cidr:"):
        where = (span(flow.target.removeprefix("cidr:")),)
    elif flow.target == "dns":
        where = spans(case.ledger.cluster.dns_addresses)
    else:
        where = ()
    return boxes(where, flow.protocol, flow.port, flow.port)


def machine_of(case: Case, flow: DeclaredFlow) -> Span | None:
    """
    The one machine of the network around the cluster that *flow* names, on a port that is not a node's own.

    Nothing of the cluster but its nodes' network may hold it: not pods, services or the API server; nor may any range
    that is special in another way than by being private.
    """
    if not flow.target.startswith("cidr:"):
        return None
    one = span(flow.target.removeprefix("cidr:"))
    cluster = case.ledger.cluster
    never = spans((*cluster.pod_cidrs, *cluster.service_cidrs, *cluster.api))
    private = not subtract_spans([one], _PRIVATE)
    ports = _PORTS_OF_NODES if intersect_spans([one], spans(cluster.node_cidrs)) else frozenset()
    alone = one.low == one.high and private and not intersect_spans([one], never)
    return one if alone and flow.port not in ports else None


def dns_pod(case: Case) -> Pod | None:
    """A pod of the cluster's DNS: of its labels only those declared are known. ``None`` if DNS is an address alone."""
    cluster = case.ledger.cluster
    if not cluster.dns_labels:
        return None
    return Pod("DNS", cluster.dns_namespace, Labels(dict(cluster.dns_labels), complete=False))


def neighbour_pod(neighbour: Neighbour) -> Pod:
    """A pod of a neighbour: of its labels only those declared are known."""
    ports = {(name, protocol): port for name, port, protocol in neighbour.ports if name}
    return Pod(neighbour.name, neighbour.namespace, Labels(dict(neighbour.pod_labels), complete=False), ports)


def selector_of(labels: Mapping[str, str]) -> Selector:
    """The selector that demands all of *labels*."""
    return Selector(tuple(Requirement(key, "In", frozenset({value})) for key, value in labels.items()))


def pod_named(case: Case, name: str) -> Pod | None:
    """The pod that an end of a flow names: a workload's or a neighbour's."""
    neighbour = next((one for one in case.ledger.neighbours if one.name == name), None)
    if neighbour is not None:
        return neighbour_pod(neighbour)
    workload = workload_of(case, name)
    return None if workload is None else case.pod(workload)


def opened(rule: Rule) -> Iterator[tuple[Peer, Ports]]:
    """Each (peer of selectors, ports) that a rule opens, alternatives of ``In`` taken one by one."""
    for peer in rule.peers or ():
        if peer.blocks is not None:
            continue
        for one in alternatives(peer):
            # A selector that contradicts itself selects nothing, and so opens nothing.
            if (one.pods or Selector()).satisfiable() and (one.namespaces or Selector()).satisfiable():
                for ports in rule.ports:
                    yield one, ports


def alternatives(peer: Peer) -> list[Peer]:
    """*peer* as a union of peers whose ``In`` requirements hold one value each."""
    pods, namespaces = _expand(peer.pods), _expand(peer.namespaces)
    if len(pods) * len(namespaces) > _MOST_ALTERNATIVES:
        return [peer]
    return [Peer(None, p, n) for p, n in itertools.product(pods, namespaces)]


def _expand(selector: Selector | None) -> list[Selector | None]:
    if selector is None:
        return [None]
    choices = [
        [Requirement(r.key, "In", frozenset({value})) for value in sorted(r.values)] if r.operator == "In" else [r]
        for r in selector.requirements
    ]
    total = 1
    for choice in choices:
        total *= len(choice)
    if total > _MOST_ALTERNATIVES:
        return [selector]
    return [Selector(tuple(combination)) for combination in itertools.product(*choices)]


def lies_within(peer: Peer, home: str, namespace: str, pods: Selector) -> bool:
    """Whether *peer*, in a policy of *home*, selects only pods of *namespace* that *pods* selects."""
    named = Selector((Requirement(NAME_LABEL, "In", frozenset({namespace})),))
    right_namespace = home == namespace if peer.namespaces is None else peer.namespaces.implies(named)
    return right_namespace and (peer.pods or Selector()).implies(pods)


def ports_of(ports: Ports, receiver: Pod) -> list[int] | None:
    """The ports that *ports* means at *receiver*; ``None`` if they are too many to be declared."""
    interval = numbers_at(ports, receiver)
    if interval is None:
        return []
    if interval[1] - interval[0] >= _MOST_PORTS:
        return None
    return list(range(interval[0], interval[1] + 1))


def workload_of(case: Case, declared_id: str) -> Workload | None:
    """The workload in the artifacts that a declared id names."""
    declared = case.ledger.by_id.get(declared_id)
    return case.by_name.get(declared.deployment) if declared else None


def id_of(case: Case, workload: Workload) -> str:
    """The declared id of a workload, or its name."""
    declared = case.declared(workload)
    return declared.id if declared else workload.name


def owners_of(case: Case, peer: Peer, home: str) -> list[Workload]:
    """The workloads all of whose pods, and no others, *peer* can select; ``peer`` stands in a policy of *home*."""
    pods = peer.pods or Selector()
    return [
        workload
        for workload in case.possible_owners(pods)
        if lies_within(peer, home, case.namespace, case.identity(workload))
    ]
