"""docs/adding-a-runtime.md, followed from nothing in a copy of the checkout: one folder, and it is proved."""

import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.docs.following import copy_of_the_checkout, follow, run

PAGE = ROOT / "docs/adding-a-runtime.md"
RUNTIME = "constructs/agentkeep/sandboxed_agent/runtimes/echo/"


def files(folder: Path) -> dict[str, bytes]:
    found = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found if ".venv" not in path.parts}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_of_the_checkout(tmp_path_factory.mktemp("runtime") / "checkout")


@pytest.fixture(scope="module")
def before(checkout: Path) -> dict[str, bytes]:
    return files(checkout)


@pytest.fixture(scope="module")
def followed(before: dict[str, bytes], checkout: Path) -> list[tuple[str, str]]:
    return follow(PAGE, checkout)


def test_every_command_says_what_the_page_shows(followed: list[tuple[str, str]]) -> None:
    assert [line for line, said in followed if line not in said] == []
    assert len(followed) == 2


def test_it_touches_one_folder_of_the_library(
    followed: list[tuple[str, str]], before: dict[str, bytes], checkout: Path
) -> None:
    after = files(checkout)
    touched = {name for name in {*before, *after} if before.get(name) != after.get(name)}

    assert {name for name in touched if not name.startswith(("echo.py", "echo-dist/", RUNTIME))} == set()
    assert f"{RUNTIME}__init__.py" in touched


def test_what_somebody_changes_in_its_pod_is_refuted(followed: list[tuple[str, str]]) -> None:
    _, said = followed[-1]

    assert "refuted" in said
    assert "echo" in said


def test_a_mood_that_it_does_not_have_is_refused(followed: list[tuple[str, str]], checkout: Path) -> None:
    source = (checkout / "echo.py").read_text(encoding="utf-8")
    (checkout / "angry.py").write_text(source.replace('"calm"', '"angry"'), encoding="utf-8")

    said = run(checkout, ".venv/bin/agentkeep synth angry.py --dist angry-dist")
    (checkout / "angry.py").unlink()

    assert "[parrot/echo] mood='angry' is not a mood of Echo; use one of calm, cheerful" in said


def test_it_is_typed_and_clean(followed: list[tuple[str, str]], checkout: Path) -> None:
    words = [".venv/bin/mypy", "--no-incremental", RUNTIME]
    done = subprocess.run(words, cwd=checkout, capture_output=True, text=True, timeout=300, check=False)

    assert (done.returncode, run(checkout, f".venv/bin/ruff check {RUNTIME}")) == (0, "All checks passed!")
