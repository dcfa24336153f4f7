"""docs/adding-a-rule.md, followed from nothing in a copy of the checkout: its files, its commands, what they say."""

import re
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.docs.following import copy_of_the_checkout, follow, run, steps
from tests.proofs.world import Mutant

PAGE = ROOT / "docs/adding-a-rule.md"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_of_the_checkout(tmp_path_factory.mktemp("adding") / "checkout")


@pytest.fixture(scope="module")
def followed(checkout: Path) -> list[tuple[str, str]]:
    return follow(PAGE, checkout)


def test_every_command_says_what_the_page_shows(followed: list[tuple[str, str]]) -> None:
    assert [line for line, said in followed if line not in said] == []
    assert len(followed) == 5


def test_at_its_end_the_rule_is_proved_and_refutes_its_mutants(followed: list[tuple[str, str]], checkout: Path) -> None:
    listed = run(checkout, ".venv/bin/agentkeep verify")
    mutants = run(checkout, ".venv/bin/python -m pytest -q tests/proofs/test_mutants.py -k POD099")

    assert re.search(r"POD099 no container has a terminal or an open standard input\. proved N", listed)
    assert re.search(r"N passed, N deselected", mutants)
    assert "failed" not in mutants


def test_at_its_end_everything_generated_is_current(followed: list[tuple[str, str]], checkout: Path) -> None:
    assert run(checkout, ".venv/bin/python -m agentkeep.verify.rules_doc --check") == ""
    assert "| POD099 |" in (checkout / "docs/rules.md").read_text(encoding="utf-8")
    assert run(checkout, ".venv/bin/mypy --no-incremental constructs/agentkeep/verify/rules").startswith("Success")


def test_the_linters_of_the_page_find_nothing(followed: list[tuple[str, str]], checkout: Path) -> None:
    linters = [line for kind, body in steps(PAGE) if kind == "run" for line in body.splitlines() if "ruff" in line]

    assert [run(checkout, line).partition(" files ")[0] for line in linters] == ["All checks passed!", "N"]


def test_a_mutant_that_survives_says_what_to_do_next() -> None:
    harmless = Mutant("POD003", "nothing is changed", lambda _: None)

    assert harmless.problem() == (
        "POD003: nothing is changed: the rule that owns this harm passes it: "
        "fix the rule (pod003_no_container_is_privileged.py) before adding code; docs/adding-a-rule.md tells how"
    )
