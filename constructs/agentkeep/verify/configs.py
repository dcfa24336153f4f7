"""Configuration files of programs, found by the program of the workload that mounts them."""

from collections.abc import Iterator
from typing import Any

from agentkeep.verify.artifacts import Object, Workload
from agentkeep.verify.case import Case
from agentkeep.verify.programs import Program
from agentkeep.verify.programs.openclaw import PROGRAM as OPENCLAW
from agentkeep.verify.verdict import Report


def configurations(case: Case, report: Report, program: Program) -> Iterator[tuple[Workload, Object, dict[str, Any]]]:
    """(workload, ConfigMap, configuration) of every workload of *program*; one without is recorded as undecided."""
    if program.name not in case.ledger.programs:
        # None is declared; that none is there either, REF002 decides.
        report.look()
    for workload in case.with_program(program.name):
        report.look()
        found = case.config(workload, program.config)
        if found is None:
            report.unsure(workload, f"mounts no {program.config}", place=workload.place)
        else:
            yield workload, found[0], found[1]


def openclaws(case: Case, report: Report) -> Iterator[tuple[Workload, Object, dict[str, Any]]]:
    """(workload, ConfigMap, configuration) of every agent that is OpenClaw."""
    yield from configurations(case, report, OPENCLAW)
