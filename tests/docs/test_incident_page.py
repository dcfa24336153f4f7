"""docs/incident.md is written from the table that the cluster tests run."""

from pathlib import Path

from tests.cluster.incident import COLUMNS, ROWS, page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "incident.md"


def test_the_page_is_what_the_tests_run() -> None:
    assert page() == PAGE.read_text("utf-8")


def test_every_row_says_what_is_left_in_each_column() -> None:
    assert [row.name for row in ROWS if len(row.cells) != len(COLUMNS)] == []
