"""What a platform is made of: parts, and among them the workloads that run as pods."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from agentkeep.edges import Env, File, Flow, Grant, flow_order
from agentkeep.errors import DeclarationError
from agentkeep.facts import (
    Image,
    Port,
    Problem,
    dns_label_problems,
    env_name_problems,
    expect,
    named,
    port_name_problems,
    text_problems,
)

if TYPE_CHECKING:
    from agentkeep.platform import Platform
    from agentkeep.secret_param.declaration import Parameter
    from agentkeep.tunnel_site.declaration import Published

WorkloadRole = Literal["agent", "llm-proxy", "tunnel", "service", "check"]

# Names of objects and files that every platform has.
RESERVED_IDS = frozenset(
    {"admission", "application", "appproject", "default-deny", "kustomization", "namespace", "networkpolicy"}
    | {"storageclass"}
)


class Part:
    """Something declared in a platform. Its path, ``<platform>/<id>``, is how errors and proofs name it."""

    def __init__(self, platform: Platform, id: str) -> None:  # noqa: A002 - the CDK's own word
        from agentkeep.platform import Platform  # noqa: PLC0415 - a platform is made of parts

        if not isinstance(platform, Platform):
            raise DeclarationError(
                type(self).__name__,
                f"the first argument is {named(platform)}",
                "pass the Platform it is part of",
            )
        expect(f"{platform.id}/{type(self).__name__}", id=(id, str))
        self.platform = platform
        self.id = id
        self.path = f"{platform.id}/{id}"
        self.refuse_all(text_problems("the id", id))
        platform.add(self)

    def refuse(self, problem: str, fix: str) -> None:
        """Record what is wrong with this part; `Platform.seal` raises it together with everything else."""
        self.platform.refuse(self.path, problem, fix)

    def refuse_all(self, problems: Iterable[Problem]) -> None:
        """Record several problems at once."""
        for problem, fix in problems:
            self.refuse(problem, fix)

    def finish(self) -> None:
        """Record what follows from everything else that was declared; called once, by `Platform.seal`."""

    def unfinished(self) -> Iterator[Problem]:
        """Yield what never happened to this part (a secret nobody reads); asked once, by `Platform.seal`."""
        return iter(())


@dataclass(frozen=True)
class PrivilegedContainer:
    """
    A container that runs privileged, and everything that it may be told to run.

    Args:
        name: Of the container.
        image: Any fixed version of its repository is admitted.
        args: What its image's entry point gets; it has no command of its own.
        commands: What its probes and hooks may run in it.
        paths: Where something may be mounted.
        env: Names of the variables that it may be given.
    """

    name: str
    image: Image
    args: tuple[str, ...]
    commands: tuple[tuple[str, ...], ...]
    paths: tuple[str, ...]
    env: tuple[str, ...]


class Workload(Part):
    """
    Something that runs as pods: one Deployment with a Secret, a ServiceAccount and policies of its own.

    Its id is the name of the Deployment and Service, and the labels `selector` pick its pods and no others.
    """

    role: WorkloadRole
    #: What the ledger calls the kind of this workload.
    construct: str

    def __init__(self, platform: Platform, id: str, *, ports: dict[str, Port]) -> None:  # noqa: A002 - the CDK's word
        super().__init__(platform, id)
        expect(self.path, **{f"ports[{name!r}]": (port, Port) for name, port in ports.items()})
        self.ports = dict(ports)
        # Filled by the platform's verbs alone; kept here so that reading a workload's edges never walks all edges.
        self._grants: dict[int, Grant] = {}
        self._outbound: list[Flow] = []
        self._inbound: list[Flow] = []
        self._published: dict[str, Published] = {}
        self.refuse_all(dns_label_problems("id", id))
        if id in RESERVED_IDS:
            self.refuse(f"the id {id!r} is the name of something that every platform has", "choose another")
        for name, port in ports.items():
            self.refuse_all(port_name_problems(name))
            self.refuse_all(port.problems())
        if len(set(ports.values())) < len(ports):
            self.refuse("two of its ports are one", "give each its own number")

    @property
    def main_container(self) -> str:
        """The container that does the work, and the only one that reads the workload's secrets."""
        return self.id

    @property
    def selector(self) -> dict[str, str]:
        """Labels that exactly this workload's pods carry."""
        return {"app.kubernetes.io/name": self.id, "app.kubernetes.io/part-of": self.platform.id}

    @property
    def secret_name(self) -> str:
        """The Secret that only this workload reads."""
        return f"{self.id}-credentials"

    @property
    def grants(self) -> tuple[Grant, ...]:
        """What this workload may read, by secret id."""
        return tuple(sorted(self._grants.values(), key=lambda grant: grant.secret.id))

    @property
    def flows(self) -> tuple[Flow, ...]:
        """What this workload may connect to."""
        return tuple(sorted(self._outbound, key=flow_order))

    @property
    def inbound(self) -> tuple[Flow, ...]:
        """Who may connect to this workload."""
        return tuple(sorted(self._inbound, key=flow_order))

    @property
    def published(self) -> tuple[Published, ...]:
        """The hosts that lead here, by name."""
        return tuple(self._published[host] for host in sorted(self._published))

    def published_as(self, published: Published) -> None:
        """Record that a host leads here; called by `TunnelSite.publish` alone."""
        self._published[published.host] = published

    def port(self, name_or_number: str | int) -> Port | None:
        """The port of that name or number; None where the workload has no such port."""
        for name, port in self.ports.items():
            if name_or_number in {name, port.number}:
                return port
        return None

    def container_names(self) -> tuple[str, ...]:
        """Every long-running container of the pod."""
        return (self.main_container,)

    def init_container_names(self) -> tuple[str, ...]:
        """Every init container of the pod, in order."""
        return ()

    def privileged_containers(self) -> tuple[PrivilegedContainer, ...]:
        """Containers that run privileged; the admission policy admits these alone."""
        return ()

    def privileged_images(self) -> tuple[tuple[str, Image], ...]:
        """The same, with their images only."""
        return tuple((container.name, container.image) for container in self.privileged_containers())

    def images(self) -> tuple[Image, ...]:
        """Every image that the pod runs."""
        return ()

    def volume_claims(self) -> tuple[str, ...]:
        """Claims whose data must survive."""
        return ()

    def fixed_env(self) -> frozenset[str]:
        """Variables that the synthesized container sets itself."""
        return frozenset()

    def deliver(self, secret: Parameter, *, as_env: str | tuple[str, ...] | None, as_file: str | None) -> None:
        """Record that this workload reads *secret*; the typed verbs of the subclasses decide which secrets may come."""
        match as_env, as_file:
            case (str() as name, None):
                delivery: Env | File = Env((name,))
            case (tuple() as names, None) if names:
                delivery = Env(names)
            case (None, str() as path):
                delivery = File(path)
            case _:
                self.refuse(f"reads {secret.id!r} neither or both ways", "give as_env=... or as_file=...")
                return
        if isinstance(delivery, Env):
            for name in delivery.names:
                self.refuse_all(env_name_problems(name))
                if name in self.fixed_env():
                    self.refuse(f"the variable {name} has a meaning already", "deliver the secret under another name")
        elif not delivery.path.startswith("/") or delivery.path.endswith("/") or ".." in delivery.path.split("/"):
            # Not repeated: whoever mixes up path and value has just typed the value.
            self.refuse("as_file= is no absolute path of a file", "write it as '/run/secrets/name'")
        self.platform.grant(Grant(secret, self, delivery))
