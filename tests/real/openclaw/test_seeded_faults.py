"""Mistakes that were made, or are easily made: the checks above must fail on each."""

import json
import time
from collections.abc import Callable, Iterator

import pytest

from agentkeep.verify.programs.openclaw.judged import faults
from tests.real.openclaw.harness import NotReadyError, OpenClaw
from tests.real.openclaw.manifests import Document, config_of, gateway_of, names, pod_of, script_container, with_config
from tests.real.openclaw.network import CLOUDFLARED
from tests.real.openclaw.programs import require_openclaw
from tests.real.openclaw.reference import documents
from tests.real.openclaw.test_gateway import ACCEPTED_FINDINGS, FORWARDED, TOOL, audit, probe_faults

pytestmark = pytest.mark.real

INVALID_CONFIG = 78
"""OpenClaw's exit status for a configuration that it does not take."""


@pytest.fixture(scope="module", autouse=True)
def needs_openclaw() -> None:
    require_openclaw()


# --- the plan's own --------------------------------------------------------------------------------------------------

REFUSED: dict[str, Callable[[Document], object]] = {
    "agent.model": lambda c: c.update(agent={"model": {"primary": "sonnet"}}),
    "api: openai-chat": lambda c: c["models"]["providers"]["litellm"].update(api="openai-chat"),
    "dm.policy": lambda c: c["channels"]["discord"].update(dm={"policy": "allowlist"}),
    "allowInsecureAuth": lambda c: c["gateway"]["controlUi"].update(allowInsecureAuth=True),
}


@pytest.mark.parametrize("change", REFUSED.values(), ids=REFUSED.keys())
def test_a_key_of_the_plan_refuses_the_start(change: Callable[[Document], object]) -> None:
    with pytest.raises(NotReadyError) as refusal, OpenClaw(with_config(documents(), change)):
        pass

    assert refusal.value.code == INVALID_CONFIG


def test_a_secret_volume_is_no_secret_file() -> None:
    def as_file(config: Document) -> None:
        reference = {"source": "file", "provider": "gateway-token", "id": "value"}
        config["gateway"]["auth"]["token"] = reference
        path = "/run/gateway/OPENCLAW_GATEWAY_TOKEN"
        provider = {"source": "file", "path": path, "mode": "singleValue"}
        config["secrets"] = {"providers": {"gateway-token": provider}}

    changed = with_config(documents(), as_file)
    pod_of(changed)["volumes"].append({"name": "token", "secret": {"secretName": "openclaw", "defaultMode": 0o400}})
    gateway_of(changed)["volumeMounts"].append({"name": "token", "mountPath": "/run/gateway", "readOnly": True})

    with (
        pytest.raises(NotReadyError) as refusal,
        OpenClaw(changed, environment={"OPENCLAW_GATEWAY_TOKEN": None}),
    ):
        pass

    assert refusal.value.code not in (None, 0)
    assert "gateway-token" in refusal.value.log or "gateway.auth.token" in refusal.value.log


def test_a_plugin_with_another_checksum_stops_the_pod() -> None:
    changed = documents()
    for entry in script_container(changed, "prepare-state.sh")["env"]:
        if entry["name"] == "DISCORD_PLUGIN_SHA512":
            entry["value"] = "0" * 128

    with pytest.raises(NotReadyError, match="another checksum"), OpenClaw(changed):
        pass


def test_a_read_only_root_without_tmp_stops_the_pod() -> None:
    changed = documents()
    container = script_container(changed, "prepare-state.sh")
    container["volumeMounts"] = [m for m in container["volumeMounts"] if m.get("subPath") != "prepare"]

    with pytest.raises(NotReadyError, match="cannot be written; mount"), OpenClaw(changed, fresh=True):
        pass


# --- what starts without a word --------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def faulty() -> Iterator[OpenClaw]:
    """A pod that starts with three faults in it, which the program takes without a word."""

    def change(config: Document) -> None:
        config["agents"]["defaults"]["model"]["primary"] = "litellm/claude-sonnet"
        config["agents"]["defaults"]["sandbox"]["backend"] = "dokcer"
        del config["gateway"]["trustedProxies"]

    changed = with_config(documents(), change)
    gateway_of(changed)["startupProbe"]["httpGet"]["path"] = "/health-z"
    # The ConfigMap where the live copy should be, as one would mount it at first.
    for mount in gateway_of(changed)["volumeMounts"]:
        if mount["name"] == "config":
            mount["name"] = "config-source"
    with OpenClaw(changed) as started:
        yield started


def test_validator_takes_an_unknown_model_and_backend_but_the_check_does_not(faulty: OpenClaw) -> None:
    assert json.loads(faulty.run("openclaw", "config", "validate", "--json").stdout)["valid"] is True

    assert faults(config_of(faulty.documents), names(faulty.gateway)) == [
        "CFG002: names a sandbox that does not exist (dokcer)",
        "CFG003: trusts no proxy, so every forwarded request is answered 403",
        "REF008: refers to model litellm/claude-sonnet, which it does not define",
    ]


def test_without_trusted_proxies_the_tunnel_is_locked_out(faulty: OpenClaw) -> None:
    reply = faulty.request("/tools/invoke", source=CLOUDFLARED, headers=FORWARDED, token=faulty.token, body=TOOL)

    assert reply.status == 403


def test_a_wrong_probe_path_answers_200_and_is_found(faulty: OpenClaw) -> None:
    assert faulty.request("/health-z").status == 200
    assert probe_faults(faulty, faulty.gateway) == ['startupProbe {"path": "/health-z", "port": "gateway"}']


def test_a_mounted_config_map_is_not_reloaded(faulty: OpenClaw) -> None:
    faulty.change_config(lambda c: c["agents"]["defaults"]["models"]["litellm/claude-opus-4-6"].update(alias="New"))
    time.sleep(20)

    assert "config change detected" not in faulty.log


def test_a_mounted_config_map_is_a_finding(faulty: OpenClaw) -> None:
    assert "fs.config.symlink" in {finding["checkId"] for finding in audit(faulty)} - ACCEPTED_FINDINGS.keys()
