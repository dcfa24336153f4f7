"""What README and the pages beside it say of commands, counts and files is so."""

import re
from pathlib import Path

import pytest

from agentkeep.targets.report import text
from agentkeep.targets.synthesis import load
from agentkeep.verify import command
from tests.conftest import ROOT
from tests.docs.test_fences import DOCUMENTS, ids

README = (ROOT / "README.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
MAKE = re.compile(r"^ *make ([a-z]+(?: [a-z]+)*)", re.MULTILINE)
AGENTKEEP = re.compile(r"^ *(?:\.venv/bin/)?agentkeep ([a-z]+)\b", re.MULTILINE)
FILE = re.compile(r"`((?:\.ci|\.github|bench|changes|constructs|docs|imports|locks|tests|tools)/[\w./-]+)`")
TARGET = re.compile(r"^([a-z]+):(.*)$", re.MULTILINE)
# It is named as what must not be there.
NEVER = "constructs/__init__.py"


def targets() -> dict[str, str]:
    """What stands behind the colon of each target of the Makefile."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    return dict(TARGET.findall(makefile))


# --- commands --------------------------------------------------------------------------------------------------------


def commands(document: Path, pattern: re.Pattern[str]) -> set[str]:
    """The first words behind ``make`` or ``agentkeep`` in a document's fences and in its code between backticks."""
    text = document.read_text(encoding="utf-8")
    code = [*plain_fences(text), *re.findall(r"`([^`\n]+)`", text)]
    return {word for found in pattern.findall("\n".join(code)) for word in found.split()}


def plain_fences(text: str) -> list[str]:
    """What stands in the fences without a language: commands, and what they say."""
    return [body for language, body in FENCE.findall(text) if not language]


@pytest.mark.parametrize("document", DOCUMENTS, ids=ids(DOCUMENTS))
def test_every_target_of_make_that_is_named_exists(document: Path) -> None:
    assert commands(document, MAKE) - set(targets()) == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=ids(DOCUMENTS))
def test_every_command_of_agentkeep_that_is_named_exists(document: Path) -> None:
    assert commands(document, AGENTKEEP) <= {"synth", "verify", "explain", "diff"}


@pytest.mark.parametrize("document", DOCUMENTS, ids=ids(DOCUMENTS))
def test_every_file_that_is_named_exists(document: Path) -> None:
    named = FILE.findall(document.read_text(encoding="utf-8"))

    assert [name for name in named if name != NEVER and not (ROOT / name).exists()] == []


def test_every_target_of_make_is_described_where_it_stands_and_for_contributors() -> None:
    contributing = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")

    assert [name for name, rest in targets().items() if "## " not in rest] == []
    assert set(re.findall(r"^\| `make ([a-z]+)` \| \S", contributing, re.MULTILINE)) == set(targets())
    assert targets().keys() >= {"synth", "test", "check"}


def test_the_questions_that_readme_asks_are_answered(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = re.findall(r"^\.venv/bin/agentkeep ((?:verify|explain).*?) *(?:#.*)?$", README, re.MULTILINE)
    monkeypatch.chdir(ROOT)

    assert [(line, command.main(line.split())) for line in asked] == [(line, 0) for line in asked]
    assert len(asked) == 3
    assert capsys.readouterr().err == ""


# --- counts and edges ------------------------------------------------------------------------------------------------


def test_the_counts_are_those_of_verify() -> None:
    _, verdicts = command.verify(str(ROOT / "dist"))
    # Acknowledgements are judged too, but are not a rule that could be refuted by dist/.
    real = (len(verdicts), sum(verdict.examined for verdict in verdicts))
    shown = [(int(rules), int(subjects)) for rules, subjects in re.findall(r"(\d+) rules, (\d+) subjects", README)]

    assert shown == [real]


def test_every_edge_that_is_shown_is_in_the_ledger_of_openclaw() -> None:
    platform = load("lolice.openclaw:declare")
    real = {" ".join(line.split()) for line in text(platform, ROOT / "dist", {}, {}).splitlines()}
    (shown,) = (fence for fence in plain_fences(README) if fence.startswith("who may read what\n"))
    edges = [" ".join(line.split()) for line in shown.splitlines() if line.strip() != "..."]

    assert [edge for edge in edges if edge not in real and not edge.startswith("proved: ")] == []
    assert sum("->" in edge for edge in edges) >= 4
