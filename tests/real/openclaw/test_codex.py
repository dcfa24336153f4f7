"""The review skill's command lines, run by the real Codex CLI at the version that the pod installs."""

import base64
import json
import os
import re
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from agentkeep.sandboxed_agent.runtimes.openclaw.policy import CODEX_KEY_ENV
from agentkeep.sandboxed_agent.runtimes.openclaw.workspace import render_codex_review_skill
from lolice.versions import TOOLS
from tests.real.openclaw.programs import CACHE, NODE, ROOT, npm_environment, require_openclaw

pytestmark = pytest.mark.real

VERSION = TOOLS.codex
CODEX_SHA512 = {VERSION: TOOLS.codex_sha512.digest}
COMMANDS = re.findall(r"^codex .*$", render_codex_review_skill(), re.MULTILINE)


class Provider:
    """A stand-in for OpenAI's Responses API that finds nothing to complain about."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str | None]] = []
        seen = self.seen

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("content-length") or 0))
                seen.append((self.path, self.headers.get("authorization")))
                text = {"type": "output_text", "text": "no findings"}
                message = {"type": "message", "role": "assistant", "id": "m", "content": [text]}
                usage = {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}
                self.send_response(200)
                self.send_header("content-type", "text/event-stream")
                self.end_headers()
                for event in (
                    {"type": "response.created", "response": {"id": "r"}},
                    {"type": "response.output_item.done", "item": message},
                    {"type": "response.completed", "response": {"id": "r", "usage": usage}},
                ):
                    self.wfile.write(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode())

            def do_GET(self) -> None:
                self.send_response(404)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
                del code, size

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}/v1"


@pytest.fixture
def provider() -> Iterator[Provider]:
    started = Provider()
    yield started
    started.server.shutdown()
    started.server.server_close()


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tools folder as install-tools.sh makes it, with the checksum that is declared."""
    require_openclaw()
    folder = CACHE / f"tools-codex-{VERSION}"
    if not (folder / "bin/codex").exists():
        script = ROOT / "constructs/agentkeep/sandboxed_agent/runtimes/openclaw/files/install-tools.sh"
        env = {**os.environ, **npm_environment(), "PATH": f"{NODE / 'bin'}:{os.environ['PATH']}"}
        env |= {"TOOLS_DIR": str(folder), "CODEX_VERSION": VERSION, "CODEX_SHA512": CODEX_SHA512[VERSION]}
        subprocess.run(["sh", script], env=env, check=True, timeout=300)
    return folder / "bin"


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    folder.mkdir()
    identity = ["-c", "user.name=n", "-c", "user.email=n@example.com"]
    (folder / "file").write_text("one\n")
    for words in (["init", "-q", "-b", "main"], ["add", "."], [*identity, "commit", "-q", "-m", "one"]):
        subprocess.run(["git", *words], cwd=folder, check=True)
    (folder / "file").write_text("two\n")
    return folder


def run(command: str, tools: Path, repository: Path, **env: str) -> "subprocess.CompletedProcess[str]":
    home = repository.parent / "home"
    home.mkdir(exist_ok=True)
    return subprocess.run(
        command.split(),
        cwd=repository,
        env={"PATH": f"{tools}:/usr/bin:/bin", "HOME": str(home), **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def test_the_package_of_the_lock_has_the_declared_checksum() -> None:
    lock = json.loads((Path(__file__).parent / "package-lock.json").read_text())
    integrity = lock["packages"]["node_modules/@openai/codex"]["integrity"]

    assert base64.b64decode(integrity.removeprefix("sha512-")).hex() == CODEX_SHA512[VERSION]


@pytest.mark.parametrize("command", COMMANDS)
def test_skill_commands_run_and_send_the_key(command: str, tools: Path, repository: Path, provider: Provider) -> None:
    done = run(command, tools, repository, OPENAI_BASE_URL=provider.url, **{CODEX_KEY_ENV: "sk-test"})

    assert done.returncode == 0, done.stderr
    assert ("/v1/responses", "Bearer sk-test") in provider.seen


def test_the_other_name_of_the_key_is_not_read(tools: Path, repository: Path, provider: Provider) -> None:
    run(COMMANDS[0], tools, repository, OPENAI_BASE_URL=provider.url, OPENAI_API_KEY="sk-test")

    assert provider.seen
    assert {authorization for _, authorization in provider.seen} == {None}


def test_flags_of_the_plan_do_not_exist(tools: Path, repository: Path) -> None:
    done = run("codex --approval-mode full-auto -q review", tools, repository)

    assert done.returncode == 2
    assert "unexpected argument '--approval-mode'" in done.stderr
