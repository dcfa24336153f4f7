"""The plain manifests, read back: every object of the Application, with the text that it was written as."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any, cast

import yaml

from agentkeep.core.model import Model
from agentkeep.errors import SynthesisError
from agentkeep.targets.kubernetes import Manifests

# Both as the engine writes them; whatever else stands there is read by a parser.
_KIND = re.compile(r"^kind: ([A-Za-z0-9]+)$", re.MULTILINE)
_NAME = re.compile(r"^metadata:\n(?:  .*\n)*?  name: ([a-z][a-z0-9.-]*)$", re.MULTILINE)
_TEXT = "tag:yaml.org,2002:str"
# What a plain scalar begins with that may be something else than text.
_MAYBE_OTHER = frozenset("0123456789+-.~nNtTfFyYoO=<")
_SAFE_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SEPARATOR = re.compile(r"^---[ \t]*\n", re.MULTILINE)
_LEADING_COMMENTS = re.compile(r"(?:#[^\n]*\n)*")

Manifest = Mapping[str, Any]


@dataclass(frozen=True)
class Written:
    """
    One object, as written; what its text says is read when somebody asks.

    Args:
        page: Name of its file, without the ending.
        header: The comments at the top of that file.
        text: The document, without header and separator.
    """

    page: str
    header: str
    text: str

    @cached_property
    def manifest(self) -> Manifest:
        """What the text says."""
        return cast("Manifest", read_yaml(self.text))

    @cached_property
    def kind(self) -> str:
        """Its kind."""
        found = _KIND.search(self.text)
        return found[1] if found else str(self.manifest["kind"])

    @cached_property
    def name(self) -> str:
        """Its name."""
        found = _NAME.search(self.text)
        return found[1] if found else str(self.manifest["metadata"]["name"])


def application_objects(model: Model, manifests: Mapping[str, str]) -> list[Written]:
    """
    Every object that the Application consists of, in the order of its ``kustomization.yaml``.

    What applies the Application itself (its project, the admission policies) is not in that file, and not here.

    Args:
        model: What was declared.
        manifests: The plain tree: text by path in ``dist/``.

    Raises:
        SynthesisError: The tree holds no such app, or not all of it.
    """
    roots = [target.folder for target in model.targets if isinstance(target, Manifests)]
    folder = PurePosixPath(*roots[:1], model.delivery.folder, model.id)
    try:
        listed = read_yaml(manifests[str(folder / "kustomization.yaml")])["resources"]
        pages = {PurePosixPath(name).stem: manifests[str(folder / name)] for name in listed}
    except KeyError as error:
        raise SynthesisError(
            model.id, f"{error.args[0]} is not among the manifests", "synthesize the Kubernetes half"
        ) from None
    return [written for page, text in pages.items() for written in documents(page, text)]


def documents(page: str, text: str) -> list[Written]:
    """The documents of one file; a document separator inside a text block is indented, so it is none."""
    found = _LEADING_COMMENTS.match(text)
    header = found[0] if found else ""
    parts = (Written(page, header, part) for part in _SEPARATOR.split(text[len(header) :]))
    return [part for part in parts if _KIND.search(part.text) or part.manifest is not None]


class _Loader(_SAFE_LOADER):  # type: ignore[misc]  # of either make
    """A safe loader that looks at the first letter before it tries what a scalar could be: nearly all are text."""

    def resolve(self, kind: type[yaml.Node], value: str | None, implicit: Any) -> str:
        """The tag of a node."""
        if kind is yaml.ScalarNode and value and implicit[0] and value[0] not in _MAYBE_OTHER:
            return _TEXT
        return str(super().resolve(kind, value, implicit))


def read_yaml(text: str) -> Any:
    """What one document says. In C where there is one, because reading YAML is most of what the chart costs."""
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        return None if node is None else _value(loader, node)
    finally:
        loader.dispose()


def _value(loader: _Loader, node: yaml.Node) -> Any:
    """What *node* says; texts, mappings and sequences are nearly all there is, and need none of the loader's care."""
    match node:
        case yaml.ScalarNode(tag=tag) if tag == _TEXT:
            return node.value
        case yaml.MappingNode(tag="tag:yaml.org,2002:map") if all(key.tag == _TEXT for key, _ in node.value):
            return {key.value: _value(loader, item) for key, item in node.value}
        case yaml.SequenceNode(tag="tag:yaml.org,2002:seq"):
            return [_value(loader, item) for item in node.value]
    return loader.construct_object(node, deep=True)
