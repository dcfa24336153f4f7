"""CFG001: every variable is set."""

from agentkeep.verify.artifacts import Workload, text
from agentkeep.verify.case import Case
from agentkeep.verify.configs import configurations, openclaws
from agentkeep.verify.documents import parse_json
from agentkeep.verify.naming import where
from agentkeep.verify.programs.litellm import PROGRAM as LITELLM
from agentkeep.verify.programs.openclaw.secrets import variables
from agentkeep.verify.values import environment, references
from agentkeep.verify.verdict import Report


def cfg001_every_variable_is_set(case: Case, report: Report) -> None:
    """
    CFG001: every variable that a configuration asks for is set in the container that reads it.

    OpenClaw warns and goes on with an empty key; LiteLLM answers every request with an error.
    """
    for workload, _, config in openclaws(case, report):
        _expect(workload, variables(config), report)
    for workload, _, config in configurations(case, report, LITELLM):
        _expect(workload, references(config), report)
        clients = case.files_of(workload).get("clients.json")
        if clients is not None:
            entries = parse_json(clients[1], "clients.json").get("clients")
            names = {text(one.get("keyEnv")) for one in entries or [] if isinstance(one, dict)}
            _expect(workload, names, report)


def _expect(workload: Workload, names: set[str], report: Report) -> None:
    main = next((c for c in workload.containers if c.kind == "container" and c.name == workload.name), None)
    containers = [main] if main else [c for c in workload.containers if c.kind == "container"]
    for name in sorted(names):
        report.look()
        if not any(name in environment(container) for container in containers):
            report.find(where(workload), f"asks for {name}, which is not set")
