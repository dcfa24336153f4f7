"""
Who can open a connection to whom: NetworkPolicy, evaluated exactly.

Kubernetes leaves one thing to the network plugin: whether an ``ipBlock`` matches the addresses of pods. Calico says
yes, Cilium says no. So every question is asked under one of two readings: ``Reading.MAY`` (a block matches pods)
proves a denial, ``Reading.MUST`` (it does not) proves that a required flow works. Labels that no artifact knows are
treated alike: MAY takes the worst choice, MUST takes none for granted.

What policy cannot promise is said as such: a pod on the host network is bound by no policy, neither as source nor as
destination, and the node that a pod runs on may always reach it.
"""

import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from agentkeep.verify.artifacts import Artifacts, Object, Place, Workload, line_in, mappings, text
from agentkeep.verify.intervals import (
    EVERYWHERE,
    MAX_PORT,
    PROTOCOLS,
    Box,
    Span,
    boxes,
    intersect,
    intersect_spans,
    span,
    spans,
    subtract_spans,
    union,
    union_spans,
)
from agentkeep.verify.selectors import NAME_LABEL, Labels, Selector, parse_selector

INGRESS: Final = "Ingress"
EGRESS: Final = "Egress"


# One policy beyond this is no policy that a person wrote; every box of it would be held against every other.
MAX_BOXES: Final = 20_000
_NOWHERE: Final = Span(4, 0, 0)
_ALL_PORTS: Final = tuple(Box(_NOWHERE, protocol, 0, MAX_PORT) for protocol in sorted(PROTOCOLS))


_WRITTEN_BY_CONTROLLERS: Final = frozenset(
    {
        "pod-template-hash", "pod-template-generation", "controller-revision-hash", "controller-uid", "job-name",
        "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name", "apps.kubernetes.io/pod-index",
        "batch.kubernetes.io/job-completion-index", "statefulset.kubernetes.io/pod-name",
    }
)  # fmt: skip


class Reading(enum.Enum):
    """Which way the open questions of NetworkPolicy are decided."""

    MAY = "whatever may be allowed is allowed"
    MUST = "only what every network plugin allows is allowed"


@dataclass(frozen=True, slots=True)
class Ports:
    """
    One interval of ports of one protocol, or a port by name.

    *named* is looked up among the container ports of the pod that receives.
    """

    protocol: str
    first: int = 0
    last: int = MAX_PORT
    named: str | None = None

    def __str__(self) -> str:
        if self.named is not None:
            return f"{self.protocol}/{self.named}"
        if (self.first, self.last) == (0, MAX_PORT):
            return f"{self.protocol}/any"
        return f"{self.protocol}/{self.first}" + (f"-{self.last}" if self.last != self.first else "")


EVERY_PORT: Final = tuple(Ports(protocol) for protocol in PROTOCOLS)


