"""The slim Terraform bindings against the prebuilt packages they were made from."""

import ast
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import PYTHONPATH
from tools import imports, imports_terraform

HERE = Path(__file__).resolve().parent
SOURCES = {source.module: source for source in imports_terraform.SOURCES}


@pytest.fixture(scope="module", params=SOURCES)
def module(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def prebuilt(module: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    source = SOURCES[module]
    found = imports.package(source, fetch=False)
    if found is None:
        pytest.skip(f"{source.package} {source.version} is not at hand; 'make imports' fetches it")
    if found.is_dir():
        return found
    unpacked = tmp_path_factory.mktemp(module)
    with zipfile.ZipFile(found) as wheel:
        wheel.extractall(unpacked)
    return unpacked / source.package.replace("-", "_")


@pytest.fixture(scope="module")
def schema(module: str) -> dict[str, Any]:
    return dict(json.loads((imports.IMPORTS / "schemas" / "terraform" / f"{module}.json").read_text()))


def elements(schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for group in ("resources", "data_sources"):
        yield from schema[group].items()


def inputs(attributes: Mapping[str, Any]) -> Iterator[str]:
    """Yield the Terraform name of every argument, nested ones included."""
    for name, entry in attributes.items():
        if entry.get("required") or entry.get("optional"):
            yield name
            yield from inputs(entry.get("attributes", {}))


def structs(attributes: Mapping[str, Any]) -> Iterator[str]:
    """Yield the class of every nested argument."""
    for entry in attributes.values():
        if "struct" in entry and (entry.get("required") or entry.get("optional")):
            yield entry["struct"]
            yield from structs(entry["attributes"])


def keywords(function: ast.FunctionDef) -> dict[str, bool]:
    """Return keyword argument → is it required?"""
    return {
        argument.arg: default is None
        for argument, default in zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True)
    }


def signatures(path: Path) -> dict[str, tuple[str, dict[str, bool], set[str]]]:
    """Return class → (name of the id parameter, keywords, properties), read without importing anything."""
    found = {}
    for node in ast.parse(path.read_text()).body:
        if not isinstance(node, ast.ClassDef):
            continue
        methods = {one.name: one for one in node.body if isinstance(one, ast.FunctionDef)}
        made = methods.get("__init__")
        # A struct without arguments has no constructor of its own in the slim bindings.
        found[node.name] = (made.args.args[-1].arg, keywords(made), set(methods)) if made else ("self", {}, set())
    return found


def test_both_bindings_synthesize_the_same(module: str, schema: dict[str, Any], prebuilt: Path) -> None:
    program = [sys.executable, str(HERE / "oracle.py"), module, str(prebuilt)]
    environment = {**os.environ, "PYTHONPATH": PYTHONPATH}
    ran = subprocess.run(program, capture_output=True, text=True, check=True, timeout=300, env=environment)
    both = json.loads(ran.stdout)
    slim = json.dumps(both["slim"])

    assert both["prebuilt"] == both["slim"]
    # Equal is not enough: both could have been asked for too little.
    for kind, entry in elements(schema):
        assert [name for name in inputs(entry["attributes"]) if f'"{name}"' not in slim] == [], kind


def test_keywords_and_properties_are_those_of_the_prebuilt_package(
    module: str, schema: dict[str, Any], prebuilt: Path
) -> None:
    ours = signatures(imports.PACKAGE / "terraform" / f"{module}.py")
    left_out = {one.rpartition(".")[2] for one in SOURCES[module].left_out}

    def wanted(accepted: dict[str, Any]) -> dict[str, Any]:
        return {keyword: needed for keyword, needed in accepted.items() if keyword not in left_out}

    for _, entry in elements(schema):
        theirs = signatures(prebuilt / entry["module"] / "__init__.py")
        parameter, accepted, members = ours[entry["class"]]
        assert (parameter, accepted) == (theirs[entry["class"]][0], wanted(theirs[entry["class"]][1]))
        assert members - {"__init__"} <= theirs[entry["class"]][2]
        for name in structs(entry["attributes"]):
            assert ours[name][1] == wanted(theirs[name][1]), name
    provider = schema["provider"]["class"]
    theirs = signatures(prebuilt / "provider" / "__init__.py")
    assert ours[provider][1] == wanted(theirs[provider][1])
