"""What the lab is made of: one recipe is one program, and everything that its bytes depend on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

# Half of the compiler's time goes into optimizing; a lab that runs for minutes does not earn it back.
UNOPTIMIZED = ("-gcflags=all=-N -l",)
STRIPPED = ("-ldflags=-s -w",)

# Called with a scratch folder and a way to run ``go`` in the recipe's module; returns more flags for ``go build``.
Go = Callable[..., str]
Prepare = Callable[[Path, Go], list[str]]


class BuildError(Exception):
    """A program cannot be had: no Go, too old a Go, or a build that failed. One line, for people."""


@dataclass(frozen=True)
class Extra:
    """
    A file that a published module has beside its code, put next to the program.

    Args:
        module: ``path@version``, as the module proxy knows it.
        sum: What ``go.sum`` would say of it (``h1:...``). Other bytes are refused.
        path: The file in it.
        name: What it is called beside the program.
    """

    module: str
    sum: str
    path: str
    name: str


@dataclass(frozen=True)
class Recipe:
    """
    One program of the lab.

    Args:
        name: The program's file name; unique in the whole lab.
        module: Folder with the ``go.mod`` and ``go.sum`` that it is built from.
        package: What ``go build`` is asked for: an import path, or ``./folder`` in the module.
            None for a recipe that brings only *extras*.
        flags: For ``go build``.
        environment: Beside the builder's own (``CGO_ENABLED=0``).
        inputs: Files that *prepare* reads, or that hold it: a change in one builds the program anew.
        prepare: A step before the build, for ``-overlay`` and ``-modfile``.
        extras: Files of modules to put beside it.
        about: What it is in the lab for, in one line.
    """

    name: str
    module: Path
    package: str | None
    about: str
    flags: tuple[str, ...] = (*UNOPTIMIZED, *STRIPPED)
    environment: Mapping[str, str] = field(default_factory=dict)
    inputs: tuple[Path, ...] = ()
    prepare: Prepare | None = None
    extras: tuple[Extra, ...] = ()
