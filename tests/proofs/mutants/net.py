"""Mutants of the network family: policies, their peers and ports, Services, and pods that step around them."""

# mypy does not infer the type of a lambda with a default, and most harms are one.
# mypy: disable-error-code="misc"
from collections.abc import Iterator
from functools import partial

from tests.proofs.mutants.shared import (
    CONTROLLER,
    COULD,
    ELSEWHERE,
    dropping,
    setting,
)
from tests.proofs.world import UNKNOWN, Base, Json, Mutant, World


def mutants(base: Base) -> Iterator[Mutant]:
    """Every mutant of the family, in a fixed order."""
    yield from _network(base)
    yield from _pod_network(base)
    yield from _second_look(base)


def _network(base: Base) -> Iterator[Mutant]:
    policies = [name for _, name in base.objects("NetworkPolicy")]
    for name in policies:
        spec = base.body_of("NetworkPolicy", name)["spec"]
        target = partial(lambda n, w: w.k8s("NetworkPolicy", n)["spec"], name)
        default = name == "default-deny"
        yield Mutant(
            "NET002" if default else "NET003", f"policy {name} dropped", lambda w, n=name: w.drop("NetworkPolicy", n)
        )
        for kept in ("Ingress", "Egress"):
            yield Mutant(
                "NET002" if default else "NET003",
                f"policy {name} isolates {kept} alone",
                setting(target, policyTypes=[kept]),
            )
        yield Mutant(
            "NET010",
            f"policy {name} applied after pods",
            lambda w, n=name: w.k8s("NetworkPolicy", n)["metadata"].update(annotations={}),
        )
        yield Mutant(
            "NET010",
            f"policy {name} is a hook",
            lambda w, n=name: w.k8s("NetworkPolicy", n)["metadata"]["annotations"].update(
                {"argocd.argoproj.io/hook": "Sync"}
            ),
        )
        yield Mutant(
            "NET001",
            f"policy {name}: podSelector misspelt",
            lambda w, t=target: t(w).update(podSelectr=t(w).pop("podSelector")),
        )
        yield Mutant(
            "NET001",
            f"policy {name}: policyTypes misspelt",
            lambda w, t=target: t(w).update(policytypes=t(w).pop("policyTypes")),
        )
        yield Mutant(
            "NET002" if default else "NET003",
            f"policy {name} in another namespace",
            lambda w, n=name: w.k8s("NetworkPolicy", n)["metadata"].update(namespace="default"),
        )
        if not default:
            yield Mutant(
                "NET003",
                f"policy {name} selects the whole platform",
                setting(target, podSelector={"matchLabels": {"app.kubernetes.io/part-of": base.namespace}}),
            )
            yield Mutant("NET003", f"policy {name} selects every pod", setting(target, podSelector={}))
            yield Mutant(
                "NET003", f"policy {name} selects no pod", setting(target, podSelector={"matchLabels": {"app": "typo"}})
            )
        for direction, key in (("egress", "to"), ("ingress", "from")):
            for index, rule in enumerate(spec.get(direction) or []):
                yield from _rule_mutants(name, direction, key, index, rule)
        yield Mutant(
            "NET004", f"policy {name} opens all egress", lambda w, t=target: t(w).setdefault("egress", []).append({})
        )
        yield Mutant(
            "NET007" if not default else "NET002",
            f"policy {name} opens all ingress",
            lambda w, t=target: t(w).setdefault("ingress", []).append({}),
        )
        for what, peer in (
            ("IPv4", "0.0.0.0/0"),
            ("IPv6", "::/0"),
            *(("pods", cidr) for cidr in base.cidrs("pod")),
            *(("services", cidr) for cidr in base.cidrs("service")),
            *(("nodes", cidr) for cidr in base.cidrs("node")),
            ("the API server", base.api_server),
            ("metadata", "169.254.169.254/32"),
            ("CGNAT", "100.64.0.0/10"),
            ("multicast", "224.0.0.0/4"),
        ):
            yield Mutant(
                "NET006",
                f"policy {name} opens {what}" + (" by IPv6" if ":" in peer and what != "IPv6" else ""),
                lambda w, t=target, p=peer: (
                    t(w).setdefault("egress", []).append({"to": [{"ipBlock": {"cidr": p}}], "ports": [{"port": 443}]})
                ),
            )
        yield Mutant(
            "NET004",
            f"policy {name} opens a port range to a public address",
            lambda w, t=target: (
                t(w)
                .setdefault("egress", [])
                .append({"to": [{"ipBlock": {"cidr": "8.8.8.8/32"}}], "ports": [{"port": 1, "endPort": 65535}]})
            ),
        )
        if not default:
            yield Mutant(
                "NET007",
                f"policy {name} receives from the Internet",
                lambda w, t=target: (
                    t(w)
                    .setdefault("ingress", [])
                    .append({"from": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [{"port": 4000}]})
                ),
            )
            yield Mutant(
                "NET007",
                f"policy {name} receives from monitoring",
                lambda w, t=target: (
                    t(w)
                    .setdefault("ingress", [])
                    .append(
                        {
                            "from": [
                                {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}
                            ],
                            "ports": [{"port": 2000}],
                        }
                    )
                ),
            )


