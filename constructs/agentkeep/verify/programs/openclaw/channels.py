"""The channels of a configuration: who may write to the agent, and what they may change."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from agentkeep.verify.artifacts import mapping, text, texts
from agentkeep.verify.programs.openclaw.channel_facts import (
    ADDRESSES,
    CHANNEL_VARIABLES,
    DECIDED,
    HARMLESS,
    HARMLESS_IN_ROOMS,
    KINDS,
    SAFE,
    Kind,
)
from agentkeep.verify.programs.openclaw.secrets import variables
from agentkeep.verify.values import dig

_COMMANDS: Final = ("bash", "config", "debug", "mcp", "plugins", "restart")


def enabled(config: Mapping[str, Any]) -> set[str]:
    """The channels that are on."""
    channels = mapping(config.get("channels"))
    return {name for name, body in channels.items() if name != "defaults" and mapping(body).get("enabled") is not False}


def switched_on(config: Mapping[str, Any], environment: Collection[str]) -> Iterator[str]:
    """CFG004: channels that a variable brings unasked, and credentials of a channel that its settings do not name."""
    on = enabled(config)
    for variable in sorted(environment):
        channel = CHANNEL_VARIABLES.get(variable)
        if channel and channel not in on:
            yield f"switches on {channel} by {variable}"
        elif channel and variable not in variables({channel: dig(config, "channels", channel)}):
            yield f"gives {channel} the credential {variable}, which its settings do not name"


def channels(config: Mapping[str, Any]) -> Iterator[str]:
    """CFG004: who else than listed people may write, and what chat commands may change."""
    allowed = dig(config, "plugins", "allow")
    for name in sorted(enabled(config)):
        yield from _channel(name, mapping(mapping(config.get("channels"))[name]))
        if allowed is not None and name not in texts(allowed):
            yield f"{name}: its plugin is not allowed (plugins.allow)"
    commands = mapping(config.get("commands"))
    for key in _COMMANDS:
        if commands.get(key) is not False:
            yield f"takes the chat command {key}"
    yield from _owners(config, texts(commands.get("ownerAllowFrom")))
    if allowed is None:
        yield "loads every plugin that it finds"


def undecided(config: Mapping[str, Any]) -> Iterator[str]:
    """CFG004: settings of channels and plugins that nobody has looked at."""
    for name in sorted(enabled(config)):
        body = mapping(mapping(config.get("channels"))[name])
        for setting in sorted(_unknown(name, body)):
            yield f"{name}: its setting {setting[:60]} is not understood"
        if name not in KINDS and text(body.get("groupPolicy")) == "allowlist":
            yield f"{name}: whom its groups admit is not understood"
    for setting in sorted(set(mapping(dig(config, "channels", "defaults"))) - {"groupPolicy"}):
        yield f"the setting {setting[:60]} for every channel is not understood"
    plugins = mapping(config.get("plugins"))
    yield from (f"the setting plugins.{setting[:60]} is not understood" for setting in sorted(set(plugins) - {"allow"}))
    for plugin in sorted(set(texts(plugins.get("allow"))) - enabled(config)):
        yield f"allows the plugin {plugin[:60]}, which is not a channel that is on"


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
    if "*" in texts(body.get("groupAllowFrom")):
        yield f"{name}: groups are open (groupAllowFrom)"
    if group == "allowlist" and body.get("contextVisibility") != "allowlist":
        yield f"{name}: reads what others say in groups (contextVisibility)"
    if name in KINDS:
        yield from _rooms(name, KINDS[name], body)
    if name == "slack" and body.get("mode", "socket") != "socket":
        yield f"{name}: waits for requests from outside, or goes through a relay (mode)"
    for setting in sorted(ADDRESSES & set(body)):
        yield f"{name}: sends its token to {_host(body[setting])} ({setting})"
    if body.get("configWrites") is not False:
        yield f"{name}: may rewrite the configuration"


def _rooms(name: str, kind: Kind, body: Mapping[str, Any]) -> Iterator[str]:
    # A group's own list comes before the one for all groups, and that before the one for direct messages.
    inherited = body.get("groupAllowFrom", body.get("allowFrom")) if kind.people == "allowFrom" else None
    for room, inner in mapping(body.get(kind.rooms)).items():
        settings = mapping(inner)
        people = texts(settings.get(kind.people, inherited))
        if room == "*":
            yield f"{name}: takes every {kind.room} ({kind.rooms})"
        if not people or "*" in people:
            yield f"{name}: everybody of {kind.room} {room} may write"
        if text(settings.get("groupPolicy", "allowlist")) not in ("allowlist", "disabled"):
            yield f"{name}: everybody of {kind.room} {room} may write (groupPolicy)"


def _unknown(name: str, body: Mapping[str, Any]) -> Iterator[str]:
    kind = KINDS.get(name)
    known = ADDRESSES | DECIDED | HARMLESS
    if kind:
        known |= kind.tokens | {kind.rooms} | ({"mode"} if name == "slack" else frozenset())
    for setting, value in body.items():
        # Of a channel that nobody knows, a secret by reference is a token: other rules see where it comes from.
        is_safe = setting in SAFE and value is SAFE[setting]
        if not is_safe and setting not in known and (kind or not _is_reference(value)):
            yield setting
    if kind:
        inside = HARMLESS_IN_ROOMS | {kind.people, "groupPolicy"}
        for room, inner in mapping(body.get(kind.rooms)).items():
            yield from (f"{kind.rooms}.{room}.{setting}" for setting in set(mapping(inner)) - inside)


def _host(value: Any) -> str:
    # Not the whole address, which can hold a password.
    try:
        return (urlsplit(text(value)).hostname or "a server that is not named")[:60]
    except ValueError:
        return "a server that is not named"


def _is_reference(value: Any) -> bool:
    names = variables({"value": value})
    return (isinstance(value, str) and value in {f"${{{name}}}" for name in names}) or (
        isinstance(value, dict) and value.keys() == {"source", "provider", "id"}
    )


def _owners(config: Mapping[str, Any], owners: list[str]) -> Iterator[str]:
    """Owners may run commands of OpenClaw's own, so each must be somebody who is named on a channel."""
    for owner in owners:
        channel, _, person = owner.partition(":")
        if owner == "*" or person == "*":
            yield "takes everybody for its owner"
        elif person not in texts(dig(config, "channels", channel, "allowFrom")):
            yield f"takes somebody for its owner who may not write to {channel[:60]}"
