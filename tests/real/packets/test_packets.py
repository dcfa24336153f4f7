"""
Real packets agree with the evaluator, probe by probe.

The filter is built from the same policies by code that shares nothing with ``agentkeep.verify``; the kernel decides
what passes. Each world is run under both kinds of network plugin, and every probe is predicted before it is sent.
"""

import ipaddress
import os
import random
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
import yaml

from agentkeep.verify.artifacts import Object, Place, load
from agentkeep.verify.documents import Node
from agentkeep.verify.reachability import Pod, Policy, Reach, Reading, at, parse_policy, world
from agentkeep.verify.selectors import Labels
from tests.real.packets.firewall import Json, LabPod, ruleset
from tests.real.packets.lab import Lab, Probe, why_not

pytestmark = pytest.mark.real
MANIFESTS = Path(__file__).parents[3] / "dist" / "lolice" / "argoproj" / "openclaw"
PLUGINS = ((True, Reading.MAY), (False, Reading.MUST))


@pytest.fixture(scope="module", autouse=True)
def _able() -> None:
    reason = why_not()
    if reason and os.environ.get("CI"):
        pytest.fail(f"real packets cannot be sent here: {reason}")
    if reason:
        pytest.skip(f"real packets: {reason}")


def routable(address: str) -> bool:
    """Whether a Linux host would forward to it at all; what it would not is no question of policy."""
    one = ipaddress.ip_address(address)
    if one.version == 4:
        first = int(one) >> 24
        return first not in (0, 127) and first < 224
    return not (one.is_multicast or one.is_link_local or one.is_loopback or one.is_unspecified or one.ipv4_mapped)


def edges(policies: Iterable[Json]) -> Iterator[str]:
    """The first and last address of every block and exception, and their neighbours: where an off-by-one would show."""
    for policy in policies:
        for key, peers in (("ingress", "from"), ("egress", "to")):
            for rule in policy["spec"].get(key) or []:
                for peer in rule.get(peers) or []:
                    block = peer.get("ipBlock") or {}
                    for cidr in [*([block["cidr"]] if block else []), *(block.get("except") or [])]:
                        network = ipaddress.ip_network(cidr, strict=False)
                        top = int(
                            type(network.network_address)(
                                b"\xff" * network.network_address.max_prefixlen.__floordiv__(8)
                            )
                        )
                        for number in (
                            int(network.network_address) - 1, int(network.network_address),
                            int(network.broadcast_address), int(network.broadcast_address) + 1,
                        ):  # fmt: skip
                            if 0 <= number <= top:
                                yield str(type(network.network_address)(number))


class Comparison:
    """Predicts, probes, and tells where the two differ."""

    def __init__(
        self, lab: Lab, reach: Reach, pods: dict[str, Pod], ports: Iterable[int], outside: Iterable[str]
    ) -> None:
        self._lab = lab
        self._reach = reach
        self._pods = pods
        self._ports = list(ports)
        self._outside = list(outside)

    def probes(self) -> Iterator[Probe]:
        for pod in self._lab.pods:
            for address in pod.addresses:
                version = ipaddress.ip_address(address).version
                for protocol in ("TCP", "UDP"):
                    for port in self._ports:
                        for other in self._lab.pods:
                            if other is not pod:
                                for there in other.addresses:
                                    if ipaddress.ip_address(there).version == version:
                                        yield Probe(pod.key, address, other.key, there, protocol, port)
                        for there in self._outside:
                            if ipaddress.ip_address(there).version == version:
                                yield Probe(pod.key, address, "outside", there, protocol, port)
                                yield Probe("outside", there, pod.key, address, protocol, port)

    def predict(self, probe: Probe, reading: Reading) -> bool:
        if probe.target == "outside":
            return self._reach.to_address(
                self._pods[probe.source], probe.target_address, probe.protocol, probe.port, reading
            ).allowed
        if probe.source == "outside":
            return self._reach.from_address(
                probe.source_address, self._pods[probe.target], probe.protocol, probe.port, reading
            ).allowed
        source = at(self._pods[probe.source], probe.source_address)
        target = at(self._pods[probe.target], probe.target_address)
        return self._reach.between(source, target, probe.protocol, probe.port, reading).allowed

    def disagreements(self, reading: Reading, probes: list[Probe]) -> list[str]:
        expected = [self.predict(probe, reading) for probe in probes]
        wrong = set(self._lab.certain(probes, expected))
        return [f"{p}: predicted {'yes' if e else 'no'}" for p, e in zip(probes, expected, strict=True) if p in wrong]


# --- What the library wrote.
# ----------------------------------------------------------------------------------------------------


