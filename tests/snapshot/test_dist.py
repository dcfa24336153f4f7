"""
What is committed is what is synthesized, and everybody synthesizes the same.

A snapshot shows that something changed, never that it is right: that is what tests/targets and tests/proofs are for.
"""

import difflib
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.conftest import PYTHONPATH, ROOT

DIST = ROOT / "dist"
HINT = "If the change is meant, run 'make accept', and read the diff before you commit."


def readable(expected: Mapping[str, str], actual: Mapping[str, str], *, limit: int = 200) -> str:
    """A unified diff of two trees, short enough to be read; empty where they are the same."""
    lines: list[str] = []
    for name in sorted({*expected, *actual}):
        before, after = expected.get(name), actual.get(name)
        if before == after:
            continue
        lines += difflib.unified_diff(
            (before or "").splitlines(),
            (after or "").splitlines(),
            f"committed {name}" if before is not None else "/dev/null",
            f"synthesized {name}" if after is not None else "/dev/null",
            lineterm="",
            n=2,
        )
    more = [f"... and {len(lines) - limit} more lines"] if len(lines) > limit else []
    return "\n".join([*lines[:limit], *more])


def test_dist_is_what_the_declaration_becomes(tree: Mapping[str, str]) -> None:
    from agentkeep.targets.dist import read_tree

    difference = readable(read_tree(DIST), tree)

    assert not difference, f"\n{difference}\n\n{HINT}"


def test_the_difference_is_readable() -> None:
    before = {"a.yaml": "kind: A\nname: x\n", "gone.yaml": "kind: B\n", "same.yaml": "kind: C\n"}
    after = {"a.yaml": "kind: A\nname: y\n", "new.yaml": "kind: D\n", "same.yaml": "kind: C\n"}
    said = readable(before, after).splitlines()

    assert {"-name: x", "+name: y", "-kind: B", "+kind: D", "+++ /dev/null", "--- /dev/null"} <= {*said}
    assert "same.yaml" not in "".join(said)
    assert readable(before, before) == ""


def test_a_long_difference_says_how_much_is_left_out() -> None:
    said = readable({}, {"a": "line\n" * 50}, limit=10).splitlines()

    assert len(said) == 11
    assert said[-1] == "... and 43 more lines"


def synthesized_apart(folder: Path, seed: str, locale: str) -> dict[str, bytes]:
    """Every file of a synthesis by a process of its own, in *folder*."""
    folder.mkdir()
    environment = {
        "HOME": str(folder),
        "LANG": locale,
        "LC_ALL": locale,
        "PATH": os.environ["PATH"],
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": seed,
        "PYTHONPATH": PYTHONPATH,
        "TZ": "Pacific/Kiritimati" if seed == "1" else "UTC",
    }
    done = subprocess.run(
        [sys.executable, "-m", "agentkeep.cli", "synth", "lolice.openclaw", "--dist", "out/of/the/way"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    dist = folder / "out/of/the/way"
    return {path.relative_to(dist).as_posix(): path.read_bytes() for path in dist.rglob("*") if path.is_file()}


def test_the_bytes_depend_on_no_folder_no_hash_seed_no_zone_and_no_language(
    tree: Mapping[str, str], tmp_path: Path
) -> None:
    first = synthesized_apart(tmp_path / "one", "1", "C")
    second = synthesized_apart(tmp_path / "a longer name with ünïcode", "4242", "C.UTF-8")

    assert first == second
    assert first == {name: text.encode() for name, text in tree.items()}


@pytest.mark.parametrize("word", [str(ROOT), str(Path.home()), tempfile.gettempdir() + "/agentkeep-"])
def test_nothing_of_this_machine_is_in_it(tree: Mapping[str, str], word: str) -> None:
    assert [name for name, text in tree.items() if word in text] == []


def test_every_file_ends_with_one_line_break_and_has_no_trailing_blank(tree: Mapping[str, str]) -> None:
    for name, text in tree.items():
        assert text.endswith("\n"), name
        assert not text.endswith("\n\n"), name
        assert "\r" not in text, name


def test_every_manifest_says_what_declared_it(tree: Mapping[str, str]) -> None:
    for name, text in tree.items():
        if name.startswith("lolice/"):
            assert "Synthesized by agentkeep from the declaration of 'openclaw'" in text, name
            assert text.startswith("# "), name
