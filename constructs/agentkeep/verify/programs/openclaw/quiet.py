"""What a configuration sends out by itself, and the switches that no one should turn on."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from agentkeep.verify.artifacts import mapping
from agentkeep.verify.values import dig

# (where, what it must be): each is on, or would go past the proxy, unless it is switched off.
OFF: Final = (
    (("models", "catalogRefresh", "enabled"), False),
    (("memory", "search", "provider"), "none"),
    (("telemetry", "enabled"), False),
    (("update", "checkOnStart"), False),
    (("update", "auto", "enabled"), False),
    (("browser", "enabled"), False),
    (("discovery", "mdns", "mode"), "off"),
)
SECTIONS: Final = frozenset(
    {
        "agents", "browser", "channels", "commands", "discovery", "gateway", "memory", "models", "plugins", "secrets",
        "session", "telemetry", "tools", "update",
    }
)  # fmt: skip
VARIABLES: Final = {
    "OPENCLAW_CONFIG_READONLY": "1",
    "OPENCLAW_NO_AUTO_UPDATE": "1",
    "DO_NOT_TRACK": "1",
    "npm_config_offline": "true",
}
_APIS: Final = ("openai-completions", "anthropic-messages", "openai-responses")


def unknown_sections(config: Mapping[str, Any]) -> Iterator[str]:
    """CFG009: sections that nobody has looked at."""
    yield from (f"has a section {one[:60]!r}, which is not understood" for one in sorted(set(config) - SECTIONS))


def quiet(config: Mapping[str, Any]) -> Iterator[str]:
    """CFG009: what is sent, fetched or switched on without a person asking."""
    for path, wanted in OFF:
        if dig(config, *path) != wanted:
            yield f"does not set {'.'.join(path)} to {'false' if wanted is False else wanted}"
    for provider, body in mapping(dig(config, "models", "providers")).items():
        if mapping(body).get("api") not in _APIS:
            yield f"speaks to {provider} by {mapping(body).get('api')}"
    yield from (f"sets {where}" for where in sorted(_dangerous(config)))


def _dangerous(value: Any, where: str = "") -> Iterator[str]:
    """Every switch whose own name says that it is dangerous, wherever it stands."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        here = f"{where}.{key}".lstrip(".")
        if str(key).startswith("dangerously") and inner is True:
            yield here
        yield from _dangerous(inner, here)
