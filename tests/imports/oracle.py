"""
Build the same resources with the slim and with the prebuilt bindings, and print what each synthesizes.

A program of its own, run by ``test_terraform_oracle.py``: loading a prebuilt package takes seconds and hundreds of
megabytes, and two versions of one package cannot share a kernel.

Usage: python tests/imports/oracle.py MODULE FOLDER
    MODULE is a module of ``agentkeep_imports.terraform``; FOLDER holds its prebuilt package.
Prints JSON: {"<case>": {"slim": {...}, "prebuilt": {...}}}
"""

import importlib
import json
import sys
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import cdktf

ROOT = Path(__file__).resolve().parent.parent.parent


class Names:
    """The class names of one set of bindings, wherever they live."""

    def __init__(self, *modules: types.ModuleType) -> None:
        self._modules = modules

    def __getattr__(self, name: str) -> Any:
        for module in self._modules:
            if hasattr(module, name):
                return getattr(module, name)
        raise AttributeError(name)


def prebuilt(folder: Path, parts: list[str]) -> Names:
    """Import *parts* of the prebuilt package in *folder* without running the ``__init__`` that imports all of it."""
    package = types.ModuleType(folder.name)
    package.__path__ = [str(folder)]
    sys.modules[folder.name] = package
    return Names(*(importlib.import_module(f"{folder.name}.{part}") for part in parts))


def sample(entry: Mapping[str, Any], name: str, names: Names, depth: int) -> Any:
    """Invent a value for one input; every value is told apart by its name."""
    if "nesting" in entry:
        made = [build(entry, names, depth + 1, index) for index in range(1 if entry.get("max_items") == 1 else 2)]
        if entry["nesting"] == "map":
            return {f"key_{index}": one for index, one in enumerate(made)}
        return made[0] if entry["nesting"] == "single" or entry.get("max_items") == 1 else made
    kind = entry["type"]
    if isinstance(kind, list):
        inner = [sample({"type": kind[1]}, f"{name}{index}", names, depth) for index in range(2)]
        return {f"aKey{index}": value for index, value in enumerate(inner)} if kind[0] == "map" else inner
    return {"string": f"the {name}", "bool": len(name) % 2 == 0, "number": len(name), "any": {"x": 1}}[kind]


def keywords(attributes: Mapping[str, Any], names: Names, depth: int, *, everything: bool) -> dict[str, Any]:
    """Return keyword arguments for all inputs of *attributes*, or for the required ones only."""
    return {
        entry.get("python", name): sample(entry, name, names, depth)
        for name, entry in attributes.items()
        if entry.get("required") or (everything and entry.get("optional"))
    }


def build(entry: Mapping[str, Any], names: Names, depth: int, index: int) -> Any:
    """Make one nested struct: the first full, the second with the required arguments only."""
    return getattr(names, entry["struct"])(**keywords(entry["attributes"], names, depth, everything=index == 0))


def references(element: Any, attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Read every simple attribute of *element* back as a reference."""
    return {
        name: getattr(element, entry.get("python", name))
        for name, entry in attributes.items()
        if "nesting" not in entry and not isinstance(entry["type"], list) and entry["type"] != "any"
    }


def stack(schema: Mapping[str, Any], names: Names) -> dict[str, Any]:
    """Synthesize one stack that uses everything in *schema*."""
    app = cdktf.Testing.app()
    made = cdktf.TerraformStack(app, "stack")
    provider = getattr(names, schema["provider"]["class"])
    provider(made, "plain", **keywords(schema["provider"]["attributes"], names, 0, everything=False))
    aliased = provider(made, "full", **keywords(schema["provider"]["attributes"], names, 0, everything=True))
    variable = cdktf.TerraformVariable(made, "variable", type="string")
    for group in ("resources", "data_sources"):
        for kind, entry in schema[group].items():
            binding = getattr(names, entry["class"])
            attributes = entry["attributes"]
            least = binding(made, f"{group}-{kind}-least", **keywords(attributes, names, 0, everything=False))
            full = binding(
                made,
                f"{group}-{kind}-full",
                **keywords(attributes, names, 0, everything=True),
                depends_on=[least],
                provider=aliased,
                for_each=cdktf.TerraformIterator.from_list([variable.string_value]),
                lifecycle=cdktf.TerraformResourceLifecycle(
                    prevent_destroy=True, ignore_changes=["value"], create_before_destroy=True
                ),
            )
            counted = keywords(attributes, names, 0, everything=False)
            for name, entry_ in attributes.items():
                if entry_.get("required") and entry_.get("type") == "string":
                    counted[entry_.get("python", name)] = variable.string_value
            binding(made, f"{group}-{kind}-token", **counted, count=2)
            for name, value in references(full, attributes).items():
                cdktf.TerraformOutput(made, f"output-{group}-{kind}-{name}", value=value, sensitive=True)
    return dict(json.loads(cdktf.Testing.synth(made)))


def main(module: str, folder: Path) -> None:
    """Print what both bindings synthesize."""
    schema = json.loads((ROOT / "imports" / "schemas" / "terraform" / f"{module}.json").read_text())
    parts = [entry["module"] for group in ("resources", "data_sources") for entry in schema[group].values()]
    slim = Names(importlib.import_module(f"agentkeep_imports.terraform.{module}"))
    theirs = prebuilt(folder, ["provider", *parts])
    json.dump({"slim": stack(schema, slim), "prebuilt": stack(schema, theirs)}, sys.stdout)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
