"""
What is fetched when an OpenClaw agent starts, at fixed versions and checksums, and the facts of its policy text that
nothing else knows.

A checksum says which version it is of. So a bump of the version alone is refused here, with the place where the new
checksum is, and not by a pod that does not start.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from agentkeep.core.facts import Fact, Image, Problem

_VERSION = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+")
_PACKAGE = re.compile(r"(@[a-z0-9-]+/)?[a-z0-9][a-z0-9._-]*")
# Packages that are released together with OpenClaw, under its version, and that work with no other one.
_TOGETHER = "@openclaw/"


class Checksum(Fact):
    """
    The checksum of one version.

    Args:
        of: The version.
        digest: Hexadecimal.
    """

    of: str
    digest: str

    def __init__(self, of: str, digest: str) -> None:
        super().__init__(of=of, digest=digest)


class Tools(Fact):
    """
    Command-line tools of the agent, at fixed versions. They are fetched when the pod starts, and each is compared
    with its checksum before anything of it runs. No package manager of the distribution is involved. git comes with
    the image.

    Args:
        codex: Version of the npm package ``@openai/codex``.
        codex_sha512: SHA-512 of that package.
        gh: Version of the GitHub CLI.
        gh_sha256: SHA-256 of its Linux archive for the architecture that the agent runs on.
    """

    codex: str
    codex_sha512: Checksum
    gh: str
    gh_sha256: Checksum

    def problems(self) -> Iterator[Problem]:
        """Versions of three numbers, each with a checksum of its own."""
        versions: tuple[tuple[str, str, str, Checksum, int, str], ...] = (
            ("codex", self.codex, "codex_sha512", self.codex_sha512, 128, packed("@openai/codex", self.codex)),
            (
                "gh", self.gh, "gh_sha256", self.gh_sha256, 64,
                f"copy it from https://github.com/cli/cli/releases/download/v{self.gh}/gh_{self.gh}_checksums.txt",
            ),
        )  # fmt: skip
        for keyword, version, checksum_keyword, checksum, digits, fix in versions:
            if not _VERSION.fullmatch(version):
                yield Problem(f"tools: {keyword}={version!r} is not a fixed version", "write it as '1.2.3'")
            elif checksum.of != version:
                yield Problem(
                    f"tools: {keyword} is {version} and {checksum_keyword} is the checksum of {checksum.of}", fix
                )
            if not re.fullmatch(rf"[0-9a-f]{{{digits}}}", checksum.digest):
                yield Problem(
                    f"tools: {checksum_keyword} is not {digits} hexadecimal digits",
                    "copy it from what the release publishes",
                )


class Plugin(Fact):
    """
    An npm package that OpenClaw does not bring along, such as the plugin of a channel.

    Args:
        package: Its name, such as ``@openclaw/discord``.
        version: Its version. Packages of ``@openclaw/`` have the version of OpenClaw itself.
        sha512: SHA-512 of the package of that version, hexadecimal. The package holds what it depends on.
    """

    package: str
    version: str
    sha512: str

    def __init__(self, package: str, *, version: str, sha512: str) -> None:
        super().__init__(package=package, version=version, sha512=sha512)

    def problems(self, image: Image) -> Iterator[Problem]:  # type: ignore[override]  # it has a fact to agree with
        """A version that moves or is of another release, and a checksum that cannot be one."""
        if not _PACKAGE.fullmatch(self.package):
            yield Problem(f"plugin {self.package!r} is not an npm package", "write it as '@openclaw/discord'")
        if not _VERSION.fullmatch(self.version):
            yield Problem(f"plugin {self.package!r} has no fixed version", "write it as '2026.9.6'")
        elif self.package.startswith(_TOGETHER) and image.tag and (wanted := release(image)) != self.version:
            yield Problem(
                f"plugin {self.package!r} is of {self.version} and the image of OpenClaw of {wanted}",
                f"write version={wanted!r}, and its checksum: {packed(self.package, wanted)}",
            )
        if not re.fullmatch(r"[0-9a-f]{128}", self.sha512):
            yield Problem(
                f"plugin {self.package!r}: sha512 is not 128 hexadecimal digits", packed(self.package, self.version)
            )


def release(image: Image) -> str:
    """The release that *image* holds: its tag without what is written behind it, such as ``-slim``."""
    return (image.tag or "").removeprefix("v").partition("-")[0]


def packed(package: str, version: str) -> str:
    """How to get the checksum of an npm package."""
    return f"print it with 'npm pack {package}@{version} && sha512sum *.tgz', in an empty folder"


def plugin_problems(plugins: Sequence[Plugin], wanted: Mapping[str, str], image: Image) -> Iterator[Problem]:
    """What is wrong with *plugins*, where the channels (by package, with their labels) *wanted* some."""
    for plugin in plugins:
        yield from plugin.problems(image)
    named = [plugin.package for plugin in plugins]
    for package in sorted({one for one in named if named.count(one) > 1}):
        yield Problem(f"plugins= names {package!r} twice", "name it once")
    for package, label in wanted.items():
        if package not in named:
            version = release(image) or "<version>"
            yield Problem(
                f"its {label} channel needs the plugin {package!r}, which is not among plugins=",
                f"add Plugin({package!r}, version={version!r}, sha512=...); {packed(package, version)}",
            )


@dataclass(frozen=True, slots=True)
class Rules:
    """
    Facts of the policy text (SOUL.md) that nothing else in the declaration knows.

    Args:
        repositories: What the agent may work on, as ``owner/name``. The text says so; the token's scope enforces it.
        language: What the text is written in: that of the people who talk to the agent.
    """

    repositories: tuple[str, ...] = ()
    language: Literal["en", "ja"] = "en"
