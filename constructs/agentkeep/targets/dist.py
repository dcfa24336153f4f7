"""
The folder ``dist/``: what is in it, and how it is replaced.

A new tree is written beside the old one and swapped in at the end, so a failure at any point leaves ``dist/`` as it
was. Files that others write into it are carried over: regenerating must not undo what they did.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

from agentkeep.errors import SynthesisError

# Parameter overrides that ArgoCD Image Updater commits beside the manifests; they are never ours to write or remove.
FOREIGN = ".argocd-source-*.yaml"

Tree = Mapping[str, str]
"""Text of every file, by its path in ``dist/``, with forward slashes."""


def read_tree(folder: Path) -> dict[str, str]:
    """Every file below *folder*, foreign ones left out; empty where there is no folder."""
    if not folder.is_dir():
        return {}
    return {
        # What is not text (some systems leave folders' settings) is kept as it is.
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8", errors="surrogateescape")
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not is_foreign(path.relative_to(folder).as_posix())
    }


def is_foreign(name: str) -> bool:
    """Whether somebody else writes the file."""
    return PurePosixPath(name).match(FOREIGN)


def expect_replaceable(dist: Path, mark: str) -> None:
    """
    Refuse to replace a folder that is not ours: whatever is in it would be gone.

    Args:
        dist: The folder to replace; it need not be there.
        mark: A file that every folder of ours has.

    Raises:
        SynthesisError: It is a file, or a folder with something in it but not *mark*.
    """
    if dist.is_dir() and (not any(dist.iterdir()) or (dist / mark).is_file()):
        return
    if dist.exists():
        raise SynthesisError(
            dist.name or str(dist), f"is there already and holds no {mark}", "name a new folder, or empty this one"
        )


def write_aside(dist: Path, tree: Tree) -> Path:
    """
    Write *tree*, and the foreign files of *dist*, to a new folder beside *dist*.

    Raises:
        SynthesisError: Nothing can be written there.
    """
    aside = dist.with_name(f".{dist.name}-new")
    try:
        shutil.rmtree(aside, ignore_errors=True)
        for name, text in tree.items():
            path = aside / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", errors="surrogateescape", newline="\n")
        for path in sorted(dist.rglob(FOREIGN)) if dist.is_dir() else ():
            target = aside / path.relative_to(dist)
            # Of an app that is no longer declared, nothing remains to be overridden.
            if target.parent.is_dir():
                shutil.copy2(path, target)
    except OSError as error:
        shutil.rmtree(aside, ignore_errors=True)
        raise SynthesisError(dist.name, f"cannot be written: {error.strerror}", "check its permissions") from None
    return aside


def swap(aside: Path, dist: Path) -> None:
    """
    Put *aside* in the place of *dist*.

    Raises:
        SynthesisError: The folder could not be moved; the old one is back in its place.
    """
    old = dist.with_name(f".{dist.name}-old")
    try:
        shutil.rmtree(old, ignore_errors=True)
        if dist.exists():
            dist.rename(old)
        try:
            aside.rename(dist)
        except OSError:
            if old.exists():
                old.rename(dist)
            raise
    except OSError as error:
        raise SynthesisError(dist.name, f"cannot be replaced: {error.strerror}", "close what uses the folder") from None
    shutil.rmtree(old, ignore_errors=True)
