"""CFG009: nothing calls home."""

from typing import Any, Final

from agentkeep.verify.artifacts import mapping, text
from agentkeep.verify.case import Case
from agentkeep.verify.configs import openclaws
from agentkeep.verify.values import dig
from agentkeep.verify.verdict import Report

# (where, what it must be): each is on, or would go past the proxy, unless it is switched off.
_OFF: Final = (
    (("models", "catalogRefresh", "enabled"), False),
    (("memory", "search", "provider"), "none"),
    (("telemetry", "enabled"), False),
    (("update", "checkOnStart"), False),
    (("update", "auto", "enabled"), False),
    (("browser", "enabled"), False),
    (("discovery", "mdns", "mode"), "off"),
)
_SECTIONS: Final = frozenset(
    {
        "agents", "browser", "channels", "commands", "discovery", "gateway", "memory", "models", "plugins", "secrets",
        "session", "telemetry", "tools", "update",
    }
)  # fmt: skip
_ENV: Final = {
    "OPENCLAW_CONFIG_READONLY": "1",
    "OPENCLAW_NO_AUTO_UPDATE": "1",
    "DO_NOT_TRACK": "1",
    "npm_config_offline": "true",
}


def cfg009_nothing_calls_home(case: Case, report: Report) -> None:
    """
    CFG009: the agent's program neither updates itself, nor reports, nor asks a provider past the proxy, nor rewrites
    its configuration.

    Embeddings of the agent's memory, for one, go to a provider directly unless that is switched off.
    """
    for workload, item, config in openclaws(case, report):
        for section in sorted(set(config) - _SECTIONS):
            report.unsure(workload, f"has a section {section[:60]!r}, which is not understood", place=item.place)
        for path, wanted in _OFF:
            report.look()
            if dig(config, *path) != wanted:
                report.find(workload, f"does not set {'.'.join(path)} to {_shown(wanted)}", place=item.place)
        main = next((c for c in workload.containers if c.name == workload.name), None)
        env = {text(e.get("name")): text(e.get("value")) for e in main.env} if main else {}
        for name, value in _ENV.items():
            if env.get(name) != value:
                report.find(workload, f"does not set {name}={value}", place=workload.place)
        own = env.get("OPENCLAW_CONFIG_PATH", "")
        holding = [m for m in main.mounts if own.startswith(f"{text(m.get('mountPath'))}/")] if main else []
        deepest = max(holding, key=lambda m: len(text(m.get("mountPath"))), default={})
        if deepest.get("readOnly") is not True:
            report.find(workload, "may write to its own configuration", place=workload.place)
        for provider, body in mapping(dig(config, "models", "providers")).items():
            if mapping(body).get("api") not in ("openai-completions", "anthropic-messages", "openai-responses"):
                report.find(workload, f"speaks to {provider} by {mapping(body).get('api')}", place=item.place)


def _shown(value: Any) -> str:
    return "false" if value is False else str(value)
