"""Refuses what no API server would take, so that no rule has to wonder whether labels are text."""

from collections.abc import Mapping
from typing import Any

from agentkeep.errors import ProofError
from agentkeep.verify.artifacts.model import POD_PARENTS, Place, line_in, mapping
from agentkeep.verify.documents import Node
from agentkeep.verify.selectors import parse_selector


def expect_shape(body: Node, kind: str, name: str, place: Place) -> None:
    """Refuse what no API server would take, so that no rule has to wonder whether labels are text."""
    meta = body["metadata"]
    for key in ("labels", "annotations"):
        _expect_strings(meta.get(key), f"{kind} {name!r}: metadata.{key}", place)
    spec = body.get("spec")
    if spec is not None and not isinstance(spec, dict) and kind not in ("Secret", "ConfigMap"):
        raise ProofError(str(place), f"{kind} {name!r}: spec is not a mapping", "fix the object")
    if kind in ("Service", "ReplicationController"):
        _expect_strings(mapping(spec).get("selector"), f"{kind} {name!r}: spec.selector", place)
    if kind == "Service":
        ports = mapping(spec).get("ports")
        if ports is not None and not _is_list_of_mappings(ports):
            raise ProofError(str(line_in(spec, place)), f"Service {name!r}: ports is not a list of mappings", "fix it")
        _expect_ports(ports, "port", f"Service {name!r}", place)
    if kind in POD_PARENTS:
        _expect_pod(body, kind, name, place)


def _expect_strings(value: Any, what: str, place: Place) -> None:
    if value is None:
        return
    at = line_in(value, place)
    if not isinstance(value, dict):
        raise ProofError(str(at), f"{what} is not a mapping", "write names and values")
    for key, inner in value.items():
        if not isinstance(inner, str):
            raise ProofError(str(at), f"{what}: the value of {key[:80]!r} is not text", "quote it")


def _expect_pod(body: Node, kind: str, name: str, place: Place) -> None:
    spec: Any = body.get("spec")
    what = f"{kind} {name!r}"
    if kind == "CronJob":
        spec = mapping(mapping(spec).get("jobTemplate")).get("spec")
    if kind != "Pod":
        template = mapping(spec).get("template")
        if not isinstance(template, dict):
            raise ProofError(str(place), f"{what} has no pod template", "give it one")
        _expect_strings(mapping(template.get("metadata")).get("labels"), f"{what}: the labels of its pods", place)
        _expect_selector(mapping(spec).get("selector"), kind, what, place)
        spec = template.get("spec")
    if not isinstance(spec, dict):
        raise ProofError(str(place), f"{what} has no pod spec", "give it one")
    for key in ("containers", "initContainers", "ephemeralContainers", "volumes"):
        listed = spec.get(key)
        if listed is None:
            continue
        at = line_in(spec, place)
        if not isinstance(listed, list) or not all(isinstance(item, dict) for item in listed):
            raise ProofError(str(at), f"{what}: {key} is not a list of mappings", "fix it")
        names = [item.get("name") for item in listed]
        if not all(isinstance(one, str) and one for one in names) or len(set(names)) != len(names):
            raise ProofError(str(at), f"{what}: every entry of {key} needs a name of its own", "name them")
        for item in listed:
            _expect_lists(item, what, at)
    if not spec.get("containers"):
        raise ProofError(str(place), f"{what} has no containers", "give it one")


def _expect_lists(item: Mapping[str, Any], what: str, place: Place) -> None:
    for inner in ("env", "envFrom", "volumeMounts", "ports"):
        entries = item.get(inner)
        if entries is not None and not _is_list_of_mappings(entries):
            raise ProofError(str(line_in(item, place)), f"{what}: {inner} is not a list of mappings", "fix it")
    _expect_ports(item.get("ports"), "containerPort", what, place)


def _expect_ports(ports: Any, number: str, what: str, place: Place) -> None:
    for port in ports if isinstance(ports, list) else []:
        value, protocol, name = port.get(number), port.get("protocol", "TCP"), port.get("name", "")
        right = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= 65535
        if not right or not isinstance(protocol, str) or not isinstance(name, str):
            at = line_in(port, place)
            raise ProofError(
                str(at), f"{what}: a port without a number, or with a name or protocol that is not text", "fix it"
            )


def _expect_selector(selector: Any, kind: str, what: str, place: Place) -> None:
    if selector is None or kind == "ReplicationController":
        return
    try:
        parse_selector(selector)
    except ValueError as error:
        raise ProofError(str(line_in(selector, place)), f"{what}: spec.selector: {error}", "fix it") from None


def _is_list_of_mappings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)
