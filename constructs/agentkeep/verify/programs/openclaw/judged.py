"""An ``openclaw.json`` alone, judged by every rule that reads it."""

from collections.abc import Collection, Mapping
from typing import Any

from agentkeep.verify.naming import written_out
from agentkeep.verify.programs.openclaw.agents import models, sandboxes
from agentkeep.verify.programs.openclaw.channels import channels, switched_on, undecided
from agentkeep.verify.programs.openclaw.gateway import gateways
from agentkeep.verify.programs.openclaw.quiet import quiet, unknown_sections
from agentkeep.verify.programs.openclaw.secrets import missing_providers, variables


def faults(config: Mapping[str, Any], environment: Collection[str]) -> list[str]:
    """
    What the rules find in *config*, each as ``<rule>: <problem>``, sorted; most of it OpenClaw's own validator takes.

    Args:
        config: The content of ``openclaw.json``. Unknown keys of a known section are the validator's business.
        environment: The names of the variables that the gateway's container has.
    """
    found = {
        "CFG001": [f"asks for {name}, which is not set" for name in variables(config) if name not in environment],
        "CFG002": sandboxes(config),
        "CFG003": gateways(config),
        "CFG004": [
            *channels(config),
            *undecided(config),
            *switched_on(config, environment),
        ],
        "CFG009": [*unknown_sections(config), *quiet(config)],
        "CFG012": missing_providers(config),
        "REF008": models(config),
        "SEC001": [f"{'.'.join(path)} is written out" for path in written_out(config)],
    }
    return sorted({f"{rule}: {problem}" for rule, problems in found.items() for problem in problems})
