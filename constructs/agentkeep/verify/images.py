"""Image references, taken apart."""

import re
from dataclasses import dataclass
from typing import Final

_REFERENCE: Final = re.compile(
    r"(?P<repository>(?:[a-zA-Z0-9.-]+(?::\d+)?/)?[a-z0-9]+(?:[._/-]+[a-z0-9]+)*)"
    r"(?::(?P<tag>[\w][\w.-]{0,127}))?(?:@(?P<digest>sha256:[a-f0-9]{64}))?\Z"
)
_VERSION: Final = re.compile(r"v?(\d+)\.(\d+)\.(\d+)")


@dataclass(frozen=True, slots=True)
class Image:
    """``repository:tag@digest``; tag and digest may be empty."""

    repository: str
    tag: str
    digest: str


def parse_image(reference: str) -> Image | None:
    """The parts of *reference*; ``None`` if it is none."""
    match = _REFERENCE.match(reference)
    return Image(match["repository"], match["tag"] or "", match["digest"] or "") if match else None


def version(tag: str) -> tuple[int, ...] | None:
    """The leading version of a tag; ``None`` if it does not start with one."""
    match = _VERSION.match(tag)
    return tuple(int(part) for part in match.groups()) if match else None
