"""The real terraform against stand-in providers: no registry, no cloud, no credentials, nothing left running."""

import functools
import json
import os
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pytest

ROOT = Path(__file__).resolve().parents[3]
DIST = ROOT / "dist" / "arch" / "terraform"
SCHEMAS = ROOT / "imports" / "schemas" / "terraform"
STAND_IN = Path(__file__).with_name("standin.py")
VENV = ROOT / ".cache" / "terraform"
LIMIT = 60.0
"""Seconds that one terraform command may take."""

Change = Callable[[dict[str, Any]], object]


def require_terraform() -> str:
    """Return the terraform program; skip the test by name where it is absent, or fail it in CI."""
    found = shutil.which("terraform")
    problem = "it is not on PATH" if found is None else _install()
    if problem:
        if os.environ.get("CI"):
            pytest.fail(f"terraform is not available: {problem}")
        pytest.skip(f"terraform is not available: {problem}")
    assert found is not None
    return found


@functools.cache
def _install() -> str:
    """Install what the stand-in needs into an environment of its own; return what went wrong, if anything."""
    command = [sys.executable, "tools/environment.py", str(VENV.relative_to(ROOT)), "locks/terraform.txt"]
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600, check=False)
    except subprocess.TimeoutExpired:
        return "installing the stand-in took more than 10 minutes"
    return "" if done.returncode == 0 else (done.stdout + done.stderr).strip().splitlines()[-1]


@dataclass(frozen=True)
class Ran:
    """What a terraform command answered."""

    status: int
    text: str
    """Standard output and standard error, without colours."""

    @property
    def ok(self) -> bool:
        """The command succeeded."""
        return self.status == 0

    def expect(self) -> Self:
        """
        Return this answer if the command succeeded.

        Raises:
            AssertionError: It did not; the text says why.
        """
        if not self.ok:
            raise AssertionError(self.text)
        return self


@dataclass(frozen=True)
class Plan(Ran):
    """What a plan would do."""

    changes: Mapping[str, tuple[str, ...]]
    """Address of a resource → actions (``create``, ``update``, ``delete``); what stays as it is does not appear."""
    content: Mapping[str, Any]
    """Everything terraform says about the plan, as ``terraform show -json`` does."""


class World:
    """What the clouds behind the stand-ins remember."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> dict[str, Any]:
        """Return everything: ``resources`` (type → id → attributes), ``identity_providers`` and the ``journal``."""
        return dict(json.loads(self._path.read_text()))

    def resources(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return id → attributes of every *kind* there is."""
        return dict(self.read()["resources"].get(kind, {}))

    def change(self, change: Change) -> None:
        """Change something by hand, as a person would at the provider's own pages."""
        content = self.read()
        change(content)
        self._path.write_text(json.dumps(content))

    def set_value(self, parameter: str, value: str) -> None:
        """Give an SSM parameter another value by hand."""
        self.change(lambda content: content["resources"]["aws_ssm_parameter"][parameter].update(value=value))


