import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from typing import Any

import pytest

from agentkeep.errors import DeclarationError
from agentkeep.sandboxed_agent.runtimes.openclaw.config import (
    GATEWAY_ENV,
    ChannelSettings,
    ChatModel,
    DockerSandbox,
    EnvSecret,
    OpenClawSettings,
    env_names,
    render_openclaw,
)
from agentkeep.verify.programs.openclaw.judged import faults

OWNER, GUEST, GUILD = "123456789012345678", "223456789012345678", "323456789012345678"
SONNET = ChatModel("claude-sonnet-4-5", "Claude Sonnet 4.5", "Sonnet", 200_000, 64_000)
OPUS = ChatModel("claude-opus-4-6", "Claude Opus 4.6", "Opus", 200_000, 64_000)
SETTINGS = OpenClawSettings(
    models=(SONNET, OPUS),
    proxy_url="http://litellm.openclaw.svc.cluster.local:4000/v1",
    proxy_key=EnvSecret("LITELLM_PROXY_KEY"),
    gateway_token=EnvSecret("OPENCLAW_GATEWAY_TOKEN"),
    trusted_proxies=("192.178.0.0/16",),
    origins=("https://openclaw.b0xp.io",),
    sandbox=DockerSandbox("openclaw-sandbox:bookworm-slim", network="bridge"),
    channels=(
        ChannelSettings("discord", {"token": EnvSecret("DISCORD_BOT_TOKEN")}, users=(OWNER, GUEST), elevated=(OWNER,)),
    ),
)
ENV = frozenset({*env_names(SETTINGS), *GATEWAY_ENV})
DISCORD = ChannelSettings("discord", {"token": EnvSecret("DISCORD_BOT_TOKEN")}, users=(OWNER,))
SLACK = ChannelSettings(
    "slack",
    {"botToken": EnvSecret("SLACK_BOT_TOKEN"), "appToken": EnvSecret("SLACK_APP_TOKEN")},
    users=("U012ABCDEF",),
    elevated=("U012ABCDEF",),
    settings={"mode": "socket"},
)
GUILDS = {"guilds": {GUILD: {"requireMention": True, "users": [OWNER]}}}

Config = dict[str, Any]


def rendered(settings: OpenClawSettings = SETTINGS) -> Config:
    config: Config = json.loads(json.dumps(render_openclaw(settings)))
    return config


def test_first_model_is_primary_and_the_others_follow() -> None:
    defaults = rendered()["agents"]["defaults"]

    assert defaults["model"] == {"primary": "litellm/claude-sonnet-4-5", "fallbacks": ["litellm/claude-opus-4-6"]}
    assert defaults["models"] == {
        "litellm/claude-sonnet-4-5": {"alias": "Sonnet"},
        "litellm/claude-opus-4-6": {"alias": "Opus"},
    }


def test_an_id_with_a_slash_is_referred_to_whole() -> None:
    config = rendered(replace(SETTINGS, models=(replace(SONNET, id="anthropic/claude"),)))

    assert config["agents"]["defaults"]["model"] == {"primary": "litellm/anthropic/claude", "fallbacks": []}
    assert faults(config, ENV) == []


def test_secrets_are_references_to_variables() -> None:
    config = rendered()

    assert config["models"]["providers"]["litellm"]["apiKey"] == "${LITELLM_PROXY_KEY}"
    assert config["gateway"]["auth"]["token"] == "${OPENCLAW_GATEWAY_TOKEN}"
    assert config["channels"]["discord"]["token"] == "${DISCORD_BOT_TOKEN}"
    assert "secrets" not in config
    assert env_names(SETTINGS) == ("DISCORD_BOT_TOKEN", "LITELLM_PROXY_KEY", "OPENCLAW_GATEWAY_TOKEN")


def test_every_session_is_sandboxed_without_privileges() -> None:
    sandbox = rendered()["agents"]["defaults"]["sandbox"]

    assert (sandbox["mode"], sandbox["scope"], sandbox["workspaceAccess"]) == ("all", "agent", "rw")
    assert sandbox["docker"]["user"] == "1000:1000"
    assert sandbox["docker"]["capDrop"] == ["ALL"]
    assert sandbox["docker"]["readOnlyRoot"] is True


def test_sandbox_has_no_network_unless_given() -> None:
    config = rendered(replace(SETTINGS, sandbox=DockerSandbox("sandbox:1")))

    assert config["agents"]["defaults"]["sandbox"]["docker"]["network"] == "none"


def test_no_sandbox_is_mode_off() -> None:
    assert rendered(replace(SETTINGS, sandbox=None))["agents"]["defaults"]["sandbox"] == {"mode": "off"}


