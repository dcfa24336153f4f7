"""
Whether two sets of manifests mean the same: object by object, after each difference that may be, and no other.

An allowance is a name, a reason, and what it does to both sides so that the difference goes away. It may only take away
what it is about; a test drops each of them in turn and expects the comparison to fail.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Manifest = dict[str, Any]
Objects = dict[tuple[str, str, str], Manifest]

NAME = "app.kubernetes.io/name"
KEEP = "helm.sh/resource-policy"
ADDED_LABELS = (
    "helm.sh/chart",
    "app.kubernetes.io/instance",
    "app.kubernetes.io/controller",
    "app.kubernetes.io/service",
)


@dataclass(frozen=True)
class Allowance:
    name: str
    because: str
    apply: Callable[[Objects, Objects], None]


def keyed(manifests: Iterable[Mapping[str, Any] | None]) -> Objects:
    """Objects by kind, namespace and name; the same twice is an error."""
    found: Objects = {}
    for manifest in manifests:
        if manifest:
            metadata = manifest["metadata"]
            key = (manifest["kind"], metadata.get("namespace", ""), metadata["name"])
            assert key not in found, f"{key} twice"
            found[key] = copy.deepcopy(dict(manifest))
    return found


def differences(plain: Objects, chart: Objects, allowances: Sequence[Allowance]) -> list[str]:
    """Every difference that *allowances* leave, as ``kind/name path: plain | chart``."""
    plain, chart = copy.deepcopy(plain), copy.deepcopy(chart)
    for allowance in allowances:
        allowance.apply(plain, chart)
    found = [f"{'/'.join(key)}: only in the plain manifests" for key in plain.keys() - chart.keys()]
    found += [f"{'/'.join(key)}: only in the chart" for key in chart.keys() - plain.keys()]
    for key in sorted(plain.keys() & chart.keys()):
        found += [f"{key[0]}/{key[2]} {line}" for line in _differences(plain[key], chart[key], "")]
    return sorted(found)


def _differences(one: Any, other: Any, path: str) -> Iterator[str]:
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            here = f"{path}.{key}"
            if key not in one or key not in other:
                yield f"{here}: {one.get(key, 'nothing')!r:.200} | {other.get(key, 'nothing')!r:.200}"
            else:
                yield from _differences(one[key], other[key], here)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for index, (left, right) in enumerate(zip(one, other, strict=True)):
            yield from _differences(left, right, f"{path}[{index}]")
    elif one != other or type(one) is not type(other):
        yield f"{path}: {one!r:.200} | {other!r:.200}"


# --- what selects what -----------------------------------------------------------------------------------------------


def pods(objects: Objects) -> dict[str, dict[str, str]]:
    """Labels of the pods of every workload."""
    return {
        f"{kind}/{name}": manifest["spec"]["template"]["metadata"].get("labels", {})
        for (kind, _, name), manifest in objects.items()
        if kind in {"Deployment", "Job"}
    }


def picks(objects: Objects) -> dict[str, list[str]]:
    """Which pods every Service, Deployment and policy picks."""
    labels = pods(objects)
    found = {}
    for (kind, _, name), manifest in objects.items():
        spec = manifest.get("spec", {})
        match kind:
            case "Service":
                selectors = {"": spec["selector"]}
            case "Deployment":
                selectors = {"": spec["selector"]["matchLabels"]}
            case "NetworkPolicy":
                selectors = dict(_pod_selectors(spec, "spec"))
            case _:
                continue
        for where, wanted in selectors.items():
            found[f"{kind}/{name} {where}"] = sorted(
                pod for pod, has in labels.items() if wanted.items() <= has.items()
            )
    return found


def _pod_selectors(value: Any, path: str) -> Iterator[tuple[str, dict[str, str]]]:
    if isinstance(value, dict):
        if "podSelector" in value and "namespaceSelector" not in value:
            assert value["podSelector"].keys() <= {"matchLabels"}, path
            yield path, value["podSelector"].get("matchLabels", {})
        for key, item in value.items():
            yield from _pod_selectors(item, f"{path}.{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _pod_selectors(item, f"{path}[{index}]")


# --- allowances ------------------------------------------------------------------------------------------------------


def _deployments(objects: Objects) -> list[Manifest]:
    return [manifest for (kind, _, _), manifest in objects.items() if kind == "Deployment"]


def _pod_specs(objects: Objects) -> list[Manifest]:
    return [deployment["spec"]["template"]["spec"] for deployment in _deployments(objects)]


def _containers(objects: Objects) -> list[Manifest]:
    return [c for spec in _pod_specs(objects) for c in (*spec.get("initContainers", ()), *spec["containers"])]


def _without(mapping: Manifest, expected: Mapping[str, Any]) -> None:
    """Take the entries of *expected* away where they have that value."""
    for key, value in expected.items():
        if key in mapping and mapping[key] == value and type(mapping[key]) is type(value):
            del mapping[key]


def _added_labels(plain: Objects, chart: Objects) -> None:
    for key in plain.keys() & chart.keys():
        pairs = [(plain[key]["metadata"], chart[key]["metadata"])]
        if key[0] == "Deployment":
            pairs.append((plain[key]["spec"]["template"]["metadata"], chart[key]["spec"]["template"]["metadata"]))
        for ours, theirs in pairs:
            for label in (*ADDED_LABELS, NAME):
                if label not in ours.get("labels", {}):
                    theirs.get("labels", {}).pop(label, None)


def _selectors(plain: Objects, chart: Objects) -> None:
    if picks(plain) != picks(chart):
        return
    for side in (plain, chart):
        for (kind, _, _), manifest in side.items():
            if kind in {"Deployment", "Service"}:
                manifest["spec"].pop("selector")
    for (kind, _, _), manifest in chart.items():
        if kind == "NetworkPolicy":
            for _, labels in _pod_selectors(manifest["spec"], "spec"):
                for label in ADDED_LABELS:
                    labels.pop(label, None)


def _pod_defaults(_plain: Objects, chart: Objects) -> None:
    for spec in _pod_specs(chart):
        _without(spec, {"hostIPC": False, "hostNetwork": False, "hostPID": False, "dnsPolicy": "ClusterFirst"})


def _address_families(_plain: Objects, chart: Objects) -> None:
    for (kind, _, _), manifest in chart.items():
        if kind == "Service":
            _without(manifest["spec"], {"ipFamilyPolicy": "SingleStack", "ipFamilies": ["IPv4"]})


def _order(plain: Objects, chart: Objects) -> None:
    for side in (plain, chart):
        for container in _containers(side):
            if "env" in container:
                container["env"].sort(key=lambda entry: entry["name"])
            if "volumeMounts" in container:
                container["volumeMounts"].sort(key=lambda entry: entry["mountPath"])
        for spec in _pod_specs(side):
            spec.get("volumes", []).sort(key=lambda entry: entry["name"].removeprefix("agent-"))


def _volume_names(_plain: Objects, chart: Objects) -> None:
    for spec in _pod_specs(chart):
        names = {volume["name"] for volume in spec.get("volumes", ())}
        for volume in spec.get("volumes", ()):
            plain = volume["name"].removeprefix("agent-")
            assert plain == volume["name"] or plain not in names, "two volumes would be one"
            volume["name"] = plain
        for container in (*spec.get("initContainers", ()), *spec["containers"]):
            for mount in container.get("volumeMounts", ()):
                mount["name"] = mount["name"].removeprefix("agent-")


def _empty_alias_file(_plain: Objects, chart: Objects) -> None:
    for (kind, _, _), manifest in chart.items():
        if kind == "ConfigMap":
            _without(manifest["data"], {"bash_aliases": ""})


def _kept_by_helm(plain: Objects, chart: Objects) -> None:
    for key in plain.keys() & chart.keys():
        options = plain[key]["metadata"].get("annotations", {}).get("argocd.argoproj.io/sync-options", "")
        if "Delete=false" in options:
            annotations = chart[key]["metadata"]["annotations"]
            # Not merely allowed: it has to be there.
            if annotations.pop(KEEP, None) != "keep":
                annotations[KEEP] = "missing"


def _target_ports(plain: Objects, chart: Objects) -> None:
    for side in (plain, chart):
        declared = [entry for container in _containers(side) for entry in container.get("ports", ())]
        numbers = {entry["name"]: entry["containerPort"] for entry in declared}
        for (kind, _, _), manifest in side.items():
            if kind == "Service":
                for port in manifest["spec"]["ports"]:
                    port["targetPort"] = numbers.get(port["targetPort"], port["targetPort"])


ALLOWANCES = (
    Allowance("selectors", "written by other labels, and each picks the same pods; those are compared", _selectors),
    Allowance(
        "added labels", "app-template labels what it renders; policies select by ours, also there", _added_labels
    ),
    Allowance("pod defaults", "app-template writes out what Kubernetes takes anyway", _pod_defaults),
    Allowance("address families", "the chart has a default, so the cluster's first is written out", _address_families),
    Allowance("volume names", "four names mean volumes of the chart's own", _volume_names),
    Allowance("order", "a map has none; runtimes sort mounts by depth, and no variable refers to another", _order),
    Allowance("empty alias file", "the chart has shell aliases there; a key cannot be taken away", _empty_alias_file),
    Allowance("kept by helm", "what ArgoCD must not delete, helm must not either", _kept_by_helm),
    Allowance("target ports", "a named port, by its number", _target_ports),
)
