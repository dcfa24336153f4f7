"""POD009: resources are bounded."""

from agentkeep.verify.artifacts import mapping, text
from agentkeep.verify.case import Case
from agentkeep.verify.naming import where
from agentkeep.verify.verdict import Report


def pod009_resources_are_bounded(case: Case, report: Report) -> None:
    """POD009: every container asks for CPU and memory and has a limit of memory; every scratch volume has a size."""
    for workload in case.workloads:
        for container in workload.containers:
            report.look()
            resources = mapping(container.body.get("resources"))
            for kind, key in (("requests", "cpu"), ("requests", "memory"), ("limits", "memory")):
                if not mapping(resources.get(kind)).get(key):
                    report.find(where(workload, container), f"has no {kind} of {key}", place=container.place)
        for volume in workload.volumes:
            if "emptyDir" in volume and not mapping(volume.get("emptyDir")).get("sizeLimit"):
                report.find(where(workload), f"has no size for volume {text(volume.get('name'))}", place=workload.place)
