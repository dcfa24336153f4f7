"""A program, a vendor or a rule is one file more, and nothing else changes."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from agentkeep.verify.programs import BY_REPOSITORY, PROGRAMS, Program
from agentkeep.verify.rules import all_rules
from agentkeep.verify.vendors import VENDORS
from tests.proofs.plain import Plain

LIBRARY = Path(__file__).parents[2] / "constructs" / "agentkeep"
TOY = '''"""A toy."""

from agentkeep.verify.programs import Program

PROGRAM = Program(
    name="toy",
    repositories=frozenset({"hermes"}),
    commands=(("toy",),),
    needed=("readinessProbe",),
    answers={"readinessProbe": frozenset({"/alive"})},
    oldest=(4, 0, 0),
)
'''


def verify(library: Path, folder: Path) -> dict[str, list[str]]:
    """What the proofs in *library* find in *folder*, in a process of their own."""
    done = subprocess.run(
        [sys.executable, "-m", "agentkeep.verify.command", "verify", str(folder), "--format", "json"],
        env={"PYTHONPATH": str(library)}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.stderr == ""
    return {one["rule"]: [f["problem"] for f in one["findings"]] for one in json.loads(done.stdout)["rules"]}


def test_a_program_is_one_file_more(tmp_path: Path) -> None:
    library, folder = tmp_path / "library", tmp_path / "folder"
    shutil.copytree(LIBRARY / "verify", library / "agentkeep" / "verify", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("__init__.py", "errors.py"):
        shutil.copy(LIBRARY / name, library / "agentkeep" / name)
    world = Plain()
    world.declared("hermes")["program"] = "toy"
    del world.declared("hermes")["declared"]
    for path, data in world.bytes().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)

    (library / "agentkeep" / "verify" / "programs" / "toy.py").write_text(TOY)
    found = verify(library, folder)

    assert found["CFG007"] == ["asks /ready in its readinessProbe"]
    assert found["CFG011"] == ["runs hermes"]
    assert found["IMG002"] == ["is too old: hermes 3.2.1"]
    assert found["IMG003"] == []


def test_every_rule_about_one_thing_names_one_that_is_known() -> None:
    assert {rule.vendor for rule in all_rules()} - {""} <= VENDORS.keys()
    assert {rule.program for rule in all_rules()} - {""} <= PROGRAMS.keys()


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS.keys())
def test_a_table_answers_what_it_asks_for(program: Program) -> None:
    assert set(program.needed) <= program.answers.keys()
    assert {BY_REPOSITORY[repository].name for repository in program.repositories} <= {program.name}
    assert all(floor < program.oldest for floor in program.floors.values())