def _rule_mutants(name: str, direction: str, key: str, index: int, rule: Json) -> Iterator[Mutant]:
    where = f"policy {name}, {direction} rule {index + 1}"
    extra = "NET004" if direction == "egress" else "NET007"
    at = partial(lambda n, d, i, w: w.k8s("NetworkPolicy", n)["spec"][d][i], name, direction, index)
    yield Mutant("NET005", f"{where} dropped", lambda w: w.k8s("NetworkPolicy", name)["spec"][direction].pop(index))
    yield Mutant(extra, f"{where}: peers emptied", setting(at, **{key: []}))
    yield Mutant("NET008", f"{where}: peers dropped", dropping(at, key))
    yield Mutant("NET008", f"{where}: ports emptied", setting(at, ports=[]))
    yield Mutant(extra, f"{where}: ports dropped", dropping(at, "ports"))
    yield Mutant(extra, f"{where}: port without number", setting(at, ports=[{"protocol": "TCP"}]))
    yield Mutant("NET005", f"{where}: other protocol", lambda w: [p.update(protocol="SCTP") for p in at(w)["ports"]])
    yield Mutant(extra, f"{where}: one more port", lambda w: at(w)["ports"].append({"protocol": "TCP", "port": 6443}))
    yield Mutant(extra, f"{where}: a range of ports", lambda w: at(w)["ports"][0].update(endPort=65535))
    yield Mutant("NET001", f"{where}: {key} misspelt", lambda w: at(w).update({key.capitalize(): at(w).pop(key)}))
    for number, peer in enumerate(rule[key]):
        one = partial(lambda a, k, n, w: a(w)[k][n], at, key, number)
        who = f"{where}, peer {number + 1}"
        if "ipBlock" in peer:
            for hole in peer["ipBlock"].get("except") or []:
                owner = "NET006"
                yield Mutant(
                    owner,
                    f"{who}: {hole} dropped from except",
                    lambda w, o=one, h=hole: o(w)["ipBlock"]["except"].remove(h),
                )
            yield Mutant(
                "NET006", f"{who}: the whole address space", lambda w, o=one: o(w).update(ipBlock={"cidr": "0.0.0.0/0"})
            )
            yield Mutant("NET005", f"{who}: one address", lambda w, o=one: o(w).update(ipBlock={"cidr": "8.8.8.8/32"}))
            continue
        yield Mutant(extra, f"{who}: every pod", lambda w, o=one: o(w).update(podSelector={}))
        yield Mutant(extra, f"{who}: every namespace", lambda w, o=one: o(w).update(namespaceSelector={}))
        yield Mutant(
            "NET005",
            f"{who}: a label misspelt",
            lambda w, o=one: o(w).update(podSelector={"matchLabels": {"app": "typo"}}),
        )
        yield Mutant(
            extra,
            f"{who}: the label by Exists",
            lambda w, o=one: o(w).update(
                podSelector={
                    "matchExpressions": [{"key": next(iter(o(w)["podSelector"]["matchLabels"])), "operator": "Exists"}]
                }
            ),
        )
        for label in peer["podSelector"]["matchLabels"]:
            others = len(peer["podSelector"]["matchLabels"]) > 1
            change = (
                (lambda w, o=one, x=label: o(w)["podSelector"]["matchLabels"].pop(x))
                if others
                else (
                    lambda w, o=one: (
                        o(w).pop("podSelector") if "namespaceSelector" in o(w) else o(w).update(podSelector={})
                    )
                )
            )
            yield Mutant(extra, f"{who}: without the label {label}", change)
        if "namespaceSelector" in peer:
            yield Mutant(
                extra,
                f"{who}: two peers where one was meant",
                lambda w, a=at, o=one: a(w)[key].append({"podSelector": o(w).pop("podSelector")}),
            )
            yield Mutant(
                extra,
                f"{who}: pods of all namespaces",
                lambda w, o=one: o(w).update(
                    namespaceSelector={
                        "matchExpressions": [
                            {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["x"]}
                        ]
                    }
                ),
            )
        else:
            yield Mutant(
                extra,
                f"{who}: pods of another namespace",
                lambda w, o=one: o(w).update(
                    namespaceSelector={"matchLabels": {"kubernetes.io/metadata.name": "default"}}
                ),
            )


