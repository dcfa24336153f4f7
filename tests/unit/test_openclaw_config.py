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
    FileSecret,
    OpenClawSettings,
    SshSandbox,
    env_names,
    render_openclaw,
)
from agentkeep.sandboxed_agent.runtimes.openclaw.faults import check_openclaw

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
SSH = SshSandbox(
    "agent@sandbox:2222",
    "/workspace",
    FileSecret("ssh-identity", "/run/secrets/identity"),
    FileSecret("known-hosts", "/run/secrets/known_hosts"),
)
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
    assert check_openclaw(config, ENV) == []


def test_secrets_are_references_to_variables() -> None:
    config = rendered()

    assert config["models"]["providers"]["litellm"]["apiKey"] == "${LITELLM_PROXY_KEY}"
    assert config["gateway"]["auth"]["token"] == "${OPENCLAW_GATEWAY_TOKEN}"
    assert config["channels"]["discord"]["token"] == "${DISCORD_BOT_TOKEN}"
    assert "secrets" not in config
    assert env_names(SETTINGS) == ("DISCORD_BOT_TOKEN", "LITELLM_PROXY_KEY", "OPENCLAW_GATEWAY_TOKEN")


def test_file_secrets_bring_their_provider() -> None:
    config = rendered(replace(SETTINGS, gateway_token=FileSecret("gateway-token", "/run/secrets/token")))

    assert config["gateway"]["auth"]["token"] == {"source": "file", "provider": "gateway-token", "id": "value"}
    assert config["secrets"]["providers"] == {
        "gateway-token": {"source": "file", "path": "/run/secrets/token", "mode": "singleValue"}
    }
    assert check_openclaw(config, ENV) == []


def test_every_session_is_sandboxed_without_privileges() -> None:
    sandbox = rendered()["agents"]["defaults"]["sandbox"]

    assert (sandbox["mode"], sandbox["scope"], sandbox["workspaceAccess"]) == ("all", "agent", "rw")
    assert sandbox["docker"]["user"] == "1000:1000"
    assert sandbox["docker"]["capDrop"] == ["ALL"]
    assert sandbox["docker"]["readOnlyRoot"] is True


def test_sandbox_has_no_network_unless_given() -> None:
    config = rendered(replace(SETTINGS, sandbox=DockerSandbox("sandbox:1")))

    assert config["agents"]["defaults"]["sandbox"]["docker"]["network"] == "none"


def test_ssh_sandbox_pins_the_host_key() -> None:
    config = rendered(replace(SETTINGS, sandbox=SSH))

    ssh = config["agents"]["defaults"]["sandbox"]["ssh"]
    assert ssh["strictHostKeyChecking"] is True
    assert ssh["knownHostsData"] == {"source": "file", "provider": "known-hosts", "id": "value"}
    assert check_openclaw(config, ENV) == []


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
    assert check_openclaw(config, ENV | {"SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"}) == []


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
    assert check_openclaw(config, ENV - {"DISCORD_BOT_TOKEN"}) == []


def test_nothing_calls_home() -> None:
    config = rendered()

    assert config["update"] == {"checkOnStart": False, "auto": {"enabled": False}}
    assert config["telemetry"] == {"enabled": False}
    assert config["models"]["catalogRefresh"] == {"enabled": False}
    assert config["memory"]["search"]["provider"] == "none"
    assert GATEWAY_ENV["npm_config_offline"] == "true"


