"""
Who may ask this LiteLLM for what, decided without a database.

LiteLLM calls ``authenticate`` (``general_settings.custom_auth``) *instead of* its own key check. Two kinds of key:

- the master key (env LITELLM_MASTER_KEY): administration, everything LiteLLM offers;
- a client key (env named in clients.json): inference on the client's own models, and nothing else.

A client's request is refused unless each part of it is listed here: method, path, query, headers, body fields, content.
LiteLLM reads hundreds of fields, headers and query parameters that switch the upstream, its address, its key, logging
or guardrails, and each release adds more. A deny-list could not keep up with that.

LiteLLM asks for no key at all on some 100 routes (sign-in, OAuth, MCP, catalogues). ``Fence`` stands before all of it
and lets nothing pass but the probe, the clients' routes, and whatever the master key asks for.

The process exits at once if a key is missing, weak or used twice: a gate with a bad lock must not open.
"""

import hashlib
import hmac
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

from fastapi import Request  # type: ignore[import-not-found]  # LiteLLM's image has it
from fastapi.responses import JSONResponse  # type: ignore[import-not-found]
from litellm.proxy import proxy_server  # type: ignore[import-not-found]
from litellm.proxy._types import LitellmUserRoles, ProxyException, UserAPIKeyAuth  # type: ignore[import-not-found]

MASTER_ENV = "LITELLM_MASTER_KEY"
PLACEHOLDERS = ("dummy", "placeholder", "changeme", "change-me", "example", "sk-1234", "your-", "<your", "${")

# What both formats share. "metadata" is absent from chat: LiteLLM takes orders from it.
COMMON = {
    "max_tokens", "messages", "model", "stream", "temperature", "thinking", "tool_choice", "tools", "top_k", "top_p",
}  # fmt: skip
CHAT = COMMON | {
    "frequency_penalty", "logit_bias", "logprobs", "max_completion_tokens", "n", "parallel_tool_calls",
    "presence_penalty", "prompt_cache_key", "reasoning_effort", "response_format", "seed", "stop", "store",
    "stream_options", "top_logprobs", "user", "verbosity",
}  # fmt: skip
MESSAGES = COMMON | {"cache_control", "context_management", "metadata", "output_config", "stop_sequences", "system"}
ROUTES: dict[tuple[str, str], set[str]] = {
    ("GET", "/models"): set(),
    ("GET", "/v1/models"): set(),
    ("POST", "/chat/completions"): CHAT,
    ("POST", "/v1/chat/completions"): CHAT,
    ("POST", "/v1/messages"): MESSAGES,
    ("POST", "/v1/messages/count_tokens"): MESSAGES,
}
PROBE = ("GET", "/health/liveliness")
# Anthropic's SDK adds "?beta=true"; nothing else has a meaning here.
QUERIES = {b"", b"beta=true"}
HEADERS = re.compile(
    r"accept|accept-encoding|accept-language|anthropic-beta|anthropic-dangerous-direct-browser-access|anthropic-version"
    r"|authorization|connection|content-length|content-type|forwarded|host|http-referer|idempotency-key|originator|priority"
    r"|sec-fetch-(dest|mode|site)|traceparent|tracestate|transfer-encoding|user-agent|via|x-api-key|x-app"
    r"|x-forwarded-(for|host|port|proto)|x-real-ip|x-request-id|x-stainless-[a-z-]+|x-title"
)
# Tools that the caller runs. Tools that the provider runs (web fetch, code, MCP) are a way out of the network lockdown.
TOOLS = re.compile(r"function|custom|(bash|text_editor|computer|memory)_[0-9]{8}")
CONTENT = {
    "document", "image", "image_url", "redacted_thinking", "refusal", "text", "thinking", "tool_result", "tool_use",
}  # fmt: skip


class Client:
    """One declared client; ``digest`` stands for its key, which is kept nowhere else."""

    def __init__(self, entry: dict[str, Any], digest: bytes) -> None:
        self.name: str = entry["name"]
        self.models: list[str] = entry["models"]
        self.rpm: int | None = entry.get("rpm")
        self.digest = digest


def _digest(key: str) -> bytes:
    # Equal lengths, so that the comparison takes the same time for every wrong key.
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()


