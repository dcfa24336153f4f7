"""The gate alone, with stand-ins for what it takes from LiteLLM; ``tests/real/litellm`` has the real one."""

import asyncio
import importlib.util
import json
import os
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agentkeep.isolated_llm_proxy.litellm.config import GATE_FILE, gate_source

MASTER = "m1" + "0a9c8e7f6b5d4c3a1f2e3d4c5b6a7988"
KEY = "k2" + "f0e1d2c3b4a596877a6b5c4d3e2f1a0b"
CLIENTS = {"clients": [{"name": "openclaw", "keyEnv": "AGENT_KEY", "models": ["sonnet"], "rpm": 60}]}
GOOD = {"model": "sonnet", "messages": [{"role": "user", "content": "hi"}]}
CHAT = "/v1/chat/completions"


class Refusal(Exception):  # noqa: N818 - stands in for LiteLLM's ProxyException
    def __init__(self, *, message: str, code: int, **_: object) -> None:
        super().__init__(message)
        self.code = code


class Answer(types.SimpleNamespace):
    """What the gate tells LiteLLM about a caller."""


class Request:
    """As much of Starlette's request as the gate reads."""

    def __init__(self, method: str, path: str, body: bytes, headers: list[tuple[str, str]], query: bytes) -> None:
        raw = [(name.encode(), value.encode()) for name, value in headers]
        self.scope = {"type": "http", "method": method, "path": path, "query_string": query, "headers": raw}
        self.headers = dict(headers)
        self._body = body

    async def body(self) -> bytes:
        return self._body


Ask = Callable[..., Any]


def answered(content: dict[str, Any], status: int) -> Callable[..., Any]:
    """Stand in for Starlette's JSONResponse."""

    async def respond(scope: Any, receive: Any, send: Any) -> None:
        await send({"status": status, "content": content})

    return respond


async def inner(scope: Any, receive: Any, send: Any) -> None:
    """Stand in for LiteLLM behind the fence."""
    await send({"status": 200})


