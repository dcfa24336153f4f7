"""
A platform of many agents, delivered: the time, the memory, and what the policies cost for each request.

``--fleet=1000`` for the whole of it; docs/lab.md has its figures. The number in CI is smaller. What is asserted is that
nothing grows faster than the number: the policies name every agent, and are asked about every pod.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.proofs.many import many_agents
from tools.lab.client import Api, Object
from tools.lab.delivered import Delivery, Platform, app_folders
from tools.lab.lab import Lab

pytestmark = pytest.mark.cluster

SMALL = 10
TRIES = 60


@pytest.fixture(scope="module")
def size(request: pytest.FixtureRequest) -> int:
    """How many agents."""
    return int(request.config.getoption("--fleet") or 0)


@pytest.fixture(scope="module")
def fleet(lab: Lab, size: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Delivery, float]]:
    """The platform of *size* agents, and the seconds until ArgoCD called it delivered."""
    delivered = Delivery(lab, _platform(size, tmp_path_factory.mktemp("fleet")).renamed("fleet"))
    began = time.monotonic()
    delivered.begin()
    delivered.wait_until_delivered(300 + 3 * size)
    yield delivered, time.monotonic() - began


def test_every_agent_is_delivered(fleet: tuple[Delivery, float], size: int, lab: Lab) -> None:
    delivery, seconds = fleet
    running = [pod for pod in delivery.api.list("v1/Pod", "fleet") if pod["status"]["phase"] == "Running"]
    memory = sum(lab.crew.memory().values())
    print(f"\nfleet of {size}: delivered in {seconds:.0f} s, {memory / 1e9:.2f} GB, {lab.crew.memory()}")

    agents = {pod["metadata"]["labels"]["app.kubernetes.io/name"] for pod in running} - {"cloudflared", "litellm"}
    assert len(agents) == size
    assert memory < 2.5e9 + 2e6 * size


def test_a_request_costs_no_more_than_the_number_of_agents_lets_it(
    fleet: tuple[Delivery, float], size: int, lab: Lab, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A pod's creation is asked about by a policy that names every agent; compared with a small platform beside it."""
    small = Delivery(lab, _platform(SMALL, tmp_path_factory.mktemp("small")).renamed("small"))
    small.begin()
    small.wait_until_delivered()

    few, many = _seconds_for_a_pod(small), _seconds_for_a_pod(fleet[0])
    print(f"\na pod's admission: {few * 1e3:.1f} ms among {SMALL}, {many * 1e3:.1f} ms among {size}")

    assert many < few * max(3, size / SMALL)


def _platform(size: int, scratch: Path) -> Platform:
    for name, data in many_agents(size).items():
        path = scratch / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return Platform.read(app_folders(scratch)[0])


def _seconds_for_a_pod(delivery: Delivery) -> float:
    """The middle of several tries to create the agent's pod; nothing is stored."""
    api: Api = delivery.api
    name = delivery.platform.name
    template = api.get("apps/v1/Deployment", name, name)["spec"]["template"]
    pod: Object = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "probe", "namespace": name, "labels": template["metadata"]["labels"]},
        "spec": template["spec"],
    }
    took = []
    for _ in range(TRIES):
        began = time.perf_counter()
        api.create(pod, dryRun="All")
        took.append(time.perf_counter() - began)
    return sorted(took)[TRIES // 2]
