"""CFG009: nothing calls home."""

from typing import Final

from agentkeep.verify.artifacts import text
from agentkeep.verify.case import Case
from agentkeep.verify.configs import openclaws
from agentkeep.verify.programs.openclaw.quiet import OFF, VARIABLES, quiet, unknown_sections
from agentkeep.verify.verdict import Report

PROGRAM: Final = "openclaw"


def cfg009_nothing_calls_home(case: Case, report: Report) -> None:
    """
    CFG009: the agent's program neither updates itself, nor reports, nor asks a provider past the proxy, nor rewrites
    its configuration.

    Embeddings of the agent's memory, for one, go to a provider directly unless that is switched off.
    """
    for workload, item, config in openclaws(case, report):
        for problem in unknown_sections(config):
            report.unsure(workload, problem, place=item.place)
        report.look(len(OFF))
        for problem in quiet(config):
            report.find(workload, problem, place=item.place)
        main = next((c for c in workload.containers if c.name == workload.name), None)
        env = {text(e.get("name")): text(e.get("value")) for e in main.env} if main else {}
        for name, value in VARIABLES.items():
            if env.get(name) != value:
                report.find(workload, f"does not set {name}={value}", place=workload.place)
        own = env.get("OPENCLAW_CONFIG_PATH", "")
        holding = [m for m in main.mounts if own.startswith(f"{text(m.get('mountPath'))}/")] if main else []
        deepest = max(holding, key=lambda m: len(text(m.get("mountPath"))), default={})
        if deepest.get("readOnly") is not True:
            report.find(workload, "may write to its own configuration", place=workload.place)