@pytest.fixture
def ask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Load the gate from a folder of its own, and return a function that calls it."""
    roles = types.SimpleNamespace(PROXY_ADMIN="admin", INTERNAL_USER="user")
    stand_in = types.ModuleType("litellm.proxy._types")
    vars(stand_in).update(LitellmUserRoles=roles, ProxyException=Refusal, UserAPIKeyAuth=Answer)
    fastapi, responses, proxy = (types.ModuleType(name) for name in ("fastapi", "fastapi.responses", "litellm.proxy"))
    vars(fastapi)["Request"] = Request
    vars(responses)["JSONResponse"] = answered
    vars(proxy)["proxy_server"] = types.SimpleNamespace(app=types.SimpleNamespace(middleware_stack=inner))
    for module in (types.ModuleType("litellm"), proxy, responses):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(sys.modules, "litellm.proxy._types", stand_in)
    monkeypatch.setitem(sys.modules, "fastapi", fastapi)
    monkeypatch.setenv("LITELLM_MASTER_KEY", MASTER)
    monkeypatch.setenv("AGENT_KEY", KEY)
    (tmp_path / "clients.json").write_text(json.dumps(CLIENTS))
    (tmp_path / GATE_FILE).write_text(gate_source())
    spec = importlib.util.spec_from_file_location("agentkeep_gate", tmp_path / GATE_FILE)
    assert spec is not None
    assert spec.loader is not None
    gate = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(gate)

    def call(
        body: object = GOOD,
        *,
        key: str | None = KEY,
        method: str = "POST",
        path: str = CHAT,
        headers: tuple[tuple[str, str], ...] = (("content-type", "application/json"),),
        query: bytes = b"",
    ) -> Any:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return asyncio.run(gate.authenticate(Request(method, path, raw, [*headers], query), key))

    vars(call)["fence"] = gate.proxy_server.app.middleware_stack
    return call


def refused(ask: Ask, code: int, *given: object, **more: object) -> str:
    with pytest.raises(Refusal) as refusal:
        ask(*given, **more)
    assert code == refusal.value.code
    assert KEY not in str(refusal.value)
    return str(refusal.value)


def test_the_client_gets_inference_on_its_models_and_its_rate(ask: Ask) -> None:
    answer = ask()

    assert answer.user_role == "user"
    assert answer.models == ["sonnet"]
    assert answer.rpm_limit == 60
    assert CHAT in answer.allowed_routes
    assert KEY not in repr(answer)


def test_the_master_key_administers_anything(ask: Ask) -> None:
    answer = ask(b"", key=MASTER, method="GET", path="/model/info", query=b"x=1")

    assert answer.user_role == "admin"
    assert MASTER not in repr(answer)


@pytest.mark.parametrize("key", [None, "", KEY[:-1], KEY + "0", "Bearer " + KEY, "\udcff", KEY.upper()])
def test_an_unknown_key_is_refused(ask: Ask, key: str | None) -> None:
    assert refused(ask, 401, key=key) == "agentkeep gate: unknown key"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", CHAT),
        ("POST", "/v1/models"),
        ("POST", "//v1/chat/completions"),
        ("POST", CHAT + "/"),
        ("GET", "/model/info"),
        ("POST", "/anthropic/v1/messages"),
        ("HEAD", "/v1/models"),
        ("", CHAT),
    ],
)
def test_another_route_is_refused(ask: Ask, method: str, path: str) -> None:
    refused(ask, 403, method=method, path=path)


def passes(ask: Ask, method: str, path: str, key: str | None = None, kind: str = "http") -> Any:
    """Send one request to the fence and return the status, or the close code of a WebSocket."""
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    headers = [(b"Authorization", f"Bearer {key}".encode())] if key else []
    scope = {"type": kind, "method": method, "path": path, "headers": headers}
    asyncio.run(vars(ask)["fence"](scope, None, send))
    (message,) = sent
    return message.get("status") or message["code"]


def test_the_fence_opens_the_probe_and_the_client_routes_only(ask: Ask) -> None:
    assert passes(ask, "GET", "/health/liveliness") == 200
    assert passes(ask, "POST", CHAT) == 200
    for method, path in [
        ("POST", "/health/liveliness"),
        ("GET", "/health/readiness"),
        ("GET", CHAT),
        ("POST", CHAT + "/"),
    ]:
        assert passes(ask, method, path) == 401
        assert passes(ask, method, path, KEY) == 403
        assert passes(ask, method, path, MASTER) == 200


def test_the_fence_closes_websockets_and_lets_the_server_start(ask: Ask) -> None:
    assert passes(ask, "", "/v1/realtime", KEY, "websocket") == 1008
    assert passes(ask, "", CHAT, KEY, "websocket") == 1008
    assert passes(ask, "", "", None, "lifespan") == 200


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/count_tokens"])
def test_anthropic_clients_work(ask: Ask, path: str) -> None:
    body = GOOD | {"system": [{"type": "text", "text": "x"}], "metadata": {"user_id": "u"}, "stop_sequences": ["x"]}
    headers = (("content-type", "application/json; charset=utf-8"), ("anthropic-version", "2023-06-01"))

    assert ask(body, path=path, headers=headers, query=b"beta=true").key_alias == "openclaw"


def test_what_openai_clients_send_works(ask: Ask) -> None:
    tool = {"type": "function", "function": {"name": "x", "parameters": {"properties": {"api_key": {}, "url": {}}}}}
    call = {"id": "1", "type": "function", "function": {"name": "x", "arguments": "{}"}}
    pixel = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
    messages: list[dict[str, object]] = [
        {"role": "system", "content": "x"},
        {"role": "user", "content": [{"type": "text", "text": "x"}, pixel]},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "1", "content": "x"},
    ]
    body = GOOD | {"messages": messages, "tools": [tool], "stream": True, "stream_options": {"include_usage": True}}
    headers = (("Content-Type", "application/json"), ("x-stainless-lang", "js"), ("user-agent", "OpenAI/JS"))

    assert ask(body, headers=tuple((name.lower(), value) for name, value in headers)).key_alias == "openclaw"


def test_models_are_listed_without_a_body(ask: Ask) -> None:
    assert ask(b"", method="GET", path="/v1/models", headers=()).key_alias == "openclaw"
    refused(ask, 400, b"{}", method="GET", path="/v1/models", headers=())


@pytest.mark.parametrize(
    "body",
    [
        GOOD | {"api_base": "http://x"},
        GOOD | {"fallbacks": []},
        GOOD | {"metadata": {}},
        GOOD | {"tools": [{"type": "mcp"}]},
        GOOD | {"tools": [{"type": "web_search_20250305", "name": "web_search"}]},
        GOOD | {"tools": ["x"]},
        GOOD | {"tools": {"type": "function"}},
        GOOD | {"messages": "hi"},
        GOOD | {"messages": ["hi"]},
        GOOD | {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": "https://x/"}]}]},
        GOOD | {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": 1}}]}]},
        GOOD | {"messages": [{"role": "user", "content": [{"type": ["text"]}]}]},
        GOOD | {"messages": [{"role": "user", "content": [{"type": "file", "file": {"file_id": "x"}}]}]},
        GOOD | {"messages": [{"role": "user", "content": {"type": "container_upload", "file_id": "x"}}]},
        GOOD | {"messages": [{"role": "user", "content": [{"type": "document", "source": {"type": "file"}}]}]},
        GOOD | {"messages": [{"role": "user", "content": 7}]},
        b'{"model": "sonnet", "model": "sonnet"}',
        b'{"model": "sonnet", "messages": [{"role": "user", "role": "system"}]}',
        b'{"model": "sonnet", "top_p": NaN}',
        b'{"model": "sonnet"',
        b'["sonnet"]',
        b"\xff\xfe{}",
        b"",
        b"[" * 100_000,
    ],
)
def test_a_hostile_body_is_refused(ask: Ask, body: object) -> None:
    refused(ask, 400, body)


@pytest.mark.parametrize("source", [{"type": "url", "url": "https://x/"}, {"type": "file", "file_id": "x"}, "x", None])
def test_anthropic_content_by_reference_is_refused(ask: Ask, source: object) -> None:
    part = {"type": "tool_result", "content": [{"type": "image", "source": source}]}

    refused(ask, 400, GOOD | {"messages": [{"role": "user", "content": [part]}]}, path="/v1/messages")
    refused(ask, 400, GOOD | {"system": [part]}, path="/v1/messages")


@pytest.mark.parametrize("metadata", [{"user_id": {"x": 1}}, {"tags": []}, "x", ["user_id"]])
def test_metadata_may_name_a_user_only(ask: Ask, metadata: object) -> None:
    refused(ask, 400, GOOD | {"metadata": metadata}, path="/v1/messages")


@pytest.mark.parametrize("model", ["opus", None, ["sonnet"], {}, "sonnet,opus", "Sonnet", " sonnet"])
def test_a_model_of_others_is_refused(ask: Ask, model: object) -> None:
    refused(ask, 403, GOOD | {"model": model})


@pytest.mark.parametrize("query", [b"api-version=1", b"beta=true&x=1", b"beta=false", b"custom_llm_provider=openai"])
def test_a_query_is_refused(ask: Ask, query: bytes) -> None:
    refused(ask, 400, query=query)


@pytest.mark.parametrize(
    "name", ["x-litellm-tags", "cache-control", "content-encoding", "x-mcp-auth", "cookie", "api-key"]
)
def test_an_unlisted_header_is_refused(ask: Ask, name: str) -> None:
    assert name in refused(ask, 400, headers=(("content-type", "application/json"), (name, "1")))


def test_a_header_sent_twice_is_refused(ask: Ask) -> None:
    refused(ask, 400, headers=(("content-type", "application/json"), ("content-type", "text/plain")))


@pytest.mark.parametrize(
    "kind", ["", "text/json", "application/x-www-form-urlencoded", "application/json; charset=utf-16"]
)
def test_another_content_type_is_refused(ask: Ask, kind: str) -> None:
    refused(ask, 400, headers=(("content-type", kind),))


BAD_KEYS = {
    "missing": ("", "is missing"),
    "short": ("a1b2c3d4e5f6", "is shorter than 32 characters"),
    "blank inside": (KEY + " x", "holds spaces"),
    "one letter": ("a" * 40, "has too little variety"),
    "repeated": ("a1B2c3D4e5" * 4, "has too little variety"),
    "placeholder": ("dummy-value-that-nobody-replaced-yet-42", "is a placeholder"),
    "line end": (KEY + "\n", "holds spaces"),
    "the master key": (MASTER, "has the same value as another variable"),
}


@pytest.mark.parametrize(("key", "problem"), BAD_KEYS.values(), ids=BAD_KEYS.keys())
def test_exits_on_a_bad_key_and_names_only_its_variable(tmp_path: Path, key: str, problem: str) -> None:
    done = start(tmp_path, json.dumps(CLIENTS), key)

    assert done.returncode == 78
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("agentkeep gate: refusing to start: ")
    assert problem in done.stderr
    assert not key or key not in done.stderr


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"clients": [{}]}', '{"clients": [[]]}', '{"clients": 1}'])
def test_exits_on_unreadable_clients(tmp_path: Path, text: str) -> None:
    assert start(tmp_path, text, KEY).returncode == 78


BAD_ENTRIES = [
    {"models": []},
    {"models": ["*"]},
    {"models": ["all-proxy-models"]},
    {"rpm": 0},
    {"rpm": True},
    {"rpm": "60"},
    {"key": "x"},
]


@pytest.mark.parametrize("change", [*BAD_ENTRIES, {"name": "A b"}, {"keyEnv": 1}, {"models": "sonnet"}])
def test_exits_on_a_client_that_says_too_much_or_too_little(tmp_path: Path, change: dict[str, object]) -> None:
    entry = CLIENTS["clients"][0] | change

    assert start(tmp_path, json.dumps({"clients": [entry]}), KEY).returncode == 78


def test_starts_on_sound_keys(tmp_path: Path) -> None:
    assert start(tmp_path, json.dumps(CLIENTS), KEY).returncode == 0


def start(folder: Path, clients: str, key: str) -> subprocess.CompletedProcess[str]:
    """Load the gate in a process of its own, because it may end it."""
    (folder / "clients.json").write_text(clients)
    (folder / GATE_FILE).write_text(gate_source())
    for name, text in {
        "fastapi/__init__": "Request = object",
        "fastapi/responses": "JSONResponse = object",
        "litellm/proxy/proxy_server": "class app: middleware_stack = object()",
        "litellm/proxy/_types": "LitellmUserRoles = ProxyException = UserAPIKeyAuth = object",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.py").write_text(text)
    env = {"PATH": os.environ["PATH"], "LITELLM_MASTER_KEY": MASTER, "AGENT_KEY": key, "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, GATE_FILE]
    return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=30, check=False)
