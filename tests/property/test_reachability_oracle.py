"""Reachability agrees with an oracle that was written apart from it: no intervals, no index, one packet at a time."""

import ipaddress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentkeep.verify.artifacts import Object, Place
from agentkeep.verify.documents import Node
from agentkeep.verify.intervals import span
from agentkeep.verify.reachability import Pod, Policy, Reach, Reading, parse_policy
from agentkeep.verify.selectors import Labels

pytestmark = pytest.mark.property

Json = dict[str, Any]

# --- The oracle: the words of the NetworkPolicy reference, turned into loops.
# -------------------------------------------------


def oracle_labels_match(selector: Json, labels: dict[str, str]) -> bool:
    for key, value in (selector.get("matchLabels") or {}).items():
        if labels.get(key) != value:
            return False
    for expression in selector.get("matchExpressions") or []:
        key, values = expression["key"], expression.get("values") or []
        matches = {
            "In": key in labels and labels[key] in values,
            "NotIn": key not in labels or labels[key] not in values,
            "Exists": key in labels,
            "DoesNotExist": key not in labels,
        }[expression["operator"]]
        if not matches:
            return False
    return True


def oracle_isolating(policy: Json, direction: str) -> bool:
    types = policy["spec"].get("policyTypes")
    if not types:
        return direction == "Ingress" or len(policy["spec"].get("egress") or []) > 0
    return direction in types


def oracle_in_block(address: str, block: Json) -> bool:
    here = ipaddress.ip_address(address)
    inside = here in ipaddress.ip_network(block["cidr"], strict=False)
    return inside and not any(here in ipaddress.ip_network(hole, strict=False) for hole in block.get("except") or [])


def oracle_peer(
    peer: Json, home: str, other: Json, namespaces: dict[str, dict[str, str]], blocks_match_pods: bool
) -> bool:
    if "ipBlock" in peer:
        return (blocks_match_pods or other["pod"] is None) and oracle_in_block(other["address"], peer["ipBlock"])
    if other["pod"] is None:
        return False
    namespace = other["pod"]["namespace"]
    if "namespaceSelector" in peer:
        labels = {**namespaces[namespace], "kubernetes.io/metadata.name": namespace}
        if not oracle_labels_match(peer["namespaceSelector"], labels):
            return False
    elif namespace != home:
        return False
    return oracle_labels_match(peer.get("podSelector", {}), other["pod"]["labels"])


def oracle_port(entry: Json, protocol: str, port: int, receiver: Json | None) -> bool:
    if entry.get("protocol", "TCP") != protocol:
        return False
    wanted: Any = entry.get("port")
    if wanted is None:
        return True
    if isinstance(wanted, str):
        return receiver is not None and receiver["ports"].get((wanted, protocol)) == port
    first, last = int(wanted), int(entry.get("endPort", wanted))
    return first <= port <= last


def oracle_half(  # noqa: PLR0917  # what makes a packet
    subject: Json,
    direction: str,
    other: Json,
    receiver: Json | None,
    packet: tuple[str, int],
    world: Json,
    blocks: bool,
) -> bool:
    mine = [
        p
        for p in world["policies"]
        if p["metadata"]["namespace"] == subject["namespace"]
        and oracle_isolating(p, direction)
        and oracle_labels_match(p["spec"]["podSelector"], subject["labels"])
    ]
    if not mine:
        return True
    key, peers_key = ("ingress", "from") if direction == "Ingress" else ("egress", "to")
    for policy in mine:
        for rule in policy["spec"].get(key) or []:
            peers, ports = rule.get(peers_key) or [], rule.get("ports") or []
            right_peer = not peers or any(
                oracle_peer(p, policy["metadata"]["namespace"], other, world["namespaces"], blocks) for p in peers
            )
            if right_peer and (not ports or any(oracle_port(p, *packet, receiver) for p in ports)):
                return True
    return False


def oracle_between(source: Json, destination: Json, packet: tuple[str, int], world: Json, blocks: bool) -> bool:
    there = {"pod": destination, "address": destination["address"]}
    here = {"pod": source, "address": source["address"]}
    return oracle_half(source, "Egress", there, destination, packet, world, blocks) and oracle_half(
        destination, "Ingress", here, destination, packet, world, blocks
    )


# --- Small worlds.
# --------------------------------------------------------------------------------------------------------------

KEYS, VALUES = ("app", "tier"), ("a", "b")
NAMESPACES = ("one", "two", "kube-system")
CIDRS = ("0.0.0.0/0", "10.0.0.0/8", "10.1.0.0/16", "10.1.0.0/30", "::/0", "fd00::/8", "fd00::/126")
HOLES = {
    "0.0.0.0/0": ("10.0.0.0/8", "10.1.0.0/30", "192.168.0.0/16"),
    "10.0.0.0/8": ("10.1.0.0/30", "10.1.0.2/31"),
    "::/0": ("fd00::/8", "fe80::/10"),
    "fd00::/8": ("fd00::/126", "fd00::2/128"),
}
PORTS = (1, 53, 80, 81, 443, 4000, 65535)

