"""Which policies govern a pod, and whom their peers select: the part of the question that is about labels alone."""

import enum
from collections.abc import Iterable, Iterator, Mapping, Sequence

from agentkeep.verify.intervals import MAX_PORT, Span, intersect_spans, subtract_spans, union_spans
from agentkeep.verify.reachability.pods import Pod
from agentkeep.verify.reachability.policies import Peer, Policy, Ports, Rule
from agentkeep.verify.selectors import NAME_LABEL, Labels, Selector


class Reading(enum.Enum):
    """Which way the open questions of NetworkPolicy are decided."""

    MAY = "whatever may be allowed is allowed"
    MUST = "only what every network plugin allows is allowed"


class Governed:
    """
    One set of pods, namespaces and policies.

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


def _with_name(name: str, labels: Labels) -> Labels:
    return Labels({**labels.known, NAME_LABEL: name}, labels.complete)


def numbers_at(ports: Ports, receiver: Pod | None, reading: Reading = Reading.MAY) -> tuple[int, int] | None:
    """The interval of ports that *ports* means at *receiver*; ``None`` if it means nothing there."""
    if ports.named is None:
        return ports.first, ports.last
    if receiver is None:
        # A name means nothing at an address outside. A plugin could still take it as any port.
        return (0, MAX_PORT) if reading is Reading.MAY else None
    number = receiver.ports.get((ports.named, ports.protocol))
    if number is None:
        return (0, MAX_PORT) if reading is Reading.MAY and not receiver.labels.complete else None
    return number, number
