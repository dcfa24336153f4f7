"""The lab itself: what it costs, and that it ends with whoever started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tools.lab.lab import PROGRAMS, Lab
from tools.lab.processes import Crew, LabError

pytestmark = pytest.mark.cluster

ROOT = Path(__file__).resolve().parents[2]
# Starts a crew and then waits to be killed; its first line is what it started.
STARTER = """
import sys, time
from pathlib import Path
from tools.lab.processes import Crew
crew = Crew(Path(sys.argv[1]))
print(crew.start("sleeper", ["sleep", "600"]).process.pid, flush=True)
time.sleep(600)
"""


def test_it_starts_within_20_seconds_of_two_processors(lab: Lab) -> None:
    # Processor time: the machine of a test is seldom alone. docs/lab.md has what was measured by the clock.
    assert lab.started["processor"] < 40, lab.started


def test_it_takes_less_than_two_and_a_half_gigabytes(lab: Lab) -> None:
    memory = lab.crew.memory()

    assert {"etcd", "kube-apiserver", "argocd-application-controller", "external-secrets"} <= set(memory)
    assert sum(memory.values()) < 2.5e9, memory


def test_it_listens_on_loopback_only(lab: Lab) -> None:
    """Addresses in /proc/net/tcp are hexadecimal; 0100007F is 127.0.0.1."""
    inodes = {
        str(link.readlink())[8:-1]
        for pid in lab.crew.pids()
        for link in Path(f"/proc/{pid}/fd").iterdir()
        if str(link.readlink()).startswith("socket:")
    }
    listening = [
        line.split()
        for table in ("tcp", "tcp6")
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
        if line.split()[3] == "0A"
    ]
    ours = [fields[1] for fields in listening if fields[9] in inodes]

    assert len(ours) >= len(PROGRAMS) - 3
    # The metrics of ArgoCD's controller: it has a flag for the port and none for the address.
    elsewhere = [address for address in ours if not address.startswith("0100007F:")]
    assert [address.rpartition(":")[0] for address in elsewhere] == ["0" * 32]


def test_a_program_that_ends_is_told_with_its_last_words(tmp_path: Path) -> None:
    crew = Crew(tmp_path)
    crew.start("broken", ["sh", "-c", "echo no such flag; exit 3"])

    with pytest.raises(LabError, match=r"^\[broken\] ended with 3: no such flag$"):
        crew.wait_for("it", lambda: False, seconds=10)


def test_everything_ends_with_the_one_who_started_it_also_when_killed(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", STARTER, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as starter:  # fmt: skip
        assert starter.stdout is not None
        sleeper = int(starter.stdout.readline())
        starter.send_signal(signal.SIGKILL)

    assert _ends(sleeper)


def test_what_a_program_started_ends_with_it(tmp_path: Path) -> None:
    crew = Crew(tmp_path)
    crew.start("shell", ["sh", "-c", "sleep 600 & echo $!; wait"])
    crew.wait_for("the child", lambda: (tmp_path / "shell.log").read_text().strip(), seconds=10)
    child = int((tmp_path / "shell.log").read_text())

    crew.close()

    # Nobody waits for it: a busy machine takes a moment to let it go.
    assert _ends(child)


def _ends(pid: int) -> bool:
    """Whether *pid* is gone within ten seconds."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and _runs(pid):
        time.sleep(0.05)
    return not _runs(pid)


def _runs(pid: int) -> bool:
    """Whether *pid* runs; one that ended and was not waited for yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
