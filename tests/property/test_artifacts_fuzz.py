"""The real ``dist/``, damaged at random: never a crash, never a rule that throws, and garbage is never proved."""

import copy
import os
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentkeep.errors import ProofError
from agentkeep.verify.artifacts import assemble
from agentkeep.verify.decide import case_of, decide
from agentkeep.verify.difference import compare
from tests.proofs.world import APP, DIST, World

pytestmark = pytest.mark.property

if not (DIST / "platform.json").is_file() and not os.environ.get("CI"):
    raise FileNotFoundError("dist/ is not there; run make synth")

ODD: list[Any] = [
    None,
    "",
    "x",
    0,
    -1,
    1.5,
    True,
    False,
    [],
    {},
    [None],
    [[]],
    {"": None},
    {"x": {"y": []}},
    "${",
    "{{ . }}",
    2**40,
]


def damage(value: Any, pick: random.Random) -> None:
    """Walk down at random and break what is found."""
    here = value
    while True:
        keys = list(here) if isinstance(here, dict) else list(range(len(here)))
        if not keys:
            return
        key = pick.choice(keys)
        inner = here[key]
        if isinstance(inner, (dict, list)) and inner and pick.random() < 0.85:
            here = inner
            continue
        what = pick.randrange(4)
        if what == 0:
            del here[key]
        elif what == 1:
            here[key] = copy.deepcopy(pick.choice(ODD))
        elif what == 2 and isinstance(here, dict):
            here[f"{key}x"] = here.pop(key)
        elif isinstance(here, list):
            here.append(copy.deepcopy(inner))
        else:
            here[key] = [inner]
        return


@given(st.integers(0, 2**32), st.integers(1, 3))
@settings(max_examples=400, deadline=None)
def test_no_rule_throws_on_damaged_artifacts(seed: int, times: int) -> None:
    pick = random.Random(seed)  # noqa: S311  # a reproducible choice, no secret
    world = World()
    for _ in range(times):
        path = pick.choice([p for p in world.files if p.startswith(APP) or p.endswith("cdk.tf.json")])
        damage(world.json(path) if path.endswith(".json") else world.manifests(path), pick)
    try:
        case = case_of(world.artifacts())
    except ProofError as error:
        assert "\n" not in str(error)
        return

    for verdict in decide(case):
        for finding in verdict.findings:
            assert "could not be decided (" not in finding.problem, (verdict.rule, finding)
            assert "\n" not in finding.name
    compare(World().case(), case)


@given(st.integers(0, 2**32), st.integers(1, 3))
@settings(max_examples=150, deadline=None)
def test_a_damaged_ledger_is_refused_or_judged(seed: int, times: int) -> None:
    pick = random.Random(seed)  # noqa: S311  # a reproducible choice, no secret
    world = World()
    for _ in range(times):
        damage(world.ledger, pick)
    try:
        case = case_of(world.artifacts())
    except ProofError as error:
        assert error.path.startswith(("platform.json:", "mutant"))
        return

    assert all("could not be decided (" not in f.problem for verdict in decide(case) for f in verdict.findings)


@given(st.data())
@settings(max_examples=250, deadline=None)
def test_flipped_bytes_crash_nothing(data: st.DataObject) -> None:
    world = World()
    path = data.draw(st.sampled_from([p for p in sorted(world.files) if not p.startswith("helm/")]))
    content = bytearray(world.files[path])
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        verdicts = decide(case_of(assemble("x", {**world.files, path: bytes(content)})))
    except ProofError:
        return

    assert all("could not be decided (" not in f.problem for verdict in verdicts for f in verdict.findings)


@given(
    st.dictionaries(
        st.sampled_from(["a.yaml", "b/c.yaml", "x/cdk.tf.json", "kustomization.yaml"]), st.binary(max_size=80)
    )
)
@settings(max_examples=200, deadline=None)
def test_garbage_is_never_proved(files: dict[str, bytes]) -> None:
    ledger = World().files["platform.json"]
    try:
        verdicts = decide(case_of(assemble("x", {**files, "platform.json": ledger})))
    except ProofError:
        return

    assert not any(verdict.proved for verdict in verdicts)


@given(
    st.sampled_from(
        sorted(p for p in World().files if p.startswith((APP, "arch/")) and p.endswith(("cdk.tf.json", ".yaml")))
    )
)
@settings(max_examples=60, deadline=None)
def test_without_any_one_file_nothing_is_proved_that_needs_it(path: str) -> None:
    files = {name: data for name, data in World().files.items() if name != path}
    if path.endswith(("tfaction.yaml", "aqua.yaml")):
        return
    try:
        verdicts = decide(case_of(assemble("x", files)))
    except ProofError:
        return

    assert not all(verdict.proved for verdict in verdicts)
