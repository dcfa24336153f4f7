"""CFG005: the proxy checks keys."""

import re
from typing import Any, Final

from agentkeep.verify.artifacts import Workload, mapping, mappings, text, texts
from agentkeep.verify.case import Case
from agentkeep.verify.configs import litellms
from agentkeep.verify.documents import parse_json
from agentkeep.verify.verdict import Report

_FROM_ENV: Final = re.compile(r"os\.environ/[A-Z][A-Z0-9_]*\Z")
_SWITCHES: Final = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True", "NO_DOCS": "True", "NO_REDOC": "True", "DISABLE_ADMIN_UI": "True",
}  # fmt: skip
_OPENINGS: Final = (
    "database_url", "allow_requests_on_db_unavailable", "allow_client_side_credentials", "pass_through_endpoints",
    "public_routes", "custom_auth_settings",
)  # fmt: skip
_CALLBACKS: Final = ("success_callback", "failure_callback", "callbacks", "service_callback")
_ELSEWHERE: Final = ("api_base", "base_url", "custom_llm_provider", "configurable_clientside_auth_params")
# Settings that were looked at, by section; an empty set leaves a section to whoever reads it.
_KNOWN: Final[dict[str, frozenset[str]]] = {
    "model_list": frozenset({"model_name", "litellm_params", "model_info"}),
    "general_settings": frozenset(
        {"master_key", "custom_auth", "custom_auth_run_common_checks", "store_model_in_db", *_OPENINGS}
    ),
    "litellm_settings": frozenset(
        {
            "enable_post_custom_auth_checks", "drop_params", "telemetry", "turn_off_message_logging", "request_timeout",
            *_CALLBACKS,
        }
    ),
    "router_settings": frozenset(
        {"provider_budget_config", "num_retries", "timeout", "allowed_fails", "cooldown_time"}
    ),
    "guardrails": frozenset(),
}  # fmt: skip
_PARAMS: Final = frozenset(
    {"model", "api_key", "cache_control_injection_points", "rpm", "tpm", "timeout", "max_tokens", "temperature"}
)
_DEBUG: Final = ("--detailed_debug", "--debug", "--use_prisma_db_push", "--test")
_FORBIDDEN_ENV: Final = ("DATABASE_URL", "DIRECT_URL", "STORE_MODEL_IN_DB", "LITELLM_SALT_KEY", "ANTHROPIC_BASE_URL")


def cfg005_the_proxy_checks_keys(case: Case, report: Report) -> None:
    """
    CFG005: the proxy starts with its configuration, checks every key by its own gate, and keeps its master key for
    itself.

    Without ``--config`` no model and no check is loaded; without the gate only the master key works, and agents are
    then given it.
    """
    for workload, item, config in litellms(case, report):
        for problem in _unknown(config):
            report.unsure(workload, f"sets {problem}, which is not understood", place=item.place)
        for problem in (*_settings(case, workload, config), *_models(config), *_container(workload)):
            report.find(workload, problem, place=item.place)
        for problem in _clients(case, workload, config):
            report.find(workload, problem, place=item.place)


def _unknown(config: Any) -> list[str]:
    """Settings that no rule knows: LiteLLM has hundreds, and some of them open it."""
    found = sorted(set(config) - _KNOWN.keys())
    for section, known in _KNOWN.items():
        for entry in mappings(config.get(section)) or [mapping(config.get(section))]:
            found += [f"{section}.{key}" for key in sorted(set(entry) - known)] if known else []
    params = {key for one in mappings(config.get("model_list")) for key in mapping(one.get("litellm_params"))}
    return found + [f"litellm_params.{key}" for key in sorted(params - _PARAMS - set(_ELSEWHERE))]


def _settings(case: Case, workload: Workload, config: Any) -> list[str]:
    found = []
    general, litellm = mapping(config.get("general_settings")), mapping(config.get("litellm_settings"))
    if not _FROM_ENV.match(text(general.get("master_key"))):
        found.append("has no master key from its environment")
    module, _, function = text(general.get("custom_auth")).rpartition(".")
    if not module or not function:
        found.append("has no gate of its own (custom_auth)")
    elif f"{module}.py" not in case.files_of(workload):
        found.append(f"names the gate {module}, whose file is not beside its configuration")
    if general.get("custom_auth_run_common_checks") is not True:
        found.append("does not run the common checks after its gate")
    if litellm.get("enable_post_custom_auth_checks") is not True:
        found.append("does not check after its gate which models a key is for")
    found += [f"sets general_settings.{key}" for key in _OPENINGS if general.get(key)]
    if general.get("store_model_in_db"):
        found.append("keeps models in a database")
    found += [f"sends what it sees elsewhere (litellm_settings.{key})" for key in _CALLBACKS if litellm.get(key)]
    if mapping(config.get("router_settings")).get("num_retries") != 0:
        found.append("sends failed requests again, past the client's rate (router_settings.num_retries)")
    if litellm.get("telemetry") is not False:
        found.append("calls home (telemetry)")
    return found


def _models(config: Any) -> list[str]:
    found = []
    models = mappings(config.get("model_list"))
    if not models:
        found.append("serves no model")
    for model in models:
        name, params = text(model.get("model_name")), mapping(model.get("litellm_params"))
        if not _FROM_ENV.match(text(params.get("api_key"))):
            found.append(f"has no key from its environment for {name}")
        if "/" not in text(params.get("model")):
            found.append(f"does not say whose model {name} is")
        if not name or "*" in name or "*" in text(params.get("model")):
            found.append("serves models by wildcard")
        found += [f"sends {name} elsewhere ({key})" for key in _ELSEWHERE if params.get(key)]
    return found


def _container(workload: Workload) -> list[str]:
    main = next((c for c in workload.containers if c.kind == "container"), None)
    if main is None:
        return ["has no container"]
    found = []
    args = texts(main.body.get("args"))
    paths = {text(mount.get("mountPath")) for mount in main.mounts}
    config = args[args.index("--config") + 1] if "--config" in args[:-1] else ""
    if not config or config.rpartition("/")[0] not in paths:
        found.append("is not started with its configuration (--config)")
    found += [f"is started with {word}" for word in _DEBUG if word in args]
    env = {text(entry.get("name")): text(entry.get("value")) for entry in main.env}
    found += [f"does not set {name}" for name, value in _SWITCHES.items() if env.get(name) != value]
    found += [f"sets {name}" for name in _FORBIDDEN_ENV if name in env]
    return found


def _clients(case: Case, workload: Workload, config: Any) -> list[str]:
    entry = case.files_of(workload).get("clients.json")
    if entry is None:
        return ["has a gate that knows no client"]
    found = []
    served = {text(one.get("model_name")) for one in mappings(config.get("model_list"))}
    master = text(mapping(config.get("general_settings")).get("master_key")).removeprefix("os.environ/")
    keys = {
        text(mapping(one.get("litellm_params")).get("api_key")).removeprefix("os.environ/")
        for one in mappings(config.get("model_list"))
    }
    seen: set[str] = set()
    for client in mappings(parse_json(entry[1], "clients.json").get("clients")):
        name, key = text(client.get("name")), text(client.get("keyEnv"))
        if key == master or key in keys or key in seen:
            found.append(f"gives client {name} a key that is not its own")
        seen.add(key)
        if not texts(client.get("models")) or set(texts(client.get("models"))) - served:
            found.append(f"gives client {name} models that it does not serve")
    return found or ([] if seen else ["has a gate that knows no client"])