def test_what_is_rendered_has_no_fault() -> None:
    assert check_openclaw(rendered(), ENV) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"models": ()}, "there are no models"),
        ({"models": (SONNET, replace(OPUS, id=SONNET.id))}, "the same id"),
        ({"models": (SONNET, replace(OPUS, alias="Sonnet"))}, "the same alias"),
        ({"models": (replace(SONNET, id="claude sonnet"),)}, "is no id"),
        ({"models": (replace(SONNET, name="${SECRET}"),)}, "is not plain text"),
        ({"models": (replace(SONNET, max_output=200_001),)}, "gives 200001 of 200000 tokens"),
        ({"models": (replace(SONNET, max_output=0),)}, "gives 0 of 200000 tokens"),
        ({"proxy_url": "http://litellm:4000"}, "no http root ending in /v1"),
        ({"proxy_url": "http://user:key@litellm:4000/v1"}, "no http root ending in /v1"),
        ({"port": 0}, "port 0 is no port"),
        ({"port": 65536}, "port 65536 is no port"),
        ({"workspace": "workspace"}, "not an absolute folder"),
        ({"trusted_proxies": ()}, "every forwarded request is refused"),
        ({"trusted_proxies": ("0.0.0.0/0",)}, "trusts almost everybody"),
        ({"trusted_proxies": ("::/0",)}, "trusts almost everybody"),
        ({"trusted_proxies": ("192.178.0.1/16",)}, "is no network"),
        ({"origins": ()}, "there are no origins"),
        ({"origins": ("http://openclaw.b0xp.io",)}, "no https origin"),
        ({"origins": ("*",)}, "no https origin"),
        ({"proxy_key": EnvSecret("sk-literal")}, "no name of an environment variable"),
        ({"proxy_key": EnvSecret("OPENCLAW_GATEWAY_TOKEN")}, "two uses share one secret"),
        ({"proxy_key": FileSecret("Key", "/run/key")}, "no name of a file secret"),
        ({"proxy_key": FileSecret("key", "run/key")}, "no absolute path"),
        ({"channels": (replace(DISCORD, users=()),)}, "nobody can write to the bot"),
        ({"channels": (replace(DISCORD, users=("*",)),)}, "is not one user of discord"),
        ({"channels": (replace(DISCORD, users=("${A}",)),)}, "is not one user of discord"),
        ({"channels": (replace(DISCORD, elevated=(GUEST,)),)}, "is not among the users"),
        ({"sandbox": DockerSandbox("")}, "is no image"),
        ({"sandbox": DockerSandbox("s:1", user="root")}, "not numeric and unprivileged"),
        ({"sandbox": DockerSandbox("s:1", user="0:0")}, "not numeric and unprivileged"),
        ({"sandbox": DockerSandbox("s:1", memory="lots")}, "is no size"),
        ({"sandbox": DockerSandbox("s:1", cpus=0)}, "no processor or no processes"),
        ({"sandbox": DockerSandbox("s:1", pids=0)}, "no processor or no processes"),
        ({"sandbox": replace(SSH, target="sandbox")}, "is no 'user@host:port'"),
        ({"sandbox": replace(SSH, workspace_root="w")}, "no absolute folder"),
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
        "agents.defaults.model: no provider lists the model 'litellm/gpt'",
    ),
    "reference without provider": (
        lambda c: c["agents"]["defaults"].update(model="claude-sonnet-4-5"),
        "agents.defaults.model: no provider lists the model 'claude-sonnet-4-5'",
    ),
    "unknown fallback": (
        lambda c: c["agents"]["defaults"]["model"]["fallbacks"].append("opus"),
        "agents.defaults.model: no provider lists the model 'opus'",
    ),
    "no model at all": (lambda c: c["agents"]["defaults"].pop("model"), "agents.defaults.model: there is no primary"),
    "alias of an unknown model": (
        lambda c: c["agents"]["defaults"]["models"].update({"opus": {"alias": "Opus"}}),
        "agents.defaults.models: no provider lists the model 'opus'",
    ),
    "unknown model of one agent": (
        lambda c: c["agents"].update(entries={"coder": {"model": "litellm/gpt"}}),
        "agents.entries.coder.model: no provider lists",
    ),
    "unknown backend": (
        lambda c: c["agents"]["defaults"]["sandbox"].update(backend="dokcer"),
        "agents.defaults.sandbox.backend: there is no backend 'dokcer'",
    ),
    "sandbox on the host's network": (
        lambda c: c["agents"]["defaults"]["sandbox"]["docker"].update(network="host"),
        "agents.defaults.sandbox.docker.network",
    ),
    "sandbox as root": (
        lambda c: c["agents"]["defaults"]["sandbox"]["docker"].update(user="0:0"),
        "agents.defaults.sandbox.docker.user",
    ),
    "ssh without host key": (
        lambda c: c["agents"]["defaults"].update(sandbox={"mode": "all", "backend": "ssh", "ssh": {"target": "a@b"}}),
        "agents.defaults.sandbox.ssh.strictHostKeyChecking",
    ),
    "variable that is not set": (
        lambda c: c["models"]["providers"]["litellm"].update(apiKey="${LITELLM_KEY}"),
        "models.providers.litellm.apiKey: the variable LITELLM_KEY is not set",
    ),
    "key written out": (
        lambda c: c["models"]["providers"]["litellm"].update(apiKey="sk-12345"),
        "models.providers.litellm.apiKey: the secret is written out",
    ),
    "reference to a missing variable": (
        lambda c: c["gateway"]["auth"].update(token={"source": "env", "provider": "default", "id": "GONE"}),
        "gateway.auth.token: the variable GONE is not set",
    ),
    "reference to a missing provider": (
        lambda c: c["gateway"]["auth"].update(token={"source": "file", "provider": "gone", "id": "value"}),
        "gateway.auth.token: there is no secret provider 'gone'",
    ),
    "no trusted proxies": (lambda c: c["gateway"].pop("trustedProxies"), "gateway.trustedProxies: empty"),
    "everybody is a trusted proxy": (
        lambda c: c["gateway"].update(trustedProxies=["0.0.0.0/0"]),
        "gateway.trustedProxies: '0.0.0.0/0' trusts almost everybody",
    ),
    "trusted proxy is a name": (
        lambda c: c["gateway"].update(trustedProxies=["cloudflared"]),
        "gateway.trustedProxies: 'cloudflared' is no network",
    ),
    "no authentication": (lambda c: c["gateway"].update(auth={"mode": "none"}), "gateway.auth.mode: whoever reaches"),
    "no token": (lambda c: c["gateway"]["auth"].pop("token"), "gateway.auth.token: there is no token"),
    "loopback": (lambda c: c["gateway"].update(bind="loopback"), "gateway.bind: probes"),
    "no mode": (lambda c: c["gateway"].pop("mode"), "gateway.mode: the gateway does not start"),
    "any origin": (
        lambda c: c["gateway"]["controlUi"].update(allowedOrigins=["*"]),
        "gateway.controlUi.allowedOrigins: every web page",
    ),
    "no origin": (
        lambda c: c["gateway"]["controlUi"].pop("allowedOrigins"),
        "gateway.controlUi.allowedOrigins: empty",
    ),
    "plugin kept out": (lambda c: c["plugins"].update(allow=["telegram"]), "channels.discord: plugins.allow keeps"),
    "no plugin list": (lambda c: c.pop("plugins"), "plugins.allow: without it"),
    "open direct messages": (
        lambda c: c["channels"]["discord"].update(dmPolicy="open"),
        "channels.discord.dmPolicy: only 'allowlist'",
    ),
    "everybody may write": (
        lambda c: c["channels"]["discord"].update(allowFrom=["*"]),
        "channels.discord.allowFrom: it must name",
    ),
    "open groups": (
        lambda c: c["channels"]["discord"].update(groupPolicy="open"),
        "channels.discord.groupPolicy: every group",
    ),
    "everybody elevated": (
        lambda c: c["tools"]["elevated"]["allowFrom"].update(discord=["*"]),
        "tools.elevated.allowFrom.discord: everybody may leave",
    ),
    "stranger elevated": (
        lambda c: c["tools"]["elevated"]["allowFrom"].update(discord=[GUILD]),
        "tools.elevated.allowFrom.discord: '323456789012345678' may not even write",
    ),
    "elevated without names": (
        lambda c: c["tools"]["elevated"].pop("allowFrom"),
        "tools.elevated.allowFrom: nobody is named",
    ),
    "update check": (lambda c: c.pop("update"), "update.checkOnStart: the gateway looks for updates"),
    "telemetry": (lambda c: c["telemetry"].update(enabled=True), "telemetry.enabled: the gateway reports"),
    "hosted catalogue": (lambda c: c["models"].pop("catalogRefresh"), "models.catalogRefresh.enabled"),
    "other providers": (lambda c: c["models"].update(mode="merge"), "models.mode: providers other than"),
    "embeddings": (lambda c: c.pop("memory"), "memory.search.provider: the agent's memory is sent away"),
    "dangerous switch": (
        lambda c: c["gateway"]["controlUi"].update(dangerouslyDisableDeviceAuth=True),
        "gateway.controlUi.dangerouslyDisableDeviceAuth: switched on",
    ),
    "empty": (lambda c: c.clear(), "agents.defaults.model: there is no primary"),
    "shapes that are not the schema's": (
        lambda c: c.update(models=[], agents="x", gateway=None),
        "agents.defaults.model: there is no primary",
    ),
}


@pytest.mark.parametrize(("change", "fault"), FAULTS.values(), ids=FAULTS.keys())
def test_finds_what_the_validator_accepts(change: Change, fault: str) -> None:
    config = deepcopy(rendered())
    change(config)

    faults = check_openclaw(config, ENV)

    assert any(found.startswith(fault) for found in faults), faults
    assert not any("sk-12345" in found for found in faults)


def test_each_missing_variable_is_named() -> None:
    assert check_openclaw(rendered(), ENV - {"DISCORD_BOT_TOKEN"}) == [
        "channels.discord.token: the variable DISCORD_BOT_TOKEN is not set"
    ]


def test_a_token_of_an_unused_channel_is_a_fault() -> None:
    assert check_openclaw(rendered(), ENV | {"TELEGRAM_BOT_TOKEN"}) == [
        "channels.telegram: the variable TELEGRAM_BOT_TOKEN switches on a channel that is not configured"
    ]


def test_an_escaped_variable_is_text() -> None:
    config = rendered()
    config["agents"]["defaults"]["models"]["litellm/claude-opus-4-6"]["alias"] = "$${NOT_A_VARIABLE}"

    assert check_openclaw(config, ENV) == []
