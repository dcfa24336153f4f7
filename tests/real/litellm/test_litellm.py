"""
What the rendered config and gate do in the real LiteLLM.

Each property is a function of a running proxy, so that ``test_seeded_faults.py`` can show that a wrong config fails it.
"""

import json
import os
import re
import time
from pathlib import Path
from typing import Any

import pytest

from agentkeep.isolated_llm_proxy.litellm import config
from tests.real.litellm.harness import OVERLOADED, LiteLLM, Reply, can_isolate

pytestmark = pytest.mark.real

Row = tuple[str, str, list[str], bool]
CHAT, MESSAGES, COUNT = "/v1/chat/completions", "/v1/messages", "/v1/messages/count_tokens"
GATE = b"agentkeep gate: "
SWITCHED_OFF = "/claude_code_gateway/"
"""Answers 404 to everybody until a setting that we do not set."""


def prompt(proxy: LiteLLM, **more: object) -> dict[str, object]:
    """Return a small valid request for the client's first model."""
    return {
        "model": proxy.clients[0]["models"][0],
        "messages": [{"role": "user", "content": "ping"}],
        "max_tokens": 5,
    } | more


def check_answers(proxy: LiteLLM) -> None:
    """Every model of the client answers in every format, with the provider's key and no other."""
    upstream = {entry["model_name"]: entry["litellm_params"] for entry in proxy.config["model_list"]}
    for model in proxy.clients[0]["models"]:
        provider, _, provider_model = upstream[model]["model"].partition("/")
        key = proxy.secrets[upstream[model]["api_key"].removeprefix("os.environ/")]
        proxy.upstream.seen.clear()
        for path in (CHAT, "/chat/completions", MESSAGES) if provider == "anthropic" else (CHAT, "/chat/completions"):
            for stream in (False, True):
                reply = proxy.ask(path, prompt(proxy, model=model, stream=stream))
                assert reply.status == 200, (model, path, stream, reply.body)
                assert b"pong" in reply.body
                assert stream == reply.headers["content-type"].startswith("text/event-stream")
        counted = proxy.ask(COUNT, prompt(proxy, model=model))
        assert counted.status == 200, counted.body
        assert counted.json()["input_tokens"] > 0
        assert len(proxy.upstream.seen) >= 4
        for request in proxy.upstream.seen:
            assert request.holds(key)
            assert not request.holds(proxy.client_key)
            assert not request.holds(proxy.master_key)
            assert f'"{provider_model}"'.encode() in request.body or not request.body


def check_lists_own_models(proxy: LiteLLM) -> None:
    """The client sees its own models, and no others."""
    reply = proxy.call("GET", "/v1/models", [("authorization", f"Bearer {proxy.client_key}")])

    assert sorted(proxy.clients[0]["models"]) == sorted(entry["id"] for entry in reply.json()["data"])


def check_needs_a_key(proxy: LiteLLM) -> None:
    """No key and a wrong key are both answered with 401, which tells nothing."""
    proxy.upstream.seen.clear()
    json_type = ("content-type", "application/json")
    body = json.dumps(prompt(proxy)).encode()
    for given in (
        [],
        [("authorization", "Bearer sk-wrong")],
        [("x-api-key", proxy.client_key[:-1])],
        [("authorization", "")],
    ):
        for path in (CHAT, MESSAGES, COUNT):
            reply = proxy.call("POST", path, [json_type, *given], body)
            assert reply.status == 401, (path, given, reply.body)
            assert GATE in reply.body
    assert proxy.upstream.seen == []


def sample(path: str) -> str:
    """Fill the parameters of a route."""
    return re.sub(r"\{[^}]*\}", "sample", path)


