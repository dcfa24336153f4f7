"""
The channels of the example of two agents, judged by the real OpenClaw: its own validator, with the plugins that
install-plugins.sh puts into the state folder.
"""

import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agentkeep.verify.programs.openclaw.channel_facts import CHANNEL_VARIABLES
from agentkeep.verify.programs.openclaw.judged import faults
from tests.real.openclaw.harness import OpenClaw
from tests.real.openclaw.manifests import Document, config_of, gateway_of, load, names, script_container
from tests.real.openclaw.programs import CACHE, NODE, ROOT, npm_environment, require_openclaw

pytestmark = pytest.mark.real

TEAM = ROOT / "examples/two-agents/dist/lolice/argoproj/team"
SCRIPT = ROOT / "constructs/agentkeep/sandboxed_agent/runtimes/openclaw/files/install-plugins.sh"
PACKAGE = CACHE / "node_modules/openclaw"
AGENTS = ("coder", "writer")
Change = Callable[[Document], object]


@pytest.fixture(scope="module", autouse=True)
def needs_openclaw() -> None:
    require_openclaw()


def documents(agent: str) -> list[Document]:
    """What is rendered of one agent."""
    return [one for one in load(TEAM) if one.get("metadata", {}).get("name", "").startswith(agent)]


def plugins() -> list[str]:
    """Every plugin of both agents, as install-plugins.sh takes them."""
    coder = {one["name"]: one.get("value") for one in script_container(documents("coder"), "prepare-state.sh")["env"]}
    writer = {one["name"]: one["value"] for one in script_container(documents("writer"), "install-plugins.sh")["env"]}
    discord = f"@openclaw/discord@{coder['DISCORD_PLUGIN_VERSION']}={coder['DISCORD_PLUGIN_SHA512']}"
    return [discord, *writer["PLUGINS"].split()]


def environment(folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        **npm_environment(),
        "PATH": f"{NODE / 'bin'}:{os.environ['PATH']}",
        "HOME": str(folder),
        "DO_NOT_TRACK": "1",
    }


