"""What tests share: the engines are started once, and the committed declaration is synthesized once."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
APP = "lolice/argoproj/openclaw"
# What the Makefile exports: the two source roots, and the checkout for tests, tools and bench.
PYTHONPATH = os.pathsep.join(map(str, (ROOT / "constructs", ROOT / "imports", ROOT)))


@pytest.fixture(scope="session")
def engines() -> None:
    """The Node that the engines run on is the project's own. Import cdktf and cdk8s inside of tests only."""
    from agentkeep.halves.engine import use_bundled_node

    use_bundled_node()


@pytest.fixture(scope="session")
def tree(engines: None, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """Everything that the declaration in ``lolice/`` becomes, as text by path in ``dist/``."""
    from agentkeep.targets.synthesis import load, synthesize

    return synthesize(load("lolice.openclaw:declare"), tmp_path_factory.mktemp("lolice") / "dist")[1]


@pytest.fixture(scope="session")
def manifests(tree: Mapping[str, str]) -> list[dict[str, Any]]:
    """Every Kubernetes object of it, with those that ArgoCD does not apply itself; no kustomization."""
    texts = [text for name, text in sorted(tree.items()) if name.startswith(APP) and "kustomization" not in name]
    return [document for text in texts for document in yaml.safe_load_all(text)]
