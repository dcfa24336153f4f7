"""The benchmark's arithmetic and its table; what a program costs is never a test."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import bench
from bench.measure import Sample

OBJECTS = {1: 60, 10: 400, 100: 4000}


def sample(cpu: float, memory: float = 100.0) -> Sample:
    return Sample(cpu=cpu, node=cpu / 2, wall=cpu * 2, memory=memory)


def samples() -> dict[str, list[Sample]]:
    taken = {
        bench.CDKTF: [sample(0.5)],
        bench.CDK8S: [sample(0.3, 80.0)],
        bench.ONE: [sample(0.4), sample(0.6), sample(0.5)],
        bench.PLUS: [sample(0.7)],
        bench.HELP: [sample(0.1)],
        bench.DECLARE: [sample(0.4)],
        bench.HALVES: [sample(1.0, 200.0)],
        bench.SYNTH: [sample(1.5, 220.0)],
        bench.DOCUMENTED_TERRAFORM: [sample(9.0, 1500.0)],
        bench.DOCUMENTED_KUBERNETES: [sample(2.0, 250.0)],
    }
    return taken | {bench.growth_name(count): [sample(1 + 0.05 * count, 200 + count)] for count in OBJECTS}


def row(text: str, name: str) -> list[str]:
    found = [line for line in text.splitlines() if line.startswith(f"{name}  ")]
    assert len(found) == 1, text
    return found[0].removeprefix(name).split()


def test_a_row_shows_the_median_and_its_ratio_to_both_floors() -> None:
    text = bench.report(samples(), OBJECTS)

    assert row(text, bench.ONE) == ["3", "0.50", "0.25", "1.00", "100", "1.00", "0.62", "1.00"]
    assert row(text, bench.HALVES) == ["1", "1.00", "0.50", "2.00", "200", "2.00", "1.25", "2.00"]


def test_programs_in_turn_add_up_their_times_and_not_their_memory() -> None:
    text = bench.report(samples(), OBJECTS)

    assert row(text, bench.TWO) == ["sum", "0.80", "0.40", "1.60", "100", "1.60", "1.00", "1.00"]
    assert row(text, bench.DOCUMENTED)[:2] == ["sum", "11.00"]


def test_an_aim_says_whether_it_is_met() -> None:
    text = bench.report(samples(), OBJECTS)

    assert row(text, "OpenClaw: CPU / floor of one process") == ["<=", "1.3", "2.00", "MISSED"]
    assert row(text, "OpenClaw: CPU / floor of two processes") == ["<=", "1.3", "1.25", "met"]
    assert row(text, "documented way: CPU / OpenClaw")[-2:] == ["11.00", "met"]
    assert row(text, "declaring without synthesis: CPU")[-1] == "MISSED"


def test_growth_is_what_each_further_agent_costs() -> None:
    text = bench.report(samples(), OBJECTS)

    assert row(text, "100")[:4] == ["4000", "6.00", "300", "50.0"]
    assert row(text, "linear: last further agent / the one before")[-2:] == ["1.00", "met"]


def test_a_square_is_not_linear() -> None:
    taken = samples() | {bench.growth_name(count): [sample(1 + 0.05 * count**2)] for count in OBJECTS}

    assert row(bench.report(taken, OBJECTS), "linear: last further agent / the one before")[-1] == "MISSED"


@pytest.mark.parametrize(("found", "sign", "expected"), [(1.3, "<=", True), (0.3, "<", False), (9.9, ">=", False)])
def test_an_aim_is_compared_by_its_sign(found: float, sign: str, expected: bool) -> None:
    assert bench.meets(found, sign, round(found + (0.1 if sign == ">=" else 0), 1)) is expected


def test_every_case_is_a_program_that_exists() -> None:
    root = Path(bench.__file__).resolve().parent.parent
    for case in bench.cases(bench.AGENTS, verify=True):
        module = case.arguments[1].replace(".", "/")

        assert (root / f"{module}.py").is_file() or (root / "constructs" / f"{module}.py").is_file(), case.name


def test_objects_are_counted_in_both_repositories(tmp_path: Path) -> None:
    arch, app = tmp_path / "arch" / "aws", tmp_path / "lolice" / "app"
    arch.mkdir(parents=True)
    app.mkdir(parents=True)
    (arch / "cdk.tf.json").write_text('{"resource": {"a": {"x": {}, "y": {}}}, "data": {"b": {"z": {}}}}')
    (app / "pages.yaml").write_text("kind: A\nspec:\n  kind: inner\n---\nkind: B\n")
    (app / "kustomization.yaml").write_text("kind: Kustomization\n")

    assert bench.count_objects(tmp_path) == 5