def install(state: Path, folder: Path, wanted: str) -> "subprocess.CompletedProcess[str]":
    """Run the script as it is. ``/app`` is where the image has OpenClaw, so a program stands in for its path."""
    program = folder / "openclaw"
    program.write_text(f'#!/bin/sh\nexec node {PACKAGE}/openclaw.mjs "$@"\n')
    program.chmod(0o755)
    env = environment(folder) | {"STATE_DIR": str(state), "SCRATCH_DIR": str(folder), "PLUGINS": wanted}
    env["PATH"] = f"{folder}:{env['PATH']}"
    return subprocess.run(["sh", SCRIPT], env=env, capture_output=True, text=True, timeout=500, check=False)


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder with every plugin, installed one after the other."""
    folder = tmp_path_factory.mktemp("plugins")
    made = folder / "state"
    made.mkdir()
    done = install(made, folder, " ".join(plugins()))
    assert done.returncode == 0, done.stderr
    return made


def validate(config: Document, state: Path, folder: Path) -> dict[str, Any]:
    """What ``openclaw config validate`` says."""
    path = folder / "openclaw.json"
    path.write_text(json.dumps(config))
    env = environment(folder) | {
        **{name: "not-a-secret" for agent in AGENTS for name in names(gateway_of(documents(agent)))
           if name.endswith(("_KEY", "_TOKEN"))},
        "MATTERMOST_BOT_TOKEN": "not-a-secret",
        "OPENCLAW_CONFIG_PATH": str(path), "OPENCLAW_STATE_DIR": str(state), "npm_config_offline": "true",
    }  # fmt: skip
    words = ["node", str(PACKAGE / "openclaw.mjs"), "config", "validate", "--json"]
    done = subprocess.run(words, env=env, capture_output=True, text=True, timeout=180, check=False)
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def judged(agent: str, config: Document) -> list[str]:
    return faults(config, names(gateway_of(documents(agent))))


@pytest.mark.parametrize("agent", AGENTS)
def test_the_real_openclaw_takes_it_without_a_warning(agent: str, state: Path, tmp_path: Path) -> None:
    config = config_of(documents(agent))

    answer = validate(config, state, tmp_path)

    assert (answer["valid"], answer["warnings"]) == (True, [])
    assert judged(agent, config) == []


def test_installing_again_changes_nothing(state: Path, tmp_path: Path) -> None:
    done = install(state, tmp_path, " ".join(plugins()))

    assert done.returncode == 0, done.stderr
    assert done.stderr.count(" is installed\n") == len(plugins())


def test_another_checksum_installs_nothing(tmp_path: Path) -> None:
    made = tmp_path / "state"
    made.mkdir()

    done = install(made, tmp_path, f"{plugins()[-1].partition('=')[0]}={'0' * 128}")

    assert done.returncode != 0
    assert "another checksum than declared" in done.stderr
    assert not (made / "npm").exists()


def test_telegram_comes_with_openclaw_and_the_others_do_not() -> None:
    bundled = {path.name for path in (PACKAGE / "dist/extensions").iterdir()}

    assert {"discord", "slack", "telegram"} & bundled == {"telegram"}


# --- a pod -----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def writer() -> Iterator[OpenClaw]:
    """The pod of the agent on Slack, started as a cluster would."""
    with OpenClaw(documents("writer"), fresh=True) as started:
        yield started


def test_the_pod_starts_with_its_plugin_and_says_no_token(writer: OpenClaw) -> None:
    assert "install-plugins: installed @openclaw/slack@" in writer.prepare_log
    answer = json.loads(writer.run("openclaw", "config", "validate", "--json").stdout)
    assert (answer["valid"], answer["warnings"]) == (True, [])

    tokens = [value for name, value in writer.environment_of(writer.gateway).items() if name.endswith("_TOKEN")]
    assert len(tokens) == 3
    assert [token for token in tokens if token in writer.log + writer.prepare_log] == []
    assert writer.process.poll() is None


# --- data ------------------------------------------------------------------------------------------------------------

MATTERMOST = {
    "enabled": True, "botToken": "${MATTERMOST_BOT_TOKEN}", "dmPolicy": "allowlist", "allowFrom": ["abc123"],
    "groupPolicy": "disabled", "configWrites": False, "baseUrl": "https://chat.example.com",
}  # fmt: skip


@pytest.mark.parametrize(
    ("agent", "channel", "settings"),
    [
        ("coder", "discord", {"colour": "blue"}),
        ("coder", "telegram", {"colour": "blue"}),
        ("writer", "slack", {"colour": "blue"}),
        ("writer", "mattermost", {**MATTERMOST, "colour": "blue"}),
    ],
)
def test_a_setting_that_does_not_exist_is_refused_by_openclaw(
    agent: str, channel: str, settings: Document, state: Path, tmp_path: Path
) -> None:
    config = config_of(documents(agent))
    config["channels"].setdefault(channel, {}).update(settings)

    assert validate(config, state, tmp_path)["valid"] is False


def test_another_channel_as_data_is_taken_by_openclaw_and_its_server_is_for_somebody_to_answer_for(
    state: Path, tmp_path: Path
) -> None:
    config = config_of(documents("writer"))
    config["channels"]["mattermost"] = MATTERMOST
    config["plugins"]["allow"].append("mattermost")

    assert validate(config, state, tmp_path)["valid"] is True
    assert faults(config, [*names(gateway_of(documents("writer"))), "MATTERMOST_BOT_TOKEN"]) == [
        "CFG004: mattermost: sends its token to chat.example.com (baseUrl)"
    ]


# --- what OpenClaw takes without a word ------------------------------------------------------------------------------

OPEN: dict[str, tuple[str, Change]] = {
    "Slack for everybody": (
        "writer",
        lambda c: c["channels"]["slack"].update(dmPolicy="open", allowFrom=["*"], groupPolicy="open"),
    ),
    "everybody of Slack's channel": (
        "writer",
        lambda c: c["channels"]["slack"]["channels"]["C0000000004"].pop("users"),
    ),
    "a second account on Slack": (
        "writer",
        lambda c: c["channels"]["slack"].update(
            accounts={"b": {"botToken": "${SLACK_BOT_TOKEN}", "dmPolicy": "open", "allowFrom": ["*"]}}
        ),
    ),
    "Telegram for everybody": (
        "coder",
        lambda c: c["channels"]["telegram"].update(dmPolicy="open", allowFrom=["*"]),
    ),
    "one group of Telegram for everybody": (
        "coder",
        lambda c: c["channels"]["telegram"].update(groups={"-1001234567890": {"groupPolicy": "open"}}),
    ),
    "Telegram on another server": (
        "coder",
        lambda c: c["channels"]["telegram"].update(apiRoot="https://bots.example.com"),
    ),
}


@pytest.mark.parametrize("harm", OPEN)
def test_openclaw_takes_it_and_the_rules_do_not(harm: str, state: Path, tmp_path: Path) -> None:
    agent, change = OPEN[harm]
    config = config_of(documents(agent))
    change(config)

    assert validate(config, state, tmp_path)["valid"] is True
    assert [fault for fault in judged(agent, config) if fault.startswith("CFG004: ")]


# --- variables -------------------------------------------------------------------------------------------------------


def test_every_variable_that_openclaw_takes_for_a_channel_is_known() -> None:
    entries = json.loads((PACKAGE / "dist/channel-catalog.json").read_text("utf-8"))["entries"]
    channels = [entry["openclaw"]["channel"] for entry in entries]
    taken = {
        (name, channel["id"])
        for channel in channels
        for group in [channel.get("configuredState", {}).get("env", {})]
        for name in (*group.get("anyOf", ()), *group.get("allOf", ()), *channel.get("envVars", ()))
    }

    assert taken
    assert taken - set(CHANNEL_VARIABLES.items()) == set()
    assert {*CHANNEL_VARIABLES.values()} - {channel for _, channel in taken} == {"telegram"}


def test_the_library_knows_the_same_variables_as_the_proofs() -> None:
    from agentkeep.sandboxed_agent.runtimes.openclaw.channels import CREDENTIALS

    assert dict(CREDENTIALS) == dict(CHANNEL_VARIABLES)
