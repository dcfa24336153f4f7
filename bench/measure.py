"""
What one run of a program costs: CPU seconds, wall seconds and memory of its whole tree of processes.

Synthesis is two programs, Python and the Node that runs the engines, so the tree is what counts. This process declares
itself the reaper of every descendant, so that whatever a program leaves behind is waited for and counted too.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36
# The kernel keeps the peak of each process, so only what a process adds in its very last moments can be missed.
SAMPLE_EVERY = 0.01


class BenchError(Exception):
    """A measured program failed, or this system cannot be measured on."""


@dataclass(frozen=True, slots=True)
class Sample:
    """
    One run.

    Args:
        cpu: User and system seconds of every process of the tree.
        node: The part of *cpu* that Node took; read just before its end, so a few milliseconds short.
        wall: Seconds until the program's own end.
        memory: Sum of the peak resident set sizes of every process, in MiB.
    """

    cpu: float
    node: float
    wall: float
    memory: float


def measure(
    command: Sequence[str], environment: Mapping[str, str], folder: Path, said_to: Path | None = None
) -> Sample:
    """
    Run *command* in *folder* once, and wait for everything that it started.

    Args:
        command: The program and its arguments.
        environment: Its environment, whole.
        folder: Where it runs.
        said_to: A file for its standard output; without one that is thrown away.

    Raises:
        BenchError: It failed, or this is not Linux.
    """
    _adopt()
    peaks: dict[int, int] = {}
    node: dict[int, float] = {}
    done = threading.Event()
    start = time.perf_counter()
    with (said_to or Path(os.devnull)).open("wb") as output:
        program = subprocess.Popen(  # noqa: S603 - the benchmark's own programs
            command, env=environment, cwd=folder, stdout=output, stderr=subprocess.PIPE
        )
    said: list[bytes] = []
    assert program.stderr is not None  # noqa: S101 - asked for above
    listener = threading.Thread(target=lambda stream=program.stderr: said.append(stream.read()))
    sampler = threading.Thread(target=_sample, args=(done, peaks, node))
    listener.start()
    sampler.start()
    cpu, wall, status = 0.0, 0.0, 0
    try:
        while True:
            try:
                pid, result, usage = os.wait4(-1, 0)
            except ChildProcessError:
                break
            cpu += usage.ru_utime + usage.ru_stime
            if pid == program.pid:
                wall, status = time.perf_counter() - start, os.waitstatus_to_exitcode(result)
                program.returncode = status
    finally:
        done.set()
        sampler.join()
        listener.join()
        program.stderr.close()
    if status:
        last = b"".join(said).decode(errors="replace").strip().splitlines()[-1:]
        raise BenchError(f"{' '.join(command)} failed with status {status}: {' '.join(last)}")
    return Sample(cpu, sum(node.values()), wall, sum(peaks.values()) / 1024)


def _adopt() -> None:
    if sys.platform != "linux":
        raise BenchError("the benchmark reads /proc, which only Linux has")
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise BenchError(f"prctl failed: {os.strerror(ctypes.get_errno())}")


def _sample(done: threading.Event, peaks: dict[int, int], node: dict[int, float]) -> None:
    """Note the peak memory of every descendant in KiB, and the CPU seconds of those that are Node."""
    while not done.wait(SAMPLE_EVERY):
        for pid in _descendants(os.getpid()):
            process = Path(f"/proc/{pid}")
            try:
                status = (process / "status").read_text()
                if (process / "exe").readlink().name == "node":
                    node[pid] = _cpu_seconds(process)
            except OSError:
                # It ended between being listed and being read.
                continue
            peak = next((line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")), "0")
            peaks[pid] = max(peaks.get(pid, 0), int(peak))


def _descendants(pid: int) -> list[int]:
    found: list[int] = []
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += [int(child), *_descendants(int(child))]
    except OSError:
        # It ended while being read.
        return found
    return found


def _cpu_seconds(process: Path) -> float:
    # The name may hold spaces; fields are counted from behind it. utime and stime are fields 14 and 15.
    fields = (process / "stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def node_seconds(pid: int) -> float:
    """CPU seconds so far of every Node below the process *pid*."""
    processes = [Path(f"/proc/{below}") for below in _descendants(pid)]
    return sum(_cpu_seconds(process) for process in processes if (process / "exe").readlink().name == "node")
