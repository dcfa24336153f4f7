"""
The kinds of sandbox, by the names that a user types.

A kind is a folder in `sandboxes`; it becomes a name here.
"""

from __future__ import annotations

from agentkeep.sandboxed_agent.sandboxes.docker_in_docker import DockerInDocker
from agentkeep.sandboxed_agent.sandboxes.off import NoSandbox


class Sandbox:
    """Where the commands of an agent's models run. Each kind is spelled out; there is no default."""

    docker_in_docker = DockerInDocker
    off = NoSandbox
