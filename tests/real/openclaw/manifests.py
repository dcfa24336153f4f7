"""What rendered manifests say of an agent, read with nothing but PyYAML."""

import copy
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.real.openclaw.programs import ROOT

DIST = ROOT / "dist" / "lolice" / "argoproj" / "openclaw"

Document = dict[str, Any]


def load(folder: Path) -> list[Document]:
    """Return every YAML document below *folder*."""
    files = [file for file in sorted(folder.rglob("*")) if file.suffix in (".yaml", ".yml")]
    return [doc for file in files for doc in yaml.safe_load_all(file.read_text("utf-8")) if isinstance(doc, dict)]


def pod_of(documents: Sequence[Document]) -> Document:
    """Return the pod spec of the one Deployment that runs an OpenClaw gateway."""
    found = [
        document["spec"]["template"]["spec"]
        for document in documents
        if document.get("kind") == "Deployment"
        and any("OPENCLAW_STATE_DIR" in names(entry) for entry in document["spec"]["template"]["spec"]["containers"])
    ]
    assert len(found) == 1, f"one OpenClaw Deployment is expected, {len(found)} found"
    spec: Document = found[0]
    return spec


def names(container: Document) -> list[str]:
    """Return the names of the container's environment."""
    return [entry["name"] for entry in container.get("env", [])]


def gateway_of(documents: Sequence[Document]) -> Document:
    """Return the gateway's container."""
    return next(entry for entry in pod_of(documents)["containers"] if "OPENCLAW_STATE_DIR" in names(entry))


def script_container(documents: Sequence[Document], script: str, word: str = "") -> Document:
    """Return the one container that runs *script*, with *word* among its arguments."""
    pod = pod_of(documents)
    found = [
        entry
        for entry in (*pod.get("initContainers", []), *pod["containers"])
        for line in [" ".join([*entry.get("command", []), *entry.get("args", [])])]
        if script in line and word in line
    ]
    assert len(found) == 1, f"one container is expected to run {script}, {len(found)} found"
    container: Document = found[0]
    return container


def config_of(documents: Sequence[Document]) -> Document:
    """Return the rendered openclaw.json."""
    config: Document = json.loads(_config_map(documents)["data"]["openclaw.json"])
    return config


def with_config(documents: Sequence[Document], change: Callable[[Document], object]) -> list[Document]:
    """Return a copy of *documents* in which *change* was made to openclaw.json."""
    changed = copy.deepcopy(list(documents))
    config = config_of(changed)
    change(config)
    _config_map(changed)["data"]["openclaw.json"] = json.dumps(config)
    return changed


def _config_map(documents: Sequence[Document]) -> Document:
    found = [
        document
        for document in documents
        if document.get("kind") == "ConfigMap" and "openclaw.json" in document.get("data", {})
    ]
    assert len(found) == 1, f"one ConfigMap with openclaw.json is expected, {len(found)} found"
    return found[0]
