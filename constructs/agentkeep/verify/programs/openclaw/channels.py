"""The channels of a configuration: who may write to the agent, and what they may change."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

from agentkeep.verify.artifacts import mapping, text, texts
from agentkeep.verify.values import dig

# A variable of one of these names switches the channel on, whatever the configuration says.
CHANNEL_VARIABLES: Final = {
    "DISCORD_BOT_TOKEN": "discord", "TELEGRAM_BOT_TOKEN": "telegram", "SLACK_BOT_TOKEN": "slack",
    "SLACK_APP_TOKEN": "slack", "LINE_CHANNEL_ACCESS_TOKEN": "line", "MATTERMOST_BOT_TOKEN": "mattermost",
    "MATRIX_ACCESS_TOKEN": "matrix",
}  # fmt: skip


def enabled(config: Mapping[str, Any]) -> set[str]:
    """The channels that are on."""
    channels = mapping(config.get("channels"))
    return {name for name, body in channels.items() if name != "defaults" and mapping(body).get("enabled") is not False}


def switched_on(config: Mapping[str, Any], variables: Collection[str]) -> Iterator[tuple[str, str]]:
    """(channel, variable) of every channel that a variable switches on unasked."""
    on = enabled(config)
    for variable in sorted(variables):
        channel = CHANNEL_VARIABLES.get(variable)
        if channel and channel not in on:
            yield channel, variable


def channels(config: Mapping[str, Any]) -> Iterator[str]:
    """CFG004: who else than listed people may write, and what chat commands may change."""
    allowed = dig(config, "plugins", "allow")
    for name in sorted(enabled(config)):
        yield from _channel(name, mapping(mapping(config.get("channels"))[name]))
        if allowed is not None and name not in texts(allowed):
            yield f"{name}: its plugin is not allowed (plugins.allow)"
    commands = mapping(config.get("commands"))
    for key in ("bash", "config", "debug", "mcp", "plugins", "restart"):
        if commands.get(key) is not False:
            yield f"takes the chat command {key}"
    if "*" in texts(commands.get("ownerAllowFrom")):
        yield "takes everybody for its owner"
    if allowed is None:
        yield "loads every plugin that it finds"


def _channel(name: str, body: Mapping[str, Any]) -> Iterator[str]:
    policy = text(body.get("dmPolicy"))
    people = texts(body.get("allowFrom"))
    if policy not in ("allowlist", "disabled"):
        yield f"{name}: direct messages are open (dmPolicy {policy or 'absent'})"
    if policy == "allowlist" and (not people or "*" in people):
        yield f"{name}: direct messages are open (allowFrom)"
    group = text(body.get("groupPolicy"))
    if group not in ("allowlist", "disabled"):
        yield f"{name}: groups are open (groupPolicy {group or 'absent'})"
    if group == "allowlist":
        for guild, inner in mapping(body.get("guilds")).items():
            users = texts(mapping(inner).get("users"))
            if not users or "*" in users:
                yield f"{name}: everybody of server {guild} may write"
    if body.get("configWrites") is not False:
        yield f"{name}: may rewrite the configuration"
