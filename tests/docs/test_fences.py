"""What the documents show is what happens: fences run, refusals are said, links lead somewhere."""

import doctest
import importlib
import re
from pathlib import Path
from typing import Any

import pytest

import agentkeep
from agentkeep import DeclarationErrors
from tests.conftest import ROOT

DOCUMENTS = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")),
    *(ROOT / folder / "README.md" for folder in ("changes", "imports", "tests/corpus")),
    *sorted((ROOT / "docs").rglob("*.md")),
]
FENCE = re.compile(r"^( *)```python\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?://|mailto:|#)([^)#\s]+)(?:#[^)\s]*)?\)")
SOURCES = [path for path in sorted((ROOT / "constructs/agentkeep").rglob("*.py")) if "files" not in path.parts]
WITH_EXAMPLES = [
    ".".join(path.relative_to(ROOT / "constructs").with_suffix("").parts).removesuffix(".__init__")
    for path in SOURCES
    if ">>> " in path.read_text(encoding="utf-8")
]


def ids(paths: list[Path]) -> list[str]:
    return [path.relative_to(ROOT).as_posix() for path in paths]


def fences(document: Path) -> list[tuple[int, str]]:
    """Line and code of every Python fence."""
    text = document.read_text(encoding="utf-8")
    found = []
    for match in FENCE.finditer(text):
        indent, code = match.groups()
        found.append((text[: match.start()].count("\n") + 2, re.sub(rf"^{indent}", "", code, flags=re.MULTILINE)))
    return found


def run(document: Path) -> int:
    """Run the fences of a document in their order, as one program; how many there were."""
    found = fences(document)
    names: dict[str, Any] = {"__name__": document.stem}
    if found and not re.search(r"^(from|import) ", found[0][1], re.MULTILINE):
        # A fragment of a declaration, whose imports the reader knows.
        names |= {name: getattr(agentkeep, name) for name in agentkeep.__all__}
    for line, code in found:
        # The line breaks make a traceback point into the document.
        exec(compile("\n" * (line - 1) + code, str(document), "exec"), names)  # noqa: S102 - our own documents
    if "declare" in names:
        names["declare"]().seal()
    return len(found)


@pytest.mark.parametrize("document", DOCUMENTS, ids=ids(DOCUMENTS))
def test_the_python_of_a_document_runs(document: Path) -> None:
    assert run(document) == len(fences(document))


def test_the_readme_shows_a_declaration() -> None:
    code = "\n".join(code for _, code in fences(ROOT / "README.md"))

    assert "SandboxedAgent(" in code
    assert "def declare() -> Platform:" in code


def test_a_fence_that_fails_would_be_found(tmp_path: Path) -> None:
    document = tmp_path / "bad.md"
    document.write_text("text\n\n```python\nimport agentkeep\nagentkeep.Sanbox\n```\n", encoding="utf-8")
    with pytest.raises(AttributeError) as caught:
        run(document)

    assert caught.traceback[-2].lineno == 4


def test_an_indented_fence_runs_too(tmp_path: Path) -> None:
    document = tmp_path / "indented.md"
    document.write_text("- item\n\n  ```python\n  one = 1\n  if one:\n      two = 2\n  ```\n", encoding="utf-8")

    assert run(document) == 1


# --- refusals that are shown -----------------------------------------------------------------------------------------

# What a reader is told to try, as lines at the end of declare() in constructs/lolice/openclaw.py.
TRIED = (
    'agent.reads(anthropic, as_env="ANTHROPIC_API_KEY")',
    'keep.parts(EgressLockdown)[0].allow(agent, Range(cidrs=("0.0.0.0/0",), port=Port.tcp(443)), because="x")',
)


def said(line: str) -> list[str]:
    """What the committed declaration says when *line* is put before its end."""
    source = (ROOT / "constructs/lolice/openclaw.py").read_text(encoding="utf-8")
    end = "    return keep\n"
    assert source.count(end) == 1
    names: dict[str, Any] = {"__name__": "tried", "Range": agentkeep.Range, "Port": agentkeep.Port}
    exec(source.replace(end, f"    {line}\n{end}"), names)  # noqa: S102 - our own declaration
    try:
        names["declare"]().seal()
    except DeclarationErrors as errors:
        return [*map(str, errors.exceptions), errors.message]
    return []


def shown_refusals(document: Path) -> list[str]:
    """Every refusal of a declaration that a document shows."""
    lines = document.read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if re.match(r" *\[openclaw/[A-Za-z_-]+\] .+; .+", line)]


# A page about an example shows refusals of its own declaration; a test beside that of the example tries them.
ABOUT_LOLICE = [path for path in DOCUMENTS if path.parent.name != "examples"]


@pytest.mark.parametrize("document", ABOUT_LOLICE, ids=ids(ABOUT_LOLICE))
def test_every_refusal_that_is_shown_is_said(document: Path) -> None:
    shown = shown_refusals(document)
    real = [line for tried in TRIED for line in said(tried)]

    assert [line for line in shown if line not in real] == []


def test_what_is_tried_is_refused_for_one_reason_each() -> None:
    assert [len(said(line)) for line in TRIED] == [2, 2]


# --- links and examples ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("document", DOCUMENTS, ids=ids(DOCUMENTS))
def test_every_link_to_a_file_leads_somewhere(document: Path) -> None:
    links = LINK.findall(document.read_text(encoding="utf-8"))

    assert [link for link in links if not (document.parent / link).exists()] == []


@pytest.mark.parametrize("module", WITH_EXAMPLES)
def test_the_examples_of_a_module_run(module: str) -> None:
    result = doctest.testmod(importlib.import_module(module), optionflags=doctest.ELLIPSIS)

    assert (result.failed, result.attempted > 0) == (0, True)


def test_some_module_has_an_example() -> None:
    assert "agentkeep.secret_param.declaration" in WITH_EXAMPLES
