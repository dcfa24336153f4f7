"""
What LiteLLM is told: its ``config.yaml``, the gate's ``clients.json``, and the fixed part of its container.

Plain data in, plain data out; no engine and no secret is touched. Keys appear as names of environment variables only.
Every setting was tried against LiteLLM 1.103.2 (``tests/real/litellm``); where a setting of a similar name does
nothing, the comment says so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from agentkeep.errors import DeclarationError

CONFIG_FOLDER = "/etc/litellm"
"""Where the ConfigMap is mounted, as a folder: LiteLLM looks for the gate beside ``config.yaml``."""

CONFIG_FILE, CLIENTS_FILE, GATE_FILE = "config.yaml", "clients.json", "agentkeep_gate.py"
"""The keys of the ConfigMap. The gate reads ``clients.json`` from its own folder."""

PORT = 4000
CONTAINER_ARGS = ("--config", f"{CONFIG_FOLDER}/{CONFIG_FILE}", "--port", str(PORT))
"""Without ``--config`` LiteLLM starts well, with no model and no key check."""

MASTER_KEY_ENV = "LITELLM_MASTER_KEY"

CONTAINER_ENV = MappingProxyType(
    {
        # Prices ship with the image; else LiteLLM downloads them at start, and a budget depends on what it got.
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        # Further downloads from GitHub. The last three are triggered by routes that ask for no key.
        "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
        "LITELLM_LOCAL_BLOG_POSTS": "True",
        "LITELLM_LOCAL_AUTOROUTER_PRESETS": "True",
        "LITELLM_LOCAL_POLICY_TEMPLATES": "True",
        # Else a .env file in the working folder could add to the environment.
        "LITELLM_MODE": "PRODUCTION",
        # Pages that ask for no key: API browser, its raw schema, and the administration site.
        "NO_DOCS": "True",
        "NO_REDOC": "True",
        "NO_OPENAPI": "True",
        "DISABLE_ADMIN_UI": "True",
        # The root is read-only; only /tmp is writable.
        "HOME": "/tmp",  # noqa: S108 - an emptyDir of the pod, shared with nobody
        "XDG_CACHE_HOME": "/tmp/.cache",  # noqa: S108 - as above
        "PYTHONDONTWRITEBYTECODE": "1",
        # At DEBUG, request headers and bodies are logged.
        "LITELLM_LOG": "INFO",
    }
)
"""Environment that holds no secret and is the same for every proxy; the comments give the reasons."""

PROBE_PATH = "/health/liveliness"
"""For all three probes. ``/health`` needs a key and makes one paid call per model; ``/health/liveness`` is an alias."""

_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
_MODEL = re.compile(r"(?!all-)[A-Za-z0-9][\w./:-]*")
_UPSTREAM = re.compile(r"[a-z0-9_]+/[\w./:@-]+")
_ENV = re.compile(r"[A-Z][A-Z0-9_]*")
_PERIOD = re.compile(r"[1-9][0-9]*(s|m|h|d|mo)")
NO_KEY = "none"
"""What is sent where no key is asked for; not a secret."""

_FIXED_ENV = frozenset(CONTAINER_ENV) | {MASTER_KEY_ENV}


@dataclass(frozen=True, slots=True)
class Route:
    """
    One model that clients may ask for, and the provider's model that answers.

    Attributes:
        model: The public id, as a client writes it, such as ``claude-sonnet-4-5``.
        upstream: LiteLLM's name for the provider's model, with the provider in front:
            ``anthropic/claude-sonnet-4-5-20250929``. Without it LiteLLM guesses the provider from the name.
        key_env: The environment variable that holds the provider's key; None for a server that asks for none.
        context_window: Input tokens that the model takes, or None to leave LiteLLM's own figure.
        max_output: Output tokens that the model gives at most, or None likewise.
        prompt_cache: Mark the system prompt and the last message as cacheable, so that repeated input costs less.
        api_base: Address of the provider's API, where LiteLLM does not know it.
    """

    model: str
    upstream: str
    key_env: str | None
    context_window: int | None = None
    max_output: int | None = None
    prompt_cache: bool = False
    api_base: str | None = None


@dataclass(frozen=True, slots=True)
class Budget:
    """
    What may be spent on one provider in one period. Counted in memory: a restart begins at zero.

    Attributes:
        provider: The provider as in ``Route.upstream``, such as ``anthropic``.
        usd: US dollars, greater than zero.
        period: A number and a unit: ``s``, ``m``, ``h``, ``d`` or ``mo``, such as ``1d``.
    """

    provider: str
    usd: float
    period: str


@dataclass(frozen=True, slots=True)
class Client:
    """
    Who may use the proxy for inference.

    Attributes:
        name: Lower-case name for logs and counters.
        key_env: The environment variable that holds this client's key; one of its own for each client.
        models: Public ids of the routes that it may use, at least one.
        rpm: Requests per minute over all its models, or None for no limit. Counted in memory.
    """

    name: str
    key_env: str
    models: tuple[str, ...]
    rpm: int | None = None


def render_config(
    routes: Sequence[Route], budgets: Sequence[Budget] = (), *, path: str = "litellm"
) -> dict[str, object]:
    """
    Return LiteLLM's ``config.yaml`` as plain data, in the order of *routes*.

    Args:
        routes: At least one; each public id once.
        budgets: At most one for each provider, and only for providers that a route uses.
        path: How errors name the proxy.

    Raises:
        DeclarationError: A value that LiteLLM would misread, or accept and then ignore.
    """
    if not routes:
        raise DeclarationError(path, "has no model", "declare at least one")
    providers = {_checked(route, path).upstream.partition("/")[0] for route in routes}
    _refuse_doubles("model", [route.model for route in routes], path)
    _refuse_doubles("budget for provider", [budget.provider for budget in budgets], path)
    for budget in budgets:
        if budget.provider not in providers:
            known = ", ".join(sorted(providers))
            raise DeclarationError(
                path, f"budget names provider {budget.provider!r}, which no model uses", f"use {known}"
            )
        if not budget.usd > 0 or budget.usd == float("inf"):
            raise DeclarationError(
                path, f"budget for {budget.provider!r} is not a positive sum", "give US dollars above 0"
            )
        if not _PERIOD.fullmatch(budget.period):
            raise DeclarationError(
                path, f"budget period {budget.period!r} is not a period", "write it as '1d' or '12h'"
            )
    config: dict[str, object] = {
        "model_list": [_model(route) for route in routes],
        "general_settings": {
            "master_key": f"os.environ/{MASTER_KEY_ENV}",
            "custom_auth": f"{GATE_FILE.removesuffix('.py')}.authenticate",
            # Without it LiteLLM ignores the models and routes that the gate put on its answer: the second fence.
            "custom_auth_run_common_checks": True,
            # Requests and errors stay out of any database; there is none, and none may appear through an env variable.
            "store_model_in_db": False,
        },
        "litellm_settings": {
            # LiteLLM reads it here; below general_settings it does nothing.
            "enable_post_custom_auth_checks": True,
            # A parameter that the provider does not know is left out, rather than failing the request.
            "drop_params": True,
            "telemetry": False,
            # Prompts must not reach logs or callbacks.
            "turn_off_message_logging": True,
        },
    }
    # LiteLLM tries twice more by itself: a client's request is then up to three at the provider, past the client's
    # rate, and a spent budget is told after 5 s. Clients try again themselves, and each try is counted.
    router: dict[str, object] = {"num_retries": 0}
    if budgets:
        # ``max_budget`` elsewhere needs a database and is ignored without one.
        router["provider_budget_config"] = {
            budget.provider: {"budget_limit": budget.usd, "time_period": budget.period} for budget in budgets
        }
    return config | {"router_settings": router}


def render_clients(
    clients: Sequence[Client], routes: Sequence[Route], *, path: str = "litellm"
) -> dict[str, list[dict[str, object]]]:
    """
    Return the gate's ``clients.json`` as plain data. It names environment variables and never holds a key.

    Args:
        clients: Who may use the proxy; nobody is a sound answer (then only the master key is good).
        routes: The same as for :func:`render_config`.
        path: How errors name the proxy.

    Raises:
        DeclarationError: A doubled name or variable, a model without a route, or a variable that is already taken.
    """
    public = {route.model for route in routes}
    taken = {route.key_env for route in routes} | _FIXED_ENV
    _refuse_doubles("client", [client.name for client in clients], path)
    _refuse_doubles("client key variable", [client.key_env for client in clients], path)
    found: list[dict[str, object]] = []
    for client in clients:
        if not _NAME.fullmatch(client.name):
            raise DeclarationError(path, f"client name {client.name!r} is not lower-case with dashes", "rename it")
        if not _ENV.fullmatch(client.key_env) or client.key_env in taken:
            problem = f"client {client.name!r} cannot have its key in {client.key_env!r}"
            raise DeclarationError(path, problem, "name an upper-case variable that nothing else uses")
        if not client.models:
            raise DeclarationError(path, f"client {client.name!r} may use no model", "name at least one")
        for model in client.models:
            if model not in public:
                known = ", ".join(sorted(public))
                raise DeclarationError(
                    path, f"client {client.name!r} names model {model!r}, which has no route", f"use {known}"
                )
        entry: dict[str, object] = {"name": client.name, "keyEnv": client.key_env, "models": list(client.models)}
        if client.rpm is not None:
            if client.rpm < 1:
                raise DeclarationError(path, f"client {client.name!r} has an rpm below 1", "give 1 or more, or None")
            entry["rpm"] = client.rpm
        found.append(entry)
    return {"clients": found}


def gate_source() -> str:
    """Return the gate as it goes into the ConfigMap, byte for byte the file that the tests examined."""
    return (Path(__file__).parent / "files" / GATE_FILE).read_text(encoding="utf-8")


def _model(route: Route) -> dict[str, object]:
    # LiteLLM wants some key even where the server asks for none.
    key = NO_KEY if route.key_env is None else f"os.environ/{route.key_env}"
    params: dict[str, object] = {"model": route.upstream, "api_key": key}
    if route.api_base is not None:
        params["api_base"] = route.api_base
    if route.prompt_cache:
        params["cache_control_injection_points"] = [
            {"location": "message", "role": "system"},
            {"location": "message", "index": -1},
        ]
    entry: dict[str, object] = {"model_name": route.model, "litellm_params": params}
    limits = {"max_input_tokens": route.context_window, "max_output_tokens": route.max_output}
    info = {name: limit for name, limit in limits.items() if limit is not None}
    if info:
        entry["model_info"] = info
    return entry


def _checked(route: Route, path: str) -> Route:
    if not _MODEL.fullmatch(route.model):
        # A "*" would open every model of the provider; "all-..." names are LiteLLM's own words for the same.
        raise DeclarationError(
            path, f"model id {route.model!r} is not one plain name", "write it like 'claude-sonnet-4-5'"
        )
    if not _UPSTREAM.fullmatch(route.upstream):
        problem = f"upstream {route.upstream!r} of model {route.model!r} does not name its provider"
        raise DeclarationError(path, problem, f"write it like 'anthropic/{route.upstream.rpartition('/')[2]}'")
    if route.key_env is not None and (not _ENV.fullmatch(route.key_env) or route.key_env in _FIXED_ENV):
        problem = f"model {route.model!r} cannot have its provider key in {route.key_env!r}"
        raise DeclarationError(path, problem, "name an upper-case variable such as ANTHROPIC_API_KEY")
    for limit in (route.context_window, route.max_output):
        if limit is not None and limit < 1:
            raise DeclarationError(path, f"model {route.model!r} has a token limit below 1", "give 1 or more, or None")
    return route


def _refuse_doubles(what: str, names: Sequence[str], path: str) -> None:
    for name in sorted({name for name in names if list(names).count(name) > 1}):
        raise DeclarationError(path, f"{what} {name!r} is declared twice", "keep one")
