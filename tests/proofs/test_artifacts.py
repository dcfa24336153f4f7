"""A folder that cannot be read without guessing is refused, with file and line, and never judged."""

import os
from pathlib import Path

import pytest

from agentkeep.errors import ProofError
from agentkeep.verify.artifacts import load
from agentkeep.verify.documents import files, parse_json, parse_yaml

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: keep}\nspec: {containers: [{name: c, image: i}]}\n"


def put(folder: Path, files: dict[str, str | bytes]) -> Path:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


BAD: dict[str, tuple[str, str | bytes, int]] = {
    "broken yaml": ("a.yaml", "kind: Pod\nmetadata: [\n", 3),
    "tab as indent": ("a.yaml", "kind: Pod\nmetadata:\n\tname: x\n", 3),
    "broken json": ("a.json", '{\n"a": 1,\n}', 3),
    "json that is yaml": ("a.json", "a: 1", 1),
    "json with NaN": ("a.json", '{"a": NaN}', 1),
    "json with Infinity": ("a.json", '{"a": -Infinity}', 1),
    "json duplicate key": ("a.json", '{\n"a": 1,\n"a": 2}', 3),
    "json nested duplicate key": ("a.json", '{\n"b": {\n"a": 1,\n"a": 2}}', 4),
    "duplicate key": ("a.yaml", "kind: Pod\nkind: Pod\n", 2),
    "nested duplicate key": ("a.yaml", POD + "---\nkind: A\nmetadata:\n  name: x\n  name: x\n", 9),
    "duplicate key in quotes": ("a.yaml", 'kind: Pod\n"kind": Pod\n', 2),
    "not utf-8": ("a.yaml", b"kind: Pod\nx: \xff\n", 2),
    "latin-1": ("a.yaml", b"a: 1\nb: 2\nc: \xe9t\xe9\n", 3),
    "utf-8 byte order mark": ("a.yaml", b"\xef\xbb\xbfkind: Pod\n", 1),
    "utf-16": ("a.yaml", "kind: Pod".encode("utf-16"), 1),
    "utf-16 json": ("a.json", "{}".encode("utf-16"), 1),
    "control character": ("a.yaml", "kind: Pod\nx: a\x01b\n", 2),
    "NUL": ("a.yaml", "kind: Pod\nx: \x00\n", 2),
    "too deep in flow": ("a.yaml", "a: " + "[" * 70 + "]" * 70, 1),
    "far too deep": ("a.yaml", "a: " + "[" * 100_000, 1),
    "far too deep in json": ("a.json", '{"a": ' + "[" * 100_000 + "]" * 100_000 + "}", 1),
    "too deep in json": ("a.json", '{"a": ' + "[" * 70 + "]" * 70 + "}", 1),
    "too deep in blocks": ("a.yaml", "".join("  " * n + "a:\n" for n in range(70)) + "  " * 70 + "b: 1\n", 65),
    "aliases that explode": (
        "a.yaml",
        "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)),
        6,
    ),
    "alias to itself": ("a.yaml", "a: &x\n  b: *x\n", 2),
    "alias before its anchor": ("a.yaml", "a: *x\nb: &x 1\n", 1),
    "alias as key": ("a.yaml", "a: &x b\n*x : 1\n", 2),
    "collection as key": ("a.yaml", "[a]: 1\n", 1),
    "boolean as key": ("a.yaml", "true: 1\n", 1),
    "ambiguous key": ("a.yaml", "on: push\n", 1),
    "ambiguous boolean": ("a.yaml", "a: 1\nb: yes\n", 2),
    "ambiguous octal": ("a.yaml", "a: 089\n", 1),
    "number with underscores": ("a.yaml", "a: 1_000\n", 1),
    "not a number": ("a.yaml", "a: .nan\n", 1),
    "a python tag": ("a.yaml", "a: !!python/object/apply:os.system [ls]\n", 1),
    "a tag of one's own": ("a.yaml", "a: !secret x\n", 1),
    "merge of a text": ("a.yaml", "a:\n  <<: b\n", 2),
    "no kind": ("a.yaml", "apiVersion: v1\nmetadata: {name: x}\n", 1),
    "no apiVersion": ("a.yaml", "kind: Pod\nmetadata: {name: x}\n", 1),
    "no name": ("a.yaml", "apiVersion: v1\nkind: Pod\n", 1),
    "name is a number": ("a.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: 1}\n", 1),
    "namespace is a number": ("a.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: a, namespace: 1}\n", 1),
    "label is a number": ("a.yaml", "apiVersion: v1\nkind: Pod\nmetadata:\n  name: a\n  labels:\n    a: 1\n", 6),
    "spec is a list": ("a.yaml", "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: []\n", 1),
    "pod without containers": ("a.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {}\n", 1),
    "deployment without template": (
        "a.yaml",
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {}\n",
        1,
    ),
    "containers is a mapping": (
        "a.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: {a: {}}}\n",
        4,
    ),
    "env is a mapping": (
        "a.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers:\n  - {name: c, env: {A: b}}\n",
        6,
    ),
    "two containers of one name": (
        "a.yaml",
        "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: c}, {name: c}]}\n",
        4,
    ),
    "the same object twice": ("a.yaml", POD + "---\n" + POD, 6),
}


@pytest.mark.parametrize(("name", "content", "line"), BAD.values(), ids=BAD.keys())
def test_refuses_with_file_and_line(tmp_path: Path, name: str, content: str | bytes, line: int) -> None:
    put(tmp_path, {name: content})

    with pytest.raises(ProofError) as caught:
        load(tmp_path)

    assert caught.value.path == f"{name}:{line}"
    assert "\n" not in str(caught.value)