@dataclass(frozen=True, slots=True)
class Peer:
    """
    The other end of a rule: a block of addresses, or pods by selectors.

    *blocks* is what a block covers, exceptions taken away; ``None`` makes it a peer of selectors. Without
    *namespaces* the pods are those of the policy's own namespace.
    """

    blocks: tuple[Span, ...] | None = None
    pods: Selector | None = None
    namespaces: Selector | None = None

    def __str__(self) -> str:
        if self.blocks is not None:
            return "addresses " + ", ".join(map(str, self.blocks[:4])) + (", ..." if len(self.blocks) > 4 else "")
        where = "its own namespace" if self.namespaces is None else f"namespaces with {self.namespaces}"
        return f"pods with {self.pods or Selector()} in {where}"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a policy. No peers at all means every peer, known or not."""

    peers: tuple[Peer, ...] | None
    ports: tuple[Ports, ...]
    place: Place
    number: int


@dataclass(frozen=True, slots=True)
class Policy:
    """One NetworkPolicy, with its defaults filled in as the API server fills them in."""

    name: str
    namespace: str
    subjects: Selector
    isolates: frozenset[str]
    ingress: tuple[Rule, ...]
    egress: tuple[Rule, ...]
    place: Place

    def rules(self, direction: str) -> tuple[Rule, ...]:
        """The rules that count for *direction*: none, if the policy does not isolate it."""
        if direction not in self.isolates:
            return ()
        return self.ingress if direction == INGRESS else self.egress


@dataclass(frozen=True, slots=True)
class Pod:
    """
    A pod as the network sees it.

    Attributes:
        name: How answers call it.
        namespace: Its namespace.
        labels: Its labels; incomplete for a pod that is in no artifact.
        ports: Its named ports, as (name, protocol) to number.
        addresses: Where it may be; empty means that nothing is known, so that it may be anywhere.
        host_network: Whether it uses its node's address.
    """

    name: str
    namespace: str
    labels: Labels
    ports: Mapping[tuple[str, str], int] = field(default_factory=dict)
    addresses: tuple[Span, ...] = ()
    host_network: bool = False

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Answer:
    """Yes or no, and why: one line for each hop."""

    allowed: bool
    witness: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """A policy that the API server would refuse, or that is written in a form nobody should rely on."""

    place: Place
    problem: str


class _PolicyError(ValueError):
    def __init__(self, body: Any, problem: str) -> None:
        self.body = body
        super().__init__(problem)


def parse_policy(item: Object) -> Policy | Fault:
    """The policy that *item* is, or what is wrong with it."""
    try:
        return _policy(item)
    except _PolicyError as error:
        return Fault(line_in(error.body, item.place), str(error))


def _policy(item: Object) -> Policy:
    spec = item.body.get("spec")
    if item.api_version != "networking.k8s.io/v1":
        raise _PolicyError(item.body, f"apiVersion {item.api_version!r} is not networking.k8s.io/v1")
    if not isinstance(spec, dict):
        raise _PolicyError(item.body, "spec is missing")
    _only(spec, {"podSelector", "policyTypes", "ingress", "egress"}, "spec")
    if "podSelector" not in spec or spec["podSelector"] is None:
        raise _PolicyError(spec, "podSelector is missing, which would select every pod; write {} to say so")
    types = _listed(spec, "policyTypes")
    ingress, egress = _rules(spec, "ingress", "from", item.place), _rules(spec, "egress", "to", item.place)
    if sum(_size(rule) for rule in (*ingress, *egress)) > MAX_BOXES:
        raise _PolicyError(spec, f"the policy names more than {MAX_BOXES} combinations of addresses and ports")
    if not set(map(str, types)) <= {INGRESS, EGRESS} or len(set(map(str, types))) != len(types):
        raise _PolicyError(spec, "policyTypes holds something other than Ingress and Egress, once each")
    # The default of the API server: ingress always, egress only if there is an egress rule. So `egress: []` alone
    # closes nothing.
    isolates = frozenset(map(str, types)) or frozenset({INGRESS, EGRESS} if spec.get("egress") else {INGRESS})
    return Policy(
        name=item.name,
        namespace=item.namespace,
        subjects=_selector(spec["podSelector"], spec),
        isolates=isolates,
        ingress=ingress,
        egress=egress,
        place=item.place,
    )


def _size(rule: Rule) -> int:
    return len(rule.ports) * sum(len(peer.blocks or ()) + 1 for peer in rule.peers or ())


def _listed(body: Mapping[str, Any], key: str) -> list[Any]:
    value = body.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise _PolicyError(body, f"{key} is not a list")
    return value


def _only(body: Mapping[str, Any], allowed: set[str], what: str) -> None:
    extra = set(body) - allowed
    if extra:
        raise _PolicyError(body, f"{what} has an unknown field {min(extra)[:60]!r}")


def _selector(body: Any, parent: Any) -> Selector:
    try:
        selector = parse_selector(body)
        for requirement in selector.requirements:
            if requirement.key in _WRITTEN_BY_CONTROLLERS:
                raise ValueError(f"selects by {requirement.key}, which a controller writes and no manifest shows")
        return selector
    except ValueError as error:
        raise _PolicyError(body if isinstance(body, dict) else parent, str(error)) from None


def _rules(spec: Mapping[str, Any], key: str, peers_key: str, place: Place) -> tuple[Rule, ...]:
    listed = _listed(spec, key)
    if not all(isinstance(rule, dict) for rule in listed):
        raise _PolicyError(spec, f"{key} is not a list of rules")
    return tuple(_rule(body, peers_key, line_in(body, place), number) for number, body in enumerate(listed, 1))


def _rule(body: Mapping[str, Any], peers_key: str, place: Place, number: int) -> Rule:
    _only(body, {peers_key, "ports"}, "a rule")
    peers, ports = _listed(body, peers_key), _listed(body, "ports")
    return Rule(
        peers=tuple(_peer(peer, body) for peer in peers) or None,
        ports=tuple(_ports(port, body) for port in ports) or EVERY_PORT,
        place=place,
        number=number,
    )


def _peer(body: Any, parent: Any) -> Peer:
    if not isinstance(body, dict):
        raise _PolicyError(parent, "a peer is not a mapping")
    _only(body, {"ipBlock", "podSelector", "namespaceSelector"}, "a peer")
    given = {key for key, value in body.items() if value is not None}
    if not given:
        raise _PolicyError(body, "a peer names nothing")
    if "ipBlock" in given:
        if len(given) > 1:
            raise _PolicyError(body, "a peer mixes ipBlock with selectors")
        return Peer(blocks=_block(body["ipBlock"], body))
    return Peer(
        pods=_selector(body["podSelector"], body) if "podSelector" in given else None,
        namespaces=_selector(body["namespaceSelector"], body) if "namespaceSelector" in given else None,
    )


def _block(body: Any, parent: Any) -> tuple[Span, ...]:
    if not isinstance(body, dict):
        raise _PolicyError(parent, "ipBlock is not a mapping")
    _only(body, {"cidr", "except"}, "ipBlock")
    whole = _cidr(body.get("cidr"), body)
    cut = [_cidr(hole, body) for hole in _listed(body, "except")]
    for hole in cut:
        inside = hole.family == whole.family and whole.low <= hole.low and hole.high <= whole.high and hole != whole
        if not inside:
            raise _PolicyError(body, f"except {hole} does not lie strictly within {whole}")
    return subtract_spans((whole,), cut)


def _cidr(value: Any, parent: Any) -> Span:
    if not isinstance(value, str) or "/" not in value or not value.rpartition("/")[2].isdigit():
        raise _PolicyError(parent, f"{str(value)[:60]!r} is not a CIDR")
    try:
        return span(value)
    except ValueError:
        raise _PolicyError(parent, f"{value[:60]!r} is not a CIDR that every reader takes alike") from None


def _ports(body: Any, parent: Any) -> Ports:
    if not isinstance(body, dict):
        raise _PolicyError(parent, "a port is not a mapping")
    _only(body, {"protocol", "port", "endPort"}, "a port")
    protocol = body.get("protocol") or "TCP"
    if protocol not in PROTOCOLS:
        raise _PolicyError(body, f"protocol {str(protocol)[:20]!r} is none of {', '.join(PROTOCOLS)}")
    port, end = body.get("port"), body.get("endPort")
    if isinstance(port, bool) or isinstance(end, bool):
        raise _PolicyError(body, "a port is a boolean")
    if port is None:
        if end is not None:
            raise _PolicyError(body, "endPort without port")
        return Ports(protocol)
    if isinstance(port, str):
        if end is not None or not port or port.isdigit():
            raise _PolicyError(body, f"the port name {port[:20]!r} stands with an endPort or is a number in quotes")
        return Ports(protocol, named=port)
    if not isinstance(port, int) or not 1 <= port <= MAX_PORT:
        raise _PolicyError(body, "a port is not between 1 and 65535")
    if end is None:
        return Ports(protocol, port, port)
    if not isinstance(end, int) or not port <= end <= MAX_PORT:
        raise _PolicyError(body, "endPort is not between port and 65535")
    return Ports(protocol, port, end)


class Reach:
    """
    Answers about one set of pods, namespaces and policies.

    Args:
        pods: The pods that are known.
        namespaces: Labels of namespaces that are known; any other namespace is taken to have labels nobody knows.
        policies: Every policy.
        node_addresses: Where nodes may be: the source addresses of pods on the host network and of probes.
    """

    def __init__(
        self,
        pods: Sequence[Pod],
        namespaces: Mapping[str, Labels],
        policies: Sequence[Policy],
        node_addresses: Sequence[Span] = (),
    ) -> None:
        self.pods = tuple(pods)
        self.policies = tuple(policies)
        self._namespaces = {name: _with_name(name, labels) for name, labels in namespaces.items()}
        self._nodes = union_spans(node_addresses)
        self._by_label: dict[tuple[str, str, str], list[Pod]] = {}
        self._by_namespace: dict[str, list[Pod]] = {}
        for pod in self.pods:
            self._by_namespace.setdefault(pod.namespace, []).append(pod)
            for key, value in pod.labels.known.items():
                self._by_label.setdefault((pod.namespace, key, value), []).append(pod)
        self._pinned: dict[tuple[str, str, str], list[Policy]] = {}
        self._broad: dict[str, list[Policy]] = {}
        for policy in self.policies:
            pinned = policy.subjects.pinned()
            if pinned:
                key, value = self._rarest(policy.namespace, pinned)
                self._pinned.setdefault((policy.namespace, key, value), []).append(policy)
            else:
                self._broad.setdefault(policy.namespace, []).append(policy)
        self._governing: dict[int, tuple[Policy, ...]] = {}

    def _rarest(self, namespace: str, pinned: Mapping[str, str]) -> tuple[str, str]:
        # Filing a policy under its rarest label keeps look-ups constant on a platform where every pod shares "part-of".
        return min(pinned.items(), key=lambda item: len(self._by_label.get((namespace, *item), ())))

    def namespace_labels(self, namespace: str) -> Labels:
        """Labels of *namespace*; the API server always sets its name, whatever a manifest says."""
        return self._namespaces.get(namespace) or Labels({NAME_LABEL: namespace}, complete=False)

    def governing(self, pod: Pod) -> tuple[Policy, ...]:
        """The policies that select *pod* (under the worst choice of labels that nobody knows)."""
        found = self._governing.get(id(pod))
        if found is None:
            candidates = list(self._broad.get(pod.namespace, ()))
            if pod.labels.complete:
                for key, value in pod.labels.known.items():
                    candidates.extend(self._pinned.get((pod.namespace, key, value), ()))
            else:
                candidates.extend(p for p in self.policies if p.namespace == pod.namespace and p.subjects.pinned())
            found = tuple(policy for policy in candidates if policy.subjects.may(pod.labels))
            if any(pod is known for known in self._by_namespace.get(pod.namespace, ())):
                self._governing[id(pod)] = found
        return found

    def isolated(self, pod: Pod, direction: str, reading: Reading = Reading.MAY) -> bool:
        """
        Whether some policy closes *direction* for *pod*, so that only rules open it again.

        Under MAY only a policy that surely selects the pod counts; under MUST one that might is enough.
        """
        if pod.host_network:
            return False
        sure = reading is Reading.MAY
        return any(
            direction in policy.isolates and (policy.subjects.must(pod.labels) if sure else True)
            for policy in self.governing(pod)
        )

    def rules(self, pod: Pod, direction: str, reading: Reading = Reading.MAY) -> Iterator[tuple[Policy, Rule]]:
        """Every rule that opens *direction* for *pod*: the union of its policies."""
        for policy in self.governing(pod):
            if reading is Reading.MUST and not policy.subjects.must(pod.labels):
                continue
            for rule in policy.rules(direction):
                yield policy, rule

    def between(
        self, source: Pod, destination: Pod, protocol: str, port: int, reading: Reading = Reading.MAY
    ) -> Answer:
        """
        Whether *source* can open a connection to *port* of *destination*: its egress and the other's ingress both
        allow it.

        A pod always reaches itself.
        """
        if source is destination:
            return Answer(True, (f"{source} reaches itself over its own loopback",))
        out = self._end(source, EGRESS, destination, protocol, port, reading)
        if not out.allowed:
            return out
        into = self._end(destination, INGRESS, source, protocol, port, reading)
        return Answer(into.allowed, (*out.witness, *into.witness))

    def _end(  # noqa: PLR0917  # the five things that make a packet, and how to read
        self, subject: Pod, direction: str, other: Pod, protocol: str, port: int, reading: Reading
    ) -> Answer:
        does = "may send" if direction == EGRESS else "may receive"
        if subject.host_network:
            return Answer(True, (f"{subject} is on the host network, so no policy binds it",))
        if direction == INGRESS and other.host_network and reading is Reading.MAY:
            return Answer(
                True, (f"{other} is on the host network and may share the node of {subject}, which no policy closes",)
            )
        if not self.isolated(subject, direction, reading):
            return Answer(True, (f"{subject} {does} anything: no policy isolates its {direction.lower()}",))
        receiver = other if direction == EGRESS else subject
        for policy, rule in self.rules(subject, direction, reading):
            for ports in rule.ports:
                if not _covers(ports, protocol, port, receiver, reading):
                    continue
                if rule.peers is None:
                    return Answer(True, (_because(subject, does, policy, rule, "every peer"),))
                for peer in rule.peers:
                    if self.matches(peer, policy.namespace, other, reading):
                        return Answer(True, (_because(subject, does, policy, rule, str(peer)),))
        names = ", ".join(sorted(p.name for p in self.governing(subject) if direction in p.isolates))
        verb = "send to" if direction == EGRESS else "receive from"
        return Answer(False, (f"{subject} may not {verb} {other} on {protocol}/{port}: no rule of {names} allows it",))

    def ports_between(self, source: Pod, destination: Pod, reading: Reading = Reading.MAY) -> tuple[Box, ...]:
        """
        Every protocol and port on which *source* can open a connection to *destination*, as boxes.

        The address in the boxes has no meaning; the same question as ``between``, for all ports at once.
        """
        if source is destination:
            return _ALL_PORTS
        out = self._ports(source, EGRESS, destination, reading)
        return intersect(out, self._ports(destination, INGRESS, source, reading)) if out else ()

    def _ports(self, subject: Pod, direction: str, other: Pod, reading: Reading) -> tuple[Box, ...]:
        may = reading is Reading.MAY
        if subject.host_network or (direction == INGRESS and other.host_network and may):
            return _ALL_PORTS
        if not self.isolated(subject, direction, reading):
            return _ALL_PORTS
        receiver = other if direction == EGRESS else subject
        found: list[Box] = []
        for policy, rule in self.rules(subject, direction, reading):
            if rule.peers is not None and not any(
                self.matches(p, policy.namespace, other, reading) for p in rule.peers
            ):
                continue
            for ports in rule.ports:
                interval = _numbers(ports, receiver, reading)
                if interval is not None:
                    found.append(Box(_NOWHERE, ports.protocol, *interval))
        return union(found)

    def matches(self, peer: Peer, home: str, pod: Pod, reading: Reading = Reading.MAY) -> bool:
        """Whether *peer*, in a policy of the namespace *home*, takes in *pod*."""
        if peer.blocks is not None:
            where = self._nodes if pod.host_network else pod.addresses
            if pod.host_network and reading is Reading.MUST:
                return bool(where) and not subtract_spans(where, peer.blocks)
            if reading is Reading.MUST:
                return False
            return not where or bool(intersect_spans(where, peer.blocks))
        if pod.host_network and reading is Reading.MUST:
            return False
        decide = Selector.may if reading is Reading.MAY else Selector.must
        if peer.namespaces is None:
            in_namespace = pod.namespace == home
        else:
            in_namespace = decide(peer.namespaces, self.namespace_labels(pod.namespace))
        return in_namespace and decide(peer.pods or Selector(), pod.labels)

    def candidates(self, peer: Peer, home: str) -> Iterable[Pod]:
        """Known pods that *peer* could select: a short list, found by label, that ``matches`` then decides."""
        if peer.blocks is not None:
            return self.pods
        pinned = (peer.pods or Selector()).pinned()
        if peer.namespaces is None:
            namespaces: Iterable[str] = (home,)
        else:
            namespaces = (n for n in self._by_namespace if peer.namespaces.may(self.namespace_labels(n)))
        found: list[Pod] = []
        for namespace in namespaces:
            if pinned:
                key, value = self._rarest(namespace, pinned)
                found.extend(self._by_label.get((namespace, key, value), ()))
            else:
                found.extend(self._by_namespace.get(namespace, ()))
        return found

    def outward(self, source: Pod, reading: Reading = Reading.MAY) -> tuple[Box, ...]:
        """
        Every packet that *source* may send to an address outside the cluster's pods, as boxes.

        ``internet`` is another name for it. Addresses of pods are included where a block covers them: cut the cluster's
        ranges away to know what is left.
        """
        return self._addresses(source, EGRESS, reading)

    internet = outward

    def inward(self, destination: Pod, reading: Reading = Reading.MAY) -> tuple[Box, ...]:
        """Every (source address, protocol, port of *destination*) that may come in from outside the cluster's pods."""
        return self._addresses(destination, INGRESS, reading)

    def _addresses(self, pod: Pod, direction: str, reading: Reading) -> tuple[Box, ...]:
        if not self.isolated(pod, direction, reading):
            return union(box for p in PROTOCOLS for box in boxes(EVERYWHERE, p, 0, MAX_PORT))
        found: list[Box] = []
        for _policy, rule in self.rules(pod, direction, reading):
            where = (
                EVERYWHERE
                if rule.peers is None
                else union_spans(s for peer in rule.peers if peer.blocks is not None for s in peer.blocks)
            )
            for ports in rule.ports:
                interval = _numbers(ports, pod if direction == INGRESS else None, reading)
                if interval is not None:
                    found.extend(boxes(where, ports.protocol, *interval))
        return union(found)

    def to_address(self, source: Pod, address: str, protocol: str, port: int, reading: Reading = Reading.MAY) -> Answer:
        """Whether *source* can send to one address that is no pod's."""
        return self._one_address(source, EGRESS, address, protocol, port, reading)

    def from_address(
        self, address: str, destination: Pod, protocol: str, port: int, reading: Reading = Reading.MAY
    ) -> Answer:
        """Whether one address that is no pod's can open a connection to *destination*."""
        return self._one_address(destination, INGRESS, address, protocol, port, reading)

    def _one_address(  # noqa: PLR0917  # as above
        self, pod: Pod, direction: str, address: str, protocol: str, port: int, reading: Reading
    ) -> Answer:
        does = "may send" if direction == EGRESS else "may receive"
        target = span(address)
        if pod.host_network:
            return Answer(True, (f"{pod} is on the host network, so no policy binds it",))
        if not self.isolated(pod, direction, reading):
            return Answer(True, (f"{pod} {does} anything: no policy isolates its {direction.lower()}",))
        for policy, rule in self.rules(pod, direction, reading):
            for ports in rule.ports:
                interval = _numbers(ports, pod if direction == INGRESS else None, reading)
                if interval is None or ports.protocol != protocol or not interval[0] <= port <= interval[1]:
                    continue
                if rule.peers is None:
                    return Answer(True, (_because(pod, does, policy, rule, "every peer"),))
                for peer in rule.peers:
                    if peer.blocks is not None and not subtract_spans((target,), peer.blocks):
                        return Answer(True, (_because(pod, does, policy, rule, str(peer)),))
        names = ", ".join(sorted(p.name for p in self.governing(pod) if direction in p.isolates))
        verb = "send to" if direction == EGRESS else "receive from"
        return Answer(False, (f"{pod} may not {verb} {address} on {protocol}/{port}: no rule of {names} allows it",))