def _pod_network(base: Base) -> Iterator[Mutant]:
    for workload in base.workloads:
        yield Mutant(
            "NET009", f"{workload} on the host network", setting(lambda w, n=workload: w.pod(n), hostNetwork=True)
        )
        yield Mutant(
            "NET006",
            f"{workload} on the host network, past every denial",
            setting(lambda w, n=workload: w.pod(n), hostNetwork=True),
        )
        yield Mutant(
            "NET009",
            f"{workload} with a port of its node",
            lambda w, n=workload: w.container(n)["ports"][0].update(hostPort=8080),
        )
        yield Mutant(
            "NET003",
            f"{workload} loses its label",
            lambda w, n=workload: w.k8s("Deployment", n)["spec"]["template"]["metadata"]["labels"].update(
                {"app.kubernetes.io/name": "other"}
            ),
        )
    for impostor in base.workloads:
        for victim in base.workloads:
            if impostor != victim:
                yield Mutant(
                    "NET003",
                    f"{impostor} carries the labels of {victim}",
                    lambda w, i=impostor, v=victim: w.k8s("Deployment", i)["spec"]["template"]["metadata"][
                        "labels"
                    ].update({"app.kubernetes.io/name": v}),
                )
    for _, name in base.objects("Service"):
        target = partial(lambda n, w: w.k8s("Service", n)["spec"], name)
        for kind in ("NodePort", "LoadBalancer", "ExternalName"):
            yield Mutant("NET011", f"Service {name} of type {kind}", setting(target, type=kind))
        yield Mutant("NET011", f"Service {name} with an external address", setting(target, externalIPs=["203.0.113.1"]))
        yield Mutant(
            "NET003",
            f"Service {name} selects the whole platform",
            setting(target, selector={"app.kubernetes.io/part-of": base.namespace}),
        )
        yield Mutant("NET003", f"Service {name} selects nothing", dropping(target, "selector"))
        yield Mutant(
            "NET003",
            f"Service {name} selects another workload",
            setting(target, selector={"app.kubernetes.io/name": base.tunnel}),
        )
    yield Mutant(
        "NET011",
        "an Ingress past the tunnel",
        lambda w: w.add(
            {
                "apiVersion": "networking.k8s.io/v1",
                "kind": "Ingress",
                "metadata": {"name": "x", "namespace": base.namespace},
                "spec": {},
            }
        ),
    )
    for kind, api in (
        ("CiliumNetworkPolicy", "cilium.io/v2"),
        ("GlobalNetworkPolicy", "projectcalico.org/v3"),
        ("AdminNetworkPolicy", "policy.networking.k8s.io/v1alpha1"),
    ):
        yield Mutant(
            "NET001",
            f"{kind} that is not evaluated",
            lambda w, k=kind, a=api: w.add(
                {"apiVersion": a, "kind": k, "metadata": {"name": "x", "namespace": base.namespace}, "spec": {}}
            ),
            UNKNOWN,
            ELSEWHERE,
        )
    yield Mutant(
        "NET007",
        "the agent receives from the proxy, by declaration",
        lambda w: w.ledger["flows"].append(
            {"from": base.proxy, "to": base.agent, "protocol": "TCP", "port": 18789, "because": "x"}
        ),
    )
    yield Mutant(
        "NET005",
        "a declared flow without a policy",
        lambda w: w.ledger["flows"].append(
            {"from": base.tunnel, "to": base.proxy, "protocol": "TCP", "port": 4000, "because": "x"}
        ),
    )
    yield Mutant(
        "NET005",
        "a declared flow to nowhere",
        lambda w: w.ledger["flows"].append(
            {"from": base.tunnel, "to": "nowhere", "protocol": "TCP", "port": 4000, "because": "x"}
        ),
        UNKNOWN,
        COULD,
    )


def _second_look(base: Base) -> Iterator[Mutant]:
    """Ways around a rule that its first version did not see."""
    for workload in base.workloads:
        yield Mutant(
            "NET001",
            f"a policy for {workload} by a label that no manifest shows",
            lambda w, n=workload: w.k8s("NetworkPolicy", n)["spec"]["podSelector"].update(
                matchExpressions=[{"key": "pod-template-hash", "operator": "Exists"}]
            ),
        )
    for _, name in base.objects("Service"):
        yield Mutant(
            "NET011",
            f"Service {name} published by an annotation",
            lambda w, n=name: w.k8s("Service", n)["metadata"].update(
                annotations={"external-dns.alpha.kubernetes.io/hostname": "x.example"}
            ),
            UNKNOWN,
            CONTROLLER,
        )
    for cidr in ("10.0.0.0/8", *base.cidrs("pod"), *base.cidrs("node"), "0.0.0.0/0"):
        yield Mutant(
            "NET006", f"the proxy may send to {cidr}, by declaration", partial(_declared_range, base.proxy, cidr)
        )
        yield Mutant(
            "NET006", f"the agent may send to {cidr}, by declaration", partial(_declared_range, base.agent, cidr)
        )
    yield Mutant(
        "NET006",
        "the agent may send to one private address, by declaration",
        partial(_declared_range, base.agent, "10.1.2.3/32"),
    )


def _declared_range(workload: str, cidr: str, world: World) -> None:
    world.ledger["flows"].append(
        {"from": workload, "to": f"cidr:{cidr}", "protocol": "TCP", "port": 443, "because": "x"}
    )
    rule = {"to": [{"ipBlock": {"cidr": cidr}}], "ports": [{"protocol": "TCP", "port": 443}]}
    world.k8s("NetworkPolicy", workload)["spec"]["egress"].append(rule)
