"""CFG006: the tunnel runs as meant."""

from typing import Final

from agentkeep.verify.artifacts import text, texts
from agentkeep.verify.case import Case
from agentkeep.verify.naming import where
from agentkeep.verify.programs.cloudflared import FORBIDDEN_FLAGS, FORBIDDEN_VARIABLES, TOKEN_VARIABLES
from agentkeep.verify.verdict import Report

PROGRAM: Final = "cloudflared"


def cfg006_the_tunnel_runs_as_meant(case: Case, report: Report) -> None:
    """
    CFG006: cloudflared runs one remotely managed tunnel, with its token from the environment or a file, and never
    updates itself.

    ``/ready`` exists only with ``--metrics``; ``--url`` or a configuration file would publish something that no
    artifact names.
    """
    for workload in case.with_program(PROGRAM):
        for container in workload.containers:
            report.look()
            args = [*texts(container.body.get("command")), *texts(container.body.get("args"))]
            subject = where(workload, container)
            at = container.place
            if "tunnel" not in args or args[-1:] != ["run"]:
                report.find(subject, "does not run a remotely managed tunnel", place=at)
            if "--no-autoupdate" not in args:
                report.find(subject, "may update itself", place=at)
            if "--metrics" not in args:
                report.find(subject, "has no /ready (--metrics)", place=at)
            for arg in args:
                name = arg.partition("=")[0]
                if name in FORBIDDEN_FLAGS:
                    report.find(subject, f"is started with {name}", place=at)
            env = {text(entry.get("name")): entry for entry in container.env}
            if not env.keys() & TOKEN_VARIABLES:
                report.find(subject, "has no token", place=at)
            for name in FORBIDDEN_VARIABLES:
                if name in env:
                    report.find(subject, f"sets {name}", place=at)
            if case.ledger.cluster.ip_families == ("IPv4",) and _value(args, "--edge-ip-version") != "4":
                report.find(subject, "may try IPv6 on a cluster without it", place=at)
    report.look(PROGRAM not in case.ledger.programs)


def _value(args: list[str], name: str) -> str:
    return args[args.index(name) + 1] if name in args[:-1] else ""
