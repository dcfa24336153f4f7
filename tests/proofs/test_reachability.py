"""Truth tables, stated by hand, for each place where evaluators of NetworkPolicy go wrong."""

from typing import Any

import pytest

from agentkeep.verify.artifacts import Object, Place
from agentkeep.verify.documents import Node, parse_yaml
from agentkeep.verify.intervals import intersect_spans, span, spans
from agentkeep.verify.reachability import (
    EGRESS,
    INGRESS,
    Fault,
    Pod,
    Policy,
    Reach,
    Reading,
    bare,
    ghost,
    parse_policy,
)
from agentkeep.verify.selectors import Labels, parse_selector

POD_RANGE = spans(["192.178.0.0/16"])


def egress(rules: str, app: str | None = None) -> str:
    """A policy that isolates the egress of *app* (or of all) and holds *rules*."""
    subjects = "{}" if app is None else f"{{matchLabels: {{app: {app}}}}}"
    return f"{{podSelector: {subjects}, policyTypes: [Egress], egress: [{rules}]}}"


def named(namespace: str) -> str:
    return f"namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {namespace}}}}}"


def policy(spec: str, namespace: str = "keep", name: str = "p") -> Policy:
    parsed = read(spec, namespace, name)
    assert isinstance(parsed, Policy), parsed
    return parsed


def read(spec: str, namespace: str = "keep", name: str = "p") -> Policy | Fault:
    body = Node({"spec": parse_yaml(spec, "p.yaml")[0]}, line=1)
    return parse_policy(Object("NetworkPolicy", "networking.k8s.io/v1", name, namespace, body, Place("p.yaml", 1)))


def pod(name: str, namespace: str = "keep", **extra: Any) -> Pod:
    return Pod(name, namespace, Labels({"app": name}), addresses=POD_RANGE, **extra)


AGENT, PROXY, TUNNEL = pod("agent"), pod("proxy"), pod("tunnel")
DNS = Pod("dns", "kube-system", Labels({"k8s-app": "kube-dns"}), addresses=POD_RANGE)
OTHER = pod("agent", namespace="other")


def reach(*policies: Policy, namespaces: dict[str, Labels] | None = None) -> Reach:
    return Reach([AGENT, PROXY, TUNNEL, DNS, OTHER], namespaces or {}, policies, spans(["192.168.10.0/24"]))


def sends(spec: str, to: Pod = PROXY, protocol: str = "TCP", port: int = 4000, reading: Reading = Reading.MAY) -> bool:
    """Whether AGENT may send under one policy that says *spec*."""
    return reach(policy(spec)).between(AGENT, to, protocol, port, reading).allowed


def test_no_policy_at_all_allows_everything() -> None:
    assert reach().between(AGENT, PROXY, "TCP", 1).allowed
    assert reach().to_address(AGENT, "10.0.0.1", "UDP", 53).allowed


@pytest.mark.parametrize(
    ("spec", "closes_ingress", "closes_egress"),
    [
        ("{podSelector: {}}", True, False),
        ("{podSelector: {}, policyTypes: []}", True, False),
        ("{podSelector: {}, egress: []}", True, False),
        ("{podSelector: {}, egress: null}", True, False),
        ("{podSelector: {}, egress: [{ports: [{port: 1}]}]}", True, True),
        ("{podSelector: {}, policyTypes: [Egress]}", False, True),
        ("{podSelector: {}, policyTypes: [Egress], ingress: []}", False, True),
        ("{podSelector: {}, policyTypes: [Ingress], egress: [{}]}", True, False),
        ("{podSelector: {}, policyTypes: [Ingress, Egress]}", True, True),
    ],
)
def test_policy_types_and_their_defaults(spec: str, closes_ingress: bool, closes_egress: bool) -> None:
    world = reach(policy(spec))

    assert world.isolated(AGENT, INGRESS) is closes_ingress
    assert world.isolated(AGENT, EGRESS) is closes_egress