def test_refuses_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ProofError, match="no such folder"):
        load(tmp_path / "nothing")


def test_refuses_a_link_that_leads_out(tmp_path: Path) -> None:
    put(tmp_path, {"secret.yaml": POD, "in/a.yaml": POD})
    (tmp_path / "in" / "b.yaml").symlink_to(tmp_path / "secret.yaml")

    with pytest.raises(ProofError, match=r"^\[b\.yaml\] a link that leads out"):
        load(tmp_path / "in")


def test_refuses_a_folder_with_a_similar_name_as_outside(tmp_path: Path) -> None:
    put(tmp_path, {"in/a.yaml": POD, "inside/b.yaml": POD})
    (tmp_path / "in" / "b.yaml").symlink_to(tmp_path / "inside" / "b.yaml")

    with pytest.raises(ProofError, match="leads out"):
        load(tmp_path / "in")


def test_refuses_loops_of_links_and_dangling_links(tmp_path: Path) -> None:
    put(tmp_path, {"one/a.yaml": POD, "two/a.yaml": POD})
    (tmp_path / "one" / "again").symlink_to(tmp_path / "one")
    (tmp_path / "two" / "gone.yaml").symlink_to(tmp_path / "two" / "nothing")

    with pytest.raises(ProofError, match="a link to a folder"):
        load(tmp_path / "one")
    with pytest.raises(ProofError, match="leads nowhere"):
        load(tmp_path / "two")


def test_refuses_a_pipe_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.yaml")

    with pytest.raises(ProofError, match="neither a file nor a folder"):
        load(tmp_path)


def test_refuses_a_file_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_BYTES", 10)
    put(tmp_path, {"a.yaml": POD})

    with pytest.raises(ProofError, match="larger than"):
        load(tmp_path)


@pytest.mark.parametrize("name", ["patch.json", "patch.yaml"])
def test_a_patch_is_a_stranger_and_the_rest_is_read(tmp_path: Path, name: str) -> None:
    put(tmp_path, {"a.yaml": POD, name: '[{"op": "add", "path": "/spec/hostNetwork", "value": true}]'})
    found = load(tmp_path)

    assert found.strangers == (name,)
    assert [item.name for item in found.objects] == ["p"]


def test_keeps_what_it_does_not_know(tmp_path: Path) -> None:
    put(tmp_path, {"main.tf": "x", "a.yaml": "x: 1\n", "README.md": "hello"})

    assert load(tmp_path).strangers == ("a.yaml", "main.tf")


def test_reads_anchors_merges_and_lists_as_kubernetes_does(tmp_path: Path) -> None:
    body = """apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Service
  metadata: {name: a, labels: &labels {app: x}}
- apiVersion: v1
  kind: Service
  metadata:
    name: b
    labels:
      <<: *labels
      more: "1"
"""
    found = load(put(tmp_path, {"a.yaml": body})).objects

    assert [(o.name, dict(o.labels), o.place.line) for o in found] == [
        ("a", {"app": "x"}, 4),
        ("b", {"more": "1", "app": "x"}, 7),
    ]


def test_an_object_lands_in_the_namespace_of_its_kustomization(tmp_path: Path) -> None:
    body = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n"
    files: dict[str, str | bytes] = {
        "x/a.yaml": body,
        "x/kustomization.yaml": "namespace: keep\nresources: [a.yaml]\n",
        "y/a.yaml": body,
    }

    assert [str(o) for o in load(put(tmp_path, files)).objects] == ["Service/keep/a", "Service/default/a"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1), ("-1", -1), ("0", 0), ("0400", 256), ("1.5", 1.5), ("1e3", 1000.0), ("true", True), ("False", False),
        ("~", None), ("", None), ("null", None), ("'1'", "1"), ('"yes"', "yes"), ("!!str 1", "1"), ("1:30", "1:30"),
        ("2026-11-21", "2026-11-21"), ("10.0.0.1", "10.0.0.1"), ("1.2.3", "1.2.3"), ("-", None), ("100m", "100m"),
        ("0bfd77b6a5ec4c18", "0bfd77b6a5ec4c18"), ("0o89", "0o89"), ("0x10", None), ("sha256:0", "sha256:0"),
        ("nope", "nope"), ("|-\n  on", "on"),
    ],
)  # fmt: skip
def test_scalars_read_as_every_reader_reads_them(text: str, value: object) -> None:
    if text == "0x10":
        with pytest.raises(ProofError, match="another number"):
            parse_yaml(f"a: {text}\n", "f")
    elif text == "-":
        assert parse_yaml("a: [-1, '-']\n", "f")[0]["a"] == [-1, "-"]
    else:
        found = parse_yaml(f"a: {text}\n", "f")[0]["a"]
        assert (found, type(found)) == (value, type(value))


def test_lines_in_json_are_found_when_asked(tmp_path: Path) -> None:
    body = '{\n "resource": {\n  "aws_ssm_parameter": {\n   "x": {\n    "name": "/a"\n   }\n  }\n }\n}'
    terraform = load(put(tmp_path, {"a/cdk.tf.json": body})).terraform[0]

    assert str(terraform.at("resource", "aws_ssm_parameter", "x")) == "a/cdk.tf.json:4"
    assert str(terraform.at("resource", "nothing")) == "a/cdk.tf.json:2"
    assert [name for _, name, _ in terraform.resources("aws_ssm_parameter")] == ["x"]


def test_json_and_yaml_agree() -> None:
    text = '{"a": [1, "x", null, true, {"b": 1.5}], "c": {}}'

    assert parse_json(text, "f.json") == parse_yaml(text, "f.yaml")[0]
