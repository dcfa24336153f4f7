"""Command-line tools of an OpenClaw agent, and the facts of its policy text that nothing else knows."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from agentkeep.core.facts import Fact, Problem


class Tools(Fact):
    """
    Command-line tools of the agent, at fixed versions. They are fetched when the pod starts, and each is compared
    with its checksum before anything of it runs. No package manager of the distribution is involved. git comes with
    the image.

    Args:
        codex: Version of the npm package ``@openai/codex``.
        codex_sha512: SHA-512 of that package, hexadecimal.
        gh: Version of the GitHub CLI.
        gh_sha256: SHA-256 of its Linux archive for the architecture that the agent runs on, hexadecimal.
    """

    codex: str
    codex_sha512: str
    gh: str
    gh_sha256: str

    def problems(self) -> Iterator[Problem]:
        """Versions of three numbers, and checksums of the right length."""
        for keyword in ("codex", "gh"):
            if not re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+", getattr(self, keyword)):
                yield Problem(f"tools: {keyword}={getattr(self, keyword)!r} is no fixed version", "write it as '1.2.3'")
        for keyword, digits in (("codex_sha512", 128), ("gh_sha256", 64)):
            if not re.fullmatch(rf"[0-9a-f]{{{digits}}}", getattr(self, keyword)):
                yield Problem(
                    f"tools: {keyword} is not {digits} hexadecimal digits", "copy it from what the release publishes"
                )


@dataclass(frozen=True, slots=True)
class Rules:
    """
    Facts of the policy text (SOUL.md) that nothing else in the declaration knows.

    Args:
        repositories: What the agent may work on, as ``owner/name``. The text says so; the token's scope enforces it.
    """

    repositories: tuple[str, ...] = ()
