"""Routes of a secret, stated by hand: templates, copies, shared volumes, mounts of a part."""

# ruff: noqa: E501  # tables of pods: one line each reads best

import json
from typing import Any

import pytest

from agentkeep.verify.artifacts import assemble
from agentkeep.verify.secret_flow import follow

Json = dict[str, Any]


def world(
    containers: list[Json], volumes: list[Json] | None = None, target: Json | None = None, **pod: Any
) -> dict[str, set[str]]:
    """Container to the parameters that it can read; Secret "s" holds /a under "a" and /b under "b"."""
    data = [{"secretKey": key, "remoteRef": {"key": f"/{key}"}} for key in ("a", "b")]
    external = {"target": {"name": "s", **(target or {})}, "data": data}
    spec = {"containers": [c for c in containers if not c.get("init")], "volumes": volumes or [], **pod}
    spec["initContainers"] = [{k: v for k, v in c.items() if k != "init"} for c in containers if c.get("init")]
    objects = [
        {"apiVersion": "external-secrets.io/v1", "kind": "ExternalSecret", "metadata": {"name": "e"}, "spec": external},
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": spec},
        {
            "apiVersion": "v1",
            "kind": "ConfigMap",
            "metadata": {"name": "scripts"},
            "data": {"copy.sh": 'echo "$A" > /out/a'},
        },
    ]
    flow = follow(assemble("w", {f"{n}.json": json.dumps(body).encode() for n, body in enumerate(objects)}))
    found: dict[str, set[str]] = {}
    for read in flow.reads:
        assert read.hops
        found.setdefault(read.container.name, set()).add(read.parameter)
    return found


def env(key: str, name: str = "A") -> list[Json]:
    return [{"name": name, "valueFrom": {"secretKeyRef": {"name": "s", "key": key}}}]


READER: Json = {"name": "r", "env": env("t")}


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("plain text", None),
        ("{{ .a }}", {"/a"}),
        ("{{ .a }}-{{ .b }}", {"/a", "/b"}),
        ("{{.a|b64dec}}", {"/a"}),
        ('{{ index . "b" }}', {"/b"}),
        ('{{ get . "b" }}', {"/b"}),
        ("{{ range $k, $v := . }}{{ $v }}{{ end }}", {"/a", "/b"}),
        ("{{ . | toJson }}", {"/a", "/b"}),
        ("{{ toJson . }}", {"/a", "/b"}),
        ('{{ printf "%v" . }}', {"/a", "/b"}),
        ("{{ with . }}{{ .a }}{{ end }}", {"/a", "/b"}),
        ("{{ $ }}", {"/a", "/b"}),
        ("a. b. {{ .a }}", {"/a"}),
    ],
)
def test_templates(template: str, expected: set[str] | None) -> None:
    found = world([READER], target={"template": {"data": {"t": template}}})

    assert found["r"] == (expected or {"Secret s key t"})


def scratch(name: str = "out") -> Json:
    return {"name": name, "emptyDir": {}}


def at(path: str, name: str = "out", **extra: Any) -> Json:
    return {"name": name, "mountPath": path, **extra}


SECRET_VOLUME = {"name": "secret", "secret": {"secretName": "s"}}
COPIES: dict[str, tuple[list[Json], list[Json], set[str]]] = {
    "a script that names the variable": (
        [{"name": "c", "env": env("a"), "command": ["sh", "-c", "echo $A > /out/x"], "volumeMounts": [at("/out")]}], [scratch()], {"/a"},
    ),
    "a script in a ConfigMap": (
        [{"name": "c", "env": env("a"), "command": ["sh", "/scripts/copy.sh"], "volumeMounts": [at("/out"), at("/scripts", "scripts")]}],
        [scratch(), {"name": "scripts", "configMap": {"name": "scripts"}}], {"/a"},
    ),
    "an init container that mounts the file": (
        [{"name": "c", "init": True, "volumeMounts": [at("/out"), at("/s", "secret")]}], [scratch(), SECRET_VOLUME], {"/a", "/b"},
    ),
    "a script that names the folder": (
        [{"name": "c", "args": ["cp /s/a /out"], "volumeMounts": [at("/out"), at("/s", "secret")]}], [scratch(), SECRET_VOLUME], {"/a", "/b"},
    ),
    "a program that is given a variable": ([{"name": "c", "env": env("a"), "volumeMounts": [at("/out")]}], [scratch()], set()),
    "a volume that it cannot write": (
        [{"name": "c", "env": env("a"), "args": ["$A"], "volumeMounts": [at("/out", readOnly=True)]}], [scratch()], set(),
    ),
    "another part of the volume": (
        [{"name": "c", "env": env("a"), "args": ["$A"], "volumeMounts": [at("/out", subPath="mine")]}], [scratch()], set(),
    ),
    "the same part of the volume": (
        [{"name": "c", "env": env("a"), "args": ["$A"], "volumeMounts": [at("/out", subPath="theirs/below")]}], [scratch()], {"/a"},
    ),
    "a part that only the pod will know": (
        [{"name": "c", "env": env("a"), "args": ["$A"], "volumeMounts": [at("/out", subPathExpr="$(X)")]}], [scratch()], {"/a"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("containers", "volumes", "expected"), COPIES.values(), ids=COPIES.keys())
def test_copies(containers: list[Json], volumes: list[Json], expected: set[str]) -> None:
    thief = {"name": "thief", "volumeMounts": [at("/in", subPath="theirs", readOnly=True)]}

    assert world([*containers, thief], volumes).get("thief", set()) == expected


@pytest.mark.parametrize(
    ("volume", "mount", "expected"),
    [
        ({"secret": {"secretName": "s"}}, {}, {"/a", "/b"}),
        ({"secret": {"secretName": "s"}}, {"subPath": "a"}, {"/a"}),
        ({"secret": {"secretName": "s", "items": [{"key": "a", "path": "x"}]}}, {}, {"/a"}),
        ({"secret": {"secretName": "s", "items": [{"key": "a", "path": "x"}]}}, {"subPath": "x"}, {"/a"}),
        ({"secret": {"secretName": "s", "items": [{"key": "a", "path": "x"}]}}, {"subPath": "y"}, set()),
        ({"projected": {"sources": [{"secret": {"name": "s"}}]}}, {}, {"/a", "/b"}),
        ({"projected": {"sources": [{"secret": {"name": "s", "items": [{"key": "b", "path": "y"}]}}]}}, {}, {"/b"}),
        ({"secret": {"secretName": "s"}}, None, set()),
    ],
)
def test_volumes(volume: Json, mount: Json | None, expected: set[str]) -> None:
    mounts = [] if mount is None else [at("/s", "v", **mount)]

    assert world([{"name": "r", "volumeMounts": mounts}], [{"name": "v", **volume}]).get("r", set()) == expected


def test_shared_processes_show_everything_to_everybody() -> None:
    containers: list[Json] = [{"name": "one", "env": env("a")}, {"name": "two"}, {"name": "first", "init": True}]

    assert world(containers, shareProcessNamespace=True) == {"one": {"/a"}, "two": {"/a"}, "first": {"/a"}}
    assert world(containers) == {"one": {"/a"}}
