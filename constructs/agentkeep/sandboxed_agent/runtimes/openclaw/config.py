"""
OpenClaw's configuration, rendered from typed settings.

``render_openclaw`` gives the content of ``openclaw.json`` for OpenClaw 2026.9.6. A model is written once, in
``OpenClawSettings.models``; every reference to it is derived from that list, so a reference to a model that the proxy
does not serve cannot be written. What OpenClaw's own validator lets through, the proofs look at.

Secrets appear as references only: ``${NAME}`` for a variable, a file reference for a file. Every fact about
the program was established by running it (tests/real/openclaw).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Literal

from agentkeep.errors import DeclarationError

OPENCLAW_VERSION = "2026.9.6"
"""The release whose schema the output follows, and that the tests start."""

STATE_DIR = "/home/node/.openclaw"
"""OpenClaw's state: sessions, plugins, device pairings. A persistent volume."""

WORKSPACE_DIR = f"{STATE_DIR}/workspace"
"""The agent's own files. The sandbox daemon mounts it at the same path."""

SHARED_STATE_DIRS = ("workspace", "sandboxes", "sandbox")
"""
The folders below ``STATE_DIR`` that the sandbox daemon must see at the same absolute paths, and no other: the state
folder itself holds sessions and credentials.
"""

CONFIG_PATH = "/etc/openclaw/openclaw.json"
"""The live copy. OpenClaw does not notice when a ConfigMap volume swaps its symlinks, so sync-files.sh copies it."""

GATEWAY_ENV: Mapping[str, str] = {
    "DO_NOT_TRACK": "1",
    "HOME": "/home/node",
    "OPENCLAW_CONFIG_PATH": CONFIG_PATH,
    "OPENCLAW_CONFIG_READONLY": "1",
    "OPENCLAW_DISABLE_BONJOUR": "1",
    "OPENCLAW_NO_AUTO_UPDATE": "1",
    "OPENCLAW_STATE_DIR": STATE_DIR,
    # Without it a start with a missing plugin asks npm for whatever release is newest.
    "npm_config_offline": "true",
}
"""Environment of the gateway that holds no secret; the schema has no key for these."""

_MODEL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]*")
_LABEL = re.compile(r"[^\x00-\x1f$\x7f]+")
_ENV = re.compile(r"[A-Z][A-Z0-9_]*")
_IMAGE = re.compile(r"[a-z0-9][A-Za-z0-9._:/@-]*")
_MEMORY = re.compile(r"[1-9][0-9]*[kmg]")
_USER = re.compile(r"[1-9][0-9]*:[1-9][0-9]*")
_PROVIDER = "litellm"


@dataclass(frozen=True, slots=True)
class EnvSecret:
    """
    A secret that the gateway reads from its environment.

    Attributes:
        name: The environment variable, such as ``LITELLM_PROXY_KEY``.
    """

    name: str


@dataclass(frozen=True, slots=True)
class ChatModel:
    """
    A model as the proxy serves it.

    Attributes:
        id: The id at the proxy, such as ``claude-sonnet-4-5``.
        name: What people read.
        alias: What people type to switch to it, such as ``Sonnet``.
        context_window: Input tokens that it takes.
        max_output: Output tokens that it gives at most.
        reasoning: It can think before it answers.
        images: It takes pictures.
    """

    id: str
    name: str
    alias: str
    context_window: int
    max_output: int
    reasoning: bool = True
    images: bool = True


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """
    A channel: who may write to it, and where.

    Attributes:
        name: The key below ``channels``, which is also the id of its plugin.
        tokens: Its secrets, by the setting that takes them.
        users: Ids of those who may write to the bot. Nobody else gets an answer.
        elevated: The ids among *users* whose direct messages may run commands outside the sandbox.
        rooms: The setting that names the groups where *users* may mention the bot; empty means direct messages only.
        settings: Everything else.
    """

    name: str
    tokens: Mapping[str, EnvSecret]
    users: tuple[str, ...]
    elevated: tuple[str, ...] = ()
    rooms: Mapping[str, object] = field(default_factory=dict)
    settings: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DockerSandbox:
    """
    Every command of every session runs in a container of a Docker daemon beside the gateway.

    Attributes:
        image: The image, which must exist in the daemon: OpenClaw never pulls it. It needs ``python3`` and ``bash``.
        network: ``none``, or ``bridge`` to give the sandbox the pod's own network, as far as its policy allows.
        user: Numeric user and group of the commands; the workspace belongs to 1000:1000.
        memory: Memory and swap together, such as ``1g``.
        cpus: Processor cores.
        pids: Processes at most.
    """

    image: str
    network: Literal["none", "bridge"] = "none"
    user: str = "1000:1000"
    memory: str = "1g"
    cpus: float = 1.0
    pids: int = 256


