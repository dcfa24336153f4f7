"""
Build a program with a few of its parts: a whole provider costs an hour, and a lab uses three resources of it.

Such a program lists its parts in a few Go files, a line or a function for each. Those files are shortened on this
machine, from the very source that is built, and laid over it (``go build -overlay``); nothing of them is kept here. Go
takes no overlay for a file inside its module cache, so the source is reached through a symbolic link.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.lab.recipe import BuildError, Go

_IMPORT = re.compile(r'^\s+(?:(?P<name>\w+)\s+)?"(?P<path>[^"]+)"$', re.MULTILINE)
_VERSION = re.compile(r"/v\d+$")


@dataclass(frozen=True)
class Source:
    """
    A module whose source is built with shortened files.

    Args:
        module: ``path@version``, as the module proxy knows it.
        sum: What ``go.sum`` would say of it (``h1:...``). A source that is replaced escapes Go's own check.
        shortened: File in it → the import path below which packages are dropped, and those that stay.
    """

    module: str
    sum: str
    shortened: Mapping[str, tuple[str, frozenset[str]]]


def prepare(sources: Sequence[Source], module: Path, workplace: Path, go: Go) -> list[str]:
    """Lay shortened files over *sources*, for a build in *module*; return the flags that make ``go build`` use them."""
    replaced: dict[str, str] = {}
    lines = []
    for number, source in enumerate(sources):
        found = json.loads(go("mod", "download", "-json", source.module))
        if found["Sum"] != source.sum:
            raise BuildError(f"[{source.module}] is {found['Sum']}, not {source.sum}; it is not used")
        link = workplace / f"source{number}"
        link.symlink_to(found["Dir"])
        for file, (prefix, kept) in source.shortened.items():
            short = workplace / f"{number}-{file.replace('/', '-')}"
            short.write_text(shortened((link / file).read_text(), prefix, kept))
            replaced[str(link / file)] = str(short)
        lines.append(f"replace {source.module.partition('@')[0]} => {link}\n")
    overlay, modfile = workplace / "overlay.json", workplace / "go.mod"
    overlay.write_text(json.dumps({"Replace": replaced}))
    modfile.write_text((module / "go.mod").read_text() + "".join(lines))
    shutil.copy(module / "go.sum", workplace / "go.sum")
    return [f"-overlay={overlay}", f"-modfile={modfile}"]


def shortened(text: str, prefix: str, kept: frozenset[str]) -> str:
    """
    Drop from a Go file every import below *prefix* that is not *kept*, and what uses it.

    A line that names a dropped package goes; if it opens a block, such as a function's, so does the block.
    """
    dropped = set()
    for match in _IMPORT.finditer(text):
        path = match["path"]
        if path.startswith(prefix) and path.removeprefix(prefix) not in kept:
            dropped.add(match["name"] or _VERSION.sub("", path).rpartition("/")[2])
            text = text.replace(f"{match[0]}\n", "", 1)
    uses = re.compile(rf"\b(?:{'|'.join(sorted(dropped))})\.")
    lines = []
    end = None
    for line in text.splitlines(keepends=True):
        if end is not None:
            end = None if line == end else end
        elif not dropped or not uses.search(line):
            lines.append(line)
        elif line.endswith("{\n"):
            end = f"{line[: len(line) - len(line.lstrip())]}}}\n"
    return "".join(lines)
