"""Programs that end with whoever started them: also when that one is killed, and with everything they started."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


class LabError(Exception):
    """The lab cannot be started, or a program of it ended. One line, for people."""


@dataclass(frozen=True)
class Program:
    """One running program and where it writes to."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def last_words(self) -> str:
        """The last lines of its log, in one."""
        lines = self.log.read_text("utf-8", "replace").strip().splitlines()
        return " | ".join(lines[-3:]) or "it said nothing"


class Crew:
    """
    The programs of one lab.

    Args:
        folder: Gets one log for each.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._programs: list[Program] = []

    def start(self, name: str, command: Sequence[str | Path], environment: Mapping[str, str] | None = None) -> Program:
        """Start *command*; its environment is *environment*, PATH and nothing of this process."""
        log = self._folder / f"{name}.log"
        # A process group of its own, so that what it starts ends with it. setpriv asks the kernel to end it if this
        # process is killed and has no chance to; that goes by thread, so programs are started by the main thread.
        with log.open("ab") as out:
            process = subprocess.Popen(
                [_setpriv(), "--pdeathsig", "KILL", "--", *command],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=self._folder,
                env={"PATH": os.environ.get("PATH", os.defpath), "HOME": str(self._folder), **(environment or {})},
                start_new_session=True,
            )
        program = Program(name, process, log)
        self._programs.append(program)
        return program

    def wait_for(self, what: str, ready: Callable[[], object], seconds: float = 60) -> None:
        """Wait until *ready* returns something true; a program that ended meanwhile is an error."""
        deadline = time.monotonic() + seconds
        while not ready():
            for program in self._programs:
                if program.process.poll() is not None:
                    raise LabError(f"[{program.name}] ended with {program.process.returncode}: {program.last_words()}")
            if time.monotonic() > deadline:
                raise LabError(f"{what} took more than {seconds:.0f} s")
            time.sleep(0.1)

    def stop(self, program: Program) -> None:
        """End *program* and what it started."""
        _end(program)
        self._programs.remove(program)

    def close(self) -> None:
        """End all of them, the last one first."""
        while self._programs:
            self.stop(self._programs[-1])

    def pids(self) -> list[int]:
        """Process ids of the programs."""
        return [program.process.pid for program in self._programs]

    def memory(self) -> dict[str, int]:
        """Resident memory of each program, in bytes, without what it started."""
        found = {}
        for program in self._programs:
            status = Path(f"/proc/{program.process.pid}/status").read_text("utf-8")
            (line,) = [line for line in status.splitlines() if line.startswith("VmRSS:")] or ["VmRSS: 0 kB"]
            found[program.name] = int(line.split()[1]) * 1024
        return found

    def processor_time(self) -> dict[str, float]:
        """Seconds of processor time that each program has used."""
        tick = os.sysconf("SC_CLK_TCK")
        found = {}
        for program in self._programs:
            fields = Path(f"/proc/{program.process.pid}/stat").read_text("utf-8").rpartition(")")[2].split()
            found[program.name] = (int(fields[11]) + int(fields[12])) / tick
        return found


def _setpriv() -> str:
    found = shutil.which("setpriv")
    if found is None:
        raise LabError("setpriv is not installed; install util-linux 2.33 or newer")
    return found


def _end(program: Program) -> None:
    with contextlib.suppress(ProcessLookupError):  # It had ended by itself.
        os.killpg(program.process.pid, signal.SIGKILL)
    program.process.wait(timeout=10)


def free_ports(number: int) -> list[int]:
    """Ports of loopback that nobody listens on now; all different."""
    sockets = [socket.socket() for _ in range(number)]
    try:
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def listens(port: int) -> bool:
    """Whether somebody answers on *port* of loopback."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0
