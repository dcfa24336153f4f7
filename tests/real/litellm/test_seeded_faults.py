"""Limits that need a proxy of their own, and wrong configurations, each shown to fail the check that catches it."""

import pytest

from agentkeep.isolated_llm_proxy.litellm.config import Budget, Client, gate_source
from tests.real.litellm import test_litellm as checks
from tests.real.litellm.harness import Document, LiteLLM, NotReadyError, reconfigured, refiled
from tests.real.litellm.reference import manifests

pytestmark = [pytest.mark.real, pytest.mark.usefixtures("python")]

CLIENT = Client("openclaw", "LITELLM_PROXY_KEY", ("claude-sonnet-4-5",))
CHEAP = (Budget("anthropic", 0.0001, "1d"),)
# The gate as LiteLLM's documentation shows it.
NAIVE = """
import os
from litellm.proxy._types import UserAPIKeyAuth

async def authenticate(request, api_key):
    if api_key in (os.environ["LITELLM_PROXY_KEY"], os.environ["LITELLM_MASTER_KEY"]):
        return UserAPIKeyAuth(api_key=api_key)
    raise Exception("no")
"""

# A gate that forgets every check of the request, but says for what the key is good.
FORGETFUL = """
from litellm.proxy._types import LitellmUserRoles, UserAPIKeyAuth

async def authenticate(request, api_key):
    role = LitellmUserRoles.INTERNAL_USER
    routes = ["/v1/chat/completions"]
    return UserAPIKeyAuth(api_key="c", models=["claude-sonnet-4-5"], user_role=role, allowed_routes=routes)
"""


def without_args(documents: list[Document]) -> list[Document]:
    changed = reconfigured(documents, lambda _: None)
    changed[1]["spec"]["template"]["spec"]["containers"][0]["args"] = []
    return changed


def without_gate(config: Document) -> None:
    for name in ("custom_auth", "custom_auth_run_common_checks"):
        config["general_settings"].pop(name)


def without_provider(config: Document) -> None:
    # A model younger than LiteLLM: nothing tells its provider but the prefix.
    config["model_list"][0]["litellm_params"]["model"] = "claude-next-9"


def with_max_budget(config: Document) -> None:
    config["router_settings"].pop("provider_budget_config")
    config["litellm_settings"] |= {"max_budget": 0.0001, "budget_duration": "1d"}


@pytest.mark.parametrize("path", [checks.CHAT, checks.MESSAGES])
def test_the_rate_limit_holds_without_a_database(path: str) -> None:
    with LiteLLM(manifests(Client("openclaw", "LITELLM_PROXY_KEY", ("claude-sonnet-4-5",), rpm=4))) as proxy:
        checks.check_rate_limit_stops(proxy, path, 4)


# A model without a price costs nothing, and no budget stops it.
@pytest.mark.parametrize("model", ["claude-sonnet-4-5", "claude-opus-4-6"])
def test_the_budget_holds_without_a_database(model: str) -> None:
    with LiteLLM(manifests(Client("openclaw", "LITELLM_PROXY_KEY", (model,)), CHEAP)) as proxy:
        checks.check_budget_stops(proxy)


def test_fault_no_rate_limit_declared() -> None:
    with LiteLLM(manifests(CLIENT)) as proxy, pytest.raises(AssertionError):
        checks.check_rate_limit_stops(proxy, checks.CHAT, 4)


def test_fault_retries_are_left_to_litellm() -> None:
    retrying = reconfigured(manifests(CLIENT), lambda config: config["router_settings"].pop("num_retries"))
    with LiteLLM(retrying) as proxy, pytest.raises(AssertionError):
        checks.check_one_call_for_one_request(proxy)


def test_fault_max_budget_is_ignored() -> None:
    with LiteLLM(reconfigured(manifests(CLIENT), with_max_budget)) as proxy, pytest.raises(AssertionError):
        checks.check_budget_stops(proxy)


def test_fault_no_config_argument() -> None:
    with LiteLLM(without_args(manifests())) as proxy:
        with pytest.raises(AssertionError):
            checks.check_answers(proxy)
        with pytest.raises(AssertionError):
            checks.check_needs_a_key(proxy)


def test_fault_upstream_without_its_provider() -> None:
    with LiteLLM(reconfigured(manifests(), without_provider)) as proxy, pytest.raises(AssertionError):
        checks.check_answers(proxy)


def test_fault_no_gate() -> None:
    with LiteLLM(reconfigured(manifests(), without_gate)) as proxy:
        reply = proxy.ask(checks.CHAT, checks.prompt(proxy))
        with pytest.raises(AssertionError):
            checks.check_answers(proxy)

    assert reply.status == 400
    assert b"No connected db" in reply.body