@dataclass(frozen=True, slots=True)
class OpenClawSettings:
    """
    All that an ``openclaw.json`` is rendered from.

    Attributes:
        models: The first is the agent's model, the others are its fallbacks in this order.
        proxy_url: The proxy's OpenAI-compatible root with its ``/v1``; OpenClaw appends ``/chat/completions``.
        proxy_key: The agent's inference key at the proxy, never a provider's key.
        gateway_token: What a client of the gateway must present.
        trusted_proxies: CIDRs of the pods that forward for others. A request with X-Forwarded-For from any other source
            is answered 403, whatever token it carries.
        origins: Web origins of the control page, such as ``https://openclaw.b0xp.io``.
        sandbox: Where commands run. None means in the gateway's own container, beside its secrets.
        channels: How people talk to the agent.
        port: The gateway's port.
        workspace: The absolute folder of the agent's own files.
    """

    models: tuple[ChatModel, ...]
    proxy_url: str
    proxy_key: EnvSecret
    gateway_token: EnvSecret
    trusted_proxies: tuple[str, ...]
    origins: tuple[str, ...]
    sandbox: DockerSandbox | None
    channels: tuple[ChannelSettings, ...] = ()
    port: int = 18789
    workspace: str = WORKSPACE_DIR


def render_openclaw(settings: OpenClawSettings, *, path: str = "openclaw") -> dict[str, object]:
    """
    Return the content of ``openclaw.json`` as plain data.

    The strict validator of OpenClaw 2026.9.6 accepts it without a warning once the plugins of its channels are
    installed, and the proofs find nothing in it as long as the variables of ``env_names(settings)`` are set. Everything
    that would call home on its own is off: update checks, telemetry, the hosted model catalogue, network discovery and
    embeddings of the agent's memory.

    Args:
        settings: What to render.
        path: How errors name the agent.

    Raises:
        DeclarationError: A value cannot be right; the message names it.
    """
    _check_settings(settings, path)
    references = [f"{_PROVIDER}/{model.id}" for model in settings.models]
    config: dict[str, object] = {
        "gateway": _gateway(settings),
        "models": {
            # "replace" keeps every provider but the proxy out, also those whose key happens to be in the environment.
            "mode": "replace",
            "catalogRefresh": {"enabled": False},
            "providers": {
                _PROVIDER: {
                    "baseUrl": settings.proxy_url,
                    "apiKey": _reference(settings.proxy_key),
                    "api": "openai-completions",
                    "models": [_model(model) for model in settings.models],
                }
            },
        },
        "agents": {
            "defaults": {
                "workspace": settings.workspace,
                "model": {"primary": references[0], "fallbacks": references[1:]},
                "models": {
                    reference: {"alias": model.alias}
                    for reference, model in zip(references, settings.models, strict=True)
                },
                "sandbox": _sandbox(settings.sandbox),
            }
        },
        "tools": {"elevated": _elevated(settings.channels)},
        # One conversation per person: what one user tells the bot is not context for the next.
        "session": {"dmScope": "per-channel-peer"},
        "commands": _commands(settings.channels),
        "channels": {channel.name: _channel(channel) for channel in settings.channels},
        # An exclusive list: it also keeps bundled plugins out that would start because their key is in the environment.
        "plugins": {"allow": [channel.name for channel in settings.channels]},
        # Embeddings would go to OpenAI directly, past the proxy. Keyword search stays.
        "memory": {"search": {"provider": "none"}},
        "browser": {"enabled": False},
        "discovery": {"mdns": {"mode": "off"}},
        "telemetry": {"enabled": False},
        "update": {"checkOnStart": False, "auto": {"enabled": False}},
    }
    return config


def env_names(settings: OpenClawSettings) -> tuple[str, ...]:
    """Return the environment variables that the configuration reads, sorted: each must come from a Secret."""
    return tuple(sorted({secret.name for secret in _secrets(settings)}))


