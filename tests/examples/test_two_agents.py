"""What is particular to the example of two agents, broken: whose key, whose token, whose channel, whose people."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT
from tests.examples.test_examples import Body, Files, committed, verdicts

TEAM = ROOT / "examples" / "two-agents"
APP = "lolice/argoproj/team"
AGENTS = ("coder", "writer")


def manifest(name: str, kind: str, change: Callable[[Body], object]) -> Files:
    """The files with the first object of *kind* in a page changed."""
    files = committed(TEAM)
    file = f"{APP}/{name}.yaml"
    bodies = [body for body in yaml.safe_load_all(files[file]) if body]
    change(next(body for body in bodies if body["kind"] == kind))
    return {**files, file: yaml.safe_dump_all(bodies).encode()}


def pod(agent: str, change: Callable[[Body], object]) -> Files:
    def main(body: Body) -> None:
        change(next(one for one in body["spec"]["template"]["spec"]["containers"] if one["name"] == agent))

    return manifest(f"{agent}-deployment", "Deployment", main)


def config(agent: str, change: Callable[[Body], object]) -> Files:
    def file(body: Body) -> None:
        content = json.loads(body["data"]["openclaw.json"])
        change(content)
        body["data"]["openclaw.json"] = json.dumps(content)

    return manifest(f"{agent}-configmap", "ConfigMap", file)


def clients(change: Callable[[list[Body]], object]) -> Files:
    def file(body: Body) -> None:
        content = json.loads(body["data"]["clients.json"])
        change(content["clients"])
        body["data"]["clients.json"] = json.dumps(content)

    return manifest("litellm-configmap", "ConfigMap", file)


def openclaw(agent: str) -> Body:
    page = committed(TEAM)[f"{APP}/{agent}-configmap.yaml"]
    bodies = [body for body in yaml.safe_load_all(page) if body]
    content: Body = json.loads(
        next(body["data"]["openclaw.json"] for body in bodies if "openclaw.json" in body["data"])
    )
    return content


def environment(agent: str) -> dict[str, Any]:
    page = committed(TEAM)[f"{APP}/{agent}-deployment.yaml"]
    body = next(body for body in yaml.safe_load_all(page) if body and body["kind"] == "Deployment")
    found = next(one for one in body["spec"]["template"]["spec"]["containers"] if one["name"] == agent)
    return {entry["name"]: entry for entry in found["env"]}


def refuted(files: Files) -> set[str]:
    return {verdict.rule for verdict in verdicts(files) if not verdict.proved}


def given(agent: str, name: str) -> dict[str, Any]:
    """A variable of *agent* that brings another one's secret."""
    return copy.deepcopy(environment(agent)[name])


def same_key(listed: list[Body]) -> None:
    listed[1]["keyEnv"] = listed[0]["keyEnv"]