def sweep(proxy: LiteLLM, table: list[Row], key: str | None, *, keyed: bool) -> dict[tuple[str, str], Reply]:
    """Call every HTTP route of *table* that has (or lacks) the key check; return the answers."""
    headers = [("authorization", f"Bearer {key}"), ("x-api-key", key), ("x-goog-api-key", key)] if key else []
    found = {}
    for kind, path, methods, has in table:
        if has != keyed or kind in ("Mount", "APIWebSocketRoute"):
            continue
        for method in methods:
            # A small body that is valid JSON, so that a refusal is the gate's and not the parser's.
            body = None if method in ("GET", "HEAD", "OPTIONS") else b"{}"
            sent = [*headers, ("content-type", "application/json")] if body else headers
            found[method, path] = proxy.call(method, sample(path), sent, body)
    return found


def check_inference_only(proxy: LiteLLM, table: list[Row]) -> None:
    """The client's key opens no route but the listed ones."""
    proxy.upstream.seen.clear()
    allowed = {("GET", "/models"), ("GET", "/v1/models"), ("POST", CHAT), ("POST", "/chat/completions")}
    allowed |= {("POST", MESSAGES), ("POST", COUNT)}
    headers = [("authorization", f"Bearer {proxy.client_key}")]
    opened = {}
    for kind, path, methods, keyed in table:
        if not keyed or kind == "APIWebSocketRoute":
            continue
        for method in methods:
            body = None if method in ("GET", "HEAD", "OPTIONS") else b"{}"
            sent = [*headers, ("content-type", "application/json")] if body else headers
            reply = proxy.call(method, sample(path), sent, body)
            off = path.startswith(SWITCHED_OFF) and reply.status == 404
            if (method, path) not in allowed and reply.status != 403 and not off:
                opened[method, path] = reply.status
    assert opened == {}
    assert proxy.upstream.seen == []


def check_fence(proxy: LiteLLM, table: list[Row]) -> None:
    """Where LiteLLM asks for no key, the fence does; only the probe is open."""
    folders = [("Route", path + "/x", ["GET"], False) for kind, path, *_ in table if kind == "Mount"]
    for key, status in ((None, 401), ("0" * 64, 401), (proxy.client_key, 403)):
        answers = sweep(proxy, [*table, *folders], key, keyed=False)
        found = {call: reply.status for call, reply in answers.items() if reply.status != status}
        assert found == {("GET", config.PROBE_PATH): 200}
        assert len(answers) > 100


def check_budget_stops(proxy: LiteLLM) -> None:
    """Once the budget is spent, the provider is called no more."""
    statuses = []
    for _ in range(20):
        statuses.append(proxy.ask(CHAT, prompt(proxy)).status)
        if statuses[-1] != 200:
            break
        # LiteLLM adds the cost up after it has answered.
        time.sleep(0.1)
    assert statuses[0] == 200
    assert statuses[-1] == 429, statuses
    proxy.upstream.seen.clear()
    assert proxy.ask(MESSAGES, prompt(proxy)).status == 429
    assert proxy.upstream.seen == []


def check_one_call_for_one_request(proxy: LiteLLM) -> None:
    """A request that the provider refuses is not sent again: the client's rate is the provider's."""
    failing = prompt(proxy, messages=[{"role": "user", "content": OVERLOADED}])
    for path in (CHAT, MESSAGES):
        for stream in (False, True):
            proxy.upstream.seen.clear()
            assert proxy.ask(path, failing | {"stream": stream}).status >= 500
            assert len(proxy.upstream.seen) == 1, (path, stream)


def check_rate_limit_stops(proxy: LiteLLM, path: str, rpm: int) -> None:
    """After *rpm* requests within a minute the provider is called no more."""
    proxy.upstream.seen.clear()
    statuses = [proxy.ask(path, prompt(proxy)).status for _ in range(rpm + 3)]
    # Not equal: a minute may end in between.
    assert statuses.count(200) < rpm + 3, statuses
    assert statuses[-1] == 429, statuses
    assert len(proxy.upstream.seen) == statuses.count(200)


def test_is_ready_in_time_and_small_enough(proxy: LiteLLM) -> None:
    assert proxy.started_in < 60
    assert int(proxy.status()["VmRSS"].split()[0]) < 700_000


def test_fetches_nothing_at_start(proxy: LiteLLM) -> None:
    assert [seen.path for seen in proxy.outside.seen] == []


