"""SEC008: no secret in arguments."""

import re
from typing import Final

from agentkeep.verify.artifacts import mapping, text, texts
from agentkeep.verify.case import Case
from agentkeep.verify.naming import where
from agentkeep.verify.values import environment
from agentkeep.verify.verdict import Report

_EXPANSION: Final = re.compile(r"(?<!\$)\$\(([A-Za-z_][A-Za-z0-9_]*)\)")
_PROBES: Final = ("livenessProbe", "readinessProbe", "startupProbe")


def sec008_no_secret_in_arguments(case: Case, report: Report) -> None:
    """
    SEC008: no secret is passed as an argument or copied into another variable.

    Arguments of a process can be read by every process of its node that sees it, and are written to audit logs.
    """
    for workload in case.workloads:
        for container in workload.containers:
            report.look()
            env = environment(container)
            hidden = {n for n, entry in env.items() if mapping(mapping(entry.get("valueFrom")).get("secretKeyRef"))}
            # Every key of an envFrom Secret becomes a variable; which ones, no manifest says.
            wholesale = any(mapping(one).get("secretRef") for one in container.body.get("envFrom") or [])
            words = [*texts(container.body.get("command")), *texts(container.body.get("args"))]
            words += [
                w
                for probe in _PROBES
                for w in texts(mapping(mapping(container.body.get(probe)).get("exec")).get("command"))
            ]
            for word in words:
                for name in _EXPANSION.findall(word):
                    if name in hidden or (wholesale and name not in env):
                        report.find(where(workload, container), f"passes {name} as an argument", place=container.place)
            for name, entry in env.items():
                for other in _EXPANSION.findall(text(entry.get("value"))):
                    if other in hidden:
                        report.find(where(workload, container), f"copies {other} into {name}", place=container.place)
