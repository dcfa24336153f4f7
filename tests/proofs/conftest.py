"""What the proofs share: a second base, made by the real engines once."""

import pytest

from tests.proofs.world import Base


@pytest.fixture(scope="session")
def second(engines: None, tmp_path_factory: pytest.TempPathFactory) -> Base:
    """Two agents on another cluster: ``tests.worlds.two_agents``, synthesized."""
    from agentkeep.targets.synthesis import synthesize
    from tests.worlds import two_agents

    dist = tmp_path_factory.mktemp("second") / "dist"
    synthesize(two_agents().seal(), dist)
    return Base(dist)