@pytest.mark.parametrize(
    ("rule", "allowed"),
    [
        ("{}", True),
        ("{to: []}", True),
        ("{to: null}", True),
        ("{ports: []}", True),
        ("{to: [{podSelector: {}}]}", True),
        ("{to: [{podSelector: {matchLabels: {app: proxy}}}]}", True),
        ("{to: [{podSelector: {matchLabels: {app: tunnel}}}]}", False),
        ("{to: [{namespaceSelector: {}}]}", True),
        ("{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: keep}}}]}", True),
        ("{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: other}}}]}", False),
        ("{to: [{ipBlock: {cidr: 192.178.0.0/16}}]}", True),
        ("{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [192.178.0.0/16]}}]}", False),
        ("{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [192.178.0.0/17]}}]}", True),
    ],
)
def test_peers(rule: str, allowed: bool) -> None:
    assert sends(egress(rule)) is allowed


@pytest.mark.parametrize(
    ("ports", "allowed"),
    [
        ("[]", {"TCP/4000", "UDP/4000", "TCP/1", "SCTP/9"}),
        ("[{}]", {"TCP/4000", "TCP/1"}),
        ("[{protocol: UDP}]", {"UDP/4000"}),
        ("[{port: 4000}]", {"TCP/4000"}),
        ("[{port: 4000, protocol: UDP}]", {"UDP/4000"}),
        ("[{port: 1, endPort: 3999}]", {"TCP/1"}),
        ("[{port: 1, endPort: 4000}]", {"TCP/4000", "TCP/1"}),
        ("[{port: api}]", {"TCP/4000"}),
        ("[{port: api, protocol: UDP}]", set()),
        ("[{port: nothing}]", set()),
    ],
)
def test_ports(ports: str, allowed: set[str]) -> None:
    named = Pod("proxy", "keep", Labels({"app": "proxy"}), {("api", "TCP"): 4000}, POD_RANGE)
    world = reach(policy(egress(f"{{ports: {ports}}}", "agent")))

    found = {
        f"{protocol}/{port}"
        for protocol, port in (("TCP", 4000), ("UDP", 4000), ("TCP", 1), ("SCTP", 9))
        if world.between(AGENT, named, protocol, port).allowed
    }
    assert found == allowed


def test_namespace_and_pod_selector_in_one_peer_is_and_in_two_is_or() -> None:
    one = egress(f"{{to: [{{{named('kube-system')}, podSelector: {{matchLabels: {{k8s-app: kube-dns}}}}}}]}}")
    two = egress(f"{{to: [{{{named('kube-system')}}}, {{podSelector: {{matchLabels: {{k8s-app: kube-dns}}}}}}]}}")
    stranger = Pod("etcd", "kube-system", Labels({"app": "etcd"}))

    assert sends(one, DNS, "UDP", 53)
    assert not sends(one, stranger, "TCP", 2379)
    assert sends(two, stranger, "TCP", 2379)


def test_a_pod_selector_alone_means_its_own_namespace() -> None:
    assert not sends(egress("{to: [{podSelector: {}}]}"), OTHER)


@pytest.mark.parametrize(
    ("expression", "labels", "expected"),
    [
        ("{key: app, operator: NotIn, values: [x]}", {}, True),
        ("{key: app, operator: NotIn, values: [x]}", {"app": "x"}, False),
        ("{key: app, operator: In, values: [x]}", {}, False),
        ("{key: app, operator: In, values: [x, z]}", {"app": "z"}, True),
        ("{key: app, operator: Exists}", {"app": ""}, True),
        ("{key: app, operator: DoesNotExist}", {"app": ""}, False),
        ("{key: app, operator: DoesNotExist}", {}, True),
    ],
)
def test_match_expressions(expression: str, labels: dict[str, str], expected: bool) -> None:
    selector = parse_selector(parse_yaml(f"{{matchExpressions: [{expression}]}}", "s")[0])

    assert selector.may(Labels(labels)) is expected
    assert selector.must(Labels(labels)) is expected


