"""Whatever bytes stand in the folder: an answer or a ProofError with a place. Never a crash, never a hang."""

import json
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from agentkeep.errors import ProofError
from agentkeep.verify.artifacts import assemble
from agentkeep.verify.documents import parse, parse_json, parse_yaml

pytestmark = pytest.mark.property

# Text that looks like YAML often enough to get past the first character.
PIECES = ("a", ": ", "\n", "  ", "- ", "{", "}", "[", "]", ",", "&x ", "*x", "<<: ", "'", '"', "|", ">", "#", "---\n",
          "!!str ", "!t ", "kind: Pod", "apiVersion: v1", "metadata: ", "spec: ", "0", "1_0", "yes", "\t", "\u00e9",
          "\x00", "%YAML 1.2\n", "? ", "...", "~", "null", "name: x", "\ufeff", "\u2028")  # fmt: skip
yamlish = st.lists(st.sampled_from(PIECES), max_size=40).map("".join)
scalars = st.one_of(st.none(), st.booleans(), st.integers(-(10**6), 10**6), st.text(max_size=8))
data = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)),
    max_leaves=12,
)


def read(content: bytes, name: str) -> None:
    try:
        parse(content, name)
    except ProofError as error:
        assert error.path.startswith(name + ":")
        assert int(error.path.rpartition(":")[2]) >= 1
        assert "\n" not in str(error)


@given(st.binary(max_size=200), st.sampled_from(("a.yaml", "a.json")))
@settings(max_examples=400, deadline=None)
@example(b"\x80", "a.yaml")
@example(b"", "a.json")
def test_any_bytes(content: bytes, name: str) -> None:
    read(content, name)


@given(yamlish)
@settings(max_examples=1500, deadline=None)
def test_any_text_that_looks_like_yaml(content: str) -> None:
    read(content.encode("utf-8", "surrogatepass"), "a.yaml")


@given(st.dictionaries(st.text(max_size=6), data, max_size=4))
@settings(max_examples=300, deadline=None)
def test_json_reads_back_what_was_written(value: dict[str, Any]) -> None:
    assert parse_json(json.dumps(value), "a.json") == value


@given(
    st.dictionaries(
        st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=6), data, max_size=4
    )
)
@settings(max_examples=300, deadline=None)
def test_yaml_reads_back_what_was_written(value: dict[str, Any]) -> None:
    # Keys and values in quotes, as a careful writer writes them, so that nothing is ambiguous.
    text = yaml.safe_dump(value, default_style='"', allow_unicode=True)

    assert parse_yaml(text, "a.yaml") == [value]


KINDS = ("Pod", "Deployment", "NetworkPolicy", "List", "CronJob")
shapes = st.fixed_dictionaries(
    {
        "apiVersion": st.one_of(data, st.just("v1")),
        "kind": st.one_of(data, st.sampled_from(KINDS)),
        "metadata": st.one_of(data, st.fixed_dictionaries({"name": st.one_of(data, st.just("x")), "labels": data})),
        "spec": data,
        "items": data,
    }
)


@given(shapes)
@settings(max_examples=500, deadline=None)
def test_any_object_of_any_shape(value: dict[str, Any]) -> None:
    try:
        found = assemble("x", {"a.json": json.dumps(value).encode()})
    except ProofError as error:
        assert error.path.startswith("a.json")
    else:
        for workload in found.workloads:
            assert workload.containers
