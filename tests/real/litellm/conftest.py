"""LiteLLM, started once for each set of manifests, and stopped whatever happens."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.real.litellm.harness import DIST, LiteLLM, require_litellm, routes
from tests.real.litellm.reference import manifests


@pytest.fixture(scope="session")
def python() -> Path:
    return require_litellm()


@pytest.fixture(scope="session", params=["reference", "dist"])
def proxy(request: pytest.FixtureRequest, python: Path) -> Iterator[LiteLLM]:
    with LiteLLM(manifests()) if request.param == "reference" else LiteLLM.from_dist(DIST) as started:
        yield started


@pytest.fixture(scope="session")
def table(python: Path) -> list[tuple[str, str, list[str], bool]]:
    return routes(python)
