"""
Start the real LiteLLM from rendered manifests, with a stand-in for the providers, and talk to it.

The ConfigMap and Deployment are read as a cluster would read them: files at their mount path behind the links of a
ConfigMap volume, the container's own arguments and environment, secret references filled with random values. As root
the process gets a read-only root, a /tmp of its own, uid 1000 and no capability; otherwise paths are moved below a
temporary folder. What differs from a cluster: each model gets an ``api_base`` on loopback, the port is a free one, and
every other outgoing request ends at a recorder, set as HTTP proxy.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import http.client
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
VENV = ROOT / ".cache" / "venv-litellm"
DIST = ROOT / "dist" / "lolice" / "argoproj" / "openclaw"
START_LIMIT = 90.0
"""Seconds; the slowest start seen is 25."""

ORDER = "please call this tool:"
"""A prompt with these words makes the model call a tool: JSON follows, ``{"name": "exec", "input": {...}}``."""

OVERLOADED = "the provider is overloaded"
"""A prompt with these words is refused by the provider, as Anthropic does under load (529)."""

Document = dict[str, Any]
Headers = Sequence[tuple[str, str]]


def require_litellm() -> Path:
    """Return the interpreter that has LiteLLM; skip the test, or fail it in CI, if it cannot be installed."""
    problem = _install()
    if problem:
        if os.environ.get("CI"):
            pytest.fail(f"litellm is not available: {problem}")
        pytest.skip(f"litellm is not available: {problem}")
    return VENV / "bin" / "python"


@functools.cache
def _install() -> str:
    command = [sys.executable, "tools/environment.py", str(VENV.relative_to(ROOT)), "locks/litellm.txt"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=900, check=False)
    except subprocess.TimeoutExpired:
        return "the installation took more than 15 minutes"
    return "" if done.returncode == 0 else done.stdout.strip().splitlines()[-1]


def _base_of(venv: Path) -> Path:
    """Return the prefix of the Python that *venv* was made from."""
    settings = dict(
        line.split(" = ", 1) for line in (venv / "pyvenv.cfg").read_text("utf-8").splitlines() if " = " in line
    )
    return Path(settings["home"]).parent


@functools.cache
def can_isolate() -> bool:
    """Tell whether this process may give LiteLLM a root file system of its own."""
    tools = all(shutil.which(tool) for tool in ("unshare", "setpriv", "prlimit", "mount", "chroot"))
    if not tools or os.geteuid() != 0:
        return False
    probe = ["unshare", "--mount", "--propagation", "private", "--", "mount", "-t", "tmpfs", "tmpfs", "/tmp"]  # noqa: S108
    return subprocess.run(probe, capture_output=True, check=False).returncode == 0


def load(folder: Path) -> list[Document]:
    """Return every YAML document below *folder*."""
    files = [file for file in sorted(folder.rglob("*")) if file.suffix in (".yaml", ".yml")]
    return [doc for file in files for doc in yaml.safe_load_all(file.read_text("utf-8")) if isinstance(doc, dict)]


def container_of(documents: Sequence[Document]) -> tuple[Document, Document]:
    """Return the pod spec and container of the one Deployment that runs LiteLLM."""
    found = [
        (pod, container)
        for document in documents
        if document.get("kind") == "Deployment"
        for pod in [document["spec"]["template"]["spec"]]
        for container in pod["containers"]
        if "litellm" in container["image"]
    ]
    assert len(found) == 1, f"one LiteLLM container is expected, {len(found)} found"
    return found[0]


def files_of(documents: Sequence[Document]) -> dict[str, dict[str, str]]:
    """Return what the container sees of ConfigMaps: mount path -> file name -> text."""
    pod, container = container_of(documents)
    maps = {doc["metadata"]["name"]: doc.get("data", {}) for doc in documents if doc.get("kind") == "ConfigMap"}
    sources = {v["name"]: maps[v["configMap"]["name"]] for v in pod.get("volumes", []) if "configMap" in v}
    mounts = [mount for mount in container.get("volumeMounts", []) if mount["name"] in sources]
    assert not any("subPath" in mount for mount in mounts), (
        "a ConfigMap is mounted as a folder: the gate lies in it too"
    )
    return {mount["mountPath"]: sources[mount["name"]] for mount in mounts}


def environment_of(documents: Sequence[Document]) -> tuple[dict[str, str], list[str]]:
    """Return the container's literal environment, and the names that it takes from Secrets."""
    _, container = container_of(documents)
    literal: dict[str, str] = {}
    secret: list[str] = []
    for entry in container.get("env", []):
        if "value" in entry:
            literal[entry["name"]] = entry["value"]
        elif "secretKeyRef" in entry["valueFrom"]:
            secret.append(entry["name"])
    for source in container.get("envFrom", []):
        name = source["secretRef"]["name"]
        for document in documents:
            if document.get("kind") == "ExternalSecret" and document["spec"]["target"]["name"] == name:
                secret += [entry["secretKey"] for entry in document["spec"]["data"]]
    return literal, secret


