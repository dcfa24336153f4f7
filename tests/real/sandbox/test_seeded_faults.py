"""Wrong deployments of the sandbox, each shown to fail the check that catches it, or to stop the pod."""

import json
from collections.abc import Callable, Iterator

import pytest

from tests.real.litellm.harness import DIST
from tests.real.openclaw.harness import NotReadyError
from tests.real.openclaw.manifests import Document, load, with_config
from tests.real.openclaw.programs import require_openclaw
from tests.real.sandbox import test_model_turn as checks
from tests.real.sandbox.pod import SandboxedPod, daemon_of
from tests.real.sandbox.programs import require_docker
from tests.real.sandbox.test_model_turn import Turn, turning

pytestmark = pytest.mark.real


@pytest.fixture(scope="module", autouse=True)
def needs_docker() -> None:
    require_openclaw()
    require_docker()


def with_daemon(change: Callable[[Document], object]) -> list[Document]:
    """Return what is in ``dist/`` after *change* to the daemon's container."""
    documents = load(DIST)
    change(daemon_of(documents))
    return documents


def with_settings(change: Callable[[Document], object]) -> list[Document]:
    """Return what is in ``dist/`` after *change* to daemon.json."""
    documents = load(DIST)
    scripts = next(document["data"] for document in documents if "daemon.json" in (document.get("data") or {}))
    settings = json.loads(scripts["daemon.json"])
    change(settings)
    scripts["daemon.json"] = json.dumps(settings)
    return documents


# --- the daemon ------------------------------------------------------------------------------------------------------


def test_a_misspelt_setting_stops_the_daemon() -> None:
    wrong = with_settings(lambda settings: settings.update({"no-new-privilege": True}))

    with pytest.raises(NotReadyError, match="no-new-privilege"), SandboxedPod(wrong, only_daemon=True):
        pass


@pytest.fixture(scope="module")
def careless() -> Iterator[SandboxedPod]:
    """A daemon without its settings, and without the script that closes its key."""

    def change(daemon: Document) -> None:
        del daemon["args"], daemon["lifecycle"]

    with SandboxedPod(with_daemon(change), only_daemon=True) as started:
        yield started


def test_a_daemon_without_its_settings_is_noticed(careless: SandboxedPod) -> None:
    with pytest.raises(AssertionError):
        checks.check_daemon_settings(careless)


def test_a_key_that_everybody_reads_is_noticed(careless: SandboxedPod) -> None:
    with pytest.raises(AssertionError):
        checks.check_only_the_gateway_has_the_key(careless)


# --- the pod ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def apart() -> Iterator[Turn]:
    """The plan's daemon, beside the gateway and without the gateway's volume; and everybody may leave the sandbox."""

    def change(daemon: Document) -> None:
        daemon["volumeMounts"] = [mount for mount in daemon["volumeMounts"] if mount["name"] != "data"]

    wrong = with_config(with_daemon(change), lambda c: c["tools"]["elevated"].update(allowFrom={"webchat": ["*"]}))
    with turning(wrong) as running:
        yield running


def test_a_daemon_without_the_volume_gives_an_empty_workspace(apart: Turn) -> None:
    with pytest.raises(AssertionError):
        checks.check_shares_the_workspace(apart)


def test_a_way_out_for_everybody_is_noticed(apart: Turn) -> None:
    with pytest.raises(AssertionError, match="uid="):
        checks.check_cannot_ask_its_way_out(apart)


def test_an_image_that_nobody_pulled_fails_the_first_command(apart: Turn) -> None:
    """Last of its pod: OpenClaw does not pull, and it says nothing when it starts."""
    pod = apart.agent
    pod.docker("rm", "--force", *pod.docker("ps", "--all", "--quiet").stdout.split())
    pod.docker("rmi", "--force", *pod.docker("images", "--quiet").stdout.split())

    with pytest.raises(AssertionError, match=r"sandbox"):
        apart.shell("id")


@pytest.fixture(scope="module")
def open_house() -> Iterator[Turn]:
    """A milder mode, which leaves the main session outside."""
    documents = with_config(load(DIST), lambda c: c["agents"]["defaults"]["sandbox"].update(mode="non-main"))
    with turning(documents) as running:
        yield running


def test_a_main_session_outside_of_the_sandbox_is_noticed(open_house: Turn) -> None:
    for check in (checks.check_runs_in_the_sandbox, checks.check_writes_only_where_it_may):
        with pytest.raises(AssertionError):
            check(open_house)


def test_what_a_session_outside_of_the_sandbox_can_read(open_house: Turn) -> None:
    """The keys of the pod: this is what the sandbox is for."""
    told = open_house.shell("cat /proc/1/environ; cat /proc/$PPID/environ; env; cat /certs/client/key.pem")

    assert any(value in told for value in open_house.secrets().values())