HARMS: dict[str, tuple[str, Callable[[], Files]]] = {
    "one agent's key to the proxy in the other's pod": (
        "SEC003",
        lambda: pod("writer", lambda main: main["env"].append(given("coder", "CODER_PROXY_KEY"))),
    ),
    "one agent's key to the proxy under the other's name": (
        "SEC003",
        lambda: pod(
            "writer",
            lambda main: next(one for one in main["env"] if one["name"] == "WRITER_PROXY_KEY").update(
                valueFrom=given("coder", "CODER_PROXY_KEY")["valueFrom"]
            ),
        ),
    ),
    "Discord's token in the pod of the agent on Slack": (
        "SEC003",
        lambda: pod("writer", lambda main: main["env"].append(given("coder", "DISCORD_BOT_TOKEN"))),
    ),
    "Slack's app token in the pod of the agent on Discord": (
        "SEC003",
        lambda: pod("coder", lambda main: main["env"].append(given("writer", "SLACK_APP_TOKEN"))),
    ),
    "Slack's app token in the other agent's pod, switching Slack on": (
        "CFG004",
        lambda: pod("coder", lambda main: main["env"].append(given("writer", "SLACK_APP_TOKEN"))),
    ),
    "Slack's app token in the place of the bot's": (
        "CFG004",
        lambda: config("writer", lambda c: c["channels"]["slack"].update(botToken="${SLACK_APP_TOKEN}")),
    ),
    "both agents known to the proxy by one key": ("CFG005", lambda: clients(same_key)),
    "Slack for everybody": (
        "CFG004",
        lambda: config("writer", lambda c: c["channels"]["slack"].update(dmPolicy="open", allowFrom=["*"])),
    ),
    "Telegram for everybody": (
        "CFG004",
        lambda: config("coder", lambda c: c["channels"]["telegram"].update(dmPolicy="open", allowFrom=["*"])),
    ),
    "Telegram for whoever pairs": (
        "CFG004",
        lambda: config("coder", lambda c: c["channels"]["telegram"].update(dmPolicy="pairing")),
    ),
    "Telegram for every group": (
        "CFG004",
        lambda: config("coder", lambda c: c["channels"]["telegram"].update(groupPolicy="open")),
    ),
    "everybody of Slack's channel": (
        "CFG004",
        lambda: config("writer", lambda c: c["channels"]["slack"]["channels"]["C0000000004"].pop("users")),
    ),
    "every channel of Slack": (
        "CFG004",
        lambda: config(
            "writer", lambda c: c["channels"]["slack"]["channels"].update({"*": {"users": ["U0000000003"]}})
        ),
    ),
    "what others say in Slack's channel": (
        "CFG004",
        lambda: config("writer", lambda c: c["channels"]["slack"].pop("contextVisibility")),
    ),
    "a second account on Slack": (
        "CFG004",
        lambda: config("writer", lambda c: c["channels"]["slack"].update(accounts={"b": {"dmPolicy": "open"}})),
    ),
    "previews of links that the model wrote": (
        "CFG004",
        lambda: config("coder", lambda c: c["channels"]["telegram"].update(linkPreview=True)),
    ),
    "Telegram on another server": (
        "CFG004",
        lambda: config("coder", lambda c: c["channels"]["telegram"].update(apiRoot="https://bots.example.com")),
    ),
    "somebody of Discord out of the sandbox by their number on Telegram": (
        "CFG002",
        lambda: config("coder", lambda c: c["tools"]["elevated"]["allowFrom"].update(telegram=["100000000000000002"])),
    ),
    "a channel of the other agent": (
        "CFG001",
        lambda: config(
            "coder",
            lambda c: (
                c["channels"].update(slack=openclaw("writer")["channels"]["slack"]),
                c["plugins"]["allow"].append("slack"),
            ),
        ),
    ),
}


@pytest.mark.parametrize("harm", HARMS)
def test_a_harm_of_its_own_is_refuted(harm: str) -> None:
    rule, broken = HARMS[harm]

    assert rule in refuted(broken())


def test_every_secret_but_the_proxys_own_has_one_reader() -> None:
    ledger = json.loads(committed(TEAM)["platform.json"])
    readers = {
        secret["id"]: sorted({reader["workload"] for reader in secret["readers"]} - {"litellm"})
        for secret in ledger["secrets"]
    }

    kinds = {"coder": ("DISCORD", "GATEWAY", "PROXY", "TELEGRAM"), "writer": ("GATEWAY", "PROXY", "SLACK")}
    assert {name for name, found in readers.items() if not found} == {"ANTHROPIC_API_KEY", "LITELLM_MASTER_KEY"}
    for agent, words in kinds.items():
        own = [name.split("_")[1] for name, found in readers.items() if found == [agent]]
        assert {*own} == {*words}
    assert [name for name, found in readers.items() if len(found) > 1] == []


def test_each_agent_has_its_channels_and_no_plugin_besides() -> None:
    found = {agent: (sorted(openclaw(agent)["channels"]), openclaw(agent)["plugins"]) for agent in AGENTS}

    assert found == {
        "coder": (["discord", "telegram"], {"allow": ["discord", "telegram"]}),
        "writer": (["slack"], {"allow": ["slack"]}),
    }


@pytest.mark.parametrize("agent", AGENTS)
def test_only_named_people_are_answered_and_groups_are_named_or_closed(agent: str) -> None:
    for channel in openclaw(agent)["channels"].values():
        assert channel["dmPolicy"] == "allowlist"
        assert channel["allowFrom"]
        assert "*" not in channel["allowFrom"]
        assert channel["groupPolicy"] == ("allowlist" if "channels" in channel else "disabled")


def test_the_policy_text_names_the_channels_of_its_own_agent() -> None:
    texts = {agent: committed(TEAM)[f"{APP}/{agent}-workspace.yaml"].decode() for agent in AGENTS}

    assert "in Discord/Telegram channels or on the web" in texts["coder"]
    assert "in Slack channels or on the web" in texts["writer"]
    assert "WRITER" not in texts["coder"]
    assert "CODER" not in texts["writer"]
