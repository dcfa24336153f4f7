"""The page of rules says what the rules say."""

from pathlib import Path

import pytest

from agentkeep.verify import rules_doc
from tests.conftest import ROOT

PAGE = ROOT / "docs" / "rules.md"


def test_the_page_of_rules_is_current() -> None:
    assert PAGE.read_text() == rules_doc.render()
    assert rules_doc.main([str(PAGE), "--check"]) == 0


def test_an_old_page_of_rules_is_noticed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "rules.md"
    page.write_text("old")

    assert rules_doc.main([str(page), "--check"]) == 1
    assert "rules_doc" in capsys.readouterr().err
    assert rules_doc.main([str(page)]) == 0
    assert page.read_text() == rules_doc.render()
