"""NetworkPolicies as types, with the API server's defaults filled in; what it would refuse is a fault."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from agentkeep.verify.artifacts import Object, Place, line_in
from agentkeep.verify.intervals import MAX_PORT, PROTOCOLS, Span, span, subtract_spans
from agentkeep.verify.selectors import Selector, parse_selector

INGRESS: Final = "Ingress"
EGRESS: Final = "Egress"

# One policy beyond this is not a policy that a person wrote; every box of it would be held against every other.
MAX_BOXES: Final = 20_000

_WRITTEN_BY_CONTROLLERS: Final = frozenset(
    {
        "pod-template-hash", "pod-template-generation", "controller-revision-hash", "controller-uid", "job-name",
        "batch.kubernetes.io/controller-uid", "batch.kubernetes.io/job-name", "apps.kubernetes.io/pod-index",
        "batch.kubernetes.io/job-completion-index", "statefulset.kubernetes.io/pod-name",
    }
)  # fmt: skip


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