labels = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES), max_size=2)
expression = st.one_of(
    st.builds(
        lambda key, op, values: {"key": key, "operator": op, "values": values},
        st.sampled_from(KEYS),
        st.sampled_from(("In", "NotIn")),
        st.lists(st.sampled_from((*VALUES, "c")), min_size=1, max_size=2, unique=True),
    ),
    st.builds(
        lambda key, op: {"key": key, "operator": op}, st.sampled_from(KEYS), st.sampled_from(("Exists", "DoesNotExist"))
    ),
)
selector = st.one_of(
    st.just({}),
    st.builds(lambda x: {"matchLabels": x}, labels),
    st.builds(lambda x, y: {"matchLabels": x, "matchExpressions": y}, labels, st.lists(expression, max_size=2)),
)
namespace_selector = st.one_of(
    selector,
    st.sampled_from(NAMESPACES).map(lambda n: {"matchLabels": {"kubernetes.io/metadata.name": n}}),
)
block = st.sampled_from(CIDRS).flatmap(
    lambda cidr: (
        st.lists(st.sampled_from(HOLES[cidr]), max_size=2, unique=True).map(lambda e: {"cidr": cidr, "except": e})
        if cidr in HOLES
        else st.just({"cidr": cidr})
    )
)
peer = st.one_of(
    block.map(lambda b: {"ipBlock": b}),
    selector.map(lambda s: {"podSelector": s}),
    namespace_selector.map(lambda s: {"namespaceSelector": s}),
    st.builds(lambda n, p: {"namespaceSelector": n, "podSelector": p}, namespace_selector, selector),
)
port = st.one_of(
    st.just({}),
    st.builds(lambda p: {"protocol": p}, st.sampled_from(("TCP", "UDP"))),
    st.builds(
        lambda p, n: {"protocol": p, "port": n}, st.sampled_from(("TCP", "UDP")), st.sampled_from((*PORTS, "web"))
    ),
    st.sampled_from(((80, 443), (1, 65535), (53, 80))).map(lambda r: {"port": r[0], "endPort": r[1]}),
)


def rule(key: str) -> st.SearchStrategy[Json]:
    return st.fixed_dictionaries({}, optional={key: st.lists(peer, max_size=2), "ports": st.lists(port, max_size=2)})


policy = st.builds(
    lambda ns, spec: {"metadata": {"namespace": ns}, "spec": spec},
    st.sampled_from(NAMESPACES[:2]),
    st.fixed_dictionaries(
        {"podSelector": selector},
        optional={
            "policyTypes": st.sampled_from(([], ["Ingress"], ["Egress"], ["Ingress", "Egress"])),
            "ingress": st.lists(rule("from"), max_size=2),
            "egress": st.lists(rule("to"), max_size=2),
        },
    ),
)
POD_ADDRESSES = ("10.1.0.1", "10.1.0.2", "10.1.1.1", "10.2.0.1", "fd00::1", "fd00::2", "fd00::9", "8.8.8.8")
pod = st.builds(
    lambda ns, labels, ports: {"namespace": ns, "labels": labels, "ports": ports},
    st.sampled_from(NAMESPACES),
    labels,
    st.dictionaries(st.sampled_from((("web", "TCP"), ("web", "UDP"))), st.sampled_from(PORTS), max_size=2),
)


@st.composite
def worlds(draw: st.DrawFn) -> Json:
    pods = draw(st.lists(pod, min_size=2, max_size=4))
    for number, one in enumerate(pods):
        one["address"] = POD_ADDRESSES[(number * 3) % len(POD_ADDRESSES)]
    return {
        "pods": pods,
        "policies": draw(st.lists(policy, max_size=4)),
        "namespaces": {name: draw(labels) for name in NAMESPACES},
    }


def to_reach(world: Json) -> tuple[Reach, list[Pod]]:
    parsed = []
    for number, body in enumerate(world["policies"]):
        node = Node({**body, "spec": Node(body["spec"])})
        one = parse_policy(
            Object(
                "NetworkPolicy",
                "networking.k8s.io/v1",
                f"p{number}",
                body["metadata"]["namespace"],
                node,
                Place("w", 1),
            )
        )
        assert isinstance(one, Policy), one
        parsed.append(one)
    pods = [
        Pod(f"pod{number}", p["namespace"], Labels(p["labels"]), p["ports"], (span(p["address"]),))
        for number, p in enumerate(world["pods"])
    ]
    return Reach(pods, {n: Labels(x) for n, x in world["namespaces"].items()}, parsed), pods


