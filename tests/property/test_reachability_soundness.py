"""
Whatever the NET rules prove, an oracle that tries single packets cannot contradict.

A small platform is damaged at random. If every NET rule still says proved, then no packet that the oracle lets
through, to or from any pod with any labels or any address, is outside the declared flows. The oracle is the one of
test_reachability_oracle.
"""

# ruff: noqa: E501  # tables of policies: one line each reads best

import copy
import ipaddress
import itertools
import json
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from agentkeep.errors import ProofError
from agentkeep.verify.artifacts import assemble
from agentkeep.verify.decide import case_of, run
from agentkeep.verify.rules import all_rules
from tests.property import test_reachability_oracle as oracle

pytestmark = pytest.mark.property

Json = dict[str, Any]
RULES = [rule for rule in all_rules() if rule.id in {f"NET00{n}" for n in range(1, 10)}]
POD_CIDR, NODE_CIDR, SERVICE_CIDR = "10.1.0.0/16", "192.168.0.0/24", "10.96.0.0/12"
NOT_PUBLIC = [
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16", "172.16.0.0/12",
    "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
    "224.0.0.0/3",
]  # fmt: skip
DNS = {"k8s-app": "kube-dns"}
WORKLOADS = {"a": {"app": "a", "tier": "x"}, "b": {"app": "b", "tier": "x"}}
FLOWS = [
    ("a", "b", "TCP", 443),
    ("a", "dns", "UDP", 53),
    ("a", "internet", "TCP", 443),
    ("b", "cidr:9.9.9.0/24", "TCP", 443),
]
PORTS = (22, 53, 80, 443)


def policy(name: str, spec: Json) -> Json:
    meta = {"name": name, "namespace": "one"}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": meta, "spec": spec}


def base() -> list[Json]:
    both = ["Ingress", "Egress"]
    to_b = {"to": [{"podSelector": {"matchLabels": {"app": "b"}}}], "ports": [{"port": 443}]}
    from_a = {"from": [{"podSelector": {"matchLabels": {"app": "a"}}}], "ports": [{"port": 443}]}
    named = {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}
    dns = {
        "to": [{"namespaceSelector": named, "podSelector": {"matchLabels": DNS}}],
        "ports": [{"protocol": "UDP", "port": 53}],
    }
    internet = {"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": NOT_PUBLIC}}], "ports": [{"port": 443}]}
    narrow = {"to": [{"ipBlock": {"cidr": "9.9.9.0/24"}}], "ports": [{"protocol": "TCP", "port": 443}]}
    return [
        policy("closed", {"podSelector": {}, "policyTypes": both}),
        policy(
            "a", {"podSelector": {"matchLabels": {"app": "a"}}, "policyTypes": both, "egress": [to_b, dns, internet]}
        ),
        policy(
            "b",
            {
                "podSelector": {"matchLabels": {"app": "b"}},
                "policyTypes": both,
                "ingress": [from_a],
                "egress": [narrow],
            },
        ),
    ]


# --- damage -----------------------------------------------------------------------------------------------------------

