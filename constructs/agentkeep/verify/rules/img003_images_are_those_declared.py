"""IMG003: images are those declared."""

from agentkeep.verify.artifacts import Container, text
from agentkeep.verify.case import Case
from agentkeep.verify.images import parse_image
from agentkeep.verify.naming import where
from agentkeep.verify.programs import BY_REPOSITORY
from agentkeep.verify.verdict import Report


def img003_images_are_those_declared(case: Case, report: Report) -> None:
    """
    IMG003: every container runs an image that the ledger names for its workload, and from no other registry.

    A proxy image in the agent's place, or a look-alike of another registry, would be pinned just as well. An image
    that a delivery puts in the place of a declared one may be of another version, and is judged by the rules on
    versions; and a program that has a table here is declared as that program, or its rules would not be asked.
    """
    for workload in case.workloads:
        declared = case.declared(workload)
        known = set(declared.images) if declared and declared.images is not None else None
        repositories = {image.repository for image in map(parse_image, known or ()) if image}
        for container in workload.containers:
            report.look()
            written, image = text(container.body.get("image")), case.image_of(container)
            if known is not None and written not in known:
                report.find(
                    where(workload, container), f"runs {written[:100]}, which is not declared", place=container.place
                )
            replaced = parse_image(image)
            if known is not None and image != written and (not replaced or replaced.repository not in repositories):
                report.find(where(workload, container), f"is made to run {image[:100]}", place=container.place)
            if declared and container.name == workload.name:
                _expect_program(case, declared.program, container, where(workload, container), report)


def _expect_program(case: Case, declared: str, container: Container, subject: str, report: Report) -> None:
    image = parse_image(case.image_of(container))
    program = BY_REPOSITORY.get(image.repository.rpartition("/")[2]) if image else None
    if program and program.name != declared:
        report.find(subject, f"runs {program.name}, but is declared as {declared}", place=container.place)
