"""The secret flow agrees with an oracle that follows every route by trying it out, on small made-up worlds."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentkeep.verify.artifacts import assemble
from agentkeep.verify.secret_flow import EVERY_PARAMETER, follow

pytestmark = pytest.mark.property

Json = dict[str, Any]
PARAMETERS, SECRETS, KEYS = ("/a", "/b"), ("s", "t"), ("k", "l")

external = st.fixed_dictionaries(
    {
        "target": st.sampled_from(SECRETS),
        "data": st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from(PARAMETERS)), max_size=3),
        "extract": st.one_of(st.none(), st.none(), st.sampled_from((*PARAMETERS, "find"))),
        "template": st.one_of(
            st.none(), st.none(), st.dictionaries(st.sampled_from(KEYS), st.sampled_from(KEYS), min_size=1)
        ),
    }
)
volume = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(("secret", "projected", "emptyDir")),
        "secret": st.sampled_from(SECRETS),
        "items": st.one_of(st.none(), st.lists(st.sampled_from(KEYS), min_size=1, unique=True)),
    }
)
mount = st.fixed_dictionaries(
    {"volume": st.integers(0, 1), "sub": st.one_of(st.none(), st.sampled_from(KEYS)), "ro": st.booleans()}
)
container = st.fixed_dictionaries(
    {
        "env": st.lists(st.tuples(st.sampled_from(SECRETS), st.sampled_from(KEYS)), max_size=2),
        "from": st.one_of(st.none(), st.sampled_from(SECRETS)),
        "mounts": st.lists(mount, max_size=2, unique_by=lambda m: m["volume"]),
    }
)
world_strategy = st.fixed_dictionaries(
    {
        "external": st.lists(external, max_size=3),
        "containers": st.lists(container, min_size=1, max_size=3),
        "volumes": st.lists(volume, min_size=2, max_size=2),
        "share": st.booleans(),
        "may_get": st.booleans(),
    }
)


def manifests(world: Json) -> dict[str, bytes]:
    objects: list[Json] = []
    for number, one in enumerate(world["external"]):
        spec: Json = {
            "target": {"name": one["target"]},
            "data": [{"secretKey": key, "remoteRef": {"key": parameter}} for key, parameter in one["data"]],
        }
        if one["extract"] == "find":
            spec["dataFrom"] = [{"find": {"name": {"regexp": ".*"}}}]
        elif one["extract"]:
            spec["dataFrom"] = [{"extract": {"key": one["extract"]}}]
        if one["template"]:
            spec["target"]["template"] = {"data": {key: "{{ ." + name + " }}" for key, name in one["template"].items()}}
        objects.append(
            {
                "apiVersion": "v1",
                "kind": "ExternalSecret",
                "metadata": {"name": f"e{number}", "namespace": "n"},
                "spec": spec,
            }
        )
    volumes = []
    for number, one in enumerate(world["volumes"]):
        items = {"items": [{"key": key, "path": key} for key in one["items"]]} if one["items"] else {}
        body: Json = {"emptyDir": {}}
        if one["kind"] == "secret":
            body = {"secret": {"secretName": one["secret"], **items}}
        elif one["kind"] == "projected":
            body = {"projected": {"sources": [{"secret": {"name": one["secret"], **items}}]}}
        volumes.append({"name": f"v{number}", **body})
    containers = []
    for number, one in enumerate(world["containers"]):
        mounts = [
            {
                "name": f"v{m['volume']}",
                "mountPath": f"/m{i}",
                "readOnly": m["ro"],
                **({"subPath": m["sub"]} if m["sub"] else {}),
            }
            for i, m in enumerate(one["mounts"])
        ]
        containers.append(
            {
                "name": f"c{number}",
                "env": [
                    {"name": f"E{i}", "valueFrom": {"secretKeyRef": {"name": s, "key": k}}}
                    for i, (s, k) in enumerate(one["env"])
                ],
                "envFrom": [{"secretRef": {"name": one["from"]}}] if one["from"] else [],
                "volumeMounts": mounts,
            }
        )
    spec = {
        "containers": containers,
        "volumes": volumes,
        "shareProcessNamespace": world["share"],
        "serviceAccountName": "me",
    }
    objects.append({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "n"}, "spec": spec})
    if world["may_get"]:
        meta = {"name": "r", "namespace": "n"}
        rules = [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}]
        ref, subjects = {"kind": "Role", "name": "r"}, [{"kind": "ServiceAccount", "name": "me"}]
        objects.append({"apiVersion": "v1", "kind": "Role", "metadata": meta, "rules": rules})
        objects.append(
            {"apiVersion": "v1", "kind": "RoleBinding", "metadata": meta, "roleRef": ref, "subjects": subjects}
        )
    return {f"{n}.json": json.dumps(body).encode() for n, body in enumerate(objects)}


def oracle_content(world: Json) -> dict[tuple[str, str], set[str]]:
    """What may lie under each key of each Secret: parameters, or ``*``. An unknown key is called ``?``."""
    content: dict[tuple[str, str], set[str]] = {}
    for one in world["external"]:
        raw: dict[str, set[str]] = {}
        for key, parameter in one["data"]:
            raw.setdefault(key, set()).add(parameter)
        if one["extract"]:
            for key in (*KEYS, "?"):
                raw.setdefault(key, set()).add("*" if one["extract"] == "find" else one["extract"])
        for key, parameters in raw.items():
            content.setdefault((one["target"], key), set()).update(parameters)
        for key, name in (one["template"] or {}).items():
            if name in raw:
                content.setdefault((one["target"], key), set()).update(raw[name])
    return content


def oracle(world: Json) -> set[tuple[str, str]]:
    """(parameter, container) of every read."""
    content = oracle_content(world)
    reads: set[tuple[str, str]] = set()
    written: list[tuple[int, str | None, str, str]] = []
    for number, one in enumerate(world["containers"]):
        mine: set[str] = set()
        files: set[str] = set()
        for secret, key in one["env"]:
            mine |= content.get((secret, key), set())
        if one["from"]:
            mine |= {p for (secret, _), parameters in content.items() if secret == one["from"] for p in parameters}
        for m in one["mounts"]:
            v = world["volumes"][m["volume"]]
            if v["kind"] == "emptyDir":
                continue
            wanted = v["items"] or [*KEYS, "?"]
            if m["sub"]:
                wanted = [key for key in wanted if key == m["sub"]]
            files |= {p for key in wanted for p in content.get((v["secret"], key), set())}
        reads |= {(p, f"c{number}") for p in mine | files}
    del written
    if world["share"]:
        everything = {p for p, _ in reads}
        if len(world["containers"]) > 1:
            for number in range(len(world["containers"])):
                reads |= {(p, f"c{number}") for p in everything}
    if world["may_get"]:
        for parameters in content.values():
            reads |= {(p, f"c{n}") for p in parameters for n in range(len(world["containers"]))}
    return reads


@given(world_strategy)
@settings(max_examples=800, deadline=None)
def test_finds_exactly_the_reads_that_the_oracle_finds(world: Json) -> None:
    flow = follow(assemble("w", manifests(world)))
    found = {
        (r.parameter, r.container.name)
        for r in flow.reads
        if r.parameter.startswith("/") or r.parameter == EVERY_PARAMETER
    }

    assert found == oracle(world)


@given(world_strategy, st.sampled_from(SECRETS), st.sampled_from(KEYS))
@settings(max_examples=200, deadline=None)
def test_removing_a_grant_removes_no_other_reader(world: Json, secret: str, key: str) -> None:
    before = {
        (r.parameter, r.container.name, r.form, r.name, r.secret) for r in follow(assemble("w", manifests(world))).reads
    }
    world["containers"][0]["env"].append((secret, key))
    after = {
        (r.parameter, r.container.name, r.form, r.name, r.secret) for r in follow(assemble("w", manifests(world))).reads
    }

    assert before <= after
    assert {container for _, container, form, _, _ in after - before if form == "env"} <= {"c0"}


@given(world_strategy)
@settings(max_examples=200, deadline=None)
def test_whatever_cannot_be_followed_is_said(world: Json) -> None:
    flow = follow(assemble("w", manifests(world)))

    assert bool(flow.unclear) == any(one["extract"] for one in world["external"])