# Peers and ports that are close to right, so that some damage is harmless and some is hard to see.
near_selector = st.sampled_from(
    [
        {}, {"matchLabels": {"app": "a"}}, {"matchLabels": {"app": "b"}}, {"matchLabels": {"tier": "x"}},
        {"matchLabels": {"app": "b", "tier": "x"}}, {"matchExpressions": [{"key": "app", "operator": "In", "values": ["b"]}]},
        {"matchExpressions": [{"key": "app", "operator": "In", "values": ["a", "b"]}]},
        {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["a"]}]},
        {"matchExpressions": [{"key": "app", "operator": "Exists"}]},
        {"matchLabels": {"app": "b"}, "matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]}, {"matchLabels": DNS},
    ]
)  # fmt: skip
near_namespace = st.sampled_from(
    [
        {"matchLabels": {"kubernetes.io/metadata.name": "one"}}, {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}, {},
        {"matchExpressions": [{"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["kube-system", "one"]}]},
        {"matchExpressions": [{"key": "team", "operator": "DoesNotExist"}]},
    ]
)  # fmt: skip
near_block = st.sampled_from(
    [
        {"cidr": "9.9.9.0/24"}, {"cidr": "9.9.9.0/25"}, {"cidr": "8.8.8.8/32"}, {"cidr": "0.0.0.0/0", "except": NOT_PUBLIC},
        {"cidr": "0.0.0.0/0", "except": [*NOT_PUBLIC, "9.9.9.0/24"]}, {"cidr": "0.0.0.0/0", "except": NOT_PUBLIC[1:]},
        {"cidr": "10.1.0.0/16"}, {"cidr": "10.96.0.1/32"}, {"cidr": "::/0"}, {"cidr": "2000::/3"},
    ]
)  # fmt: skip
near_peer = st.one_of(
    near_selector.map(lambda s: {"podSelector": s}),
    st.builds(lambda n, s: {"namespaceSelector": n, "podSelector": s}, near_namespace, near_selector),
    near_namespace.map(lambda n: {"namespaceSelector": n}),
    near_block.map(lambda b: {"ipBlock": b}),
)
near_port = st.sampled_from(
    [{"port": 443}, {"protocol": "TCP", "port": 443}, {"protocol": "UDP", "port": 53}, {"port": 53}, {"port": 443, "endPort": 443},
     {"port": 443, "endPort": 444}, {"port": "web"}, {}, {"protocol": "UDP", "port": 443}]
)  # fmt: skip
damage = st.one_of(
    st.tuples(st.just("peer"), st.integers(0, 9), near_peer),
    st.tuples(st.just("more peers"), st.integers(0, 9), near_peer),
    st.tuples(st.just("ports"), st.integers(0, 9), st.lists(near_port, max_size=2)),
    st.tuples(st.just("subjects"), st.integers(0, 9), near_selector),
    st.tuples(st.just("types"), st.integers(0, 9), st.sampled_from([["Ingress"], ["Egress"], None])),
    st.tuples(st.just("drop rule"), st.integers(0, 9), st.none()),
    st.tuples(st.just("copy policy"), st.integers(0, 9), near_selector),
    st.tuples(
        st.just("new rule"),
        st.integers(0, 9),
        st.tuples(
            st.sampled_from(("ingress", "egress")), st.lists(near_peer, max_size=2), st.lists(near_port, max_size=2)
        ),
    ),
)


def apply(policies: list[Json], kind: str, number: int, value: Any) -> None:
    one = policies[number % len(policies)]
    spec = one["spec"]
    rules = [(d, k, r) for d, k in (("ingress", "from"), ("egress", "to")) for r in spec.get(d, [])]
    if kind == "subjects":
        spec["podSelector"] = value
    elif kind == "types":
        spec.pop("policyTypes", None)
        if value:
            spec["policyTypes"] = value
    elif kind == "copy policy":
        again = copy.deepcopy(one)
        again["metadata"]["name"] = f"copy{len(policies)}"
        again["spec"]["podSelector"] = value
        policies.append(again)
    elif kind == "new rule":
        direction, peers, ports = value
        key = "from" if direction == "ingress" else "to"
        spec.setdefault(direction, []).append(
            {**({key: peers} if peers else {}), **({"ports": ports} if ports else {})}
        )
    elif rules:
        direction, key, rule = rules[number % len(rules)]
        if kind == "peer":
            rule[key] = [value]
        elif kind == "more peers":
            rule[key] = [*rule.get(key, []), value]
        elif kind == "ports":
            rule["ports"] = value
        else:
            spec[direction].remove(rule)


# --- the case and the packets
# ------------------------------------------------------------------------------------------


def files(policies: list[Json]) -> dict[str, bytes]:
    objects: list[Json] = [*policies]
    for name, labels in WORKLOADS.items():
        pod = {"containers": [{"name": name, "ports": [{"containerPort": 443, "name": "web"}]}]}
        spec = {"selector": {"matchLabels": {"app": name}}, "template": {"metadata": {"labels": labels}, "spec": pod}}
        meta = {"name": name, "namespace": "one"}
        objects.append({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta, "spec": spec})
    ledger = {
        "format": "agentkeep/ledger/v2", "platform": "one", "namespace": "one",
        "vendors": {"delivery": "plain", "secretStore": None, "storage": None, "publishing": None},
        "cluster": {"podCidrs": [POD_CIDR], "serviceCidrs": [SERVICE_CIDR], "nodeCidrs": [NODE_CIDR], "ipFamilies": ["IPv4"],
                    "apiServer": "", "dns": {"namespace": "kube-system", "podLabels": DNS}},
        "workloads": [
            {"id": "a", "role": "agent", "program": "openclaw", "podLabels": {}, "images": []},
            {"id": "b", "role": "keeper", "program": "litellm", "podLabels": {}, "images": []},
        ],
        "secrets": [], "sites": [], "storage": [], "acknowledgements": [],
        "flows": [{"from": s, "to": t, "protocol": p, "port": n, "because": "x"} for s, t, p, n in FLOWS],
    }  # fmt: skip
    found = {f"{n}.json": json.dumps(body).encode() for n, body in enumerate(objects)}
    return {**found, "platform.json": json.dumps(ledger).encode()}


def kind_of(pod: Json) -> str | None:
    """The workload that a pod is one of, or ``dns``; ``None`` for a stranger."""
    if pod["namespace"] == "one" and pod["labels"].get("app") in WORKLOADS:
        found: str = pod["labels"]["app"]
        return found
    is_dns = pod["namespace"] == "kube-system" and pod["labels"].get("k8s-app") == "kube-dns"
    return "dns" if is_dns else None


def everybody() -> list[Json]:
    pods: list[Json] = [
        {"namespace": "one", "labels": labels, "ports": {("web", "TCP"): 443}} for labels in WORKLOADS.values()
    ]
    choices = itertools.product(
        ("one", "two", "kube-system"), (None, "a", "b", "c"), (None, "x"), (None, "kube-dns"), (443, 22)
    )
    for namespace, app, tier, dns, web in choices:
        if namespace == "one" and app in WORKLOADS:
            # It would be adopted by the workload of that name, and deleted as one too many.
            continue
        labels = {k: v for k, v in (("app", app), ("tier", tier), ("k8s-app", dns)) if v}
        pods.append({"namespace": namespace, "labels": labels, "ports": {("web", "TCP"): web}})
    for number, pod in enumerate(pods):
        pod["address"] = f"10.1.{number // 250}.{number % 250 + 1}"
    return pods


PODS = everybody()
ADDRESSES = ("1.1.1.1", "8.8.8.8", "9.9.8.255", "9.9.9.0", "9.9.9.127", "9.9.9.128", "9.9.10.0", "10.0.0.1", "10.96.0.1", "10.1.200.1",
             "100.64.0.1", "169.254.169.254", "192.168.0.9", "203.0.113.1", "0.1.1.1", "2606:4700::1", "fd00::1")  # fmt: skip
SPECIAL = [ipaddress.ip_network(cidr) for cidr in (*NOT_PUBLIC, POD_CIDR, NODE_CIDR, SERVICE_CIDR)]


def may_send(source: str, address: str, packet: tuple[str, int]) -> bool:
    one = ipaddress.ip_address(address)
    for declared, target, protocol, port in FLOWS:
        if declared != source or (protocol, port) != packet:
            continue
        if target == "internet" and one.version == 4 and not any(one in network for network in SPECIAL):
            return True
        if target.startswith("cidr:") and one in ipaddress.ip_network(target.removeprefix("cidr:")):
            return True
    return False


def undeclared(world: Json) -> str:
    """The first packet that passes and is not declared."""
    packets = [(protocol, port) for protocol in ("TCP", "UDP") for port in PORTS]
    for me in PODS:
        mine = kind_of(me)
        if me["namespace"] != "one" or (mine is None and me["labels"].get("app") in WORKLOADS):
            continue
        name = mine or "stranger"
        for packet in packets:
            for other in PODS:
                theirs = kind_of(other)
                there = {"pod": other, "address": other["address"]}
                if mine != theirs or mine is None:
                    out = oracle.oracle_half(me, "Egress", there, other, packet, world, blocks=True)
                    if out and (name, theirs, *packet) not in FLOWS:
                        return f"{name} {me['labels']} sends to {other} {packet}"
                    into = oracle.oracle_half(me, "Ingress", there, me, packet, world, blocks=True)
                    if into and (theirs, name, *packet) not in FLOWS:
                        return f"{name} {me['labels']} receives from {other} {packet}"
            for address in ADDRESSES:
                there = {"pod": None, "address": address}
                if oracle.oracle_half(me, "Egress", there, None, packet, world, blocks=True) and not may_send(
                    name, address, packet
                ):
                    return f"{name} {me['labels']} sends to {address} {packet}"
                if oracle.oracle_half(me, "Ingress", there, me, packet, world, blocks=True):
                    return f"{name} {me['labels']} receives from {address} {packet}"
    return ""


@given(st.lists(damage, max_size=3))
@settings(max_examples=400, deadline=None)
def test_what_is_proved_cannot_be_contradicted(steps: list[tuple[str, int, Any]]) -> None:
    policies = base()
    for step in copy.deepcopy(steps):
        apply(policies, *step)
    try:
        case = case_of(assemble("w", files(policies)))
    except ProofError:
        return
    proved = all(run(rule, case).proved for rule in RULES)
    event("proved" if proved else "refuted")
    if proved:
        world = {"policies": policies, "namespaces": {"one": {}, "two": {"team": "x"}, "kube-system": {}}}

        assert undeclared(world) == ""


def test_the_untouched_platform_is_proved_and_the_oracle_agrees() -> None:
    case = case_of(assemble("w", files(base())))

    assert [finding.line for rule in RULES for finding in run(rule, case).findings] == []
    assert undeclared({"policies": base(), "namespaces": {"one": {}, "two": {}, "kube-system": {}}}) == ""


def test_the_oracle_sees_an_opening() -> None:
    policies = base()
    apply(policies, "peer", 1, {"podSelector": {}})

    assert undeclared({"policies": policies, "namespaces": {"one": {}, "two": {}, "kube-system": {}}}) != ""