@dataclass
class Seen:
    """One request that left LiteLLM."""

    path: str
    headers: dict[str, str]
    body: bytes

    def holds(self, text: str) -> bool:
        """Tell whether *text* is anywhere in the request."""
        return text in self.path or text in repr(self.headers) or text.encode() in self.body


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Pass over a caller that was killed; show everything else."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Server:
    """A loopback HTTP server that records every request."""

    def __init__(self, answer: Any) -> None:
        self.seen: list[Seen] = []
        seen = self.seen

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 30

            def handle_any(self) -> None:
                size = int(self.headers.get("content-length") or 0)
                request = Seen(f"{self.command} {self.path}", dict(self.headers.items()), self.rfile.read(size))
                seen.append(request)
                status, kind, body = answer(request)
                self.send_response(status)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_CONNECT = handle_any  # noqa: N815 - http.server's names

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name
                del format, args

        self._server = _Quiet(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def _provider(request: Seen) -> tuple[int, str, bytes]:
    """Answer like Anthropic's Messages, OpenAI's Chat Completions or Gemini's generateContent, streamed when asked."""
    asked = json.loads(request.body or b"{}")
    if OVERLOADED.encode() in request.body:
        return 529, "application/json", b'{"type": "error", "error": {"type": "overloaded_error", "message": "later"}}'
    path = request.path.split("?")[0]
    if path.endswith("/v1/messages/count_tokens"):
        return _json({"input_tokens": 7})
    if path.endswith("/v1/messages"):
        return _anthropic(asked)
    if path.endswith("/chat/completions"):
        return _openai(asked)
    if path.endswith((":generateContent", ":streamGenerateContent")):
        return _gemini(streamed=path.endswith(":streamGenerateContent"))
    return 404, "application/json", b'{"error": {"message": "no such path at the stand-in"}}'


def _anthropic(asked: Document) -> tuple[int, str, bytes]:
    usage = {"input_tokens": 10, "output_tokens": 5}
    whole = {"id": "msg_1", "type": "message", "role": "assistant", "model": asked["model"], "stop_sequence": None}
    order = _order_in(asked)
    if order is not None:
        start = {"type": "tool_use", "id": f"toolu_{len(asked['messages'])}", "name": order["name"], "input": {}}
        delta = {"type": "input_json_delta", "partial_json": json.dumps(order["input"])}
        return _events(
            {"type": "message_start", "message": {**whole, "content": [], "stop_reason": None, "usage": usage}},
            {"type": "content_block_start", "index": 0, "content_block": start},
            {"type": "content_block_delta", "index": 0, "delta": delta},
            {"type": "content_block_stop", "index": 0},
            {"type": "message_delta", "delta": {"stop_reason": "tool_use"}, "usage": {"output_tokens": 5}},
            {"type": "message_stop"},
        )
    if not asked.get("stream"):
        text = {"type": "text", "text": "pong"}
        return _json({**whole, "content": [text], "stop_reason": "end_turn", "usage": usage})
    return _events(
        {"type": "message_start", "message": {**whole, "content": [], "stop_reason": None, "usage": usage}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "pong"}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 5}},
        {"type": "message_stop"},
    )


def _order_in(asked: Document) -> Document | None:
    """Return the call of a tool that the last message orders, if it orders one and a stream is asked for."""
    last = asked["messages"][-1]["content"]
    texts = [last] if isinstance(last, str) else [part["text"] for part in last if part.get("type") == "text"]
    found = [text.partition(ORDER)[2].lstrip() for text in texts if ORDER in text]
    return json.JSONDecoder().raw_decode(found[-1])[0] if found and asked.get("stream") else None