def read_dist() -> tuple[list[Json], list[LabPod], dict[str, dict[str, str]]]:
    """Policies, pods and namespaces of the manifests, read with nothing but PyYAML."""
    policies: list[Json] = []
    pods: list[LabPod] = []
    namespaces: dict[str, dict[str, str]] = {}
    for path in sorted(MANIFESTS.glob("*.yaml")):
        for body in yaml.safe_load_all(path.read_text()):
            kind = body.get("kind") if body else None
            if kind == "NetworkPolicy":
                policies.append(body)
            elif kind == "Namespace":
                namespaces[body["metadata"]["name"]] = body["metadata"].get("labels") or {}
            elif kind in ("Deployment", "StatefulSet", "DaemonSet"):
                template = body["spec"]["template"]
                ports = {
                    (port["name"], port.get("protocol", "TCP")): port["containerPort"]
                    for container in template["spec"]["containers"]
                    for port in container.get("ports") or []
                    if "name" in port
                }
                where = body["metadata"].get("namespace", "default")
                number = len(pods) + 1
                pods.append(
                    LabPod(
                        body["metadata"]["name"], where, template["metadata"]["labels"], [f"192.178.3.{number}"], ports
                    )
                )
    return policies, pods, namespaces


FOREIGN: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("dns", "kube-system", {"k8s-app": "kube-dns"}),
    ("etcd", "kube-system", {"component": "etcd"}),
    ("argocd-server", "argocd", {"app.kubernetes.io/name": "argocd-server"}),
    ("impostor", "default", {"app.kubernetes.io/name": "litellm", "app": "litellm", "k8s-app": "kube-dns"}),
)
OUTSIDE = (
    "1.1.1.1", "8.8.8.8", "160.79.104.10", "198.41.192.7", "198.41.200.193", "10.96.0.1", "10.96.0.10", "192.168.10.99",
    "169.254.169.254", "168.63.129.16", "100.100.100.200", "172.16.0.1", "192.168.1.1", "192.178.200.1", "198.18.0.1",
    "203.0.113.9",
)  # fmt: skip


def test_dist_agrees_with_the_kernel() -> None:
    policies, pods, namespaces = read_dist()
    assert pods, "dist/ holds no pods"
    assert policies, "dist/ holds no policies"
    home = pods[0].namespace
    fourth: tuple[str, str, dict[str, str]] = ("fourth", home, {})
    strangers = [
        (name, namespace, labels, f"192.178.4.{n}") for n, (name, namespace, labels) in enumerate((fourth, *FOREIGN), 1)
    ]
    pods += [LabPod(name, namespace, labels, [address]) for name, namespace, labels, address in strangers]
    reach, known, faults = world(load(MANIFESTS))
    assert not faults
    predicted = {**known}
    for name, namespace, labels, _ in strangers:
        predicted[f"{namespace}/{name}"] = Pod(name, namespace, Labels(labels))
    outside = sorted(
        {a for a in (*OUTSIDE, *edges(policies)) if ":" not in a and routable(a)}
        - {a for p in pods for a in p.addresses}
    )
    ports = sorted({22, 53, 80, 443, 6443, 7844, *(n for p in pods for n in p.ports.values())})
    lab = Lab(pods, outside, ports)
    try:
        comparison = Comparison(lab, reach, predicted, ports, outside)
        probes = list(comparison.probes())
        for blocks_match_pods, reading in PLUGINS:
            lab.load(ruleset(policies, pods, namespaces, blocks_match_pods=blocks_match_pods))

            assert comparison.disagreements(reading, probes) == []
        passed = sum(comparison.predict(p, Reading.MAY) for p in probes)
    finally:
        lab.close()

    # Were everything denied, or everything allowed, agreement would say nothing.
    assert 0 < passed < len(probes)
    assert len(probes) >= 1000


# --- Generated policies.
# --------------------------------------------------------------------------------------------------------

LAB_PODS = [
    LabPod("a", "one", {}, ["10.1.0.1", "fd00:1::1"], {("web", "TCP"): 80}),
    LabPod("b", "one", {}, ["10.1.0.2", "fd00:1::2"], {("web", "TCP"): 443, ("web", "UDP"): 53}),
    LabPod("c", "two", {}, ["10.1.1.1", "fd00:2::1"]),
    LabPod("d", "kube-system", {}, ["10.2.0.1", "fd00:3::1"], {("web", "UDP"): 80}),
]
LAB_OUTSIDE = ["8.8.8.8", "10.1.0.3", "10.1.0.4", "10.3.0.1", "11.0.0.1", "192.168.0.1", "172.20.0.1",
               "2606:4700::1", "fd00:1::3", "fd00:1::4", "fd00:9::1", "2001:db8::1"]  # fmt: skip
LAB_PORTS = [53, 80, 81, 443]
CIDRS = {
    "0.0.0.0/0": ["10.0.0.0/8", "10.1.0.0/30", "192.168.0.0/16"],
    "10.0.0.0/8": ["10.1.0.0/30", "10.1.0.2/31"],
    "10.1.0.0/16": [],
    "::/0": ["fd00::/8", "fd00:1::/64", "2001:db8::/32"],
    "fd00:1::/126": ["fd00:1::2/127"],
}