class Terraform:
    """
    One root module in a folder of its own, with stand-ins for the providers it may use.

    Use it in a ``with`` statement: leaving it ends the stand-ins and removes the folder. Every command is bounded in
    time. The state is kept in a local file beside the module, whatever backend the module names.

    Args:
        module: The root module, as the content of one ``.tf.json`` file.
        schemas: Names of the provider schemas to serve: ``aws``, ``random``, ``cloudflare_v4``, ``cloudflare_v5``. None
            at all starts no stand-in.
        variables: Values for variables; a list or a map is passed as JSON.
        program: The terraform program.
    """

    limit = LIMIT

    def __init__(
        self,
        module: Mapping[str, Any],
        schemas: Sequence[str],
        *,
        variables: Mapping[str, Any] | None = None,
        program: str = "terraform",
    ) -> None:
        self._module = module
        self._schemas = schemas
        self._program = program
        self._variables = {
            name: value if isinstance(value, str) else json.dumps(value) for name, value in (variables or {}).items()
        }
        self._stand_in: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        # Sockets have short names only, so the folder is not pytest's.
        self._home = Path(tempfile.mkdtemp(prefix="tf-"))
        self.folder = self._home / "module"
        self.folder.mkdir()
        self.write(self._module)
        self.world = World(self._home / "world.json")
        try:
            self._reattach = self._start()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop()

    def serve(self, schemas: Sequence[str]) -> None:
        """Put other providers in the place of those served so far; the world and the state stay."""
        self._end_stand_in()
        for socket in self._home.glob("*.sock"):
            socket.unlink()
        self._schemas = schemas
        self._reattach = self._start()

    def _start(self) -> str:
        if not self._schemas:
            return "{}"
        command = [str(VENV / "bin" / "python"), str(STAND_IN), str(self._home)]
        command += [str(SCHEMAS / f"{name}.json") for name in self._schemas]
        log = (self._home / "stand-in.log").open("w")
        with log:
            self._stand_in = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True
            )
        assert self._stand_in.stdout is not None
        with selectors.DefaultSelector() as waiting:
            waiting.register(self._stand_in.stdout, selectors.EVENT_READ)
            line = self._stand_in.stdout.readline() if waiting.select(timeout=30) else ""
        if not line:
            raise AssertionError("the stand-in did not start: " + (self._home / "stand-in.log").read_text()[-2000:])
        return line.strip()

    def _end_stand_in(self) -> None:
        running, self._stand_in = self._stand_in, None
        if running is None:
            return
        # It ends by itself when its standard input is closed, even if this process is killed.
        assert running.stdin is not None
        assert running.stdout is not None
        running.stdin.close()
        try:
            running.wait(timeout=10)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait(timeout=10)
        running.stdout.close()

    def _stop(self) -> None:
        self._end_stand_in()
        shutil.rmtree(self._home)

    def write(self, module: Mapping[str, Any]) -> None:
        """Replace the root module."""
        (self.folder / "main.tf.json").write_text(json.dumps(module))

    def environment(self) -> dict[str, str]:
        """Return all that a command gets to see of this machine."""
        return {
            "CHECKPOINT_DISABLE": "1",
            "HOME": str(self._home),
            "PATH": os.environ["PATH"],
            "TF_IN_AUTOMATION": "1",
            "TF_INPUT": "0",
            "TF_REATTACH_PROVIDERS": self._reattach,
            **{f"TF_VAR_{name}": value for name, value in self._variables.items()},
        }

    def run(self, *arguments: str) -> Ran:
        """
        Run one terraform command.

        Raises:
            subprocess.TimeoutExpired: It took more than 60 seconds, and was ended with all it had started.
        """
        process = subprocess.Popen(
            [self._program, *arguments],
            cwd=self.folder,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        with process:
            try:
                text, _ = process.communicate(timeout=self.limit)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                raise
        return Ran(process.returncode, text)

    def validate(self) -> Ran:
        """Initialize without a backend, as CI does before anything else, and validate."""
        begun = self.run("init", "-backend=false", "-no-color")
        return self.run("validate", "-no-color") if begun.ok else begun

    def init(self) -> Ran:
        """Initialize with a local state instead of the module's own backend."""
        override = {"terraform": {"backend": {"local": {"path": "terraform.tfstate"}}}}
        (self.folder / "backend_override.tf.json").write_text(json.dumps(override))
        return self.run("init", "-no-color", "-reconfigure")

    def plan(self, *arguments: str) -> Plan:
        """Plan, and say which resources would change how."""
        ran = self.run("plan", "-no-color", "-out=plan", *arguments)
        if not ran.ok:
            return Plan(ran.status, ran.text, {}, {})
        content = json.loads(self.run("show", "-json", "plan").expect().text)
        changes = {
            one["address"]: tuple(one["change"]["actions"])
            for one in content.get("resource_changes", ())
            if one["change"]["actions"] not in (["no-op"], ["read"])
        }
        return Plan(ran.status, ran.text, changes, content)

    def apply(self) -> Ran:
        """Apply without asking."""
        return self.run("apply", "-no-color", "-auto-approve")

    def destroy(self) -> Ran:
        """Destroy everything without asking."""
        return self.run("destroy", "-no-color", "-auto-approve")

    def state(self) -> dict[str, dict[str, Any]]:
        """Return address → attributes of every resource and data source in the state."""
        content = json.loads(self.run("show", "-json").expect().text)
        found = content.get("values", {}).get("root_module", {}).get("resources", ())
        return {one["address"]: one["values"] for one in found}


def sample_variables(module: Mapping[str, Any]) -> dict[str, Any]:
    """Invent a value for every variable of *module* that has no default: addresses of people, by type."""
    found = {}
    for name, variable in module.get("variable", {}).items():
        if "default" not in variable:
            lists = str(variable.get("type", "string")).startswith(("list", "set"))
            found[name] = ["owner@example.org"] if lists else "owner@example.org"
    return found


def schemas_of(module: Mapping[str, Any]) -> list[str]:
    """Return the schemas that *module* needs, by the providers and versions it requires."""
    found = []
    for name, required in module["terraform"]["required_providers"].items():
        if name == "cloudflare":
            found.append("cloudflare_v4" if required["version"].lstrip("~>= ").startswith("4") else "cloudflare_v5")
        else:
            found.append(name)
    return found


#: What terraform itself understands in any resource.
_META = frozenset({"//", "connection", "count", "depends_on", "for_each", "lifecycle", "provider", "provisioner"})


def strangers(module: Mapping[str, Any]) -> list[str]:
    """
    List the keys of *module* that its providers' schemas do not know, by path.

    Terraform refuses such a key in a resource and in a block. Inside a nested *attribute*, which is all that version 5
    of the Cloudflare provider has, it drops the key without a word: a misspelt selector leaves an empty one.
    """
    found = []
    for name in schemas_of(module):
        schema = json.loads((SCHEMAS / f"{name}.json").read_text())
        for group, key in (("resources", "resource"), ("data_sources", "data")):
            for kind, named in module.get(key, {}).items():
                if kind not in schema[group]:
                    continue
                for local, content in named.items():
                    own = {k: v for k, v in content.items() if k not in _META}
                    found += _unknown(own, schema[group][kind]["attributes"], f"{kind}.{local}")
    return found


def _unknown(value: Any, entries: Mapping[str, Any], path: str) -> list[str]:
    if isinstance(value, list):
        return [one for inner in value for one in _unknown(inner, entries, path)]
    if not isinstance(value, dict):
        return []
    found = []
    for key, inner in value.items():
        if key not in entries:
            found.append(f"{path}.{key}")
        elif "attributes" in entries[key]:
            values = list(inner.values()) if entries[key]["nesting"] == "map" and isinstance(inner, dict) else inner
            found += _unknown(values, entries[key]["attributes"], f"{path}.{key}")
    return found