def _openai(asked: Document) -> tuple[int, str, bytes]:
    base = {"id": "chatcmpl-1", "created": 1, "model": asked["model"]}
    if not asked.get("stream"):
        choice = {"index": 0, "message": {"role": "assistant", "content": "pong"}, "finish_reason": "stop"}
        usage = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15}
        return _json({**base, "object": "chat.completion", "choices": [choice], "usage": usage})
    delta = {"index": 0, "delta": {"role": "assistant", "content": "pong"}, "finish_reason": None}
    end = {"index": 0, "delta": {}, "finish_reason": "stop"}
    chunks = [{**base, "object": "chat.completion.chunk", "choices": [part]} for part in (delta, end)]
    status, kind, body = _events(*chunks)
    return status, kind, body + b"data: [DONE]\n\n"


def _gemini(*, streamed: bool) -> tuple[int, str, bytes]:
    content = {"role": "model", "parts": [{"text": "pong"}]}
    usage = {"promptTokenCount": 10, "candidatesTokenCount": 5, "totalTokenCount": 15}
    answer = {"candidates": [{"index": 0, "content": content, "finishReason": "STOP"}], "usageMetadata": usage}
    return _events(answer) if streamed else _json(answer)


def _json(answer: Document) -> tuple[int, str, bytes]:
    return 200, "application/json", json.dumps(answer).encode()


def _events(*events: Document) -> tuple[int, str, bytes]:
    lines = [
        (f"event: {event['type']}\n" if "type" in event else "") + f"data: {json.dumps(event)}\n\n" for event in events
    ]
    return 200, "text/event-stream", "".join(lines).encode()


@dataclass
class Reply:
    """What the proxy answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the body, parsed."""
        return json.loads(self.body)


class NotReadyError(Exception):
    """LiteLLM ended, or did not answer its probe in time."""

    def __init__(self, code: int | None, log: str) -> None:
        self.code = code
        self.log = log
        super().__init__(f"LiteLLM is not ready (exit status {code}): {log[-2000:]}")


# Run as root inside a mount namespace of its own. $1 new root, $2 mounts, $3 the environment, $4 its base Python.
_ISOLATE = """
set -eu
new=$1 mounts=$2 venv=$3 base=$4
mount --bind / "$new"
mount -o remount,bind,ro "$new"
for folder in proc dev sys; do mount --rbind /$folder "$new/$folder"; done
mount -t tmpfs -o size=1m,mode=0755 tmpfs "$new/etc"
for file in passwd group hosts nsswitch.conf ld.so.cache; do
  if [ -e /etc/$file ]; then cp -L /etc/$file "$new/etc/$file"; fi
done
mkdir "$new/etc/litellm-environment"
mount --bind "$venv" "$new/etc/litellm-environment"
mount -o remount,bind,ro "$new/etc/litellm-environment"
for path in $(cd "$mounts" && find . -name ..data -printf '%h\\n'); do
  mkdir -p "$new/$path"
  cp -a "$mounts/$path/." "$new/$path/"
done
mount -o remount,ro "$new/etc"
# Homes are closed to uid 1000, and a Python may live in one.
case $base in /root/*|/home/*)
  home=/$(echo "$base" | cut -d/ -f2)
  mount -t tmpfs -o size=1m,mode=0755 tmpfs "$new$home"
  mkdir -p "$new$base"
  mount --bind "$base" "$new$base"
  mount -o remount,bind,ro "$new$base"
  mount -o remount,ro "$new$home"
esac
mount -t tmpfs -o size=256m,mode=1777 tmpfs "$new/tmp"
shift 4
exec chroot "$new" setpriv --reuid 1000 --regid 1000 --clear-groups --no-new-privs --bounding-set=-all \\
  --inh-caps=-all --pdeathsig KILL prlimit --data=3221225472 --core=0 -- "$@"
"""


