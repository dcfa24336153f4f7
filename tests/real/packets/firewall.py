"""
A packet filter from NetworkPolicies, written apart from ``agentkeep.verify``: plain dictionaries in, nftables text out.

It stands for what a network plugin does. *blocks_match_pods* chooses between the two that exist: a block of
addresses matches pods (Calico) or it does not (Cilium).
"""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]
ALL_PROTOCOLS = ("tcp", "udp", "sctp")


@dataclass
class LabPod:
    """A pod with one address of each family."""

    name: str
    namespace: str
    labels: dict[str, str]
    addresses: list[str]
    ports: dict[tuple[str, str], int] = field(default_factory=dict)

    @property
    def key(self) -> str:
        return f"{self.namespace}/{self.name}"


def labels_match(selector: Json | None, labels: dict[str, str]) -> bool:
    """The rule of the Kubernetes reference for label selectors."""
    selector = selector or {}
    if any(labels.get(k) != v for k, v in (selector.get("matchLabels") or {}).items()):
        return False
    for item in selector.get("matchExpressions") or []:
        present, value = item["key"] in labels, labels.get(item["key"])
        match item["operator"]:
            case "In" if value not in item["values"]:
                return False
            case "NotIn" if present and value in item["values"]:
                return False
            case "Exists" if not present:
                return False
            case "DoesNotExist" if present:
                return False
            case "In" | "NotIn" | "Exists" | "DoesNotExist":
                continue
            case other:
                raise ValueError(other)
    return True


def ruleset(
    policies: list[Json], pods: list[LabPod], namespaces: dict[str, dict[str, str]], *, blocks_match_pods: bool
) -> str:
    """The whole filter, as a file for ``nft -f``."""
    chains: list[str] = []
    jumps: list[str] = []
    for number, pod in enumerate(pods):
        mine = [
            p
            for p in policies
            if (p["metadata"].get("namespace") or "default") == pod.namespace
            and labels_match(p["spec"]["podSelector"], pod.labels)
        ]
        for direction, word, match in (("Egress", "eg", "saddr"), ("Ingress", "in", "daddr")):
            closing = [p for p in mine if closes(p, direction)]
            if not closing:
                continue
            body = [
                line
                for policy in closing
                for rule in policy["spec"].get(direction.lower()) or []
                for line in rule_lines(rule, policy, direction, pod, pods, namespaces, blocks_match_pods)
            ]
            chains.append(chain(f"{word}{number}", [*body, "drop"]))
            jumps += [f"{family(a)} {match} {a} jump {word}{number}" for a in pod.addresses]
    forward = [
        "type filter hook forward priority filter; policy accept;",
        "ct state established,related accept",
        *sorted(jumps, key=lambda line: " daddr " in line),
    ]
    return "flush ruleset\ntable inet lab {\n" + "".join(chains) + chain("forward", forward) + "}\n"


def chain(name: str, lines: list[str]) -> str:
    return f"  chain {name} {{\n" + "".join(f"    {line}\n" for line in lines) + "  }\n"


def closes(policy: Json, direction: str) -> bool:
    """Whether the policy isolates a direction, given what the API server fills in."""
    types = policy["spec"].get("policyTypes")
    if types:
        return direction in types
    return direction == "Ingress" or bool(policy["spec"].get("egress"))


def family(address: str) -> str:
    return "ip6" if ":" in address else "ip"


def rule_lines(  # noqa: PLR0917  # a rule means something only in its surroundings
    rule: Json,
    policy: Json,
    direction: str,
    subject: LabPod,
    pods: list[LabPod],
    namespaces: dict[str, dict[str, str]],
    blocks_match_pods: bool,
) -> Iterator[str]:
    """Lines that let a packet pass to the next chain."""
    peers = rule.get("to" if direction == "Egress" else "from") or []
    side = "daddr" if direction == "Egress" else "saddr"
    entries = rule.get("ports") or [{"protocol": p.upper()} for p in ALL_PROTOCOLS]
    for entry in entries:
        protocol = entry.get("protocol", "TCP").lower()
        if not peers:
            for receiver, dport in targets(entry, direction, subject, pods):
                yield f"{receiver}{l4(protocol, dport)} return"
            continue
        for peer in peers:
            if "ipBlock" in peer:
                block = block_match(peer["ipBlock"], side, pods, blocks_match_pods)
                for receiver, dport in targets(entry, direction, subject, pods if blocks_match_pods else []):
                    yield f"{receiver}{block}{l4(protocol, dport)} return"
                continue
            for pod in pods:
                if not peer_selects(peer, policy, pod, namespaces):
                    continue
                receiver_pod = pod if direction == "Egress" else subject
                for address in pod.addresses:
                    for _, dport in targets(entry, direction, subject, [receiver_pod]):
                        yield f"{family(address)} {side} {address} {l4(protocol, dport)} return"


def l4(protocol: str, dport: str | None) -> str:
    return f"meta l4proto {protocol}" if dport is None else f"{protocol} dport {dport}"


def targets(entry: Json, direction: str, subject: LabPod, receivers: list[LabPod]) -> Iterator[tuple[str, str | None]]:
    """(a match of the receiver, its port): a name is another number at every receiver."""
    port = entry.get("port")
    if port is None:
        yield "", None
    elif isinstance(port, int):
        yield "", f"{port}-{entry['endPort']}" if "endPort" in entry else str(port)
    else:
        for pod in [subject] if direction == "Ingress" else receivers:
            number = pod.ports.get((port, entry.get("protocol", "TCP")))
            if number is not None:
                for address in pod.addresses:
                    yield f"{family(address)} daddr {address} ", str(number)


def block_match(block: Json, side: str, pods: list[LabPod], blocks_match_pods: bool) -> str:
    word = family(block["cidr"])
    text = f"{word} {side} {ipaddress.ip_network(block['cidr'], strict=False)} "
    if block.get("except"):
        holes = ", ".join(sorted({str(ipaddress.ip_network(hole)) for hole in block["except"]}))
        text += f"{word} {side} != {{ {holes} }} "
    if not blocks_match_pods:
        known = [a for pod in pods for a in pod.addresses if family(a) == word]
        if known:
            text += f"{word} {side} != {{ {', '.join(known)} }} "
    return text


def peer_selects(peer: Json, policy: Json, pod: LabPod, namespaces: dict[str, dict[str, str]]) -> bool:
    if peer.get("namespaceSelector") is None:
        if pod.namespace != (policy["metadata"].get("namespace") or "default"):
            return False
    else:
        labels = {**namespaces.get(pod.namespace, {}), "kubernetes.io/metadata.name": pod.namespace}
        if not labels_match(peer["namespaceSelector"], labels):
            return False
    return labels_match(peer.get("podSelector"), pod.labels)
