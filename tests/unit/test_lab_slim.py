"""The lab's shortened programs: what is dropped from a list of parts, and what stays. Go is a stand-in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tools.lab.recipe import BuildError
from tools.lab.terraform.slim import Source, prepare, shortened

PARTS = """package parts

import (
\t"context"

\t"example.com/app/parts/bread"
\tsweet "example.com/app/parts/cake/v2"
\t"example.com/app/parts/wine"
)

func all(ctx context.Context) []Part {
\treturn []Part{
\t\tbread.New(ctx),
\t\tsweet.New(ctx),
\t\twine.New(ctx),
\t}
}

func init() {
\tif err := register(sweet.Parts()); err != nil {
\t\tpanic(err)
\t}
\tif err := register(bread.Parts()); err != nil {
\t\tpanic(err)
\t}
}

func (c *Client) Cake() *sweet.Client {
\treturn c.cake
}

func (c *Client) Bread() *bread.Client {
\treturn c.bread
}
"""
SOURCE = Source("example.com/app@v1.2.3", "h1:right", {"parts.go": ("example.com/app/parts/", frozenset({"bread"}))})


def test_drops_a_part_with_its_line_its_block_and_its_function() -> None:
    short = shortened(PARTS, "example.com/app/parts/", frozenset({"bread"}))

    assert [word for word in ("sweet", "cake", "wine") if word in short] == []
    assert short.count("bread") == PARTS.count("bread")
    assert short.count("panic(err)") == 1
    assert short.count("{") == short.count("}")


def test_keeps_every_byte_where_nothing_is_to_be_dropped() -> None:
    assert shortened(PARTS, "example.com/other/", frozenset()) == PARTS


@pytest.fixture
def module(tmp_path: Path) -> Path:
    """The lab's own module, and what the stand-in of Go has downloaded."""
    module = tmp_path / "module"
    module.mkdir()
    (module / "go.mod").write_text("module lab\n")
    (module / "go.sum").write_text("sums\n")
    (tmp_path / "downloaded").mkdir()
    (tmp_path / "downloaded" / "parts.go").write_text(PARTS)
    return module


def answering(module: Path, checksum: str) -> str:
    """What ``go mod download -json`` says."""
    return json.dumps({"Sum": checksum, "Dir": str(module.parent / "downloaded")})


def test_lays_the_short_file_over_the_source_and_leaves_both_modules_alone(module: Path, tmp_path: Path) -> None:
    workplace = tmp_path / "work"
    workplace.mkdir()
    flags = prepare([SOURCE], module, workplace, lambda *_: answering(module, "h1:right"))
    overlay = json.loads((workplace / "overlay.json").read_text())["Replace"]

    assert flags == [f"-overlay={workplace}/overlay.json", f"-modfile={workplace}/go.mod"]
    assert {path: "wine" in Path(short).read_text() for path, short in overlay.items()} == {
        f"{workplace}/source0/parts.go": False
    }
    assert (workplace / "go.mod").read_text() == f"module lab\nreplace example.com/app => {workplace}/source0\n"
    assert (workplace / "go.sum").read_text() == "sums\n"
    assert (tmp_path / "downloaded" / "parts.go").read_text() == PARTS


def test_refuses_a_source_with_other_bytes(module: Path, tmp_path: Path) -> None:
    with pytest.raises(BuildError, match=r"^\[example.com/app@v1.2.3\] is h1:wrong, not h1:right; it is not used$"):
        prepare([SOURCE], module, tmp_path, lambda *_: answering(module, "h1:wrong"))