def test_an_unknown_label_may_and_need_not_match() -> None:
    selector = parse_selector({"matchLabels": {"app": "x"}})
    impossible = parse_selector(
        parse_yaml("{matchLabels: {a: x}, matchExpressions: [{key: a, operator: NotIn, values: [x]}]}", "s")[0]
    )
    unknown = Labels({}, complete=False)

    assert selector.may(unknown)
    assert not selector.must(unknown)
    assert not impossible.may(unknown)


@pytest.mark.parametrize(
    ("narrow", "wide", "expected"),
    [
        ("{matchLabels: {a: x, b: z}}", "{matchLabels: {a: x}}", True),
        ("{matchLabels: {a: x}}", "{matchLabels: {a: x, b: z}}", False),
        ("{matchLabels: {a: x}}", "{matchExpressions: [{key: a, operator: Exists}]}", True),
        ("{matchLabels: {a: x}}", "{matchExpressions: [{key: a, operator: NotIn, values: [z]}]}", True),
        ("{matchExpressions: [{key: a, operator: In, values: [x, z]}]}", "{matchLabels: {a: x}}", False),
        ("{matchLabels: {a: x}}", "{}", True),
        ("{}", "{matchLabels: {a: x}}", False),
        (
            "{matchExpressions: [{key: a, operator: DoesNotExist}]}",
            "{matchExpressions: [{key: a, operator: NotIn, values: [x]}]}",
            True,
        ),
    ],
)  # fmt: skip
def test_implication_of_selectors(narrow: str, wide: str, expected: bool) -> None:
    first, second = (parse_selector(parse_yaml(one, "s")[0]) for one in (narrow, wide))

    assert first.implies(second) is expected


def test_both_ends_must_allow() -> None:
    out = policy(
        egress("{to: [{podSelector: {matchLabels: {app: proxy}}}], ports: [{port: 4000}]}", "agent"),
        name="out",
    )
    closed = policy("{podSelector: {matchLabels: {app: proxy}}, policyTypes: [Ingress]}", name="closed")
    into = policy(
        "{podSelector: {matchLabels: {app: proxy}}, policyTypes: [Ingress], "
        "ingress: [{from: [{podSelector: {matchLabels: {app: agent}}}], ports: [{port: 4000}]}]}",
        name="in",
    )

    assert reach(out).between(AGENT, PROXY, "TCP", 4000).allowed
    assert not reach(out, closed).between(AGENT, PROXY, "TCP", 4000).allowed
    assert reach(out, closed, into).between(AGENT, PROXY, "TCP", 4000).allowed
    assert not reach(out, closed, into).between(TUNNEL, PROXY, "TCP", 4000).allowed


def test_except_is_no_deny_when_another_rule_or_policy_allows() -> None:
    narrow = policy(
        egress("{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}]}"),
        name="narrow",
    )
    wide = policy(egress("{to: [{ipBlock: {cidr: 10.0.0.0/9}}]}"), name="wide")

    assert not reach(narrow).to_address(AGENT, "10.0.0.1", "TCP", 443).allowed
    assert reach(narrow, wide).to_address(AGENT, "10.0.0.1", "TCP", 443).allowed
    assert not reach(narrow, wide).to_address(AGENT, "10.128.0.1", "TCP", 443).allowed


def test_two_exceptions_in_two_peers_of_one_rule_cover_each_other() -> None:
    both = policy(
        egress(
            "{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}, "
            "{ipBlock: {cidr: 0.0.0.0/0, except: [172.16.0.0/12]}}]}"
        )
    )

    assert reach(both).to_address(AGENT, "10.0.0.1", "TCP", 443).allowed


