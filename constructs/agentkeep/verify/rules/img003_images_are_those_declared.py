"""IMG003: images are those declared."""

from agentkeep.verify.artifacts import text
from agentkeep.verify.case import Case
from agentkeep.verify.documents import Node
from agentkeep.verify.naming import where
from agentkeep.verify.verdict import Report


def img003_images_are_those_declared(case: Case, report: Report) -> None:
    """
    IMG003: every container runs an image that the ledger names for its workload, and from no other registry.

    A proxy image in the agent's place, or a look-alike of another registry, would be pinned just as well.
    """
    document = case.artifacts.ledger
    listed = document.root.get("workloads") if document is not None and not case.ledger.by_hand else None
    declared: dict[str, set[str]] = {}
    for body in listed if isinstance(listed, list) else []:
        images = body.get("images") if isinstance(body, Node) else None
        if isinstance(images, list):
            declared[text(body.get("deployment"))] = {text(one) for one in images}
    for workload in case.workloads:
        for container in workload.containers:
            report.look()
            known = declared.get(workload.name)
            image = text(container.body.get("image"))
            if known is not None and image not in known:
                report.find(
                    where(workload, container), f"runs {image[:100]}, which is not declared", place=container.place
                )
