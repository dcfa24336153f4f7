"""The lab's builder: built once, found again, and anew when anything that it is made from changed. Go is a stand-in."""

from __future__ import annotations

import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tools.lab import build as lab
from tools.lab.recipe import Recipe

ROOT = Path(__file__).resolve().parents[2]

# Says its version, and "builds" by writing down that it did.
GO = """#!/bin/sh
case "$1" in
  env) echo ${GO_STANDIN_VERSION:-go1.26.8}; echo linux; echo amd64 ;;
  build)
    [ -z "$GO_STANDIN_FAILS" ] || { echo "main.go:3: undefined: x" >&2; exit 1; }
    mkdir -p "$GOCACHE"; echo "$@" >> "$GO_STANDIN_LOG"
    while [ "$1" != -o ]; do shift; done; echo program > "$2" ;;
esac
"""

Register = Callable[..., Recipe]


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """What the stand-in was asked to build, one line each; the lab's cache is empty."""
    go = tmp_path / "bin" / "go"
    go.parent.mkdir()
    go.write_text(GO)
    go.chmod(go.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{go.parent}:/usr/bin:/bin")
    monkeypatch.setenv("AGENTKEEP_LAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("GO_STANDIN_LOG", str(tmp_path / "log"))
    monkeypatch.delenv("AGENTKEEP_LAB_KEEP", raising=False)
    lab.go_version.cache_clear()
    (tmp_path / "log").touch()
    yield tmp_path / "log"
    lab.go_version.cache_clear()


@pytest.fixture
def register(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Register:
    """Make one recipe the only one."""
    module = tmp_path / "module"
    (module / "hello").mkdir(parents=True)
    for name in ("go.mod", "go.sum", "hello/main.go"):
        (module / name).write_text(name)

    def only(**more: object) -> Recipe:
        recipe = Recipe("hello", module, "./hello", "greets", **more)  # type: ignore[arg-type] # one of its keywords each
        monkeypatch.setattr(lab, "recipes", lambda: {"hello": recipe})
        return recipe

    return only


def test_builds_once(log: Path, register: Register) -> None:
    register()

    first = lab.binary("hello")
    again = lab.binary("hello")

    assert first == again
    assert first.read_text() == "program\n"
    assert len(log.read_text().splitlines()) == 1


@pytest.mark.parametrize("name", ["go.mod", "go.sum", "hello/main.go"])
def test_a_change_in_what_it_is_made_from_builds_it_anew(name: str, log: Path, register: Register) -> None:
    recipe = register()
    before = lab.binary("hello")
    (recipe.module / name).write_text("changed")

    assert lab.binary("hello") != before
    assert len(log.read_text().splitlines()) == 2


def test_another_go_builds_it_anew(log: Path, register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    register()
    before = lab.binary("hello")
    monkeypatch.setenv("GO_STANDIN_VERSION", "go1.27.0")
    lab.go_version.cache_clear()

    assert lab.binary("hello") != before


def test_a_step_before_the_build_adds_its_flags(log: Path, register: Register, tmp_path: Path) -> None:
    table = tmp_path / "recipes.py"
    table.write_text("step 1")
    register(inputs=(table,), prepare=lambda workplace, _: ["-overlay", str(workplace / "overlay.json")])
    before = lab.binary("hello")
    table.write_text("step 2")

    assert lab.binary("hello") != before
    assert "-overlay " in log.read_text()


def test_what_the_compiler_keeps_is_thrown_away(log: Path, register: Register) -> None:
    register()

    lab.binary("hello")

    assert not (lab.home() / "scratch").exists()


def test_a_failed_build_says_the_compilers_last_words_and_leaves_nothing(
    log: Path, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    register()
    monkeypatch.setenv("GO_STANDIN_FAILS", "1")

    with pytest.raises(lab.BuildError, match=r"^\[hello\] go build failed: main\.go:3: undefined: x$"):
        lab.binary("hello")

    assert [path.name for path in lab.home().glob("*hello-*")] == []


def test_a_machine_without_go_gets_a_sentence(log: Path, register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    register()
    monkeypatch.setenv("PATH", "/nonexistent")
    lab.go_version.cache_clear()

    with pytest.raises(lab.BuildError, match=r"^go is not installed; install Go 1\.26 or newer, "):
        lab.binary("hello")


def test_an_older_go_is_refused(log: Path, register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    register()
    monkeypatch.setenv("GO_STANDIN_VERSION", "go1.22.5")
    lab.go_version.cache_clear()

    with pytest.raises(lab.BuildError, match=r"^go is go1\.22\.5; "):
        lab.binary("hello")


def test_every_recipe_has_its_inputs() -> None:
    for recipe in lab.recipes().values():
        assert [path for path in (recipe.module / "go.mod", *recipe.inputs) if not path.is_file()] == []
        assert recipe.prepare is None or recipe.inputs, f"{recipe.name}: what prepare does is not in the hash"


@pytest.mark.parametrize(("ci", "outcome"), [("", "skipped"), ("true", "error")])
def test_without_go_the_cluster_tests_are_skipped_and_fail_in_ci(ci: str, outcome: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", "-m", "cluster"]
    ran = subprocess.run(
        [*command, "tests/cluster/test_lab.py", "-k", "gigabytes"],
        capture_output=True, text=True, check=False, cwd=ROOT,
        env={"PATH": "/nonexistent", "HOME": str(tmp_path), "CI": ci, "PYTHONPATH": "constructs:."},
    )  # fmt: skip

    assert f"1 {outcome}" in ran.stdout, ran.stdout
    assert "no cluster: go is not installed; install Go 1.26 or newer, or leave the cluster tests out" in ran.stdout