class World:
    """Policies and labels from one seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311  # reproducible worlds, no secrets
        pick = self._random
        self.labels = [{k: pick.choice("ab") for k in ("app", "tier") if pick.random() < 0.7} for _ in LAB_PODS]
        self.namespaces = {
            n: {"team": pick.choice("ab")} if pick.random() < 0.7 else {} for n in ("one", "two", "kube-system")
        }
        self.policies = [self._policy(number) for number in range(pick.randint(1, 5))]

    def _policy(self, number: int) -> Json:
        pick = self._random
        spec: Json = {"podSelector": self._selector("app", "tier")}
        types = pick.choice([None, [], ["Ingress"], ["Egress"], ["Ingress", "Egress"]])
        if types is not None:
            spec["policyTypes"] = types
        for key, peers in (("ingress", "from"), ("egress", "to")):
            if pick.random() < 0.75:
                spec[key] = [self._rule(peers) for _ in range(pick.randint(0, 2))]
        return {
            "metadata": {"name": f"p{number}", "namespace": pick.choice(["one", "two", "kube-system"])},
            "spec": spec,
        }

    def _rule(self, key: str) -> Json:
        rule: Json = {}
        if self._random.random() < 0.85:
            rule[key] = [self._peer() for _ in range(self._random.randint(0, 2))]
        if self._random.random() < 0.7:
            rule["ports"] = [self._port() for _ in range(self._random.randint(0, 2))]
        return rule

    def _peer(self) -> Json:
        pick = self._random
        kind = pick.randrange(4)
        if kind == 0:
            cidr = pick.choice(list(CIDRS))
            return {"ipBlock": {"cidr": cidr, "except": pick.sample(CIDRS[cidr], pick.randint(0, len(CIDRS[cidr])))}}
        where = (
            {"matchLabels": {"kubernetes.io/metadata.name": pick.choice(["one", "two"])}}
            if pick.random() < 0.5
            else self._selector("team")
        )
        if kind == 1:
            return {"podSelector": self._selector("app", "tier")}
        return {"namespaceSelector": where, **({"podSelector": self._selector("app", "tier")} if kind == 2 else {})}

    def _selector(self, *keys: str) -> Json:
        pick = self._random
        if pick.random() < 0.3:
            return {}
        key = pick.choice(keys)
        if pick.random() < 0.5:
            return {"matchLabels": {key: pick.choice("ab")}}
        operator = pick.choice(["In", "NotIn", "Exists", "DoesNotExist"])
        values = {"values": pick.sample("abc", pick.randint(1, 2))} if "In" in operator else {}
        return {"matchExpressions": [{"key": key, "operator": operator, **values}]}

    def _port(self) -> Json:
        pick = self._random
        return pick.choice(
            [
                {},
                {"protocol": "UDP"},
                {"port": pick.choice(LAB_PORTS)},
                {"protocol": "UDP", "port": pick.choice(LAB_PORTS)},
                {"port": 80, "endPort": pick.choice([80, 81, 443])},
                {"port": "web", "protocol": pick.choice(["TCP", "UDP"])},
            ]
        )

    def reach(self) -> tuple[Reach, dict[str, Pod]]:
        parsed: list[Policy] = []
        for body in self.policies:
            meta = body["metadata"]
            one = parse_policy(
                Object(
                    "NetworkPolicy", "networking.k8s.io/v1", meta["name"], meta["namespace"], Node(body), Place("w", 1)
                )
            )
            assert isinstance(one, Policy), one
            parsed.append(one)
        pods = {
            pod.key: Pod(pod.name, pod.namespace, Labels(labels), pod.ports)
            for pod, labels in zip(LAB_PODS, self.labels, strict=True)
        }
        return Reach(list(pods.values()), {n: Labels(x) for n, x in self.namespaces.items()}, parsed), pods


@pytest.fixture(scope="module")
def lab(_able: None) -> Iterator[Lab]:
    made = Lab(LAB_PODS, LAB_OUTSIDE, LAB_PORTS)
    yield made
    made.close()


@pytest.mark.parametrize("seed", range(12))
def test_generated_policies_agree_with_the_kernel(lab: Lab, seed: int) -> None:
    one = World(seed)
    for pod, labels in zip(LAB_PODS, one.labels, strict=True):
        pod.labels = labels
    reach, pods = one.reach()
    # The addresses at which predictions are made are those of the probes, so pods here have none of their own.
    comparison = Comparison(lab, reach, pods, LAB_PORTS, LAB_OUTSIDE)
    probes = list(comparison.probes())
    for blocks_match_pods, reading in PLUGINS:
        lab.load(ruleset(one.policies, LAB_PODS, one.namespaces, blocks_match_pods=blocks_match_pods))

        assert comparison.disagreements(reading, probes) == [], one.policies


def test_a_wrong_prediction_is_noticed(lab: Lab) -> None:
    """The comparison can fail: with no filter at all, predictions of denial are contradicted."""
    deny = {"metadata": {"name": "deny", "namespace": "one"}, "spec": {"podSelector": {}, "policyTypes": ["Egress"]}}
    one = World(0)
    one.policies = [deny]
    reach, pods = one.reach()
    comparison = Comparison(lab, reach, pods, [443], ["8.8.8.8"])
    lab.load("flush ruleset\n")

    assert comparison.disagreements(Reading.MAY, list(comparison.probes()))
