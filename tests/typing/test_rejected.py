"""What must not type-check does not, and for the reason that is written beside it."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

REJECTED = Path(__file__).with_name("rejected.py")
FORBIDDEN = re.compile(r"# type: ignore\[[a-z-]+\]$", re.MULTILINE)


def check(file: Path, cache: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--strict", "--warn-unused-ignores", "--no-error-summary"),
            *("--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", str(cache), str(file)),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def cache(pytestconfig: pytest.Config) -> Path:
    """One for all runs, so that only the first is slow."""
    known = getattr(pytestconfig, "cache", None)
    return Path(known.mkdir("typing")) if known else ROOT / ".mypy_cache"


def test_every_forbidden_line_is_refused(pytestconfig: pytest.Config) -> None:
    done = check(REJECTED, cache(pytestconfig))

    assert (done.returncode, done.stdout) == (0, "")
    assert len(FORBIDDEN.findall(REJECTED.read_text(encoding="utf-8"))) > 40


def test_a_line_that_became_legal_would_be_found(pytestconfig: pytest.Config, tmp_path: Path) -> None:
    text = REJECTED.read_text(encoding="utf-8").replace(
        "llm.serve(agent)  # type: ignore[call-arg]",
        'llm.serve(agent, key=SecretParam(keep, "K", about="x"))  # type: ignore[call-arg]',
    )
    legal = tmp_path / "legal.py"
    legal.write_text(text, encoding="utf-8")
    done = check(legal, cache(pytestconfig))

    assert done.returncode == 1
    assert 'Unused "type: ignore" comment' in done.stdout
