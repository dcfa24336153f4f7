"""Configuration files of the programs, found by the role of the workload that mounts them."""

from collections.abc import Iterator
from typing import Any

from agentkeep.verify.artifacts import Object, Workload
from agentkeep.verify.case import Case
from agentkeep.verify.verdict import Report

OPENCLAW = "openclaw.json"
LITELLM = "config.yaml"


def openclaws(case: Case, report: Report) -> Iterator[tuple[Workload, Object, dict[str, Any]]]:
    """(workload, ConfigMap, configuration) of every agent; one without is recorded as undecided."""
    yield from _configs(case, report, "agent", OPENCLAW)


def litellms(case: Case, report: Report) -> Iterator[tuple[Workload, Object, dict[str, Any]]]:
    """(workload, ConfigMap, configuration) of every LLM proxy; one without is recorded as undecided."""
    yield from _configs(case, report, "llm-proxy", LITELLM)


def _configs(case: Case, report: Report, role: str, key: str) -> Iterator[tuple[Workload, Object, dict[str, Any]]]:
    if not case.ledger.with_role(role):
        # None is declared; that none is there either, REF002 decides.
        report.look()
    for workload in case.with_role(role):
        report.look()
        found = case.config(workload, key)
        if found is None:
            report.unsure(workload, f"mounts no {key}", place=workload.place)
        else:
            yield workload, found[0], found[1]
