"""
Build the programs of the lab, each once for each content that it is made from.

The recipes are in ``tools/lab/*/recipes.py``. A binary lies outside of the checkout, in ``$AGENTKEEP_LAB_CACHE``, else
``$XDG_CACHE_HOME/agentkeep/lab``, else ``~/.cache/agentkeep/lab``, in a folder named by the hash of everything it is
built from. So a new machine pays, every other run pays nothing. What the compiler keeps in between is larger than what
it makes, and is thrown away after a run in which everything was built; ``AGENTKEEP_LAB_KEEP=1`` keeps it.

Usage: python tools/lab/build.py [--list] [NAME ...]       all programs if none is named
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))  # So that it also runs by its path.

from tools.lab.recipe import BuildError, Extra, Go, Recipe  # noqa: E402 - the line above makes it findable

__all__ = ["BuildError", "binary", "build", "folder", "go_version", "home", "main", "recipes"]

OLDEST_GO = (1, 26)
BUILD_TIMEOUT = 3600
# The builder decides these; what a person has set for their own work must not change what is built.
OWN = {"CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly", "GOTOOLCHAIN": "local", "GOWORK": "off"}


def home() -> Path:
    """Where the binaries are."""
    own = os.environ.get("AGENTKEEP_LAB_CACHE")
    general = os.environ.get("XDG_CACHE_HOME")
    return Path(own) if own else (Path(general) if general else Path.home() / ".cache") / "agentkeep" / "lab"


@cache
def recipes() -> Mapping[str, Recipe]:
    """Every recipe by the name of its program."""
    found: dict[str, Recipe] = {}
    for table in sorted(Path(__file__).parent.glob("*/recipes.py")):
        for recipe in importlib.import_module(f"tools.lab.{table.parent.name}.recipes").RECIPES:
            if recipe.name in found:
                raise BuildError(f"[{recipe.name}] two recipes have this name; rename one")
            found[recipe.name] = recipe
    return found


@cache
def go_version() -> str:
    """What ``go`` calls itself (``go1.26.8 linux amd64``); a machine without it gets a sentence."""
    go = shutil.which("go")
    if go is None:
        raise BuildError("go is not installed; install Go 1.26 or newer, or leave the cluster tests out")
    said = subprocess.run(
        [go, "env", "GOVERSION", "GOOS", "GOARCH"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **OWN},
        timeout=60,
    ).stdout.split()
    numbers = tuple(int(part) for part in said[0].removeprefix("go").split(".")[:2] if part.isdigit())
    if numbers < OLDEST_GO:
        raise BuildError(f"go is {said[0]}; install Go 1.26 or newer, or leave the cluster tests out")
    return " ".join(said)


def folder(name: str) -> Path:
    """Where the program called *name* is, or will be, together with its extra files."""
    recipe = _recipe(name)
    return home() / f"{name}-{_key(recipe)}"


def binary(name: str) -> Path:
    """The program called *name*, built if it is not there yet."""
    build([name])
    return folder(name) / name


def build(names: Sequence[str], say: Callable[[str], None] = lambda _: None) -> None:
    """
    Build what is not there yet of *names*; another run that builds the same is waited for.

    Args:
        names: Programs, in the order in which they are wanted.
        say: Gets one line for each program, and a last one about all of them.

    Raises:
        BuildError: There is no Go, or a build failed. What was built before it stays.
    """
    wanted = [_recipe(name) for name in names]
    missing = [recipe for recipe in wanted if not _is_there(recipe)]
    if not missing:
        return
    home().mkdir(parents=True, exist_ok=True)
    with _scratch() as scratch:
        for number, recipe in enumerate(missing, 1):
            with _locked(home() / f".{recipe.name}.lock", fcntl.LOCK_EX):
                if _is_there(recipe):
                    continue
                started = time.monotonic()
                say(f"{recipe.name}: building ({number} of {len(missing)}) ...")
                _make(recipe, scratch)
                say(f"{recipe.name}: built in {time.monotonic() - started:.0f} s")


def main(arguments: Sequence[str]) -> int:
    """Build everything, or what is named; return the exit status."""
    try:
        if "--list" in arguments:
            for recipe in recipes().values():
                print(f"{recipe.name:<28} {'built' if _is_there(recipe) else 'to do':<6} {recipe.about}")
            return 0
        started = time.monotonic()
        names = list(arguments) or list(recipes())
        build(names, lambda line: print(line, flush=True))
    except BuildError as problem:
        print(problem, file=sys.stderr)
        return 2
    size = sum(path.stat().st_size for name in names for path in folder(name).rglob("*") if path.is_file())
    print(f"{len(names)} programs, {size / 1e6:.0f} MB, in {home()}, after {time.monotonic() - started:.0f} s")
    return 0


def _recipe(name: str) -> Recipe:
    if name not in recipes():
        raise BuildError(f"[{name}] no recipe has this name; name one of: {', '.join(sorted(recipes()))}")
    return recipes()[name]


def _key(recipe: Recipe) -> str:
    """Hash of everything that the program is built from."""
    parts = [
        go_version(),
        json.dumps(
            [
                recipe.package,
                recipe.flags,
                sorted(recipe.environment.items()),
                [_fields(extra) for extra in recipe.extras],
            ]
        ),
    ]
    files = [recipe.module / "go.mod", recipe.module / "go.sum", *recipe.inputs]
    if recipe.package and recipe.package.startswith("./"):
        files += sorted((recipe.module / recipe.package).rglob("*.go"))
    # A recipe without a package takes its files by their own sums.
    held = [path for path in files if recipe.package or path in recipe.inputs]
    parts += [f"{path.name} {hashlib.sha256(path.read_bytes()).hexdigest()}" for path in held]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _fields(extra: Extra) -> list[str]:
    """The fields of *extra*, in an order that stays."""
    return [extra.module, extra.sum, extra.path, extra.name]


def _is_there(recipe: Recipe) -> bool:
    return folder(recipe.name).is_dir()


@contextmanager
def _locked(path: Path, how: int) -> Iterator[IO[str]]:
    with path.open("w") as lock:
        fcntl.flock(lock, how)
        yield lock


@contextmanager
def _scratch() -> Iterator[Path]:
    """What the compiler keeps for itself: shared by runs at the same time, and gone after the last of them."""
    scratch = home() / "scratch"
    scratch.mkdir(exist_ok=True)
    with _locked(home() / ".scratch.lock", fcntl.LOCK_SH) as lock:
        yield scratch
        if os.environ.get("AGENTKEEP_LAB_KEEP"):
            return
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return  # Another run still builds; it cleans up.
        shutil.rmtree(scratch, ignore_errors=True)


def _make(recipe: Recipe, scratch: Path) -> None:
    environment = {**os.environ, **OWN, "GOCACHE": str(scratch / "go-build"), **recipe.environment}

    def go(*arguments: str) -> str:
        # nice: whoever works on the machine meanwhile goes first.
        command = ["nice", "-n", "15", "go", *arguments]
        ran = subprocess.run(
            command, cwd=recipe.module, env=environment, capture_output=True, text=True, check=False,
            timeout=BUILD_TIMEOUT,
        )  # fmt: skip
        if ran.returncode:
            lines = [line for line in (ran.stderr + ran.stdout).splitlines() if line.strip()]
            last = " | ".join(lines[-3:]) or "it said nothing"
            raise BuildError(f"[{recipe.name}] go {arguments[0]} failed: {last}")
        return ran.stdout

    with tempfile.TemporaryDirectory(dir=home(), prefix=f".{recipe.name}-") as new:
        made = Path(new) / "made"
        made.mkdir()
        if recipe.package is not None:
            more = []
            if recipe.prepare is not None:
                # A path that stays: what was compiled for it is found again.
                workplace = scratch / recipe.name
                shutil.rmtree(workplace, ignore_errors=True)
                workplace.mkdir(parents=True)
                more = recipe.prepare(workplace, go)
            go("build", "-trimpath", *recipe.flags, *more, "-o", str(made / recipe.name), recipe.package)
        for extra in recipe.extras:
            _bring(recipe, extra, made, go)
        made.rename(folder(recipe.name))


def _bring(recipe: Recipe, extra: Extra, made: Path, go: Go) -> None:
    found = json.loads(go("mod", "download", "-json", extra.module))
    if found["Sum"] != extra.sum:
        raise BuildError(f"[{recipe.name}] {extra.module} is {found['Sum']}, not {extra.sum}; it is not used")
    target = made / extra.name
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes((Path(found["Dir"]) / extra.path).read_bytes())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
