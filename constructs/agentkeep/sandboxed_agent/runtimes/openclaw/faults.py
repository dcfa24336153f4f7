"""
Faults in an ``openclaw.json`` that OpenClaw's own validator lets through: they start without a word and fail, or open
something, later.

It reads any configuration, also one changed by hand. Every fact about the program was established by running it
(tests/real/openclaw).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Iterator, Mapping, Sequence

_BACKENDS = frozenset({"docker", "podman", "ssh", "openshell"})
_VARIABLE = re.compile(r"(?<!\$)\$\{([A-Z_][A-Z0-9_]*)\}")
_SECRET_KEYS = frozenset({"apiKey", "token", "password", "identityData", "botToken", "appToken", "webhookToken"})
# A channel starts when its token is in the environment, whether or not the configuration names it.
_CHANNEL_TOKENS = {
    "DISCORD_BOT_TOKEN": "discord",
    "LINE_CHANNEL_ACCESS_TOKEN": "line",
    "MATRIX_ACCESS_TOKEN": "matrix",
    "MATTERMOST_BOT_TOKEN": "mattermost",
    "SLACK_APP_TOKEN": "slack",
    "SLACK_BOT_TOKEN": "slack",
    "TELEGRAM_BOT_TOKEN": "telegram",
}


def check_openclaw(config: Mapping[str, object], env_names: Collection[str]) -> list[str]:
    """
    Return the semantic faults of *config*, sorted; an empty list means that none was found.

    These are the faults that ``openclaw config validate`` accepts: a reference to a model that no provider lists, a
    sandbox backend that does not exist, a ``${NAME}`` that is not set, a secret written out, a channel whose plugin may
    not load or that anybody may use, a gateway that no proxy can reach or that anybody can.

    Args:
        config: The content of ``openclaw.json``. Unknown keys are the validator's business, not this function's.
        env_names: The environment variables that the gateway's container has.

    Returns:
        One line for each fault, with the key it is at. Never a value that could be a secret.
    """
    faults = [
        *_reference_faults(config),
        *_sandbox_faults(config),
        *_secret_faults(config, env_names),
        *_gateway_faults(config),
        *_channel_faults(config, env_names),
        *_elevated_faults(config),
        *_outbound_faults(config),
        *_danger_faults(config),
    ]
    return sorted(set(faults))


def _reference_faults(config: Mapping[str, object]) -> Iterator[str]:
    providers = _at(config, "models", "providers")
    known = {
        f"{name}/{_at(model).get('id')}"
        for name, provider in providers.items()
        for model in _list(_at(provider).get("models"))
    }
    agents = _at(config, "agents")
    scopes = {"agents.defaults": _at(agents, "defaults")}
    scopes |= {f"agents.entries.{name}": _at(entry) for name, entry in _at(agents, "entries").items()}
    if not _model_references(scopes["agents.defaults"].get("model")):
        yield "agents.defaults.model: there is no primary model"
    for where, scope in scopes.items():
        for key in ("model", "imageModel", "utilityModel", "decisionModel", "pdfModel"):
            for reference in _model_references(scope.get(key)):
                if reference not in known:
                    yield f"{where}.{key}: no provider lists the model {reference!r}"
        for reference in _at(scope, "models"):
            if reference not in known:
                yield f"{where}.models: no provider lists the model {reference!r}"


def _model_references(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    spec = _at(value)
    return [item for item in (spec.get("primary"), *_list(spec.get("fallbacks"))) if isinstance(item, str)]


def _sandbox_faults(config: Mapping[str, object]) -> Iterator[str]:
    agents = _at(config, "agents")
    scopes = {"agents.defaults": _at(agents, "defaults")}
    scopes |= {f"agents.entries.{name}": _at(entry) for name, entry in _at(agents, "entries").items()}
    for where, scope in scopes.items():
        sandbox = _at(scope, "sandbox")
        backend = sandbox.get("backend", "docker")
        if backend not in _BACKENDS:
            yield f"{where}.sandbox.backend: there is no backend {backend!r}"
        docker = _at(sandbox, "docker")
        if docker.get("network") not in (None, "none", "bridge"):
            yield f"{where}.sandbox.docker.network: {docker['network']!r} joins a network that is not the sandbox's own"
        if str(docker.get("user", "1000")).split(":", maxsplit=1)[0] in ("0", "root"):
            yield f"{where}.sandbox.docker.user: commands run as root"
        if backend == "ssh" and sandbox.get("mode") != "off":
            ssh = _at(sandbox, "ssh")
            if ssh.get("strictHostKeyChecking") is not True:
                yield f"{where}.sandbox.ssh.strictHostKeyChecking: the host key is not checked"
            if not ssh.get("target"):
                yield f"{where}.sandbox.ssh.target: there is no machine to run on"


def _secret_faults(config: Mapping[str, object], env_names: Collection[str]) -> Iterator[str]:
    providers = _at(config, "secrets", "providers")
    for where, key, value in _leaves(config):
        if isinstance(value, str):
            for name in _VARIABLE.findall(value):
                if name not in env_names:
                    yield f"{where}: the variable {name} is not set"
            if key in _SECRET_KEYS and value and not _VARIABLE.fullmatch(value):
                yield f"{where}: the secret is written out; refer to a variable or a file"
    for where, reference in _secret_references(config):
        match reference.get("source"):
            case "env" if reference.get("id") not in env_names:
                yield f"{where}: the variable {reference.get('id')} is not set"
            case "file" if reference.get("provider") not in providers:
                yield f"{where}: there is no secret provider {reference.get('provider')!r}"
            case _:
                pass


def _gateway_faults(config: Mapping[str, object]) -> Iterator[str]:
    gateway = _at(config, "gateway")
    auth = _at(gateway, "auth")
    if gateway.get("mode") != "local":
        yield "gateway.mode: the gateway does not start without 'local'"
    if auth.get("mode") not in ("token", "password", "trusted-proxy"):
        yield "gateway.auth.mode: whoever reaches the port is let in"
    if auth.get("mode") == "token" and not auth.get("token"):
        yield "gateway.auth.token: there is no token"
    if gateway.get("bind") != "lan":
        yield "gateway.bind: probes and the tunnel reach the pod only on 'lan'"
    proxies = _list(gateway.get("trustedProxies"))
    if not proxies:
        yield "gateway.trustedProxies: empty, so every forwarded request is answered 403"
    for proxy in proxies:
        try:
            wide = ipaddress.ip_network(str(proxy), strict=False).prefixlen < 8
        except ValueError:
            yield f"gateway.trustedProxies: {proxy!r} is no network"
        else:
            if wide:
                yield f"gateway.trustedProxies: {proxy!r} trusts almost everybody"
    origins = _list(_at(gateway, "controlUi").get("allowedOrigins"))
    if not origins:
        yield "gateway.controlUi.allowedOrigins: empty, so the control page cannot connect"
    if "*" in origins:
        yield "gateway.controlUi.allowedOrigins: every web page may connect"


def _channel_faults(config: Mapping[str, object], env_names: Collection[str]) -> Iterator[str]:
    channels = {name: _at(channel) for name, channel in _at(config, "channels").items() if name != "defaults"}
    enabled = {name for name, channel in channels.items() if channel.get("enabled") is not False}
    allowed = _list(_at(config, "plugins").get("allow"))
    for name in sorted(enabled):
        channel, where = channels[name], f"channels.{name}"
        if name not in allowed:
            yield f"{where}: plugins.allow keeps the channel's plugin out"
        people = _list(channel.get("allowFrom"))
        if channel.get("dmPolicy") != "allowlist":
            yield f"{where}.dmPolicy: only 'allowlist' keeps strangers out"
        if not people or "*" in people:
            yield f"{where}.allowFrom: it must name the people, at least one"
        if channel.get("groupPolicy") not in ("allowlist", "disabled"):
            yield f"{where}.groupPolicy: every group may use the bot"
    for variable, name in _CHANNEL_TOKENS.items():
        if variable in env_names and name not in enabled:
            yield f"channels.{name}: the variable {variable} switches on a channel that is not configured"


def _elevated_faults(config: Mapping[str, object]) -> Iterator[str]:
    elevated = _at(config, "tools", "elevated")
    if elevated.get("enabled") is not True:
        return
    senders = _at(elevated, "allowFrom")
    if not senders:
        yield "tools.elevated.allowFrom: nobody is named"
    for channel, ids in senders.items():
        people = _list(_at(config, "channels", channel).get("allowFrom"))
        for person in _list(ids):
            if person == "*":
                yield f"tools.elevated.allowFrom.{channel}: everybody may leave the sandbox"
            elif person not in people:
                yield f"tools.elevated.allowFrom.{channel}: {person!r} may not even write to the channel"


def _outbound_faults(config: Mapping[str, object]) -> Iterator[str]:
    quiet: tuple[tuple[tuple[str, ...], object, str], ...] = (
        (("update", "checkOnStart"), False, "the gateway looks for updates"),
        (("telemetry", "enabled"), False, "the gateway reports its use"),
        (("models", "catalogRefresh", "enabled"), False, "the gateway fetches the hosted model catalogue"),
        (("models", "mode"), "replace", "providers other than the configured ones can be used"),
        (("memory", "search", "provider"), "none", "the agent's memory is sent away for embeddings"),
    )
    for keys, wanted, harm in quiet:
        if _at(config, *keys[:-1]).get(keys[-1]) != wanted:
            yield f"{'.'.join(keys)}: {harm}"
    if "allow" not in _at(config, "plugins"):
        yield "plugins.allow: without it any bundled plugin may start"


def _danger_faults(config: Mapping[str, object]) -> Iterator[str]:
    for where, key, value in _leaves(config):
        if key.startswith("dangerously") and value is True:
            yield f"{where}: switched on"


def _secret_references(value: object, where: str = "") -> Iterator[tuple[str, Mapping[str, object]]]:
    match value:
        case Mapping():
            items = _at(value)
            if {"source", "provider", "id"} <= items.keys():
                yield where, items
                return
            for key, item in items.items():
                yield from _secret_references(item, f"{where}.{key}".lstrip("."))
        case list():
            for index, item in enumerate(_list(value)):
                yield from _secret_references(item, f"{where}[{index}]")
        case _:
            return


def _leaves(value: object, where: str = "", key: str = "") -> Iterator[tuple[str, str, object]]:
    match value:
        case Mapping():
            for name, item in _at(value).items():
                yield from _leaves(item, f"{where}.{name}".lstrip("."), name)
        case list():
            for index, item in enumerate(_list(value)):
                yield from _leaves(item, f"{where}[{index}]", key)
        case _:
            yield where, key, value


def _at(value: object, *keys: str) -> Mapping[str, object]:
    # A wrong shape is the validator's business: it reads as empty here, and what is missing is then a fault.
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()
