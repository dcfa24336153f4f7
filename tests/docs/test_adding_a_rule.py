"""docs/adding-a-rule.md, followed from nothing in a copy of the checkout: its files, its commands, what they say."""

import ast
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.proofs.world import Mutant

PAGE = ROOT / "docs/adding-a-rule.md"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout as it is, with its environment."""
    folder = tmp_path_factory.mktemp("adding") / "checkout"
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    return folder


def steps() -> Iterator[tuple[str, str]]:
    """What the page tells to write, to run, and what it says comes of it, in its order."""
    for language, body in FENCE.findall(PAGE.read_text(encoding="utf-8")):
        yield {"py": "write", "": "run", "text": "said"}[language], body


def write(checkout: Path, body: str) -> None:
    """Write a fence to the file in its first line, or to the end of that file."""
    first, _, rest = body.partition("\n")
    path = checkout / first.removeprefix("# at the end of ").removeprefix("# ")
    if first.startswith("# at the end of "):
        rest = path.read_text(encoding="utf-8") + rest
    ast.parse(rest)
    path.write_text(rest, encoding="utf-8")


def run(checkout: Path, command: str) -> str:
    """Everything that a command says, in one line; a wrong command says so too."""
    # The copy's own modules come before those of the checkout that the environment belongs to.
    environment = {**os.environ, "PYTHONPATH": "constructs:imports:.", "COLUMNS": "300"}
    done = subprocess.run(
        shlex.split(command), cwd=checkout, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    return plain(done.stdout + done.stderr)


def plain(text: str) -> str:
    """A text without its line breaks and its numbers, which change with the declaration."""
    return re.sub(r"\b[0-9]+\b", "N", " ".join(text.split()))


@pytest.fixture(scope="module")
def followed(checkout: Path) -> list[tuple[str, str]]:
    """Each line that the page says is said, with what was really said before it; the page followed to its end."""
    found, said = [], ""
    for kind, body in steps():
        if kind == "write":
            write(checkout, body)
        elif kind == "run":
            said = " ".join(run(checkout, line) for line in body.splitlines())
        else:
            found += [(plain(line), said) for line in body.splitlines()]
    return found


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
    linters = [line for kind, body in steps() if kind == "run" for line in body.splitlines() if "ruff" in line]

    assert [run(checkout, line).partition(" files ")[0] for line in linters] == ["All checks passed!", "N"]


def test_a_mutant_that_survives_says_what_to_do_next() -> None:
    harmless = Mutant("POD003", "nothing is changed", lambda _: None)

    assert harmless.survives()
    assert harmless.advice == (
        "POD003 passes a harm that it owns: nothing is changed; "
        "fix the rule before you add code (docs/adding-a-rule.md)"
    )
