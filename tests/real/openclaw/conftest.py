"""OpenClaw, started once with what dist/ holds, and stopped whatever happens."""

from collections.abc import Iterator

import pytest

from tests.real.openclaw.harness import OpenClaw
from tests.real.openclaw.programs import require_openclaw


@pytest.fixture(scope="session")
def openclaw() -> Iterator[OpenClaw]:
    require_openclaw()
    with OpenClaw.from_dist() as started:
        yield started
