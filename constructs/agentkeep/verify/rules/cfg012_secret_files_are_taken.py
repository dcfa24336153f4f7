"""CFG012: secret files are taken."""

from typing import Final

from agentkeep.verify.artifacts import Container, Workload, mapping, text
from agentkeep.verify.case import Case
from agentkeep.verify.configs import openclaws
from agentkeep.verify.programs.openclaw.secrets import files, missing_providers
from agentkeep.verify.verdict import Report

PROGRAM: Final = "openclaw"


def cfg012_secret_files_are_taken(case: Case, report: Report) -> None:
    """
    CFG012: every secret file that the agent's configuration names lies on a scratch volume in memory.

    OpenClaw refuses a file of a Secret volume, which is a link that belongs to root; on a disk the copy would
    outlive the pod.
    """
    for workload, item, config in openclaws(case, report):
        main = next((c for c in workload.containers if c.name == workload.name), None)
        for problem in missing_providers(config):
            report.find(workload, problem, place=item.place)
        for name, path in files(config).items():
            report.look()
            if not _in_memory(workload, main, path):
                report.find(
                    workload, f"names the secret file {path[:80]} of {name}, which is not in memory", place=item.place
                )


def _in_memory(workload: Workload, main: Container | None, path: str) -> bool:
    mounts = [m for m in (main.mounts if main else ()) if path.startswith(f"{text(m.get('mountPath'))}/")]
    deepest = max(mounts, key=lambda m: len(text(m.get("mountPath"))), default={})
    volume = next((v for v in workload.volumes if v.get("name") == deepest.get("name")), {})
    return mapping(volume.get("emptyDir")).get("medium") == "Memory"
