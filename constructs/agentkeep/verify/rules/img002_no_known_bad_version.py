"""IMG002: no known bad version."""

from typing import Final

from agentkeep.verify.artifacts import text
from agentkeep.verify.case import Case
from agentkeep.verify.images import Image, parse_image, version
from agentkeep.verify.naming import where
from agentkeep.verify.verdict import Report

# Published malicious releases.
_MALICIOUS: Final = {"litellm": {(1, 82, 7), (1, 82, 8)}}
# The first versions without known holes, by minor version; other minor versions below the last one are too old.
_LITELLM_FLOORS: Final[dict[tuple[int, ...], tuple[int, ...]]] = {(1, 102): (1, 102, 2), (1, 103): (1, 103, 1)}
# Images before this name their user, which runAsNonRoot cannot check.
_CLOUDFLARED_FLOOR: Final = (2025, 7, 0)
# The configuration is written for this release and later ones.
_OPENCLAW_FLOOR: Final = (2026, 9, 6)


def img002_no_known_bad_version(case: Case, report: Report) -> None:
    """
    IMG002: no image is of a version known to be malicious, insecure, or unable to run as this platform runs it.

    Sources: the projects' own advisories and release notes. A digest alone hides the version, so it needs a tag
    beside it.
    """
    for workload in case.workloads:
        for container in workload.containers:
            image = parse_image(text(container.body.get("image")))
            report.look()
            if image is None:
                continue
            problem = _problem(image)
            if problem:
                report.find(where(workload, container), problem, place=container.place)


def _problem(image: Image) -> str:
    name = image.repository.rpartition("/")[2]
    number = version(image.tag)
    if name not in ("litellm", "litellm-database", "cloudflared", "openclaw"):
        return ""
    if number is None:
        return f"is of a version that cannot be told: {image.tag or image.digest}"
    if number in _MALICIOUS.get("litellm" if name.startswith("litellm") else name, set()):
        return f"is malicious: {name} {image.tag}"
    floor = _floor(name, number)
    return f"is too old: {name} {image.tag}" if number < floor else ""


def _floor(name: str, number: tuple[int, ...]) -> tuple[int, ...]:
    if name.startswith("litellm"):
        return _LITELLM_FLOORS.get(number[:2], (1, 103, 1))
    return _CLOUDFLARED_FLOOR if name == "cloudflared" else _OPENCLAW_FLOOR
