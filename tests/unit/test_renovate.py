"""Renovate finds every pinned version of the declaration, and leaves what is generated alone."""

from __future__ import annotations

import json
import re
from pathlib import Path

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


def test_generated_files_are_left_alone() -> None:
    assert {"dist/**", "imports/**"} <= set(RULES["ignorePaths"])