def test_probe_needs_no_key_and_calls_no_provider(proxy: LiteLLM) -> None:
    proxy.upstream.seen.clear()
    replies = [proxy.call("GET", config.PROBE_PATH) for _ in range(3)]

    assert [reply.status for reply in replies] == [200] * 3
    assert proxy.upstream.seen == []


def test_runs_as_uid_1000_on_a_read_only_root(proxy: LiteLLM) -> None:
    if not can_isolate():
        # In CI nothing may be skipped.
        (pytest.fail if os.environ.get("CI") else pytest.skip)("unshare as root is not available")
    status, mounts = proxy.status(), proxy.mounts()

    assert status["Uid"].split() == ["1000"] * 4
    assert int(status["CapEff"], 16) == 0
    assert status["NoNewPrivs"] == "1"
    assert {
        path for path, options in mounts.items() if "rw" in options and not path.startswith(("/proc", "/dev", "/sys"))
    } == {"/tmp"}  # noqa: S108


def test_every_model_answers_with_the_provider_key(proxy: LiteLLM) -> None:
    check_answers(proxy)


def test_a_request_is_sent_once(proxy: LiteLLM) -> None:
    check_one_call_for_one_request(proxy)


def test_client_sees_its_own_models(proxy: LiteLLM) -> None:
    check_lists_own_models(proxy)


def test_no_key_and_wrong_key_are_refused(proxy: LiteLLM) -> None:
    check_needs_a_key(proxy)


def test_the_master_key_administers(proxy: LiteLLM) -> None:
    reply = proxy.call("GET", "/model/info", [("authorization", f"Bearer {proxy.master_key}")])

    assert reply.status == 200
    assert proxy.ask(CHAT, prompt(proxy), key=proxy.master_key).status == 200


HOSTILE: dict[str, dict[str, Any]] = {
    "another client library": {"custom_llm_provider": "openai"},
    "another address": {"api_base": "http://127.0.0.1:9/"},
    "another address, second name": {"base_url": "http://127.0.0.1:9/"},
    "another key": {"api_key": "sk-mine"},
    "another model list": {"model_list": [{"model_name": "x", "litellm_params": {"model": "openai/x"}}]},
    "fallback to another model": {"fallbacks": ["claude-opus-4-6"]},
    "fallback with settings": {"fallbacks": [{"model": "openai/x", "api_base": "http://127.0.0.1:9/"}]},
    "router settings": {"router_settings_override": {"model_group_alias": {}}},
    "user config": {"user_config": {"model_list": []}},
    "headers for the provider": {"extra_headers": {"x-api-key": "mine"}},
    "headers, second name": {"headers": {"x-api-key": "mine"}},
    "body for the provider": {"extra_body": {"model": "claude-opus-4-6"}},
    "orders in metadata": {"metadata": {"user_id": "me", "tags": ["free"]}},
    "orders in litellm_metadata": {"litellm_metadata": {"model_info": {}}},
    "guardrails off": {"guardrails": []},
    "no provider at all": {"mock_response": "free"},
    "prompt of the provider": {"prompt_id": "x"},
    "cache of others": {"cache": {"namespace": "x"}},
    "region": {"aws_region_name": "x"},
    "credentials by name": {"litellm_credential_name": "x"},
    "price": {"input_cost_per_token": 0},
    "MCP at the provider": {"mcp_servers": [{"type": "url", "url": "https://example.org", "name": "x"}]},
    "MCP as a tool": {"tools": [{"type": "mcp", "server_url": "https://example.org", "server_label": "x"}]},
    "web fetch at the provider": {"tools": [{"type": "web_fetch_20250910", "name": "web_fetch"}]},
    "web search at the provider": {"web_search_options": {}},
    "image by URL": {
        "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://127.0.0.1:9/"}}]}]
    },
    "image by URL, nested": {
        "messages": [
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": "x",
                        "content": [{"type": "image", "source": {"type": "url", "url": "http://127.0.0.1:9/"}}],
                    }
                ],
            }
        ]
    },
    "file of the account": {"messages": [{"role": "user", "content": [{"type": "file", "file": {"file_id": "x"}}]}]},
    "a model of somebody else": {"model": "claude-opus-4-6-of-somebody-else"},
    "two models": {"model": "claude-sonnet-4-5,claude-opus-4-6"},
    "an upstream name": {"model": "anthropic/claude-sonnet-4-5-20250929"},
    "a model list as model": {"model": ["claude-sonnet-4-5"]},
    "no model": {"model": None},
}


