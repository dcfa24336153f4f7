"""Pages that are followed word for word: what they tell to write and to run, and what they say comes of it."""

import ast
import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import ROOT

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def copy_of_the_checkout(folder: Path) -> Path:
    """A copy of the checkout as it is, with its environment."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout
    for name in filter(None, names.split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, folder / name)
    (folder / ".venv").symlink_to(ROOT / ".venv")
    return folder


def steps(page: Path) -> Iterator[tuple[str, str]]:
    """What the page tells to write, to run, and what it says comes of it, in its order."""
    for language, body in FENCE.findall(page.read_text(encoding="utf-8")):
        yield {"py": "write", "": "run", "text": "said"}[language], body


def write(checkout: Path, body: str) -> None:
    """Write a fence to the file in its first line, or to the end of that file."""
    first, _, rest = body.partition("\n")
    path = checkout / first.removeprefix("# at the end of ").removeprefix("# ")
    if first.startswith("# at the end of "):
        rest = path.read_text(encoding="utf-8") + rest
    ast.parse(rest)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(rest, encoding="utf-8")


def run(checkout: Path, command: str) -> str:
    """Everything that a command says, in one line; a wrong command says so too."""
    # The copy's own modules come before those of the checkout that the environment belongs to.
    environment = {**os.environ, "PYTHONPATH": "constructs:imports:.", "COLUMNS": "300"}
    done = subprocess.run(
        shlex.split(command), cwd=checkout, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    return plain(done.stdout + done.stderr)


def plain(text: str) -> str:
    """A text without its line breaks and its numbers, which change with the declaration."""
    return re.sub(r"\b[0-9]+\b", "N", " ".join(text.split()))


def follow(page: Path, checkout: Path) -> list[tuple[str, str]]:
    """Each line that the page says is said, with what was really said before it; the page followed to its end."""
    found, said = [], ""
    for kind, body in steps(page):
        if kind == "write":
            write(checkout, body)
        elif kind == "run":
            said = " ".join(run(checkout, line) for line in body.splitlines())
        else:
            found += [(plain(line), said) for line in body.splitlines()]
    return found
