"""LiteLLM as a proxy: how it is started, what it answers, and its ``config.yaml`` as far as it is understood."""

import re
from collections.abc import Collection, Mapping
from typing import Any, Final

from agentkeep.verify.artifacts import mapping, mappings, text
from agentkeep.verify.programs import PROBES, Program

_HEALTH: Final = frozenset({"/health/liveliness", "/health/liveness"})
PROGRAM: Final = Program(
    name="litellm",
    repositories=frozenset({"litellm", "litellm-database"}),
    commands=((), ("litellm",)),
    needed=PROBES,
    # /health needs a key and makes one paid call for each model; /health/readiness says whether it has its database.
    answers={
        "startupProbe": _HEALTH | {"/health/readiness"},
        "readinessProbe": _HEALTH | {"/health/readiness"},
        "livenessProbe": _HEALTH,
    },
    config="config.yaml",
    malicious=frozenset({(1, 82, 7), (1, 82, 8)}),
    floors={(1, 102): (1, 102, 2)},
    oldest=(1, 103, 1),
)

FROM_ENV: Final = re.compile(r"os\.environ/[A-Z][A-Z0-9_]*\Z")
# What is sent where no key is asked for.
NO_KEY: Final = "none"
_IN_CLUSTER: Final = re.compile(
    r"http://[a-z0-9-]+\.(?P<namespace>[a-z0-9-]+)\.svc(?:\.cluster\.local)?:(?P<port>[0-9]{1,5})(?:/[A-Za-z0-9._-]+)*/?"
)
SWITCHES: Final = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True", "NO_DOCS": "True", "NO_REDOC": "True", "DISABLE_ADMIN_UI": "True",
}  # fmt: skip
OPENINGS: Final = (
    "database_url", "allow_requests_on_db_unavailable", "allow_client_side_credentials", "pass_through_endpoints",
    "public_routes", "custom_auth_settings",
)  # fmt: skip
CALLBACKS: Final = ("success_callback", "failure_callback", "callbacks", "service_callback")
ELSEWHERE: Final = ("api_base", "base_url", "custom_llm_provider", "configurable_clientside_auth_params")
# Settings that were looked at, by section; an empty set leaves a section to whoever reads it.
KNOWN: Final[dict[str, frozenset[str]]] = {
    "model_list": frozenset({"model_name", "litellm_params", "model_info"}),
    "general_settings": frozenset(
        {"master_key", "custom_auth", "custom_auth_run_common_checks", "store_model_in_db", *OPENINGS}
    ),
    "litellm_settings": frozenset(
        {
            "enable_post_custom_auth_checks", "drop_params", "telemetry", "turn_off_message_logging", "request_timeout",
            *CALLBACKS,
        }
    ),
    "router_settings": frozenset(
        {"provider_budget_config", "num_retries", "timeout", "allowed_fails", "cooldown_time"}
    ),
    "guardrails": frozenset(),
}  # fmt: skip
PARAMS: Final = frozenset(
    {"model", "api_key", "cache_control_injection_points", "rpm", "tpm", "timeout", "max_tokens", "temperature"}
)
DEBUG: Final = ("--detailed_debug", "--debug", "--use_prisma_db_push", "--test")
FORBIDDEN_ENV: Final = ("DATABASE_URL", "DIRECT_URL", "STORE_MODEL_IN_DB", "LITELLM_SALT_KEY", "ANTHROPIC_BASE_URL")


def unknown(config: Mapping[str, Any]) -> list[str]:
    """Settings that no rule knows: LiteLLM has hundreds, and some of them open it."""
    found = sorted(set(config) - KNOWN.keys())
    for section, known in KNOWN.items():
        for entry in mappings(config.get(section)) or [mapping(config.get(section))]:
            found += [f"{section}.{key}" for key in sorted(set(entry) - known)] if known else []
    params = {key for one in mappings(config.get("model_list")) for key in mapping(one.get("litellm_params"))}
    return found + [f"litellm_params.{key}" for key in sorted(params - PARAMS - set(ELSEWHERE))]


def models(config: Mapping[str, Any], beside: Collection[tuple[str, int]] = ()) -> list[str]:
    """
    What is wrong with the models that a configuration serves.

    Args:
        config: The whole of ``config.yaml``.
        beside: (namespace, port) of every model server in the cluster that the proxy has a declared flow to. Only
            there may requests be sent by address, and only there without a key.
    """
    found = []
    listed = mappings(config.get("model_list"))
    if not listed:
        found.append("serves no model")
    for model in listed:
        name, params = text(model.get("model_name")), mapping(model.get("litellm_params"))
        local = _address(params.get("api_base")) in beside
        if not FROM_ENV.match(text(params.get("api_key"))) and not (local and params.get("api_key") == NO_KEY):
            found.append(f"has no key from its environment for {name}")
        if "/" not in text(params.get("model")):
            found.append(f"does not say whose model {name} is")
        if not name or "*" in name or "*" in text(params.get("model")):
            found.append("serves models by wildcard")
        allowed = {"api_base"} if local else set()
        found += [f"sends {name} elsewhere ({key})" for key in ELSEWHERE if params.get(key) and key not in allowed]
    return found


def _address(value: object) -> tuple[str, int] | None:
    """Namespace and port of a Service's address."""
    found = _IN_CLUSTER.fullmatch(value) if isinstance(value, str) else None
    return (found["namespace"], int(found["port"])) if found else None


def settings(config: Mapping[str, Any], files: Collection[str]) -> list[str]:
    """What is wrong with the settings of a configuration; *files* lie beside it."""
    found = []
    general, litellm = mapping(config.get("general_settings")), mapping(config.get("litellm_settings"))
    if not FROM_ENV.match(text(general.get("master_key"))):
        found.append("has no master key from its environment")
    module, _, function = text(general.get("custom_auth")).rpartition(".")
    if not module or not function:
        found.append("has no gate of its own (custom_auth)")
    elif f"{module}.py" not in files:
        found.append(f"names the gate {module}, whose file is not beside its configuration")
    if general.get("custom_auth_run_common_checks") is not True:
        found.append("does not run the common checks after its gate")
    if litellm.get("enable_post_custom_auth_checks") is not True:
        found.append("does not check after its gate which models a key is for")
    found += [f"sets general_settings.{key}" for key in OPENINGS if general.get(key)]
    if general.get("store_model_in_db"):
        found.append("keeps models in a database")
    found += [f"sends what it sees elsewhere (litellm_settings.{key})" for key in CALLBACKS if litellm.get(key)]
    if mapping(config.get("router_settings")).get("num_retries") != 0:
        found.append("sends failed requests again, past the client's rate (router_settings.num_retries)")
    if litellm.get("telemetry") is not False:
        found.append("calls home (telemetry)")
    return found