@pytest.mark.parametrize("path", [CHAT, MESSAGES])
@pytest.mark.parametrize("order", HOSTILE.values(), ids=HOSTILE.keys())
def test_refuses_hostile_body(proxy: LiteLLM, path: str, order: dict[str, object]) -> None:
    proxy.upstream.seen.clear()
    reply = proxy.ask(path, prompt(proxy, **order))

    assert reply.status in (400, 401, 403), reply.body
    assert proxy.upstream.seen == []


def test_refuses_bodies_that_parsers_read_differently(proxy: LiteLLM) -> None:
    good = json.dumps(prompt(proxy)).encode()
    twice = good[:-1] + b', "model": "claude-opus-4-6"}'
    bodies = [
        twice,
        b"[" + good + b"]",
        good.decode().encode("utf-16"),
        good[:-1] + b', "top_p": NaN}',
        b'"x"',
        b"",
        good[:-1],
    ]
    proxy.upstream.seen.clear()
    replies = [proxy.ask(CHAT, body) for body in bodies]

    # LiteLLM itself stumbles over a body that is not an object, before it asks the gate: 500.
    assert {reply.status for reply in replies} <= {400, 500}
    assert proxy.upstream.seen == []


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-7",
        "",
    ],
)
def test_refuses_other_content_types(proxy: LiteLLM, kind: str) -> None:
    proxy.upstream.seen.clear()
    headers = [("authorization", f"Bearer {proxy.client_key}"), ("content-type", kind)]
    reply = proxy.call("POST", CHAT, headers, json.dumps(prompt(proxy)).encode())

    assert reply.status == 400, reply.body
    assert proxy.upstream.seen == []


@pytest.mark.parametrize(
    "header",
    [
        "x-litellm-api-key",
        "x-litellm-tags",
        "x-litellm-timeout",
        "x-litellm-enable-message-redaction",
        "custom-llm-provider",
        "litellm-disable-message-redaction",
        "x-litellm-disable-callbacks",
        "langfuse_public_key",
        "x-mcp-auth",
        "x-pass-host",
        "openai-organization",
        "cache-control",
        "content-encoding",
        "x-litellm-num-retries",
        "api-key",
    ],
)
def test_refuses_headers_that_give_orders(proxy: LiteLLM, header: str) -> None:
    proxy.upstream.seen.clear()

    # LiteLLM takes x-litellm-api-key for the key; then it is a wrong one.
    assert proxy.ask(CHAT, prompt(proxy), extra=[(header, "1")]).status in (400, 401)
    assert proxy.upstream.seen == []


def test_refuses_a_header_sent_twice(proxy: LiteLLM) -> None:
    assert proxy.ask(CHAT, prompt(proxy), extra=[("content-type", "text/plain")]).status == 400


@pytest.mark.parametrize(
    "target",
    [
        "//v1/chat/completions",
        "/v1/chat/completions/",
        "/v1/chat/completions?api-version=1",
        "/v1/chat/completions?custom_llm_provider=openai",
        "/v1/chat/completions;x",
        "/v1/./chat/completions",
        "/V1/chat/completions",
        "/v1/models/../chat/completions",
        "/openai/deployments/claude-sonnet-4-5/chat/completions",
        "/anthropic/v1/messages",
        "/engines/claude-sonnet-4-5/chat/completions",
        "/v1/messages?beta=true&x=1",
        "/%76%31/../v1/messages",
    ],
)
def test_refuses_path_tricks(proxy: LiteLLM, target: str) -> None:
    proxy.upstream.seen.clear()
    reply = proxy.ask(target, prompt(proxy))

    assert reply.status in (400, 403), reply.body
    assert proxy.upstream.seen == []


