"""CFG002: sessions run in a sandbox."""

from typing import Any, Final

from agentkeep.verify.artifacts import Workload, text
from agentkeep.verify.case import Case
from agentkeep.verify.configs import openclaws
from agentkeep.verify.programs.openclaw.agents import sandboxes
from agentkeep.verify.values import dig
from agentkeep.verify.verdict import Report

PROGRAM: Final = "openclaw"


def cfg002_sessions_run_in_a_sandbox(case: Case, report: Report) -> None:
    """
    CFG002: every session of an agent runs in a sandbox that exists, drops what it can, and is left by named people
    only.

    OpenClaw's own validator takes an unknown backend, and ``elevated`` without a list lets everybody out.
    """
    for workload, item, config in openclaws(case, report):
        for problem in sandboxes(config):
            report.find(workload, problem, place=item.place)
        _expect_daemon(workload, config, report)


def _expect_daemon(workload: Workload, config: Any, report: Report) -> None:
    """A Docker sandbox works only beside a daemon that sees the workspace at the same path, and is asked over TLS."""
    if dig(config, "agents", "defaults", "sandbox", "backend") != "docker":
        return
    daemon = next((c for c in workload.containers if c.privileged), None)
    if daemon is None:
        report.find(workload, "has a Docker sandbox, but no daemon in its pod")
        return
    workspace = text(dig(config, "agents", "defaults", "workspace"))
    paths = {text(mount.get("mountPath")): mount for mount in daemon.mounts}
    if workspace not in paths:
        report.find(workload, f"has a daemon that does not see {workspace or 'the workspace'}", place=daemon.place)
    for path, mount in paths.items():
        if path == workspace.rpartition("/")[0] or (mount.get("name") == "data" and not mount.get("subPath")):
            report.find(workload, "shows its whole state to the daemon, credentials included", place=daemon.place)
    for container in workload.containers:
        env = {text(e.get("name")): text(e.get("value")) for e in container.env}
        if "DOCKER_HOST" in env and (env.get("DOCKER_TLS_VERIFY") != "1" or ":2375" in env["DOCKER_HOST"]):
            report.find(f"{workload.name}/{container.name}", "talks to the daemon without TLS", place=container.place)
        if "DOCKER_HOST" in env and not env["DOCKER_HOST"].startswith(("tcp://localhost:", "tcp://127.0.0.1:")):
            report.find(f"{workload.name}/{container.name}", "talks to a daemon elsewhere", place=container.place)
    daemon_env = {text(e.get("name")): text(e.get("value")) for e in daemon.env}
    if not daemon_env.get("DOCKER_TLS_CERTDIR"):
        report.find(workload, "runs its daemon without TLS", place=daemon.place)
