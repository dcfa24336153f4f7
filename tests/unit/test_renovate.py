"""Renovate finds every pinned version of the declaration, and leaves what is generated alone."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import ModuleType

import pytest

from tests.worlds import refusals

ROOT = Path(__file__).resolve().parents[2]
RULES = json.loads((ROOT / "renovate.json").read_text(encoding="utf-8"))
VERSIONS = (ROOT / "constructs" / "lolice" / "versions.py").read_text(encoding="utf-8")


def found() -> dict[str, str]:
    """What Renovate would look after: version by name."""
    versions = {}
    for manager in RULES["customManagers"]:
        for pattern in manager["matchStrings"]:
            # Renovate's regular expressions name their groups as JavaScript does.
            for match in re.finditer(pattern.replace("(?<", "(?P<"), VERSIONS):
                versions[match["depName"]] = match["currentValue"]
    return versions


def test_every_version_is_looked_after_but_the_operators_own_image() -> None:
    images = set(re.findall(r'Image\("([^":]+):', VERSIONS)) - {"ghcr.io/boxp/openclaw-sandbox"}

    assert set(found()) == images | {"@openai/codex", "cli/cli"}


def test_the_versions_are_those_that_are_deployed() -> None:
    from lolice import versions

    assert found()["ghcr.io/openclaw/openclaw"] == versions.OPENCLAW.tag
    assert found()["cli/cli"] == versions.TOOLS.gh


@pytest.mark.parametrize(
    ("name", "pinned", "bumped", "says"),
    [
        ("@openai/codex", "0.98.0", "0.99.0", "npm pack @openai/codex@0.99.0 && sha512sum"),
        ("cli/cli", "2.97.0", "2.98.0", "https://github.com/cli/cli/releases/download/v2.98.0/gh_2.98.0_checksums.txt"),
        ("ghcr.io/openclaw/openclaw", "2026.9.6", "2026.9.7", "npm pack @openclaw/discord@2026.9.7 && sha512sum"),
    ],
)
def test_a_bump_of_the_version_alone_says_where_its_checksum_is(
    name: str, pinned: str, bumped: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lolice import openclaw

    monkeypatch.setattr(openclaw, "versions", bump(name, pinned, bumped))
    keep = openclaw.declare()

    found = [(problem, fix) for _, problem, fix in refusals(keep) if says in fix]
    assert len(found) == 1
    assert pinned in found[0][0]
    assert bumped in found[0][0]


def bump(name: str, pinned: str, bumped: str) -> ModuleType:
    """The versions after Renovate has changed what its own expression finds, and nothing else."""
    for manager in RULES["customManagers"]:
        for pattern in manager["matchStrings"]:
            for match in re.finditer(pattern.replace("(?<", "(?P<"), VERSIONS):
                if match["depName"] == name:
                    assert match["currentValue"] == pinned
                    start, end = match.span("currentValue")
                    changed = ModuleType("versions")
                    exec(VERSIONS[:start] + bumped + VERSIONS[end:], vars(changed))  # noqa: S102 - our own file
                    return changed
    raise AssertionError(f"Renovate does not look after {name}")


def test_generated_files_are_left_alone() -> None:
    assert {"dist/**", "imports/**"} <= set(RULES["ignorePaths"])