def test_an_ip_block_matches_pods_under_may_and_not_under_must() -> None:
    spec = egress("{to: [{ipBlock: {cidr: 0.0.0.0/0}}]}")

    assert sends(spec, reading=Reading.MAY)
    assert not sends(spec, reading=Reading.MUST)


def test_ipv4_says_nothing_about_ipv6() -> None:
    world = reach(policy(egress("{to: [{ipBlock: {cidr: 0.0.0.0/0}}]}")))

    assert not world.to_address(AGENT, "2606:4700::1111", "TCP", 443).allowed
    assert not any(box.span.family == 6 for box in world.internet(AGENT))


def test_the_host_network_escapes() -> None:
    deny = policy("{podSelector: {}, policyTypes: [Ingress, Egress]}")
    host = pod("agent", host_network=True)
    answer = reach(deny).between(host, PROXY, "TCP", 4000)

    assert answer.allowed
    assert "host network" in answer.witness[0]
    assert not reach(deny).between(host, PROXY, "TCP", 4000, Reading.MUST).allowed
    assert reach(deny).to_address(host, "169.254.169.254", "TCP", 80).allowed


def test_a_host_network_destination_is_reached_over_node_addresses() -> None:
    node_block = egress("{to: [{ipBlock: {cidr: 192.168.10.0/24}}]}", "agent")
    host = pod("proxy", host_network=True)

    assert sends(node_block, host)
    assert sends(node_block, host, reading=Reading.MUST)


def test_a_selector_may_but_need_not_match_a_pod_on_the_host_network() -> None:
    host = pod("proxy", host_network=True)
    spec = egress("{to: [{podSelector: {matchLabels: {app: proxy}}}]}", "agent")

    assert sends(spec, host)
    assert not sends(spec, host, reading=Reading.MUST)


def test_a_named_port_towards_addresses_is_every_port_at_worst_and_none_at_best() -> None:
    world = reach(policy(egress("{to: [{ipBlock: {cidr: 8.8.8.8/32}}], ports: [{port: web}]}")))

    assert world.to_address(AGENT, "8.8.8.8", "TCP", 22).allowed
    assert not world.to_address(AGENT, "8.8.8.8", "TCP", 22, Reading.MUST).allowed


def test_default_deny_for_one_pod_leaves_the_ghost_free() -> None:
    one = reach(policy("{podSelector: {matchLabels: {app: agent}}, policyTypes: [Ingress, Egress]}"))
    whole = reach(policy("{podSelector: {}, policyTypes: [Ingress, Egress]}"))

    assert not one.isolated(ghost("keep"), EGRESS)
    assert whole.isolated(ghost("keep"), EGRESS)
    assert whole.isolated(bare("keep"), INGRESS)


def test_a_namespace_that_nobody_describes_may_carry_any_label_but_only_its_own_name() -> None:
    team = egress("{to: [{namespaceSelector: {matchLabels: {team: x}}}]}")
    named = egress("{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: x}}}]}")

    assert sends(team, OTHER)
    assert not sends(team, OTHER, reading=Reading.MUST)
    assert not sends(named, OTHER)


def test_a_manifest_cannot_lie_about_the_name_of_its_namespace() -> None:
    spec = egress("{to: [{namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: keep}}}]}")
    lying = {"other": Labels({"kubernetes.io/metadata.name": "keep"})}

    assert not reach(policy(spec), namespaces=lying).between(AGENT, OTHER, "TCP", 1).allowed


def test_a_policy_of_another_namespace_governs_nothing_here() -> None:
    assert reach(policy("{podSelector: {}}", namespace="other")).between(AGENT, PROXY, "TCP", 1).allowed


