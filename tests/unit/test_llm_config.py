import json
from dataclasses import replace
from typing import Any

import pytest

from agentkeep.errors import DeclarationError
from agentkeep.isolated_llm_proxy.litellm import config
from agentkeep.isolated_llm_proxy.litellm.config import (
    Budget,
    Client,
    Route,
    gate_source,
    render_clients,
    render_config,
)

SONNET = Route("claude-sonnet-4-5", "anthropic/claude-sonnet-4-5-20250929", "ANTHROPIC_API_KEY")
OPUS = Route("claude-opus-4-6", "anthropic/claude-opus-4-6", "ANTHROPIC_API_KEY", 200_000, 32_000, prompt_cache=True)
CLIENT = Client("openclaw", "LITELLM_PROXY_KEY", ("claude-sonnet-4-5",), rpm=60)


def test_renders_models_in_order_with_keys_by_name() -> None:
    rendered: Any = render_config([SONNET, OPUS])

    assert rendered["model_list"] == [
        {
            "model_name": "claude-sonnet-4-5",
            "litellm_params": {
                "model": "anthropic/claude-sonnet-4-5-20250929",
                "api_key": "os.environ/ANTHROPIC_API_KEY",
            },
        },
        {
            "model_name": "claude-opus-4-6",
            "litellm_params": {
                "model": "anthropic/claude-opus-4-6",
                "api_key": "os.environ/ANTHROPIC_API_KEY",
                "cache_control_injection_points": [
                    {"location": "message", "role": "system"},
                    {"location": "message", "index": -1},
                ],
            },
            "model_info": {"max_input_tokens": 200_000, "max_output_tokens": 32_000},
        },
    ]


def test_names_a_gate_that_exists() -> None:
    general: Any = render_config([SONNET])["general_settings"]
    module, _, function = general["custom_auth"].partition(".")

    assert f"{module}.py" == config.GATE_FILE
    assert f"\nasync def {function}(request: Request, api_key: str) -> UserAPIKeyAuth:\n" in gate_source()


def test_turns_both_fences_on_where_litellm_reads_them() -> None:
    rendered: Any = render_config([SONNET])

    assert rendered["general_settings"]["custom_auth_run_common_checks"] is True
    assert rendered["litellm_settings"]["enable_post_custom_auth_checks"] is True


def test_renders_a_budget_only_when_declared() -> None:
    rendered: Any = render_config([SONNET], [Budget("anthropic", 50, "1d")])

    assert rendered["router_settings"]["provider_budget_config"] == {
        "anthropic": {"budget_limit": 50, "time_period": "1d"}
    }
    assert "provider_budget_config" not in str(render_config([SONNET]))


def test_litellm_sends_a_request_once() -> None:
    rendered: Any = render_config([SONNET])

    assert rendered["router_settings"]["num_retries"] == 0


def test_renders_clients_without_keys() -> None:
    open_end = Client("reviewer", "REVIEWER_KEY", ("claude-opus-4-6",))

    assert render_clients([CLIENT, open_end], [SONNET, OPUS]) == {
        "clients": [
            {"name": "openclaw", "keyEnv": "LITELLM_PROXY_KEY", "models": ["claude-sonnet-4-5"], "rpm": 60},
            {"name": "reviewer", "keyEnv": "REVIEWER_KEY", "models": ["claude-opus-4-6"]},
        ]
    }


def test_rendering_twice_gives_equal_text() -> None:
    once, twice = (json.dumps(render_config([SONNET, OPUS], [Budget("anthropic", 50, "1d")])) for _ in range(2))

    assert once == twice


def test_the_container_is_told_where_the_config_lies() -> None:
    assert config.CONTAINER_ARGS == ("--config", "/etc/litellm/config.yaml", "--port", "4000")


BAD_ROUTES = {
    "no model": [],
    "model twice": [SONNET, SONNET],
    "every model of the provider": [replace(SONNET, model="*")],
    "LiteLLM's word for every model": [replace(SONNET, model="all-proxy-models")],
    "no provider": [replace(SONNET, upstream="claude-sonnet-4-5-20250929")],
    "an address as upstream": [replace(SONNET, upstream="https://example.org/x")],
    "every upstream": [replace(SONNET, upstream="anthropic/*")],
    "a key as variable": [replace(SONNET, key_env="sk-ant-xyz")],
    "the master key for the provider": [replace(SONNET, key_env="LITELLM_MASTER_KEY")],
    "no context": [replace(SONNET, context_window=0)],
    "no output": [replace(SONNET, max_output=-1)],
}


@pytest.mark.parametrize("routes", BAD_ROUTES.values(), ids=BAD_ROUTES.keys())
def test_refuses_routes(routes: list[Route]) -> None:
    with pytest.raises(DeclarationError, match=r"^\[openclaw/llm\] "):
        render_config(routes, path="openclaw/llm")


BAD_BUDGETS = {
    "unused provider": [Budget("openai", 50, "1d")],
    "nothing to spend": [Budget("anthropic", 0, "1d")],
    "no end": [Budget("anthropic", float("inf"), "1d")],
    "not a number": [Budget("anthropic", float("nan"), "1d")],
    "a word as period": [Budget("anthropic", 50, "daily")],
    "no time": [Budget("anthropic", 50, "0d")],
    "twice": [Budget("anthropic", 50, "1d"), Budget("anthropic", 5, "1h")],
}


@pytest.mark.parametrize("budgets", BAD_BUDGETS.values(), ids=BAD_BUDGETS.keys())
def test_refuses_budgets(budgets: list[Budget]) -> None:
    with pytest.raises(DeclarationError, match=r"^\[litellm\] "):
        render_config([SONNET], budgets)


BAD_CLIENTS = {
    "twice": [CLIENT, replace(CLIENT, key_env="OTHER_KEY")],
    "one key for two": [CLIENT, replace(CLIENT, name="other")],
    "the master key": [replace(CLIENT, key_env="LITELLM_MASTER_KEY")],
    "the provider's key": [replace(CLIENT, key_env="ANTHROPIC_API_KEY")],
    "a fixed setting": [replace(CLIENT, key_env="HOME")],
    "a key as variable": [replace(CLIENT, key_env="sk-mine")],
    "a loud name": [replace(CLIENT, name="OpenClaw")],
    "no model": [replace(CLIENT, models=())],
    "a model without a route": [replace(CLIENT, models=("gpt-5",))],
    "no requests": [replace(CLIENT, rpm=0)],
}


@pytest.mark.parametrize("clients", BAD_CLIENTS.values(), ids=BAD_CLIENTS.keys())
def test_refuses_clients(clients: list[Client]) -> None:
    with pytest.raises(DeclarationError, match=r"^\[litellm\] "):
        render_clients(clients, [SONNET, OPUS])


def test_a_refusal_says_what_to_write() -> None:
    with pytest.raises(DeclarationError) as refusal:
        render_config([replace(SONNET, upstream="claude-sonnet-4-5")], path="openclaw/llm")

    assert str(refusal.value) == (
        "[openclaw/llm] upstream 'claude-sonnet-4-5' of model 'claude-sonnet-4-5' does not name its provider; "
        "write it like 'anthropic/claude-sonnet-4-5'"
    )
