"""Edits that change nothing about what is possible stay proved: no false alarms."""

import copy
import io
import json
import os
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from agentkeep.verify.artifacts import assemble
from agentkeep.verify.decide import case_of, decide
from agentkeep.verify.difference import compare
from tests.proofs.world import APP, DIST, Json, World, body_of, objects

if not (DIST / "platform.json").is_file() and not os.environ.get("CI"):
    raise FileNotFoundError("dist/ is not there; run make synth")


def _reversed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _reversed(inner) for key, inner in reversed(value.items())}
    return [_reversed(inner) for inner in value] if isinstance(value, list) else value


def reorder_keys(world: World) -> None:
    for path in list(world.files):
        if path.startswith(APP) and path.endswith(".yaml"):
            for body in world.manifests(path):
                turned = _reversed(body)
                body.clear()
                body.update(turned)


def split_policies(world: World) -> None:
    for _, name in list(objects("NetworkPolicy")):
        policy = world.k8s("NetworkPolicy", name)
        for direction in ("ingress", "egress"):
            for number, rule in enumerate(policy["spec"].pop(direction, None) or []):
                part = copy.deepcopy(policy)
                part["metadata"]["name"] = f"{name}-{direction}-{number}"
                part["spec"].pop("ingress", None)
                part["spec"][direction] = [rule]
                world.add(part)


def split_peers_and_ports(world: World) -> None:
    for _, name in objects("NetworkPolicy"):
        spec = world.k8s("NetworkPolicy", name)["spec"]
        for direction, key in (("ingress", "from"), ("egress", "to")):
            rules = spec.get(direction)
            if rules:
                spec[direction] = [{key: [p], "ports": [q]} for r in rules for p in r[key] for q in r["ports"]]


def halve_blocks(world: World) -> None:
    """0.0.0.0/0 as its two halves, each with its own exceptions."""
    import ipaddress

    for _, name in objects("NetworkPolicy"):
        for rule in world.k8s("NetworkPolicy", name)["spec"].get("egress") or []:
            for peer in list(rule["to"]):
                block = peer.get("ipBlock")
                if block and block["cidr"] == "0.0.0.0/0":
                    rule["to"].remove(peer)
                    for half in ("0.0.0.0/1", "128.0.0.0/1"):
                        inside = [
                            hole
                            for hole in block["except"]
                            if ipaddress.ip_network(hole).subnet_of(ipaddress.ip_network(half))  # type: ignore[arg-type]
                        ]
                        rule["to"].append({"ipBlock": {"cidr": half, "except": inside}})


def selectors_as_expressions(world: World) -> None:
    def turn(selector: Json) -> Json:
        labels = selector.get("matchLabels") or {}
        return {"matchExpressions": [{"key": k, "operator": "In", "values": [v]} for k, v in labels.items()]}

    for _, name in objects("NetworkPolicy"):
        spec = world.k8s("NetworkPolicy", name)["spec"]
        if spec["podSelector"]:
            spec["podSelector"] = turn(spec["podSelector"])
        for direction, key in (("ingress", "from"), ("egress", "to")):
            for rule in spec.get(direction) or []:
                for peer in rule[key]:
                    for field in ("podSelector", "namespaceSelector"):
                        if field in peer:
                            peer[field] = turn(peer[field])


def rename_files(world: World) -> None:
    for path in list(world.files):
        name = path.rpartition("/")[2]
        if path.startswith(APP) and path.endswith(".yaml") and name not in ("kustomization.yaml", "application.yaml"):
            if name not in world.kustomization["resources"]:
                continue
            world.files[f"{APP}renamed-{name}"] = world.files.pop(path)
            resources = world.kustomization["resources"]
            resources[resources.index(name)] = f"renamed-{name}"


def all_in_one_file(world: World) -> None:
    parts = [world.files.pop(f"{APP}{name}").decode() for name in world.kustomization["resources"]]
    world.files[f"{APP}all.yaml"] = "\n---\n".join(parts).encode()
    world.kustomization["resources"] = ["all.yaml"]


def manifests_as_json(world: World) -> None:
    for name in list(world.kustomization["resources"]):
        bodies = [b for b in yaml.safe_load_all(world.files.pop(f"{APP}{name}")) if b]
        listed = {"apiVersion": "v1", "kind": "List", "items": bodies}
        world.files[f"{APP}{name}.json"] = json.dumps(listed).encode()
        resources = world.kustomization["resources"]
        resources[resources.index(name)] = f"{name}.json"


def anchors(world: World) -> None:
    """Repeated parts as anchors and aliases, as PyYAML writes what is one object in memory."""

    class Sharing(yaml.SafeDumper):
        def ignore_aliases(self, data: Any) -> bool:
            return not isinstance(data, (dict, list)) or not data

    for path in list(world.files):
        if path.startswith(APP) and path.endswith(".yaml"):
            known: dict[str, Any] = {}

            def share(value: Any, known: dict[str, Any] = known) -> Any:
                if isinstance(value, dict):
                    value = {k: share(v) for k, v in value.items()}
                elif isinstance(value, list):
                    value = [share(v) for v in value]
                else:
                    return value
                return known.setdefault(json.dumps(value, sort_keys=True), value)

            bodies = [share(b) for b in yaml.safe_load_all(world.files[path]) if b]
            stream = io.StringIO()
            yaml.dump_all(bodies, stream, Dumper=Sharing, sort_keys=False)
            world.files[path] = stream.getvalue().encode()
    text = b"".join(data for path, data in world.files.items() if path.startswith(APP))
    assert b"&id001" in text
    assert b"*id001" in text