def test_fault_the_documented_gate(table: list[checks.Row]) -> None:
    with LiteLLM(refiled(manifests(), {"agentkeep_gate.py": NAIVE})) as proxy:
        assert proxy.ask(checks.CHAT, checks.prompt(proxy)).status == 200
        with pytest.raises(AssertionError):
            checks.check_inference_only(
                proxy, [row for row in table if row[1] in ("/model/info", "/get/config/callbacks")]
            )


def second_fence(documents: list[Document]) -> list[int]:
    """Return what LiteLLM itself answers to another model, a fallback, another route, and to a sound request."""
    with LiteLLM(refiled(documents, {"agentkeep_gate.py": FORGETFUL})) as proxy:
        bodies = [checks.prompt(proxy, model="gpt-5"), checks.prompt(proxy, fallbacks=["gpt-5"]), checks.prompt(proxy)]
        answers = [proxy.ask(checks.CHAT, body).status for body in bodies[:2]]
        return [*answers, proxy.ask(checks.MESSAGES, bodies[2]).status, proxy.ask(checks.CHAT, bodies[2]).status]


def test_litellm_checks_models_and_routes_once_more() -> None:
    assert second_fence(manifests(CLIENT)) == [403, 403, 403, 200]


@pytest.mark.parametrize(
    ("section", "name"),
    [("general_settings", "custom_auth_run_common_checks"), ("litellm_settings", "enable_post_custom_auth_checks")],
)
def test_fault_second_fence_needs_both_settings(section: str, name: str) -> None:
    assert second_fence(reconfigured(manifests(CLIENT), lambda config: config[section].pop(name))) == [
        200,
        200,
        403,
        200,
    ]


def test_fault_no_fence(table: list[checks.Row]) -> None:
    fenced = gate_source()
    open_gate = fenced.replace("proxy_server.app.middleware_stack = Fence(", "Fence(")
    assert open_gate != fenced
    with LiteLLM(refiled(manifests(CLIENT), {"agentkeep_gate.py": open_gate})) as proxy, pytest.raises(AssertionError):
        checks.check_fence(proxy, table)


def test_fault_probe_that_costs_a_call() -> None:
    with LiteLLM(manifests()) as proxy:
        proxy.upstream.seen.clear()
        assert proxy.call("GET", "/health").status == 401
        proxy.call("GET", "/health", [("authorization", f"Bearer {proxy.master_key}")], timeout=60)

        assert any(seen.path.startswith("POST") for seen in proxy.upstream.seen)


def test_fault_prices_from_the_network() -> None:
    with LiteLLM(manifests(), overrides={"LITELLM_LOCAL_MODEL_COST_MAP": None}) as proxy:
        assert any("githubusercontent" in seen.path for seen in proxy.outside.seen)


STRONG = "k3" + "9f1c7d5ab2e84c065d0b6e1f8a7c42d39e"
# That LiteLLM ends when its gate says so; what the gate says of each kind of key is in the gate's own tests.
BAD_KEYS: dict[str, dict[str, str | None]] = {
    "client key missing": {"LITELLM_PROXY_KEY": None},
    "master key missing": {"LITELLM_MASTER_KEY": None},
    "client key is the provider's": {"LITELLM_PROXY_KEY": STRONG, "ANTHROPIC_API_KEY": STRONG},
    "placeholder": {"LITELLM_PROXY_KEY": "dummy-value-managed-outside-terraform-8471"},
    "line end": {"LITELLM_PROXY_KEY": STRONG + "\n"},
}


@pytest.mark.parametrize("keys", BAD_KEYS.values(), ids=BAD_KEYS.keys())
def test_refuses_to_start_on_a_bad_key(keys: dict[str, str | None]) -> None:
    with pytest.raises(NotReadyError) as refusal, LiteLLM(manifests(CLIENT), overrides=keys):
        pytest.fail("it started")
    lines = [line for line in refusal.value.log.splitlines() if line.startswith("agentkeep gate: refusing to start: ")]

    assert refusal.value.code == 78
    assert len(lines) == 1
    assert any(name in lines[0] for name in keys)
    assert not any(value and value.strip() in refusal.value.log for value in keys.values())


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        '{"clients": [{"name": "x", "keyEnv": "LITELLM_PROXY_KEY", "models": ["*"]}]}',
    ],
)
def test_refuses_to_start_on_bad_clients(text: str) -> None:
    with pytest.raises(NotReadyError) as refusal, LiteLLM(refiled(manifests(CLIENT), {"clients.json": text})):
        pytest.fail("it started")

    assert refusal.value.code == 78
