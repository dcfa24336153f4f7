"""The environment that ``make`` creates: what is said when pip cannot install a lock."""

import runpy

from tests.conftest import ROOT

tool = runpy.run_path(str(ROOT / "tools/environment.py"))


def test_pips_last_error_is_its_last_words() -> None:
    said = ["Collecting a\n", "ERROR: In --require-hashes mode, all requirements must have ...\n", "\n", "notice\n"]

    assert tool["last_words"](said) == "In --require-hashes mode, all requirements must have ..."


def test_without_an_error_it_is_the_last_line() -> None:
    assert tool["last_words"](["Collecting a\n", "Killed\n", "\n"]) == "Killed"


def test_silence_is_said_too() -> None:
    assert tool["last_words"]([]) == "it said nothing"
