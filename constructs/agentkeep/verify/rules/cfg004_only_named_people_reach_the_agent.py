"""CFG004: only named people reach the agent."""

from typing import Final

from agentkeep.verify.case import Case
from agentkeep.verify.configs import openclaws
from agentkeep.verify.naming import where
from agentkeep.verify.programs.openclaw.channels import channels, enabled, switched_on, undecided
from agentkeep.verify.values import environment
from agentkeep.verify.verdict import Report

PROGRAM: Final = "openclaw"


def cfg004_only_named_people_reach_the_agent(case: Case, report: Report) -> None:
    """
    CFG004: every channel admits listed people only, cannot rewrite the configuration, and no channel is on unasked.

    A channel takes its token from the environment, whatever its settings say, so a token that none of them names is
    refuted. A setting that nobody has looked at is undecided.
    """
    for workload, item, config in openclaws(case, report):
        report.look(len(enabled(config)))
        for problem in channels(config):
            report.find(workload, problem, place=item.place)
        for problem in undecided(config):
            report.unsure(workload, problem, place=item.place)
        for container in workload.containers:
            for problem in switched_on(config, environment(container)):
                report.find(where(workload, container), problem, place=container.place)