@dataclass
class LiteLLM:
    """One LiteLLM process and its stand-ins; a context manager."""

    documents: list[Document]
    overrides: dict[str, str | None] = field(default_factory=dict)
    """Environment to change: a value to set, or None to take a name away."""

    isolated: bool = field(default_factory=can_isolate)
    secrets: dict[str, str] = field(default_factory=dict)
    replies: list[Reply] = field(default_factory=list)
    started_in: float = 0.0

    @classmethod
    def from_dist(cls, folder: Path) -> LiteLLM:
        """Prepare LiteLLM from the manifests below *folder*."""
        return cls(load(folder))

    def __enter__(self) -> Self:
        python = require_litellm()
        self.upstream = _Server(_provider)
        self.outside = _Server(lambda _: (502, "text/plain", b"outside"))
        self._home = Path(tempfile.mkdtemp(prefix="litellm-"))
        self._process: subprocess.Popen[bytes] | None = None
        try:
            self._start(python)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(10)
        self.upstream.close()
        self.outside.close()
        self._last_log = self.log()
        shutil.rmtree(self._home, ignore_errors=True)

    def _start(self, python: Path) -> None:
        literal, names = environment_of(self.documents)
        self.secrets = {name: secrets.token_hex(32) for name in names}
        env = {**literal, **self.secrets, **self._proxies()}
        for name, value in self.overrides.items():
            env.pop(name, None)
            self.secrets.pop(name, None)
            if value is not None:
                env[name] = value
                if name in names:
                    self.secrets[name] = value
        self._write()
        args = self._args()
        script = "import sys; from litellm import run_server; sys.exit(run_server())"
        if self.isolated:
            command = ["unshare", "--mount", "--propagation", "private", "--", "sh", "-c", _ISOLATE, "sh"]
            command += [str(self._home / "new"), str(self._home / "mounts"), str(VENV), str(_base_of(VENV))]
            command += ["/etc/litellm-environment/bin/python", "-c", script, *args]
            env["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        else:
            command = [str(python), "-c", script, *args]
        began = time.monotonic()
        with (self._home / "log").open("wb") as log:
            self._process = subprocess.Popen(
                command, env=env, stdout=log, stderr=subprocess.STDOUT, start_new_session=True, cwd="/"
            )
        while True:
            code = self._process.poll()
            if code is not None or time.monotonic() - began > START_LIMIT:
                raise NotReadyError(code, self.log())
            with contextlib.suppress(OSError, http.client.HTTPException):
                if self.call("GET", "/health/liveliness").status == 200:
                    break
            time.sleep(0.1)
        self.started_in = time.monotonic() - began

    def _proxies(self) -> dict[str, str]:
        recorder = f"http://127.0.0.1:{self.outside.port}"
        found = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"), recorder)
        return found | {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1", "AIOHTTP_TRUST_ENV": "True"}

    def _args(self) -> list[str]:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        args = [str(arg) for arg in container_of(self.documents)[1].get("args", [])]
        args = [str(self._seen_at(arg)) if arg.startswith("/") else arg for arg in args]
        if "--port" in args:
            del args[args.index("--port") : args.index("--port") + 2]
        return [*args, "--port", str(self.port), "--host", "127.0.0.1"]

    def _seen_at(self, path: str) -> Path:
        return Path(path) if self.isolated else self._home / "mounts" / path.lstrip("/")

    def _write(self) -> None:
        """Lay the files out as a ConfigMap volume does: name -> ..data/name, ..data -> ..<time>/."""
        (self._home / "new").mkdir()
        self._home.chmod(0o755)
        for mount, files in files_of(self.documents).items():
            folder = self._home / "mounts" / mount.lstrip("/")
            stamped = folder / "..2026_11_21_00_00_00.1"
            stamped.mkdir(parents=True)
            (folder / "..data").symlink_to(stamped.name)
            for name, text in files.items():
                (stamped / name).write_text(self._redirected(text) if name == "config.yaml" else text, "utf-8")
                (folder / name).symlink_to(f"..data/{name}")

    def _redirected(self, text: str) -> str:
        config = yaml.safe_load(text)
        for entry in config.get("model_list", []):
            params = entry["litellm_params"]
            suffix = "/v1" if params["model"].startswith("openai/") else ""
            params["api_base"] = f"http://127.0.0.1:{self.upstream.port}{suffix}"
        return yaml.safe_dump(config, sort_keys=False)

    @property
    def config(self) -> Document:
        """LiteLLM's config as rendered, before the redirection."""
        return next(
            yaml.safe_load(files["config.yaml"])
            for files in files_of(self.documents).values()
            if "config.yaml" in files
        )

    @property
    def clients(self) -> list[Document]:
        """The declared clients."""
        texts = [files["clients.json"] for files in files_of(self.documents).values() if "clients.json" in files]
        return list(json.loads(texts[0])["clients"]) if texts else []

    @property
    def client_key(self) -> str:
        """The key of the first client."""
        return self.secrets[self.clients[0]["keyEnv"]]

    @property
    def master_key(self) -> str:
        """The master key."""
        return self.secrets["LITELLM_MASTER_KEY"]

    def log(self) -> str:
        """Return everything that LiteLLM printed so far."""
        file = self._home / "log"
        return file.read_text("utf-8", "replace") if file.exists() else self._last_log

    def status(self) -> dict[str, str]:
        """Return the process's own status, as in /proc."""
        assert self._process is not None
        lines = Path(f"/proc/{self._process.pid}/status").read_text("utf-8").splitlines()
        return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}

    def mounts(self) -> dict[str, set[str]]:
        """Return the mount points that the process sees, with their options."""
        assert self._process is not None
        rows = [line.split() for line in Path(f"/proc/{self._process.pid}/mountinfo").read_text("utf-8").splitlines()]
        return {row[4]: set(row[5].split(",")) for row in rows}

    def call(
        self, method: str, target: str, headers: Headers = (), body: bytes | None = None, *, timeout: float = 30
    ) -> Reply:
        """Send exactly this request: no header is added but Host and Content-Length, unless given."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        given = {name.lower() for name, _ in headers}
        try:
            connection.putrequest(method, target, skip_host="host" in given, skip_accept_encoding=True)
            for name, value in headers:
                connection.putheader(name, value)
            if body is not None and not given & {"content-length", "transfer-encoding"}:
                connection.putheader("content-length", str(len(body)))
            connection.endheaders(body)
            response = connection.getresponse()
            reply = Reply(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())
        finally:
            connection.close()
        self.replies.append(reply)
        return reply

    def ask(self, path: str, body: object, *, key: str | None = None, extra: Headers = ()) -> Reply:
        """Post *body* as JSON with the client's key, or with *key*."""
        headers = [("authorization", f"Bearer {key or self.client_key}"), ("content-type", "application/json"), *extra]
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.call("POST", path, headers, raw)

    def handshake(self, path: str, key: str) -> int:
        """Try to open a WebSocket and return the HTTP status of the answer."""
        headers = [("connection", "Upgrade"), ("upgrade", "websocket"), ("sec-websocket-version", "13")]
        headers += [("sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA=="), ("authorization", f"Bearer {key}")]
        return self.call("GET", path, headers).status


def routes(python: Path) -> list[tuple[str, str, list[str], bool]]:
    """Return LiteLLM's route table: kind, path, methods, whether its key check is attached."""
    env = {"PATH": os.environ["PATH"], "LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_MODE": "PRODUCTION"}
    script = Path(__file__).with_name("route_table.py")
    done = subprocess.run([str(python), str(script)], env=env, capture_output=True, text=True, timeout=180, check=True)
    return [tuple(row) for row in json.loads(done.stdout.splitlines()[-1])]


def refiled(documents: Sequence[Document], files: dict[str, str]) -> list[Document]:
    """Return a copy of *documents* whose ConfigMap holds *files* too."""
    copied = copy.deepcopy(list(documents))
    for document in copied:
        if document.get("kind") == "ConfigMap" and "config.yaml" in document["data"]:
            document["data"].update(files)
    return copied


def reconfigured(documents: Sequence[Document], change: Callable[[Document], object]) -> list[Document]:
    """Return a copy of *documents* whose LiteLLM config went through *change*."""
    copied = copy.deepcopy(list(documents))
    for document in copied:
        if document.get("kind") == "ConfigMap" and "config.yaml" in document["data"]:
            config = yaml.safe_load(document["data"]["config.yaml"])
            change(config)
            document["data"]["config.yaml"] = yaml.safe_dump(config, sort_keys=False)
    return copied
