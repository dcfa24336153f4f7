"""CFG011: programs are started as meant."""

from typing import Final

from agentkeep.verify.artifacts import Container, Workload, mapping, texts
from agentkeep.verify.case import Case
from agentkeep.verify.declared_flows import id_of
from agentkeep.verify.naming import where
from agentkeep.verify.programs import PROGRAMS, USERS_OWN
from agentkeep.verify.verdict import Report

_SHELLS: Final = ("sh", "/bin/sh", "bash", "/bin/bash")


def cfg011_programs_are_started_as_meant(case: Case, report: Report) -> None:
    """
    CFG011: every server starts its own program, and every other container runs its image's or a script that is in
    the artifacts.

    A shell given as an argument could read every variable and send it anywhere that a policy allows; a script in a
    ConfigMap is at least there to be reviewed.
    """
    for workload in case.workloads:
        program = PROGRAMS.get(case.program(workload))
        if program and program.name == USERS_OWN and case.ledger.by_id[id_of(case, workload)].declared is not None:
            # The ledger says word for word what it runs, and CFG013 compares.
            report.look()
            continue
        files = case.files_of(workload)
        for container in workload.containers:
            report.look()
            command = texts(container.body.get("command"))
            if container.name == workload.name and program and program.commands:
                if tuple(command) not in program.commands:
                    report.find(where(workload, container), f"runs {' '.join(command)[:80]}", place=container.place)
            elif command:
                _script(workload, container, command, set(files), report)
            for hook in mapping(container.body.get("lifecycle")).values():
                words = texts(mapping(mapping(hook).get("exec")).get("command"))
                if words:
                    _script(workload, container, words, set(files), report)


def _script(workload: Workload, container: Container, command: list[str], files: set[str], report: Report) -> None:
    if command[0] not in _SHELLS:
        report.unsure(where(workload, container), f"runs {command[0][:60]}, which is not known", place=container.place)
    elif len(command) < 2 or command[1].rpartition("/")[2] not in files:
        report.unsure(where(workload, container), "runs a script that is in no artifact", place=container.place)