@pytest.mark.parametrize(
    "spec",
    [
        "{policyTypes: [Egress]}",
        "{podSelector: null}",
        "{podSelectr: {}}",
        "{podSelector: {matchLabel: {a: b}}}",
        "{podSelector: {matchExpressions: [{key: a, operator: In}]}}",
        "{podSelector: {matchExpressions: [{key: a, operator: Exists, values: [x]}]}}",
        "{podSelector: {matchExpressions: [{key: a, operator: Equals, values: [x]}]}}",
        "{podSelector: {}, policyTypes: [egress]}",
        "{podSelector: {}, policyTypes: [Egress, Egress]}",
        "{podSelector: {}, egress: {}}",
        "{podSelector: {}, egress: [{from: []}]}",
        "{podSelector: {}, egress: [{to: [{}]}]}",
        "{podSelector: {}, egress: [{to: [{podSelector: null}]}]}",
        "{podSelector: {}, egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}, podSelector: {}}]}]}",
        "{podSelector: {}, egress: [{to: [{ipBlock: {cidr: 10.0.0.1}}]}]}",
        "{podSelector: {}, egress: [{to: [{ipBlock: {cidr: 010.0.0.0/8}}]}]}",
        "{podSelector: {}, egress: [{to: [{ipBlock: {cidr: 10.0.0.0/255.0.0.0}}]}]}",
        "{podSelector: {}, egress: [{to: [{ipBlock: {cidr: '::ffff:10.0.0.0/104'}}]}]}",
        "{podSelector: {}, egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8, except: [11.0.0.0/8]}}]}]}",
        "{podSelector: {}, egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8, except: [10.0.0.0/8]}}]}]}",
        "{podSelector: {}, egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8, excepts: []}}]}]}",
        "{podSelector: {}, egress: [{ports: [{endPort: 1}]}]}",
        "{podSelector: {}, egress: [{ports: [{port: 2, endPort: 1}]}]}",
        "{podSelector: {}, egress: [{ports: [{port: web, endPort: 1}]}]}",
        "{podSelector: {}, egress: [{ports: [{port: '80'}]}]}",
        "{podSelector: {}, egress: [{ports: [{port: 0}]}]}",
        "{podSelector: {}, egress: [{ports: [{port: 65536}]}]}",
        "{podSelector: {}, egress: [{ports: [{protocol: tcp}]}]}",
        "{podSelector: {}, egress: [{ports: [{protocol: ICMP}]}]}",
    ],
)
def test_refuses_what_the_api_server_refuses_or_silently_drops(spec: str) -> None:
    assert isinstance(read(spec), Fault)


def test_a_witness_names_policy_rule_and_line() -> None:
    spec = """podSelector: {}
policyTypes: [Egress]
egress:
- to: [{podSelector: {matchLabels: {app: tunnel}}}]
- ports: [{port: 4000}]
"""
    answer = reach(policy(spec, name="agent-egress")).between(AGENT, PROXY, "TCP", 4000)

    assert answer.witness[0] == ("keep/agent may send: policy keep/agent-egress, rule 2 (p.yaml:5), every peer")


def test_ranges_are_cut_exactly_at_their_edges() -> None:
    world = reach(policy(egress("{to: [{ipBlock: {cidr: 0.0.0.0/0, except: [10.0.0.0/8]}}], ports: [{port: 443}]}")))
    found = [box.span for box in world.internet(AGENT)]

    assert not intersect_spans(found, [span("10.0.0.0/8")])
    assert intersect_spans(found, [span("9.255.255.255")])
    assert intersect_spans(found, [span("11.0.0.0")])
    assert {(box.protocol, box.first, box.last) for box in world.internet(AGENT)} == {("TCP", 443, 443)}


def test_refuses_a_policy_that_nobody_could_evaluate() -> None:
    blocks = ", ".join(f"{{ipBlock: {{cidr: {n // 250}.{n % 250}.0.0/24}}}}" for n in range(256, 512))
    ports = ", ".join(f"{{port: {n}}}" for n in range(1, 120))
    parsed = read(egress(f"{{to: [{blocks}], ports: [{ports}]}}"))

    assert isinstance(parsed, Fault)
    assert "more than" in parsed.problem
