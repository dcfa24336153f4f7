"""One cluster for all tests of this folder: it starts in seconds, but not in none."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tools.lab.build import BuildError
from tools.lab.lab import Lab, running
from tools.lab.processes import LabError


def pytest_addoption(parser: pytest.Parser) -> None:
    """The fleet's size: 1000 takes longer than anybody waits for in CI."""
    parser.addoption("--fleet", type=int, default=100, help="agents in the fleet test (docs/lab.md has 1000)")


def cannot(problem: Exception) -> None:
    """Skip the test because there is no lab; in CI that is a failure."""
    if os.environ.get("CI"):
        pytest.fail(f"no cluster: {problem}")
    pytest.skip(f"no cluster: {problem}")


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """A running cluster with ArgoCD, External Secrets and moto."""
    try:
        context = running()
        found = context.__enter__()
    except (BuildError, LabError) as problem:
        cannot(problem)
        raise
    try:
        yield found
    finally:
        context.__exit__(None, None, None)