def _with_name(name: str, labels: Labels) -> Labels:
    return Labels({**labels.known, NAME_LABEL: name}, labels.complete)


def _because(subject: Pod, does: str, policy: Policy, rule: Rule, peer: str) -> str:
    return f"{subject} {does}: policy {policy.namespace}/{policy.name}, rule {rule.number} ({rule.place}), {peer}"


def _numbers(ports: Ports, receiver: Pod | None, reading: Reading) -> tuple[int, int] | None:
    """The interval that *ports* covers at *receiver*; ``None`` if it covers nothing there."""
    if ports.named is None:
        return ports.first, ports.last
    if receiver is None:
        # A name means nothing at an address outside. A plugin could still take it as any port.
        return (0, MAX_PORT) if reading is Reading.MAY else None
    number = receiver.ports.get((ports.named, ports.protocol))
    if number is None:
        return (0, MAX_PORT) if reading is Reading.MAY and not receiver.labels.complete else None
    return number, number


def _covers(ports: Ports, protocol: str, port: int, receiver: Pod, reading: Reading) -> bool:
    if ports.protocol != protocol:
        return False
    interval = _numbers(ports, receiver, reading)
    return interval is not None and interval[0] <= port <= interval[1]


def numbers_at(ports: Ports, receiver: Pod, reading: Reading = Reading.MAY) -> tuple[int, int] | None:
    """The interval of ports that *ports* means at *receiver*; ``None`` for a name that the pod does not have."""
    return _numbers(ports, receiver, reading)


