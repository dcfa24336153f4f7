"""CFG007: probes ask real endpoints."""

import re
from collections.abc import Mapping
from typing import Final

from agentkeep.verify.artifacts import Container, Workload, mapping, mappings
from agentkeep.verify.case import Case
from agentkeep.verify.naming import where
from agentkeep.verify.programs import PROGRAMS, Program
from agentkeep.verify.verdict import Report

# -f makes curl fail on an answer that is an error.
_CURL: Final = re.compile(r"\bcurl -\w*f\w* http://(?:127\.0\.0\.1|localhost):\d+(/[^\s'\"|;&]*)")


def cfg007_probes_ask_real_endpoints(case: Case, report: Report) -> None:
    """
    CFG007: every server is probed, on endpoints that tell its health and cost nothing.

    The table of each program says which these are. LiteLLM's ``/health`` needs a key and makes one paid call for each
    model; OpenClaw answers 200 on paths that do not exist.
    """
    known = [one for one in PROGRAMS.values() if one.needed]
    for program in known:
        for workload in case.with_program(program.name):
            for container in workload.containers:
                if container.kind == "container" and mappings(container.body.get("ports")):
                    report.look()
                    _probes(workload, container, program, report)
    if not any(case.with_program(program.name) for program in known):
        report.look(len(case.workloads))


def _probes(workload: Workload, container: Container, program: Program, report: Report) -> None:
    for probe, answers in program.answers.items():
        body = mapping(container.body.get(probe))
        if not body and probe not in program.needed:
            continue
        http = mapping(body.get("httpGet")) or _from_inside(body)
        if not http:
            report.find(where(workload, container), f"has no {probe} over HTTP", place=container.place)
        elif http.get("path") not in answers:
            report.find(where(workload, container), f"asks {http.get('path')} in its {probe}", place=container.place)
        for key in ("host", "httpHeaders"):
            if http.get(key):
                report.find(where(workload, container), f"sets {key} in its {probe}", place=container.place)


def _from_inside(probe: Mapping[str, object]) -> dict[str, object]:
    """The path that a command asks the container itself for, if the command fails where the answer is an error."""
    command = mapping(probe.get("exec")).get("command")
    words = " ".join(map(str, command)) if isinstance(command, list) else ""
    found = _CURL.search(words)
    return {"path": found[1]} if found else {}