# --- rendering -------------------------------------------------------------------------------------------------------


def _gateway(settings: OpenClawSettings) -> dict[str, object]:
    return {
        "mode": "local",
        # Probes and cloudflared reach the pod's address, so loopback is not enough.
        "bind": "lan",
        "port": settings.port,
        "auth": {
            "mode": "token",
            "token": _reference(settings.gateway_token),
            "rateLimit": {"maxAttempts": 10, "windowMs": 60_000, "lockoutMs": 300_000},
        },
        "trustedProxies": list(settings.trusted_proxies),
        "controlUi": {
            "allowedOrigins": list(settings.origins),
            "allowExternalEmbedUrls": False,
            "automaticallyFetchFavicons": False,
            "communityInvite": False,
        },
        "nodes": {"browser": {"mode": "off"}, "pairing": {"autoApproveLocal": False, "sshVerify": False}},
        "reload": {"mode": "hybrid"},
        "tailscale": {"mode": "off"},
        # A shell in the gateway's container for whoever holds the token: not needed, so not there.
        "terminal": {"enabled": False},
    }


def _model(model: ChatModel) -> dict[str, object]:
    return {
        "id": model.id,
        "name": model.name,
        "reasoning": model.reasoning,
        "input": ["text", "image"] if model.images else ["text"],
        "contextWindow": model.context_window,
        "maxTokens": model.max_output,
    }


def _sandbox(sandbox: DockerSandbox | None) -> dict[str, object]:
    if sandbox is None:
        return {"mode": "off"}
    return {
        "mode": "all",
        "backend": "docker",
        "scope": "agent",
        "workspaceAccess": "rw",
        "docker": {
            "image": sandbox.image,
            "network": sandbox.network,
            "user": sandbox.user,
            "readOnlyRoot": True,
            "tmpfs": ["/tmp", "/var/tmp", "/run"],  # noqa: S108 - paths inside the sandbox
            "capDrop": ["ALL"],
            "memory": sandbox.memory,
            "memorySwap": sandbox.memory,
            "cpus": sandbox.cpus,
            "pidsLimit": sandbox.pids,
        },
    }


def _elevated(channels: Sequence[ChannelSettings]) -> dict[str, object]:
    people = {channel.name: list(channel.elevated) for channel in channels if channel.elevated}
    # Without a list OpenClaw lets everybody out.
    return {"enabled": True, "allowFrom": people} if people else {"enabled": False}


def _commands(channels: Sequence[ChannelSettings]) -> dict[str, object]:
    # Chat commands that would change the deployment from inside it. Its one source is the declaration.
    commands: dict[str, object] = dict.fromkeys(("bash", "config", "debug", "mcp", "plugins", "restart"), False)
    owners = [f"{channel.name}:{user}" for channel in channels for user in channel.elevated]
    return {**commands, "ownerAllowFrom": owners} if owners else commands


def _channel(channel: ChannelSettings) -> dict[str, object]:
    rendered: dict[str, object] = {
        "enabled": True,
        **{setting: _reference(secret) for setting, secret in channel.tokens.items()},
        "dmPolicy": "allowlist",
        "allowFrom": list(channel.users),
        "groupPolicy": "allowlist" if channel.rooms else "disabled",
        "configWrites": False,
    }
    if channel.rooms:
        # Otherwise the model reads what everybody in the group has written, as context of what a user asks.
        rendered |= {"contextVisibility": "allowlist", **channel.rooms}
    # Data comes last and replaces nothing; the declaration refuses data that would.
    return {**rendered, **{key: value for key, value in channel.settings.items() if key not in rendered}}


def _reference(secret: EnvSecret) -> str:
    return f"${{{secret.name}}}"


def _secrets(settings: OpenClawSettings) -> Iterator[EnvSecret]:
    yield settings.proxy_key
    yield settings.gateway_token
    for channel in settings.channels:
        yield from channel.tokens.values()


# --- refusals --------------------------------------------------------------------------------------------------------


def _check_settings(settings: OpenClawSettings, path: str) -> None:
    for problem, fix in _settings_problems(settings):
        raise DeclarationError(path, problem, fix)


