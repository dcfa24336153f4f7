"""CFG002: sessions run in a sandbox."""

from typing import Any, Final

from agentkeep.verify.artifacts import Workload, mapping, mappings, text, texts
from agentkeep.verify.case import Case
from agentkeep.verify.configs import openclaws
from agentkeep.verify.values import dig
from agentkeep.verify.verdict import Report

_BACKENDS: Final = ("docker", "podman", "ssh", "openshell")
_OPENINGS: Final = ("binds", "privileged", "capAdd", "extraHosts", "devices", "env")


def cfg002_sessions_run_in_a_sandbox(case: Case, report: Report) -> None:
    """
    CFG002: every session of an agent runs in a sandbox that exists, drops what it can, and is left by named people
    only.

    OpenClaw's own validator takes an unknown backend, and ``elevated`` without a list lets everybody out.
    """
    for workload, item, config in openclaws(case, report):
        agents = mapping(config.get("agents"))
        for index, one in enumerate([mapping(agents.get("defaults")), *mappings(agents.get("list"))]):
            sandbox = one.get("sandbox")
            if index and sandbox is None:
                continue
            for problem in _sandbox(mapping(sandbox)):
                report.find(workload, problem, place=item.place)
        for problem in _elevated(config):
            report.find(workload, problem, place=item.place)
        if dig(config, "gateway", "terminal", "enabled"):
            report.find(workload, "opens a shell in the gateway's own container", place=item.place)
        _expect_daemon(workload, config, report)


def _sandbox(sandbox: Any) -> list[str]:
    if sandbox.get("mode", "off") == "off":
        # One finding: what a sandbox that is not there would be like is of no interest.
        return ["runs sessions outside a sandbox (mode off)"]
    found: list[str] = []
    if sandbox.get("mode") != "all":
        found.append(f"runs sessions outside a sandbox (mode {sandbox.get('mode', 'off')})")
    backend = sandbox.get("backend", "docker")
    if backend not in _BACKENDS:
        found.append(f"names a sandbox that does not exist ({backend})")
    docker = mapping(sandbox.get("docker"))
    if backend in ("docker", "podman"):
        if docker.get("network", "none") not in ("none", "bridge"):
            found.append(f"gives the sandbox the network {docker.get('network')}")
        if docker.get("readOnlyRoot") is not True:
            found.append("lets the sandbox write to its image")
        if "ALL" not in texts(docker.get("capDrop")):
            found.append("lets the sandbox keep capabilities")
        if text(docker.get("user")).split(":")[0] in ("", "0", "root"):
            found.append("runs the sandbox as root")
        found += [f"opens the sandbox ({key})" for key in _OPENINGS if docker.get(key)]
        found += [f"does not bound the sandbox ({key})" for key in ("memory", "pidsLimit") if not docker.get(key)]
    elif backend == "ssh" and mapping(sandbox.get("ssh")).get("strictHostKeyChecking") is not True:
        found.append("does not check the key of the sandbox's host")
    return found


def _elevated(config: Any) -> list[str]:
    elevated = mapping(dig(config, "tools", "elevated"))
    if elevated.get("enabled") is False:
        return []
    allowed = mapping(elevated.get("allowFrom"))
    people = [person for persons in allowed.values() for person in texts(persons)]
    if not people or "*" in people:
        return ["lets everybody leave the sandbox (elevated)"]
    return []


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
