"""IMG001: images are fixed."""

import re
from typing import Final

from agentkeep.verify.artifacts import text
from agentkeep.verify.case import Case
from agentkeep.verify.images import parse_image
from agentkeep.verify.naming import where
from agentkeep.verify.verdict import Report

# Three numbers at least: "27" and "2026.9" move with every release.
_FIXED: Final = re.compile(r"v?\d+\.\d+\.\d+([.+_-][A-Za-z0-9.+_-]+)?\Z")
_MOVING_WORD: Final = re.compile(r"(^|[-_.])(latest|main|master|edge|nightly|stable|dev|beta|canary|snapshot)([-_.]|$)")


def img001_images_are_fixed(case: Case, report: Report) -> None:
    """
    IMG001: every image is named by a digest or by a full version.

    Looks at containers, and at images that only configuration names, such as the sandbox's.
    """
    for workload in case.workloads:
        for container in workload.containers:
            report.look()
            _judge(case.image_of(container), where(workload, container), report)
            for entry in container.env:
                name, value = text(entry.get("name")), text(entry.get("value"))
                if re.search(r"(^|_)(IMAGE|SANDBOX_SOURCE)$", name) and value:
                    report.look()
                    _judge(value, f"{where(workload, container)} {name}", report)


def _judge(reference: str, subject: str, report: Report) -> None:
    image = parse_image(reference)
    if image is None:
        report.find(subject, "names no image" if not reference else f"names an image that cannot be: {reference[:80]}")
    elif image.digest:
        return
    elif not image.tag:
        report.find(subject, f"takes whatever is latest of {image.repository}")
    elif not _FIXED.match(image.tag) or _MOVING_WORD.search(image.tag):
        report.find(subject, f"takes a version that moves: {image.repository}:{image.tag}")