def test_an_escaped_path_meets_the_same_checks(proxy: LiteLLM) -> None:
    # The server unescapes before it routes and before the gate looks, so this is the plain route, not a way around.
    assert proxy.ask("/v1/chat%2fcompletions", prompt(proxy)).status == 200
    assert proxy.ask("/v1/chat%2fcompletions", prompt(proxy, fallbacks=[])).status == 400
    assert proxy.ask("/model%2finfo", prompt(proxy)).status in (403, 405)


@pytest.mark.parametrize(
    "host",
    ["x/v1/chat/completions?", "x/v1/models#", "127.0.0.1/health/liveliness?x=", "[", "a b", "@x/v1/messages", ""],
)
def test_the_host_header_opens_nothing(proxy: LiteLLM, host: str) -> None:
    reply = proxy.call("GET", "/model/info", [("host", host), ("authorization", f"Bearer {proxy.client_key}")])

    assert reply.status in (400, 403), reply.body
    assert b"litellm_params" not in reply.body


def test_the_key_is_good_for_inference_only(proxy: LiteLLM, table: list[Row]) -> None:
    assert sum(keyed for *_, keyed in table) > 500
    check_inference_only(proxy, table)


def test_the_key_opens_no_websocket(proxy: LiteLLM, table: list[Row]) -> None:
    paths = [path for kind, path, *_ in table if kind == "APIWebSocketRoute"]
    statuses = {path: proxy.handshake(sample(path) + "?model=gpt-5", proxy.client_key) for path in paths}

    assert len(paths) > 3
    assert set(statuses.values()) == {403}, statuses


def test_routes_without_a_key_check_are_known(python: Path, table: list[Row]) -> None:
    known = json.loads(Path(__file__).with_name("open_routes.json").read_text("utf-8"))["routes"]

    assert known == sorted({path for _, path, _, keyed in table if not keyed})


def test_routes_without_a_key_check_are_closed(proxy: LiteLLM, table: list[Row]) -> None:
    check_fence(proxy, table)


def test_no_route_leaks_or_breaks_even_for_the_master_key(proxy: LiteLLM, table: list[Row]) -> None:
    answers = sweep(proxy, table, proxy.master_key, keyed=False)
    keys = [value.encode() for value in proxy.secrets.values()]

    assert [call for call, reply in answers.items() if any(key in reply.body for key in keys)] == []
    # Some load a part of LiteLLM on first use; all of them together stay below the memory limit of 1 GiB.
    assert int(proxy.status()["VmRSS"].split()[0]) < 1_000_000
    assert proxy.call("GET", config.PROBE_PATH).status == 200
    check_answers(proxy)


def test_keyed_routes_refuse_a_wrong_key(proxy: LiteLLM, table: list[Row]) -> None:
    answers = sweep(proxy, [row for row in table if not row[1].startswith(SWITCHED_OFF)], "0" * 64, keyed=True)

    # Some need a licence, and say so before they look at the key: 403.
    assert {call: reply.status for call, reply in answers.items() if reply.status not in (401, 403)} == {}


def test_sound_prompts_appear_in_no_log(proxy: LiteLLM) -> None:
    # LiteLLM does quote a request that it cannot translate, at every log level.
    for path in (CHAT, MESSAGES):
        assert proxy.ask(path, prompt(proxy, messages=[{"role": "user", "content": "purple-walrus"}])).status == 200

    assert "purple-walrus" not in proxy.log()


def test_keys_appear_in_no_answer_and_no_log(proxy: LiteLLM) -> None:
    # Errors of the provider and of the proxy are the usual leaks.
    proxy.ask(CHAT, prompt(proxy, temperature="hot"))
    proxy.ask(CHAT, prompt(proxy, messages=[]))
    texts = [reply.body.decode("utf-8", "replace") + repr(reply.headers) for reply in proxy.replies] + [proxy.log()]

    assert len(texts) > 3
    assert [
        name for name, value in proxy.secrets.items() for text in texts if value in text or value[:16] in text
    ] == []
