"""
The folder ``dist/``: what is in it, and how it is replaced.

A new tree is written beside the old one and swapped in at the end, so a failure at any point leaves ``dist/`` as it
was. Files that others put into it are carried over: regenerating must not undo what they did.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from agentkeep.errors import SynthesisError

# Every file of ours says so near its top, or lies beside one that does.
MARK = "synthesized by agentkeep"
SILENT = ("Chart.lock", "templates/guard.yaml")

Tree = Mapping[str, str]
"""Text of every file, by its path in ``dist/``, with forward slashes."""


def read_tree(folder: Path) -> dict[str, str]:
    """Every file below *folder*; empty where there is no folder."""
    if not folder.is_dir():
        return {}
    return {
        # What is not text (some systems leave folders' settings) is kept as it is.
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8", errors="surrogateescape")
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def not_ours(before: Tree, tree: Tree) -> tuple[str, ...]:
    """
    Files of *before* that nothing in *tree* replaces, and that this program did not write.

    They are carried over: parameter overrides that ArgoCD Image Updater commits beside the manifests, and whatever a
    person put there. The proofs judge them like anything else.
    """
    return tuple(name for name in before if name not in tree and not _is_ours(name, before))


def _is_ours(name: str, before: Tree) -> bool:
    if MARK in before[name].lower():
        return True
    chart = next((name.removesuffix(end) for end in SILENT if name.endswith(f"/{end}")), None)
    return chart is not None and MARK in before.get(f"{chart}Chart.yaml", "").lower()


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


def write_aside(dist: Path, tree: Tree, kept: Iterable[str] = ()) -> Path:
    """
    Write *tree* to a new folder beside *dist*, with the files of *dist* that are *kept*.

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
        for name in kept:
            (aside / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(dist / name, aside / name)
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