@given(worlds())
@settings(max_examples=600, deadline=None)
def test_agrees_with_the_oracle_between_every_two_pods(world: Json) -> None:
    reach, pods = to_reach(world)
    for i, source in enumerate(pods):
        for j, destination in enumerate(pods):
            if i == j:
                continue
            for protocol in ("TCP", "UDP"):
                for number in PORTS:
                    for reading, blocks in ((Reading.MAY, True), (Reading.MUST, False)):
                        expected = oracle_between(world["pods"][i], world["pods"][j], (protocol, number), world, blocks)

                        assert reach.between(source, destination, protocol, number, reading).allowed == expected


OUTSIDE = ("8.8.8.8", "8.8.8.9", "9.255.255.255", "10.0.0.0", "10.1.0.3", "10.1.0.4", "11.0.0.0", "192.168.0.1",
           "2001::1", "fcff::1", "fd00::3", "fd00::4", "fe80::1")  # fmt: skip


@given(worlds())
@settings(max_examples=400, deadline=None)
def test_agrees_with_the_oracle_about_addresses_outside(world: Json) -> None:
    reach, pods = to_reach(world)
    for i, one in enumerate(pods):
        outward, inward = reach.outward(one, Reading.MUST), reach.inward(one, Reading.MUST)
        for address in OUTSIDE:
            there = {"pod": None, "address": address}
            target = span(address)
            for protocol in ("TCP", "UDP"):
                for number in PORTS:
                    out = oracle_half(world["pods"][i], "Egress", there, None, (protocol, number), world, blocks=True)
                    into = oracle_half(
                        world["pods"][i], "Ingress", there, world["pods"][i], (protocol, number), world, blocks=True
                    )

                    for found, expected, answer in (
                        (outward, out, reach.to_address(one, address, protocol, number, Reading.MUST)),
                        (inward, into, reach.from_address(address, one, protocol, number, Reading.MUST)),
                    ):
                        in_a_box = any(
                            b.protocol == protocol
                            and b.first <= number <= b.last
                            and b.span.family == target.family
                            and b.span.low <= target.low <= b.span.high
                            for b in found
                        )
                        assert in_a_box == expected == answer.allowed


@given(worlds())
@settings(max_examples=200, deadline=None)
def test_must_never_allows_what_may_denies(world: Json) -> None:
    reach, pods = to_reach(world)
    for source in pods:
        for destination in pods:
            for number in PORTS:
                sure = reach.between(source, destination, "TCP", number, Reading.MUST).allowed

                assert not sure or reach.between(source, destination, "TCP", number, Reading.MAY).allowed


@given(worlds(), labels)
@settings(max_examples=200, deadline=None)
def test_a_pod_of_unknown_labels_may_whatever_any_labels_may(world: Json, some: dict[str, str]) -> None:
    """A ghost stands for every pod, so no choice of its labels reaches further or is reached from more."""
    reach, pods = to_reach(world)
    ghost = Pod("ghost", "one", Labels({}, complete=False))
    concrete = Pod("ghost", "one", Labels(some), addresses=(span("10.1.0.9"),))
    for known in pods:
        for number in PORTS:
            if reach.between(known, concrete, "TCP", number).allowed:
                assert reach.between(known, ghost, "TCP", number).allowed
            if reach.between(concrete, known, "TCP", number).allowed:
                assert reach.between(ghost, known, "TCP", number).allowed


@given(worlds(), st.randoms(use_true_random=False))
@settings(max_examples=100, deadline=None)
def test_order_and_splitting_of_policies_change_nothing(world: Json, random: Any) -> None:
    reach, pods = to_reach(world)
    split: list[Json] = []
    for body in world["policies"]:
        spec = body["spec"]
        types = spec.get("policyTypes") or ["Ingress", *(["Egress"] if spec.get("egress") else [])]
        base = {"podSelector": spec["podSelector"], "policyTypes": types}
        split.append({**body, "spec": base})
        for key in ("ingress", "egress"):
            split.extend({**body, "spec": {**base, key: [r]}} for r in spec.get(key) or [])
    random.shuffle(split)
    other, same_pods = to_reach({**world, "policies": split})
    for i, one in enumerate(pods):
        assert reach.outward(one) == other.outward(same_pods[i])
        assert reach.inward(one) == other.inward(same_pods[i])
        for j, two in enumerate(pods):
            for number in (53, 80, 443):
                expected = reach.between(one, two, "UDP", number).allowed
                assert other.between(same_pods[i], same_pods[j], "UDP", number).allowed == expected


@given(worlds())
@settings(max_examples=200, deadline=None)
def test_all_ports_at_once_are_each_port_by_itself(world: Json) -> None:
    reach, pods = to_reach(world)
    for reading in Reading:
        for source in pods:
            for destination in pods:
                boxes = reach.ports_between(source, destination, reading)
                for protocol in ("TCP", "UDP"):
                    for number in PORTS:
                        inside = any(b.protocol == protocol and b.first <= number <= b.last for b in boxes)

                        assert inside == reach.between(source, destination, protocol, number, reading).allowed
