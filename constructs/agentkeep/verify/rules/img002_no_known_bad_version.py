"""IMG002: no known bad version."""

from agentkeep.verify.case import Case
from agentkeep.verify.images import Image, parse_image, version
from agentkeep.verify.naming import where
from agentkeep.verify.programs import BY_REPOSITORY
from agentkeep.verify.verdict import Report


def img002_no_known_bad_version(case: Case, report: Report) -> None:
    """
    IMG002: no image is of a version known to be malicious, insecure, or unable to run as this platform runs it.

    Sources: the projects' own advisories and release notes. A digest alone hides the version, so it needs a tag
    beside it.
    """
    for workload in case.workloads:
        for container in workload.containers:
            image = parse_image(case.image_of(container))
            report.look()
            if image is None:
                continue
            problem = _problem(image)
            if problem:
                report.find(where(workload, container), problem, place=container.place)


def _problem(image: Image) -> str:
    name = image.repository.rpartition("/")[2]
    program = BY_REPOSITORY.get(name)
    number = version(image.tag)
    if program is None:
        return ""
    if number is None:
        return f"is of a version that cannot be told: {image.tag or image.digest}"
    problem = program.problem_of(number)
    return f"{problem}: {name} {image.tag}" if problem else ""
