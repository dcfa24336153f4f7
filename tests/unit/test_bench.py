"""The benchmark's arithmetic and its table; what a program costs is never a test."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bench import bench, neighbours
from bench.measure import BenchError, Sample
from bench.programs import many_agents

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


def proofs(each: float = 0.01) -> dict[str, list[Sample]]:
    found = {bench.proof_name(count): [sample(0.2 + each * count, 30 + count)] for count in OBJECTS}
    return found | {bench.VERIFY: [sample(0.3)], bench.WITH_CHART: [sample(3.0)]}


SUBJECTS = {bench.VERIFY: 700, bench.WITH_CHART: 60_000} | {bench.proof_name(count): 600 * count for count in OBJECTS}


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
    assert row(text, "OpenClaw: CPU / floor of two processes") == ["<=", "1.1", "1.25", "MISSED"]
    assert row(text, "documented way: CPU / OpenClaw")[-2:] == ["11.00", "met"]
    assert row(text, "declaring without synthesis: CPU")[-1] == "MISSED"


def test_growth_is_what_each_further_agent_costs() -> None:
    text = bench.report(samples(), OBJECTS)

    assert row(text, "100")[:4] == ["4000", "6.00", "300", "50.0"]
    assert row(text, "100 agents: CPU per agent") == ["<=", "40", "ms", "60.00", "ms", "MISSED"]
    assert row(text, "100 agents: memory per agent") == ["<=", "1.2", "MiB", "3.00", "MiB", "MISSED"]
    assert row(text, "linear: last further agent / the one before")[-2:] == ["1.00", "met"]


def test_a_square_is_not_linear() -> None:
    taken = samples() | {bench.growth_name(count): [sample(1 + 0.05 * count**2)] for count in OBJECTS}

    assert row(bench.report(taken, OBJECTS), "linear: last further agent / the one before")[-1] == "MISSED"


@pytest.mark.parametrize(("found", "sign", "expected"), [(1.3, "<=", True), (0.3, "<", False), (9.9, ">=", False)])
def test_an_aim_is_compared_by_its_sign(found: float, sign: str, expected: bool) -> None:
    assert bench.meets(found, sign, round(found + (0.1 if sign == ">=" else 0), 1)) is expected


def test_proofs_have_a_table_and_aims_of_their_own() -> None:
    text = bench.report(samples() | proofs(), OBJECTS, SUBJECTS)

    assert row(text.partition("proofs  ")[2], bench.proof_name(100)) == ["60000", "1.20", "130", "12.0", "10.0", "1024"]
    assert row(text, "verify, OpenClaw: CPU")[-2:] == ["s", "met"]
    assert row(text, "verify, 100 agents: CPU") == ["<=", "2", "s", "1.20", "s", "met"]
    assert row(text, "verify, linear: last further agent / the one before")[-2:] == ["1.00", "met"]


def test_slow_proofs_miss_their_aim() -> None:
    text = bench.report(samples() | proofs(0.03), OBJECTS, SUBJECTS)

    assert row(text, "verify, 100 agents: CPU")[-1] == "MISSED"


def test_the_number_of_subjects_is_read_from_what_the_proofs_say() -> None:
    assert bench.examined("76 of 76 rules proved; 785 subjects examined in dist\n") == 785
    with pytest.raises(BenchError, match="how many"):
        bench.examined("76 of 76 rules proved")


def test_proofs_read_the_folder_of_the_platform_that_was_grown(tmp_path: Path) -> None:
    case = next(case for case in bench.cases([10], verify=True) if case.name == bench.proof_name(10))

    assert bench.command(case, tmp_path)[-1] == f"{bench.out_of(bench.growth_name(10), tmp_path)}/{bench.PLAIN}"


def test_every_harm_changes_one_place_of_dist_and_is_in_one_file(tmp_path: Path) -> None:
    root = Path(bench.__file__).resolve().parent.parent
    for harm in neighbours.HARMS:
        dist = neighbours.shown(root, tmp_path)
        before = {path: path.read_bytes() for path in dist.rglob("*") if path.is_file()}
        harm.apply(dist)

        assert [path for path, data in before.items() if path.read_bytes() != data] == [dist / harm.file], harm.name


def test_a_harm_that_no_longer_fits_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("nothing of the kind")

    with pytest.raises(BenchError, match="'the harm'"):
        neighbours.Harm("the harm", "a", "old", "new").apply(tmp_path)


def test_a_cell_tells_what_is_newly_said() -> None:
    ours, _, analyzer, _ = neighbours.TOOLS
    before = frozenset({"A 1"})

    assert neighbours.cell(ours, before, before | {"B 1", "B 2"}) == "B"
    assert neighbours.cell(ours, before, frozenset()) == ""
    assert neighbours.cell(analyzer, before, frozenset()) == "map changes"
    assert neighbours.cell(analyzer, before, before) == neighbours.NOTHING


def test_a_neighbour_that_is_missing_is_named() -> None:
    text = neighbours.told({}, {}, {tool.name: "not installed here: no wheel" for tool in neighbours.TOOLS})

    assert "checkov: not installed here: no wheel" in text


@pytest.mark.parametrize(
    "text",
    ['{"a": 1,\n  "required_version": ">= 1.0"\n}', '{"required_version": ">= 1.0",\n "a": 1\n}'],
)
def test_checkov_is_shown_valid_json_without_the_version(tmp_path: Path, text: str) -> None:
    path = tmp_path / neighbours.ARCH / "cdk.tf.json"
    path.parent.mkdir()
    path.write_text(text)
    neighbours.readable_for_checkov(tmp_path)

    assert json.loads(path.read_text()) == {"a": 1}


def test_every_case_is_a_program_that_exists() -> None:
    root = Path(bench.__file__).resolve().parent.parent
    for case in bench.cases(bench.AGENTS, verify=True):
        module = case.arguments[1].replace(".", "/")

        assert (root / f"{module}.py").is_file() or (root / "constructs" / f"{module}.py").is_file(), case.name


def test_the_platform_that_grows_is_sound() -> None:
    assert [workload.id for workload in many_agents.declare(1).seal().workloads] == [
        "agent0",
        "agent0-llm",
        "cloudflared",
    ]


def test_objects_are_counted_in_both_repositories(tmp_path: Path) -> None:
    arch, app = tmp_path / "arch" / "aws", tmp_path / "lolice" / "app"
    arch.mkdir(parents=True)
    app.mkdir(parents=True)
    (arch / "cdk.tf.json").write_text('{"resource": {"a": {"x": {}, "y": {}}}, "data": {"b": {"z": {}}}}')
    (app / "pages.yaml").write_text("kind: A\nspec:\n  kind: inner\n---\nkind: B\n")
    (app / "kustomization.yaml").write_text("kind: Kustomization\n")

    assert bench.count_objects(tmp_path) == 5