def test_groups_are_closed_unless_one_is_named() -> None:
    closed = rendered()["channels"]["discord"]
    assert closed["groupPolicy"] == "disabled"
    assert {"guilds", "contextVisibility"} & closed.keys() == set()

    opened = rendered(replace(SETTINGS, channels=(replace(DISCORD, rooms=GUILDS),)))["channels"]["discord"]

    assert (opened["groupPolicy"], opened["guilds"]) == ("allowlist", GUILDS["guilds"])
    # What others in the server have written stays out of the model's context.
    assert opened["contextVisibility"] == "allowlist"


def test_each_channel_has_its_own_people_and_its_own_way_out_of_the_sandbox() -> None:
    config = rendered(replace(SETTINGS, channels=(*SETTINGS.channels, SLACK)))

    assert config["channels"]["slack"] == {
        "enabled": True,
        "botToken": "${SLACK_BOT_TOKEN}",
        "appToken": "${SLACK_APP_TOKEN}",
        "dmPolicy": "allowlist",
        "allowFrom": ["U012ABCDEF"],
        "groupPolicy": "disabled",
        "configWrites": False,
        "mode": "socket",
    }
    assert config["plugins"] == {"allow": ["discord", "slack"]}
    assert config["tools"]["elevated"]["allowFrom"] == {"discord": [OWNER], "slack": ["U012ABCDEF"]}
    assert config["commands"]["ownerAllowFrom"] == [f"discord:{OWNER}", "slack:U012ABCDEF"]
    assert faults(config, ENV | {"SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"}) == []


def test_data_replaces_nothing_that_is_decided() -> None:
    settings = {"textChunkLimit": 2000, "dmPolicy": "open", "allowFrom": ["*"], "token": "x", "configWrites": True}

    channel = rendered(replace(SETTINGS, channels=(replace(DISCORD, settings=settings),)))["channels"]["discord"]

    assert channel == {
        **rendered(replace(SETTINGS, channels=(DISCORD,)))["channels"]["discord"],
        "textChunkLimit": 2000,
    }


def test_nobody_is_elevated_unless_named() -> None:
    assert rendered(replace(SETTINGS, channels=(DISCORD,)))["tools"]["elevated"] == {"enabled": False}
    assert rendered()["tools"]["elevated"] == {"enabled": True, "allowFrom": {"discord": [OWNER]}}


def test_without_a_channel_no_channel_and_no_plugin_is_allowed() -> None:
    config = rendered(replace(SETTINGS, channels=()))

    assert config["channels"] == {}
    assert config["plugins"] == {"allow": []}
    assert faults(config, ENV - {"DISCORD_BOT_TOKEN"}) == []


def test_nothing_calls_home() -> None:
    config = rendered()

    assert config["update"] == {"checkOnStart": False, "auto": {"enabled": False}}
    assert config["telemetry"] == {"enabled": False}
    assert config["models"]["catalogRefresh"] == {"enabled": False}
    assert config["memory"]["search"]["provider"] == "none"
    assert GATEWAY_ENV["npm_config_offline"] == "true"


def test_what_is_rendered_has_no_fault() -> None:
    assert faults(rendered(), ENV) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"models": ()}, "there are no models"),
        ({"models": (SONNET, replace(OPUS, id=SONNET.id))}, "the same id"),
        ({"models": (SONNET, replace(OPUS, alias="Sonnet"))}, "the same alias"),
        ({"models": (replace(SONNET, id="claude sonnet"),)}, "is not an id"),
        ({"models": (replace(SONNET, name="${SECRET}"),)}, "is not plain text"),
        ({"models": (replace(SONNET, max_output=200_001),)}, "gives 200001 of 200000 tokens"),
        ({"models": (replace(SONNET, max_output=0),)}, "gives 0 of 200000 tokens"),
        ({"proxy_url": "http://litellm:4000"}, "not an http root ending in /v1"),
        ({"proxy_url": "http://user:key@litellm:4000/v1"}, "not an http root ending in /v1"),
        ({"port": 0}, "port 0 is not a port"),
        ({"port": 65536}, "port 65536 is not a port"),
        ({"workspace": "workspace"}, "not an absolute folder"),
        ({"trusted_proxies": ()}, "every forwarded request is refused"),
        ({"trusted_proxies": ("0.0.0.0/0",)}, "trusts almost everybody"),
        ({"trusted_proxies": ("::/0",)}, "trusts almost everybody"),
        ({"trusted_proxies": ("192.178.0.1/16",)}, "is not a network"),
        ({"origins": ()}, "there are no origins"),
        ({"origins": ("http://openclaw.b0xp.io",)}, "not an https origin"),
        ({"origins": ("*",)}, "not an https origin"),
        ({"proxy_key": EnvSecret("sk-literal")}, "not a name of an environment variable"),
        ({"proxy_key": EnvSecret("OPENCLAW_GATEWAY_TOKEN")}, "two uses share one secret"),
        ({"channels": (replace(DISCORD, users=()),)}, "nobody can write to the bot"),
        ({"channels": (replace(DISCORD, users=("*",)),)}, "is not one user of discord"),
        ({"channels": (replace(DISCORD, users=("${A}",)),)}, "is not one user of discord"),
        ({"channels": (replace(DISCORD, elevated=(GUEST,)),)}, "is not among the users"),
        ({"sandbox": DockerSandbox("")}, "is not an image"),
        ({"sandbox": DockerSandbox("s:1", user="root")}, "not numeric and unprivileged"),
        ({"sandbox": DockerSandbox("s:1", user="0:0")}, "not numeric and unprivileged"),
        ({"sandbox": DockerSandbox("s:1", memory="lots")}, "is not a size"),
        ({"sandbox": DockerSandbox("s:1", cpus=0)}, "no processor or no processes"),
        ({"sandbox": DockerSandbox("s:1", pids=0)}, "no processor or no processes"),
    ],
)
def test_refuses_what_cannot_be_right(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DeclarationError, match=r"^\[openclaw/coder\] ") as refusal:
        render_openclaw(replace(SETTINGS, **changes), path="openclaw/coder")

    assert message in refusal.value.problem
    assert "\n" not in str(refusal.value)