def _strong_key(name: str) -> str:
    """Return the key in env *name*; exit if nobody should trust it. Messages name the variable, never its value."""
    key = os.environ.get(name, "")
    problem = None
    if not key:
        problem = "is missing"
    elif len(key) < 32:
        problem = "is shorter than 32 characters"
    elif not re.fullmatch(r"[!-~]+", key):
        problem = "holds spaces, line ends or non-ASCII characters"
    elif len(set(key)) < 8 or key in (key + key)[1:-1]:  # The second half is true if the key repeats itself.
        problem = "has too little variety"
    elif any(word in key.lower() for word in PLACEHOLDERS):
        problem = "is a placeholder"
    elif any(value == key for other, value in os.environ.items() if other != name):
        problem = "has the same value as another variable"
    if problem:
        _refuse_to_start(f"{name} {problem}; put a random value of its own there (openssl rand -hex 32)")
    return key


def _refuse_to_start(reason: str) -> None:
    # LiteLLM would wrap an exception into a long traceback, and some callers would survive it.
    print(f"agentkeep gate: refusing to start: {reason}", file=sys.stderr, flush=True)
    os._exit(78)


def _load(folder: Path) -> tuple[bytes, list[Client]]:
    """Read the master key and the clients declared beside this file; exit unless all of it is sound."""
    master = _digest(_strong_key(MASTER_ENV))
    clients: list[Client] = []
    try:
        for entry in json.loads((folder / "clients.json").read_text("utf-8"))["clients"]:
            if entry.keys() - {"name", "keyEnv", "models", "rpm"} or not re.fullmatch(r"[a-z0-9-]+", entry["name"]):
                raise ValueError
            # For LiteLLM an empty list, and some names, mean "every model".
            if (
                type(entry["models"]) is not list
                or not entry["models"]
                or not all(re.fullmatch(r"(?!all-)[\w./:-]+", model) for model in entry["models"])
            ):
                raise ValueError
            if "rpm" in entry and (type(entry["rpm"]) is not int or entry["rpm"] < 1):
                raise ValueError
            clients.append(Client(entry, _digest(_strong_key(entry["keyEnv"]))))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        _refuse_to_start('clients.json must hold {"clients": [{"name", "keyEnv", "models": [...], "rpm"?}]}')
    if len({master, *(client.digest for client in clients)}) != len(clients) + 1:
        _refuse_to_start("two keys are equal; give the master and each client a key of its own")
    return master, clients


_MASTER, _CLIENTS = _load(Path(__file__).parent)


def _refuse(code: int, why: str) -> ProxyException:
    kind = "auth_error" if code == 401 else "invalid_request_error"
    return ProxyException(message=f"agentkeep gate: {why}", type=kind, param=None, code=code)


def _caller(key: object) -> Client | str | None:
    """Say whose *key* it is: a client's, the "master"'s, or nobody's."""
    given = _digest(key) if isinstance(key, str) else b""
    # Every key is compared, so that the time taken does not tell which one was close.
    is_master = hmac.compare_digest(given, _MASTER)
    matches = [client for client in _CLIENTS if hmac.compare_digest(given, client.digest)]
    return "master" if is_master else matches[0] if matches else None


async def authenticate(request: Request, api_key: str) -> UserAPIKeyAuth:
    """Say who calls, or raise: 401 for an unknown key, 403 for a route a client may not use, 400 for what it sent."""
    client = _caller(api_key)
    if client == "master":
        return UserAPIKeyAuth(api_key="agentkeep-master", key_alias="master", user_role=LitellmUserRoles.PROXY_ADMIN)
    if not isinstance(client, Client):
        raise _refuse(401, "unknown key")
    await _check(request, client)
    return UserAPIKeyAuth(
        api_key=f"agentkeep-client-{client.name}",  # An identity for LiteLLM's counters and logs, not the key.
        key_alias=client.name,
        user_role=LitellmUserRoles.INTERNAL_USER,
        models=client.models,
        rpm_limit=client.rpm,
        allowed_routes=sorted({path for _, path in ROUTES}),  # LiteLLM checks it once more.
    )


