"""The plain manifests, read back: every object of the Application, with the text that it was written as."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, cast

import yaml

from agentkeep.core.model import Model
from agentkeep.errors import SynthesisError
from agentkeep.targets.kubernetes import Manifests

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_SEPARATOR = re.compile(r"^---[ \t]*\n", re.MULTILINE)
_LEADING_COMMENTS = re.compile(r"(?:#[^\n]*\n)*")

Manifest = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Written:
    """
    One object, as parsed and as written.

    Args:
        page: Name of its file, without the ending.
        header: The comments at the top of that file.
        text: The document, without header and separator.
        manifest: What the text says.
    """

    page: str
    header: str
    text: str
    manifest: Manifest

    @property
    def kind(self) -> str:
        """Its kind."""
        return str(self.manifest["kind"])

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.manifest["metadata"]["name"])


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
    parts = _SEPARATOR.split(text[len(header) :])
    loaded = ((part, read_yaml(part)) for part in parts)
    return [
        Written(page, header, part, cast("Manifest", manifest)) for part, manifest in loaded if manifest is not None
    ]


def read_yaml(text: str) -> Any:
    """What one document says. In C where there is one, because reading YAML is most of what the chart costs."""
    return yaml.load(text, Loader=_LOADER)  # noqa: S506 - a safe loader, of either make
