"""Any program as the runtime of an agent: an image, a port, files, and nothing that this library knows of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from agentkeep.core.facts import Port
from agentkeep.core.model import Model
from agentkeep.core.pod import Claim, Mount, Pod, Volume, fingerprint
from agentkeep.core.process import Process
from agentkeep.sandboxed_agent.runtime import Agent, Runtime

FILES_ANNOTATION = "agentkeep/files"


class ContainerAgent(Runtime):
    """
    An agent of any other program.

    It is confined like any agent: no provider's key, no way out but the declared flows, a read-only root. What its
    program does with its own configuration is not looked at; that its container is exactly as declared is proved.

    Args:
        data: Folder that must survive, on the agent's volume; none unless given.
        process: Everything that a `Process` takes: image, ports, command, args, env, files, scratch, ready, ...

    Example:
        >>> from agentkeep import Image, Port
        >>> runtime = ContainerAgent(image=Image("ghcr.io/acme/agent:1.0.0"), ports={"web": Port.tcp(8080)})
        >>> runtime.ports["web"].number
        8080
    """

    program: ClassVar[str] = "container"
    sandboxes: ClassVar[frozenset[str]] = frozenset({"off"})

    def __init__(self, *, data: str | None = None, **process: Any) -> None:
        self.process = Process(**process)
        self.data = data
        self.image = self.process.image
        self.resources = self.process.resources

    @property
    def ports(self) -> Mapping[str, Port]:
        """Where its program listens."""
        return self.process.ports

    def bind(self, agent: Agent) -> None:
        """Refuse what cannot be run."""
        for problem, fix in self.process.problems():
            agent.refuse(problem, fix)
        if self.data is not None and (not self.data.startswith("/") or self.data in self.process.scratch):
            agent.refuse(f"data={self.data!r} is not a folder of its own", "write it as '/var/lib/name'")

    def plan(self, agent: Agent, model: Model) -> Pod:
        """One container, with what it was given."""
        about = f"{agent.path} (SandboxedAgent)"
        files = f"{agent.id}-files"
        secret_volumes, secret_mounts = agent.secret_mounts(model)
        data = (Mount("data", self.data),) if self.data else ()
        return Pod(
            user=self.process.user,
            one_at_a_time=self.data is not None,
            annotations={FILES_ANNOTATION: fingerprint(self.process.texts())} if self.process.files else {},
            architecture=agent.placement.arch,
            tolerations=agent.placement.tolerations,
            containers=(
                self.process.container(
                    agent.main_container,
                    secrets=model.variables(agent.id),
                    mounts=(*data, *secret_mounts),
                    resources=agent.resources,
                ),
            ),
            volumes=(
                *self.process.volumes("", files),
                *((Volume("data", "claim", of=agent.claim),) if self.data else ()),
                *secret_volumes,
            ),
            files=self.process.file_page(files, f"{agent.id}-configmap", f"{about}: what its program is told"),
            claims=(
                (Claim(agent.claim, agent.storage, f"{agent.id}-pvc", f"{about}: the data that must never be lost"),)
                if self.data
                else ()
            ),
            because={
                **(
                    {f"annotations.{FILES_ANNOTATION}": "A file that changes must restart the pod."}
                    if self.process.files
                    else {}
                ),
                **(
                    {"one_at_a_time": "The volume can be mounted once: the old pod must be gone before the new one."}
                    if self.data
                    else {}
                ),
            },
        )