def pod_of(workload: Workload, addresses: Sequence[Span] = ()) -> Pod:
    """The pod that *workload* makes."""
    named: dict[tuple[str, str], int] = {}
    for container in workload.containers:
        for port in mappings(container.body.get("ports")):
            number = port.get("containerPort")
            if text(port.get("name")) and isinstance(number, int) and not isinstance(number, bool):
                named.setdefault((text(port["name"]), text(port.get("protocol")) or "TCP"), number)
    return Pod(
        name=workload.name,
        namespace=workload.namespace,
        labels=Labels(dict(workload.labels)),
        ports=named,
        addresses=tuple(addresses),
        host_network=workload.host_network,
    )


def ghost(namespace: str, addresses: Sequence[Span] = ()) -> Pod:
    """A pod of *namespace* that is in no artifact and may carry any labels."""
    return Pod("a pod that is not in the artifacts", namespace, Labels({}, complete=False), addresses=tuple(addresses))


def bare(namespace: str, addresses: Sequence[Span] = ()) -> Pod:
    """A pod of *namespace* that carries no label at all."""
    return Pod("a pod without labels", namespace, Labels({}), addresses=tuple(addresses))


def world(
    artifacts: Artifacts, pod_cidrs: Iterable[str] = (), node_cidrs: Iterable[str] = ()
) -> tuple[Reach, dict[str, Pod], tuple[Fault, ...]]:
    """
    The network of *artifacts*: answers, pods by ``namespace/name``, and the policies that could not be understood.

    A policy with a fault is left out, because the API server would refuse it.
    """
    addresses = spans(pod_cidrs)
    pods = {str(w): pod_of(w, addresses) for w in artifacts.workloads}
    namespaces = {item.name: Labels(dict(item.labels)) for item in artifacts.kind("Namespace")}
    policies: list[Policy] = []
    faults: list[Fault] = []
    for item in artifacts.kind("NetworkPolicy"):
        if item.group not in ("networking.k8s.io", "extensions"):
            continue
        parsed = parse_policy(item)
        if isinstance(parsed, Policy):
            policies.append(parsed)
        else:
            faults.append(parsed)
    return Reach(list(pods.values()), namespaces, policies, spans(node_cidrs)), pods, tuple(faults)


def at(pod: Pod, *addresses: str) -> Pod:
    """*pod*, known to be at exactly these addresses."""
    return replace(pod, addresses=spans(addresses))
