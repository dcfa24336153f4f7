"""The answers: one walk over the rules that govern a pod, and four questions asked of it."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from agentkeep.verify.artifacts import Artifacts
from agentkeep.verify.intervals import (
    EVERYWHERE,
    MAX_PORT,
    PROTOCOLS,
    Box,
    Span,
    boxes,
    intersect,
    span,
    spans,
    subtract_spans,
    union,
)
from agentkeep.verify.reachability.governing import Governed, Reading, numbers_at
from agentkeep.verify.reachability.pods import Pod, pod_of
from agentkeep.verify.reachability.policies import EGRESS, INGRESS, Fault, Peer, Policy, Rule, parse_policy
from agentkeep.verify.selectors import Labels

_NOWHERE: Final = Span(4, 0, 0)
_ALL_PORTS: Final = tuple(Box(_NOWHERE, protocol, 0, MAX_PORT) for protocol in sorted(PROTOCOLS))
_Interval = tuple[str, int, int]
# How an answer calls what is allowed, and what is not.
_DOES: Final = {EGRESS: ("may send", "send to"), INGRESS: ("may receive", "receive from")}


@dataclass(frozen=True, slots=True)
class Answer:
    """Yes or no, and why: one line for each hop."""

    allowed: bool
    witness: tuple[str, ...]


class Reach(Governed):
    """Answers about one set of pods, namespaces and policies."""

    def _unbound(self, subject: Pod, direction: str, reading: Reading, other: Pod | None = None) -> str:
        """Why no rule is asked about *subject*; an empty text where rules decide."""
        if subject.host_network:
            return f"{subject} is on the host network, so no policy binds it"
        if other is not None and other.host_network and direction == INGRESS and reading is Reading.MAY:
            return f"{other} is on the host network and may share the node of {subject}, which no policy closes"
        if not self.isolated(subject, direction, reading):
            return f"{subject} {_DOES[direction][0]} anything: no policy isolates its {direction.lower()}"
        return ""

    def _openings(
        self, subject: Pod, direction: str, receiver: Pod | None, reading: Reading
    ) -> Iterator[tuple[Policy, Rule, Peer | None, list[_Interval]]]:
        """
        The one walk: what each rule opens to each of its peers (``None`` for every peer), as intervals of ports.

        *receiver* is the pod whose ports are meant; without one, a port by name means nothing that anybody knows.
        """
        for policy, rule in self.rules(subject, direction, reading):
            found = [(p.protocol, numbers_at(p, receiver, reading)) for p in rule.ports]
            ports = [(protocol, *numbers) for protocol, numbers in found if numbers is not None]
            if ports:
                for peer in rule.peers if rule.peers is not None else (None,):
                    yield policy, rule, peer, ports

    def _first(  # noqa: PLR0917  # one end of a connection is all of these
        self,
        subject: Pod,
        direction: str,
        packet: tuple[str, int],
        shown: object,
        reading: Reading,
        other: Pod | None,
        takes: Callable[[Peer, str], bool],
    ) -> Answer:
        """The first rule that lets *packet* (protocol, port) pass to or from a peer that *takes* accepts."""
        free = self._unbound(subject, direction, reading, other)
        if free:
            return Answer(True, (free,))
        may, verb = _DOES[direction]
        protocol, port = packet
        receiver = subject if direction == INGRESS else other
        for policy, rule, peer, ports in self._openings(subject, direction, receiver, reading):
            if not any(p == protocol and first <= port <= last for p, first, last in ports):
                continue
            if peer is None or takes(peer, policy.namespace):
                met = "every peer" if peer is None else str(peer)
                where = f"policy {policy.namespace}/{policy.name}, rule {rule.number} ({rule.place}), {met}"
                return Answer(True, (f"{subject} {may}: {where}",))
        names = ", ".join(sorted(p.name for p in self.governing(subject) if direction in p.isolates))
        return Answer(False, (f"{subject} may not {verb} {shown} on {protocol}/{port}: no rule of {names} allows it",))

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
        packet = protocol, port
        out = self._first(
            source, EGRESS, packet, destination, reading, destination,
            lambda peer, home: self.matches(peer, home, destination, reading),
        )  # fmt: skip
        if not out.allowed:
            return out
        into = self._first(
            destination, INGRESS, packet, source, reading, source,
            lambda peer, home: self.matches(peer, home, source, reading),
        )  # fmt: skip
        return Answer(into.allowed, (*out.witness, *into.witness))

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
        if self._unbound(subject, direction, reading, other):
            return _ALL_PORTS
        receiver = other if direction == EGRESS else subject
        return union(
            Box(_NOWHERE, *interval)
            for policy, _, peer, ports in self._openings(subject, direction, receiver, reading)
            if peer is None or self.matches(peer, policy.namespace, other, reading)
            for interval in ports
        )

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
        if self._unbound(pod, direction, reading):
            return union(box for p in PROTOCOLS for box in boxes(EVERYWHERE, p, 0, MAX_PORT))
        receiver = pod if direction == INGRESS else None
        return union(
            box
            for _, _, peer, ports in self._openings(pod, direction, receiver, reading)
            for interval in ports
            for box in boxes(EVERYWHERE if peer is None else peer.blocks or (), *interval)
        )

    def to_address(self, source: Pod, address: str, protocol: str, port: int, reading: Reading = Reading.MAY) -> Answer:
        """Whether *source* can send to one address that is not a pod's."""
        return self._one_address(source, EGRESS, address, (protocol, port), reading)

    def from_address(
        self, address: str, destination: Pod, protocol: str, port: int, reading: Reading = Reading.MAY
    ) -> Answer:
        """Whether one address that is not a pod's can open a connection to *destination*."""
        return self._one_address(destination, INGRESS, address, (protocol, port), reading)

    def _one_address(self, pod: Pod, direction: str, address: str, packet: tuple[str, int], reading: Reading) -> Answer:
        target = (span(address),)
        return self._first(
            pod, direction, packet, address, reading, None,
            lambda peer, _: peer.blocks is not None and not subtract_spans(target, peer.blocks),
        )  # fmt: skip


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