Change = Callable[[Config], object]
FAULTS: dict[str, tuple[Change, str]] = {
    "unknown primary": (
        lambda c: c["agents"]["defaults"]["model"].update(primary="litellm/gpt"),
        "REF008: refers to model litellm/gpt, which it does not define",
    ),
    "reference without provider": (
        lambda c: c["agents"]["defaults"].update(model="claude-sonnet-4-5"),
        "REF008: refers to model claude-sonnet-4-5, which it does not define",
    ),
    "unknown fallback": (
        lambda c: c["agents"]["defaults"]["model"]["fallbacks"].append("opus"),
        "REF008: refers to model opus, which it does not define",
    ),
    "no model at all": (
        lambda c: c["agents"]["defaults"].pop("model"),
        "REF008: refers to model (no primary model), which it does not define",
    ),
    "alias of an unknown model": (
        lambda c: c["agents"]["defaults"]["models"].update({"opus": {"alias": "Opus"}}),
        "REF008: refers to model opus, which it does not define",
    ),
    "unknown model of one agent": (
        lambda c: c["agents"].update(entries={"coder": {"model": "litellm/gpt"}}),
        "REF008: refers to model litellm/gpt, which it does not define",
    ),
    "unknown backend": (
        lambda c: c["agents"]["defaults"]["sandbox"].update(backend="dokcer"),
        "CFG002: names a sandbox that does not exist (dokcer)",
    ),
    "sandbox on the host's network": (
        lambda c: c["agents"]["defaults"]["sandbox"]["docker"].update(network="host"),
        "CFG002: gives the sandbox the network host",
    ),
    "sandbox as root": (
        lambda c: c["agents"]["defaults"]["sandbox"]["docker"].update(user="0:0"),
        "CFG002: runs the sandbox as root",
    ),
    "ssh without host key": (
        lambda c: c["agents"]["defaults"].update(sandbox={"mode": "all", "backend": "ssh", "ssh": {"target": "a@b"}}),
        "CFG002: does not check the key of the sandbox's host",
    ),
    "variable that is not set": (
        lambda c: c["models"]["providers"]["litellm"].update(apiKey="${LITELLM_KEY}"),
        "CFG001: asks for LITELLM_KEY, which is not set",
    ),
    "key written out": (
        lambda c: c["models"]["providers"]["litellm"].update(apiKey="sk-12345"),
        "SEC001: models.providers.litellm.apiKey is written out",
    ),
    "reference to a missing variable": (
        lambda c: c["gateway"]["auth"].update(token={"source": "env", "provider": "default", "id": "GONE"}),
        "CFG001: asks for GONE, which is not set",
    ),
    "reference to a missing provider": (
        lambda c: c["gateway"]["auth"].update(token={"source": "file", "provider": "gone", "id": "value"}),
        "CFG012: names the secret provider gone, which does not exist",
    ),
    "no trusted proxies": (
        lambda c: c["gateway"].pop("trustedProxies"),
        "CFG003: trusts no proxy, so every forwarded request is answered 403",
    ),
    "everybody is a trusted proxy": (
        lambda c: c["gateway"].update(trustedProxies=["0.0.0.0/0"]),
        "CFG003: trusts almost everybody as a proxy",
    ),
    "trusted proxy is a name": (
        lambda c: c["gateway"].update(trustedProxies=["cloudflared"]),
        "CFG003: trusts a proxy that is not a network",
    ),
    "no authentication": (
        lambda c: c["gateway"].update(auth={"mode": "none"}),
        "CFG003: asks for no token (auth mode none)",
    ),
    "no token": (lambda c: c["gateway"]["auth"].pop("token"), "CFG003: has no token to ask for"),
    "loopback": (
        lambda c: c["gateway"].update(bind="loopback"),
        "CFG003: does not listen where the tunnel reaches it (bind)",
    ),
    "no mode": (lambda c: c["gateway"].pop("mode"), "CFG003: is not a gateway of its own (mode)"),
    "any origin": (
        lambda c: c["gateway"]["controlUi"].update(allowedOrigins=["*"]),
        "CFG003: allows every origin",
    ),
    "no origin": (
        lambda c: c["gateway"]["controlUi"].pop("allowedOrigins"),
        "CFG003: allows no origin, not even its own",
    ),
    "plugin kept out": (
        lambda c: c["plugins"].update(allow=["telegram"]),
        "CFG004: discord: its plugin is not allowed (plugins.allow)",
    ),
    "no plugin list": (lambda c: c.pop("plugins"), "CFG004: loads every plugin that it finds"),
    "open direct messages": (
        lambda c: c["channels"]["discord"].update(dmPolicy="open"),
        "CFG004: discord: direct messages are open (dmPolicy open)",
    ),
    "everybody may write": (
        lambda c: c["channels"]["discord"].update(allowFrom=["*"]),
        "CFG004: discord: direct messages are open (allowFrom)",
    ),
    "open groups": (
        lambda c: c["channels"]["discord"].update(groupPolicy="open"),
        "CFG004: discord: groups are open (groupPolicy open)",
    ),
    "everybody elevated": (
        lambda c: c["tools"]["elevated"]["allowFrom"].update(discord=["*"]),
        "CFG002: lets everybody leave the sandbox (elevated)",
    ),
    "stranger elevated": (
        lambda c: c["tools"]["elevated"]["allowFrom"].update(discord=[GUILD]),
        "CFG002: lets people leave the sandbox who may not write to discord (elevated)",
    ),
    "elevated without names": (
        lambda c: c["tools"]["elevated"].pop("allowFrom"),
        "CFG002: lets everybody leave the sandbox (elevated)",
    ),
    "update check": (lambda c: c.pop("update"), "CFG009: does not set update.checkOnStart to false"),
    "telemetry": (lambda c: c["telemetry"].update(enabled=True), "CFG009: does not set telemetry.enabled to false"),
    "hosted catalogue": (
        lambda c: c["models"].pop("catalogRefresh"),
        "CFG009: does not set models.catalogRefresh.enabled to false",
    ),
    "other providers": (
        lambda c: c["models"].update(mode="merge"),
        "REF008: keeps the built-in providers beside the proxy",
    ),
    "embeddings": (lambda c: c.pop("memory"), "CFG009: does not set memory.search.provider to none"),
    "dangerous switch": (
        lambda c: c["gateway"]["controlUi"].update(dangerouslyDisableDeviceAuth=True),
        "CFG009: sets gateway.controlUi.dangerouslyDisableDeviceAuth",
    ),
    "empty": (lambda c: c.clear(), "REF008: has no model"),
    "shapes that are not the schema's": (
        lambda c: c.update(models=[], agents="x", gateway=None),
        "REF008: has no model",
    ),
}


@pytest.mark.parametrize(("change", "fault"), FAULTS.values(), ids=FAULTS.keys())
def test_finds_what_the_validator_accepts(change: Change, fault: str) -> None:
    config = deepcopy(rendered())
    change(config)

    found = faults(config, ENV)

    assert fault in found, found
    assert not any("sk-12345" in one for one in found)


def test_each_missing_variable_is_named() -> None:
    assert faults(rendered(), ENV - {"DISCORD_BOT_TOKEN"}) == ["CFG001: asks for DISCORD_BOT_TOKEN, which is not set"]


def test_a_token_of_an_unused_channel_is_a_fault() -> None:
    assert faults(rendered(), ENV | {"TELEGRAM_BOT_TOKEN"}) == ["CFG004: switches on telegram by TELEGRAM_BOT_TOKEN"]


def test_an_escaped_variable_is_text() -> None:
    config = rendered()
    config["agents"]["defaults"]["models"]["litellm/claude-opus-4-6"]["alias"] = "$${NOT_A_VARIABLE}"

    assert faults(config, ENV) == []