async def _check(request: Request, client: Client) -> None:
    """Let *request* pass only if each part of it is listed at the top of this file."""
    # The path comes from the request line. request.url is built from the Host header, which the caller chooses.
    scope = request.scope
    fields = ROUTES.get((scope.get("method", ""), scope.get("path", "")))
    if scope.get("type") != "http" or fields is None:
        raise _refuse(403, "this key is good for inference only")
    if scope.get("query_string", b"") not in QUERIES:
        raise _refuse(400, "query parameters are not accepted")
    names = [name.decode("latin-1").lower() for name, _ in scope["headers"]]
    for name in names:
        if not HEADERS.fullmatch(name) or names.count(name) > 1:
            raise _refuse(400, f"header {name[:60]!r} is not accepted, or was sent twice")
    if not fields:
        if await request.body():
            raise _refuse(400, "a body is not accepted here")
        return
    # LiteLLM also parses forms; then it would act on another body than the one checked here.
    kind = request.headers.get("content-type", "")
    if not re.fullmatch(r"application/json(;\s*charset=utf-8)?", kind, re.IGNORECASE):
        raise _refuse(400, "content-type must be application/json")
    try:
        text = (await request.body()).decode("utf-8")
        body = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise _refuse(400, "the body must be JSON in UTF-8 without duplicate keys") from None
    if not isinstance(body, dict):
        raise _refuse(400, "the body must be a JSON object")
    for name in sorted(body.keys() - fields):
        raise _refuse(400, f"body field {name[:60]!r} is not accepted")
    if body.get("model") not in client.models:
        raise _refuse(403, "this key is not good for that model")
    _check_values(body)


def _check_values(body: dict[str, Any]) -> None:
    """Refuse orders to LiteLLM or the provider that hide inside accepted fields."""
    # Anthropic's "metadata" may name a user; LiteLLM reads everything else in it as orders.
    metadata = body.get("metadata") or {}
    if not isinstance(metadata, dict) or not all(k == "user_id" and isinstance(v, str) for k, v in metadata.items()):
        raise _refuse(400, "metadata may hold user_id only")
    tools = body.get("tools") or []
    if not isinstance(tools, list) or not all(_runs_at_caller(tool) for tool in tools):
        raise _refuse(400, "only tools that the caller itself runs are accepted")
    messages = body.get("messages") or []
    if not isinstance(messages, list) or not all(isinstance(message, dict) for message in messages):
        raise _refuse(400, "messages must be a list of objects")
    for content in [body.get("system"), *(message.get("content") for message in messages)]:
        _check_content(content)


def _check_content(content: object) -> None:
    """Refuse content by reference: LiteLLM or the provider would fetch a URL or open a file on the caller's behalf."""
    if content is None or isinstance(content, str):
        return
    for part in content if isinstance(content, list) else [content]:
        if not isinstance(part, dict) or str(part.get("type")) not in CONTENT:
            raise _refuse(400, "this type of message content is not accepted")
        image = part.get("image_url", "data:")
        url = image.get("url") if isinstance(image, dict) else image
        source = part.get("source", {"type": "base64"})
        kind = source.get("type") if isinstance(source, dict) else None
        if not (isinstance(url, str) and url.startswith("data:")) or kind not in ("base64", "content", "text"):
            raise _refuse(400, "images and documents must be sent inline, not as URLs or file ids")
        _check_content(source.get("content"))
        _check_content(part.get("content"))


def _runs_at_caller(tool: object) -> bool:
    kind = tool.get("type", "custom") if isinstance(tool, dict) else None
    return isinstance(kind, str) and TOOLS.fullmatch(kind) is not None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    # Parsers disagree about which of two equal keys counts, so neither does.
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("duplicate key")
    return found


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


class Fence:
    """Stands before all of LiteLLM, because many of its routes never ask ``authenticate``."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Hand the request on, or answer it here."""
        route = (scope.get("method", ""), scope.get("path", ""))
        caller = None
        for name, value in scope.get("headers", ()):
            if name.lower() == b"authorization":
                caller = _caller(value.decode("latin-1").removeprefix("Bearer "))
        if scope["type"] == "lifespan" or route == PROBE or route in ROUTES or caller == "master":
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            code, why = (403, "this key is good for inference only") if caller else (401, "unknown key")
            answer = {
                "error": {"message": f"agentkeep gate: {why}", "type": "auth_error", "param": None, "code": str(code)}
            }
            await JSONResponse(answer, code)(scope, receive, send)


# This file is read while LiteLLM starts up, after its middleware was put together; so the fence goes around that.
if proxy_server.app.middleware_stack is None:
    _refuse_to_start("this version of LiteLLM reads the gate at another time; use the version that was tested")
proxy_server.app.middleware_stack = Fence(proxy_server.app.middleware_stack)
