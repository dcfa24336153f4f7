"""
Every lock installs into an empty environment, with the pip that this Python brings, and is complete.

Locks are installed without resolving (``--no-deps``), so one that lacks a package would install without a word; pip's
own check finds that.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

LOCKS = sorted((ROOT / "locks").glob("*.txt"))
# Only the binaries inside of these wheels are used; what the packages would import is left out (tools/lock.py).
WITHOUT_DEPENDENCIES = {"helm"}

pytestmark = pytest.mark.real


def run(*words: str | Path) -> tuple[int, str]:
    command = [str(word) for word in words]
    done = subprocess.run(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=900, check=False
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("lock", LOCKS, ids=[lock.stem for lock in LOCKS])
def test_a_lock_installs_into_an_empty_environment(lock: Path, tmp_path: Path) -> None:
    home = tmp_path / "venv"
    status, said = run(sys.executable, "tools/environment.py", home, lock.relative_to(ROOT))
    assert status == 0, said

    if lock.stem not in WITHOUT_DEPENDENCIES:
        status, said = run(home / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "check")
        assert (status, said) == (0, "No broken requirements found.\n")


def test_pips_reason_is_said_when_a_lock_cannot_be_installed(tmp_path: Path) -> None:
    bad = tmp_path / "bad.txt"
    bad.write_text(f"pip==0.0.0 --hash=sha256:{'0' * 64}\n", encoding="utf-8")
    status, said = run(sys.executable, "tools/environment.py", tmp_path / "venv", bad)

    assert status == 1
    assert "No matching distribution found for pip==0.0.0" in said.splitlines()[-1]
