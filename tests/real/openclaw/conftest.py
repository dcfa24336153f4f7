"""OpenClaw, started once for each set of manifests, and stopped whatever happens."""

from collections.abc import Iterator

import pytest

from tests.real.openclaw.harness import DIST, OpenClaw, require_openclaw
from tests.real.openclaw.reference import documents


@pytest.fixture(scope="session", params=["reference", "dist"])
def openclaw(request: pytest.FixtureRequest) -> Iterator[OpenClaw]:
    require_openclaw()
    if request.param == "dist" and not DIST.is_dir():
        pytest.skip("dist/ holds no manifests of OpenClaw yet")
    with OpenClaw(documents()) if request.param == "reference" else OpenClaw.from_dist() as started:
        yield started