def merge_keys(world: World) -> None:
    path = f"{APP}networkpolicy.yaml"
    text = world.files[path].decode()
    labels = "app.kubernetes.io/part-of: openclaw"
    first = text.index(labels)
    # "<<" with an inline mapping is the same label, written the other way.
    world.files[path] = (
        text[:first] + "<<: {" + labels.replace(": ", ": ") + "}" + text[first + len(labels) :]
    ).encode()


def defaults_left_out(world: World) -> None:
    for _, name in objects("NetworkPolicy"):
        spec = world.k8s("NetworkPolicy", name)["spec"]
        for direction in ("ingress", "egress"):
            for rule in spec.get(direction) or []:
                for port in rule["ports"]:
                    if port.get("protocol") == "TCP":
                        port.pop("protocol")
    for _, name in objects("Service"):
        spec = world.k8s("Service", name)["spec"]
        spec.pop("type")
        for port in spec["ports"]:
            port.pop("protocol")


def numbers_instead_of_names(world: World) -> None:
    for _, name in objects("Service"):
        for port in world.k8s("Service", name)["spec"]["ports"]:
            port["targetPort"] = port["port"]


def names_instead_of_numbers(world: World) -> None:
    for _, name in objects("NetworkPolicy"):
        spec = world.k8s("NetworkPolicy", name)["spec"]
        for direction in ("ingress", "egress"):
            for rule in spec.get(direction) or []:
                for port in rule["ports"]:
                    port["port"] = {4000: "http", 18789: "gateway"}.get(port["port"], port["port"])


def namespace_by_kustomization(world: World) -> None:
    world.kustomization["namespace"] = "openclaw"
    for path in list(world.files):
        if path.startswith(APP) and path.endswith(".yaml"):
            for body in world.manifests(path):
                if body.get("kind") in ("Service", "ConfigMap", "NetworkPolicy", "Deployment", "ExternalSecret"):
                    body["metadata"].pop("namespace")


def env_in_another_order(world: World) -> None:
    for _, name in objects("Deployment"):
        pod = world.pod(name)
        for container in [*pod.get("initContainers", []), *pod["containers"]]:
            container.get("env", []).reverse()
            container.get("volumeMounts", []).reverse()
        pod.get("volumes", []).reverse()


def security_of_the_pod_written_in_each_container(world: World) -> None:
    for _, name in objects("Deployment"):
        pod = world.pod(name)
        context = pod["securityContext"]
        for container in [*pod.get("initContainers", []), *pod["containers"]]:
            if not container["securityContext"].get("privileged"):
                container["securityContext"].update(
                    runAsNonRoot=True,
                    runAsUser=context["runAsUser"],
                    seccompProfile=context.pop("x", context["seccompProfile"]),
                )


def by_digest(world: World) -> None:
    for _, name in objects("Deployment"):
        pod = world.pod(name)
        for container in [*pod.get("initContainers", []), *pod["containers"]]:
            pinned = container["image"] + "@sha256:" + "ab" * 32
            for workload in world.ledger["workloads"]:
                workload["images"].append(pinned)
            container["image"] = pinned


def terraform_reordered(world: World) -> None:
    for root in (world.aws, world.cloudflare):
        turned = _reversed(root)
        root.clear()
        root.update(turned)


def prose_beside_the_manifests(world: World) -> None:
    world.files[f"{APP}README.md"] = b"# hello\n"
    world.files["arch/README.md"] = b"# hello\n"


def comments_and_blank_lines(world: World) -> None:
    for path, data in list(world.files.items()):
        if path.startswith(APP) and path.endswith(".yaml"):
            world.files[path] = b"# a comment\n\n" + data + b"\n# the end\n"


EDITS: dict[str, Callable[[World], None]] = {
    edit.__name__: edit
    for edit in (
        reorder_keys, split_policies, split_peers_and_ports, halve_blocks, selectors_as_expressions, rename_files,
        all_in_one_file, manifests_as_json, anchors, merge_keys, defaults_left_out, numbers_instead_of_names,
        names_instead_of_numbers, namespace_by_kustomization, env_in_another_order,
        security_of_the_pod_written_in_each_container, by_digest, terraform_reordered, prose_beside_the_manifests,
        comments_and_blank_lines,
    )
}  # fmt: skip


# A named port may be another number on a pod that no artifact knows, so this edit does open something, and diff says
# so.
WIDENS = (names_instead_of_numbers,)


def without_chart() -> World:
    """The chart repeats the manifests word by word, and REF013 holds it to that: it would have to be edited alike."""
    world = World()
    world.files = {path: data for path, data in world.files.items() if not path.startswith("helm/")}
    return world


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS.keys())
def test_stays_proved(edit: Callable[[World], None]) -> None:
    world = without_chart()
    edit(world)
    case = world.case()

    assert [finding.line for verdict in decide(case) for finding in verdict.findings] == []
    assert any(change.widens for change in compare(without_chart().case(), case)) is (edit in WIDENS)


def test_the_edits_do_change_the_files() -> None:
    for edit in EDITS.values():
        world = World()
        edit(world)

        assert world.bytes() != World().bytes(), edit


def test_the_same_bytes_in_another_order_give_the_same_verdicts() -> None:
    files = World().bytes()
    turned = dict(reversed(files.items()))

    assert decide(case_of(assemble("x", files))) == decide(case_of(assemble("x", turned)))


def test_a_namespace_is_there_to_be_examined() -> None:
    assert body_of("Namespace", "openclaw")