def _settings_problems(settings: OpenClawSettings) -> Iterator[tuple[str, str]]:
    yield from _model_problems(settings.models)
    if not re.fullmatch(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?/v1", settings.proxy_url):
        yield f"proxy_url {settings.proxy_url!r} is not an http root ending in /v1", "write it as 'http://host:port/v1'"
    if not 1 <= settings.port <= 65535:
        yield f"port {settings.port} is not a port", "write a number from 1 to 65535"
    if not PurePosixPath(settings.workspace).is_absolute() or "$" in settings.workspace:
        yield f"workspace {settings.workspace!r} is not an absolute folder", f"write {WORKSPACE_DIR!r}"
    if not settings.trusted_proxies:
        yield "there are no trusted_proxies, so every forwarded request is refused", "give the pod CIDRs"
    for cidr in settings.trusted_proxies:
        yield from _proxy_problems(cidr)
    if not settings.origins:
        yield "there are no origins, so the control page refuses its own connection", "give the public https origin"
    for origin in settings.origins:
        if not re.fullmatch(r"https://[a-z0-9.-]+(:[0-9]{1,5})?", origin):
            yield f"origin {origin!r} is not an https origin", "write it as 'https://host', without a path"
    yield from _secret_problems(tuple(_secrets(settings)))
    for channel in settings.channels:
        yield from _channel_problems(channel)
    if settings.sandbox is not None:
        yield from _sandbox_problems(settings.sandbox)


def _model_problems(models: Sequence[ChatModel]) -> Iterator[tuple[str, str]]:
    if not models:
        yield "there are no models", "give at least one model that the proxy serves"
    for what, values in (("id", [model.id for model in models]), ("alias", [model.alias for model in models])):
        if len(set(values)) < len(values):
            yield f"two models have the same {what}", f"give each model its own {what}"
    for model in models:
        if not _MODEL_ID.fullmatch(model.id):
            yield f"model id {model.id!r} is not an id", "write it as the proxy does, such as 'claude-sonnet-4-5'"
        for what, label in (("name", model.name), ("alias", model.alias)):
            if not _LABEL.fullmatch(label):
                yield f"{what} {label!r} of model {model.id!r} is not plain text", "use letters, digits and spaces"
        if not 0 < model.max_output <= model.context_window:
            yield (
                f"model {model.id!r} gives {model.max_output} of {model.context_window} tokens",
                "max_output is positive and at most context_window",
            )


def _proxy_problems(cidr: str) -> Iterator[tuple[str, str]]:
    try:
        network = ipaddress.ip_network(cidr)
    except ValueError:
        yield f"trusted proxy {cidr!r} is not a network", "write a CIDR without host bits, such as '10.244.0.0/16'"
        return
    if network.prefixlen < 8:
        yield f"trusted proxy {cidr!r} trusts almost everybody", "give the pod CIDRs only"


def _secret_problems(secrets: Sequence[EnvSecret]) -> Iterator[tuple[str, str]]:
    for secret in secrets:
        if not _ENV.fullmatch(secret.name):
            yield f"{secret.name!r} is not a name of an environment variable", "use capitals, digits and underscores"
    if len(set(secrets)) < len(secrets):
        yield "two uses share one secret", "give each use a secret of its own"


def _channel_problems(channel: ChannelSettings) -> Iterator[tuple[str, str]]:
    if not channel.users:
        yield f"{channel.name} has no users, so nobody can write to the bot", "give at least one user id"
    for user in channel.users:
        # OpenClaw would put a variable's value in the place of ${NAME}.
        if user == "*" or "$" in user:
            yield f"{user!r} is not one user of {channel.name}", "give the id of each person"
    for user in channel.elevated:
        if user not in channel.users:
            yield f"elevated user {user!r} is not among the users", "add the id to users, or remove it from elevated"


def _sandbox_problems(sandbox: DockerSandbox) -> Iterator[tuple[str, str]]:
    if not _IMAGE.fullmatch(sandbox.image):
        yield f"sandbox image {sandbox.image!r} is not an image", "write 'name:tag' or 'name@sha256:<digest>'"
    if not _USER.fullmatch(sandbox.user):
        yield f"sandbox user {sandbox.user!r} is not numeric and unprivileged", "write '1000:1000'"
    if not _MEMORY.fullmatch(sandbox.memory):
        yield f"sandbox memory {sandbox.memory!r} is not a size", "write it as '512m' or '1g'"
    if sandbox.cpus <= 0 or sandbox.pids <= 0:
        yield "the sandbox has no processor or no processes", "give cpus and pids greater than zero"
