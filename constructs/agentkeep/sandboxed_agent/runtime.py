"""What a program must answer to be the runtime of an agent, and a mechanism to be its sandbox."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal, Protocol

from agentkeep.core.facts import Fact, Image, Port, Problem, Resources
from agentkeep.core.model import Model
from agentkeep.core.part import Records
from agentkeep.core.pod import Container, Mount, Pod, Toleration, Volume
from agentkeep.secret_param.declaration import SecretParam


class Taint(Fact):
    """A taint that the agent tolerates, for nodes set apart."""

    key: str
    value: str
    effect: Literal["NoSchedule", "NoExecute", "PreferNoSchedule"] = "NoSchedule"


class Placement(Fact):
    """
    Which nodes an agent may run on.

    Args:
        arch: The images' architecture, where the cluster has several.
        taint: A taint of nodes that are set apart for agents. A privileged sandbox can take over its node, so a node
            of its own limits what that is worth.
    """

    arch: Literal["amd64", "arm64"] = "amd64"
    taint: Taint | None = None

    @property
    def tolerations(self) -> tuple[Toleration, ...]:
        """The taint as a pod tolerates it."""
        return (Toleration(self.taint.key, self.taint.value, self.taint.effect),) if self.taint else ()


@dataclass(frozen=True, slots=True)
class Additions:
    """
    What a sandbox adds to the pod of its agent.

    Args:
        before: Init containers that run before the runtime's own.
        after: Init containers that run after them.
        beside: Containers that run beside the agent.
        volumes: Volumes that these and the agent mount.
        env: Variables of the agent's own container.
        mounts: Mounts of the agent's own container.
        scripts: Files that the added containers run, by name; mounted where the runtime has its own.
    """

    before: tuple[Container, ...] = ()
    after: tuple[Container, ...] = ()
    beside: tuple[Container, ...] = ()
    volumes: tuple[Volume, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    mounts: tuple[Mount, ...] = ()
    scripts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Place:
    """
    What a sandbox must know of the pod that it is added to.

    Args:
        scripts: Folder where scripts are mounted, from the volume ``scripts``.
        tools: Folder of the agent's tools, on the volume ``tools``.
        data: Volume that holds the agent's data.
        state: Where the agent's container mounts it.
        shared: Folders below *state* that commands work in.
    """

    scripts: str
    tools: str
    data: str
    state: str
    shared: tuple[str, ...]


class SandboxKind(Fact, ABC):
    """Where the commands of an agent's models run. There is no default; `Sandbox` makes each kind."""

    #: What the ledger and the policy text call it.
    kind: ClassVar[str]
    #: Whether commands run apart from the agent.
    is_on: ClassVar[bool] = True

    def additions(self, place: Place) -> Additions:  # noqa: ARG002 - for those that add something
        """What it adds to the agent's pod."""
        return Additions()

    def images(self) -> tuple[Image, ...]:
        """Images that it runs without a container of the pod: what is pulled into a daemon."""
        return ()

    def fixed_env(self) -> frozenset[str]:
        """Variables of the agent's container that it sets."""
        return frozenset()


class Offered(Protocol):
    """What a runtime must know of a language model that a keeper offers it."""

    @property
    def id(self) -> str:
        """What it asks for."""
        ...

    @property
    def alias(self) -> str:
        """A short name for people."""
        ...

    @property
    def context_window(self) -> int:
        """Tokens that one request may hold."""
        ...

    @property
    def max_output(self) -> int:
        """Tokens that one answer may hold."""
        ...


class Agent(Protocol):
    """What a runtime must know of the agent that it is."""

    id: str
    path: str
    platform: Records
    ports: dict[str, Port]
    sandbox: SandboxKind
    placement: Placement
    resources: Resources
    storage: str

    @property
    def main_container(self) -> str:
        """The container that does the work."""
        ...

    @property
    def claim(self) -> str:
        """Name of its volume claim."""
        ...

    def secret_mounts(self, model: Model) -> tuple[tuple[Volume, ...], tuple[Mount, ...]]:
        """The volume and mounts for what it was granted as files."""
        ...

    def refuse(self, problem: str, fix: str) -> None:
        """Record what is wrong with it."""
        ...

    def reads(
        self,
        secret: SecretParam,
        *,
        as_env: str | tuple[str, ...] | None = None,
        as_file: str | None = None,
        use: str = ...,
    ) -> None:
        """Let it read *secret*."""
        ...


class Runtime(ABC):
    """The program that an agent is: what it needs, what it refuses, and the pod that it becomes."""

    #: What the ledger calls it; the proofs have a table of facts for it, or judge it as ``container``.
    program: ClassVar[str]
    #: Kinds of sandbox that it can use.
    sandboxes: ClassVar[frozenset[str]]
    #: What it runs.
    image: Image
    #: What it may use, unless the agent says otherwise.
    resources: Resources

    @property
    @abstractmethod
    def ports(self) -> Mapping[str, Port]:
        """Where it listens, by name."""

    @abstractmethod
    def bind(self, agent: Agent) -> None:
        """Record what it needs of the platform for *agent*: secrets, samples, problems."""

    @abstractmethod
    def plan(self, agent: Agent, model: Model) -> Pod:
        """The pod of *agent*."""

    def fixed_env(self) -> frozenset[str]:
        """Variables that it is told by."""
        return frozenset()

    def unfinished(self, agent: Agent, model: Model) -> Iterator[Problem]:  # noqa: ARG002 - for those that ask
        """What was never said about *agent*."""
        return iter(())
