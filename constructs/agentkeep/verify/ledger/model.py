"""What was declared, as types."""

import datetime
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from agentkeep.verify.artifacts import Place

LEDGER_FORMAT: Final = "agentkeep/ledger/v2"
FAMILIES: Final = ("SEC", "NET", "POD", "IMG", "DATA", "REF", "SITE", "CFG")
ROLES: Final = frozenset({"agent", "keeper", "tunnel", "proxy", "service", "check"})
# Roles of secrets that a keeper alone may read.
ISOLATED: Final = frozenset({"provider-key", "master-key"})
# How a flow names a workload of a namespace that the platform does not own.
NEIGHBOUR: Final = "neighbour:"


@dataclass(frozen=True, slots=True)
class Vendors:
    """Who delivers, keeps secrets, keeps data and publishes; empty where nobody does."""

    delivery: str = ""
    secret_store: str = ""
    storage: str = ""
    publishing: str = ""

    @property
    def names(self) -> frozenset[str]:
        """All that are declared."""
        return frozenset({self.delivery, self.secret_store, self.storage, self.publishing}) - {""}


@dataclass(frozen=True, slots=True)
class Store:
    """The External Secrets store that the cluster has; the provider is what stands behind it."""

    name: str
    kind: str
    provider: str


@dataclass(frozen=True, slots=True)
class Cluster:
    """Facts of the cluster that no manifest holds."""

    pod_cidrs: tuple[str, ...]
    service_cidrs: tuple[str, ...]
    node_cidrs: tuple[str, ...]
    ip_families: tuple[str, ...]
    dns_namespace: str
    dns_labels: Mapping[str, str]
    dns_addresses: tuple[str, ...] = ()
    secret_store: Store | None = None
    api_server: str = ""
    api_server_cidrs: tuple[str, ...] = ()

    @property
    def api(self) -> tuple[str, ...]:
        """Where the API server may be: its address, or the ranges that the addresses of its name come from."""
        host = self.api_server.rpartition(":")[0].strip("[]")
        return (*self.api_server_cidrs, *((host,) if is_address(host) else ()))

    @property
    def own(self) -> tuple[str, ...]:
        """Every range that belongs to the cluster."""
        return (*self.pod_cidrs, *self.service_cidrs, *self.node_cidrs, *self.api)


def is_address(host: str) -> bool:
    """Whether *host* is an address, not a name."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


@dataclass(frozen=True, slots=True)
class DeclaredContainer:
    """
    What one container of the user's own program is told.

    Attributes:
        command: Empty for the image's own.
        args: Empty for none.
        working_dir: Empty for the image's own.
        env: Every variable with a plain value.
        files: ``sha256:...`` of every file that a ConfigMap puts into it, by its path there.
        probes: Handlers, without timing, by ``startup``, ``readiness`` and ``liveness``.
    """

    command: tuple[str, ...]
    args: tuple[str, ...]
    working_dir: str
    env: Mapping[str, str]
    files: Mapping[str, str]
    probes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DeclaredWorkload:
    """One workload that should exist."""

    id: str
    role: str
    program: str
    deployment: str
    pod_labels: Mapping[str, str]
    service_account: str
    ports: tuple[tuple[str, int, str], ...]
    containers: tuple[str, ...]
    init_containers: tuple[str, ...]
    images: tuple[str, ...] | None = None
    declared: Mapping[str, DeclaredContainer] | None = None


@dataclass(frozen=True, slots=True)
class Neighbour:
    """A workload of a namespace that the platform does not own; *ports* are those that a flow to it may name."""

    id: str
    namespace: str
    pod_labels: Mapping[str, str]
    ports: tuple[tuple[str, int, str], ...]

    @property
    def name(self) -> str:
        """How a flow names it."""
        return f"{NEIGHBOUR}{self.id}"


@dataclass(frozen=True, slots=True)
class Added:
    """One object that the user added to what was synthesized."""

    kind: str
    name: str
    because: str


@dataclass(frozen=True, slots=True)
class Reader:
    """One container that should read a secret, and how."""

    workload: str
    container: str
    form: str
    name: str


@dataclass(frozen=True, slots=True)
class DeclaredSecret:
    """One secret that should exist, the key that its store has it under, and all who should read it."""

    id: str
    role: str
    key: str
    filled_by: str
    readers: tuple[Reader, ...]


@dataclass(frozen=True, slots=True)
class DeclaredFlow:
    """One connection that should be possible."""

    source: str
    target: str
    protocol: str
    port: int
    because: str

    def __str__(self) -> str:
        return f"{self.source} -> {self.target} {self.protocol}/{self.port}"


@dataclass(frozen=True, slots=True)
class DeclaredSite:
    """One published host."""

    id: str
    host: str
    workload: str
    port: int
    zone: str
    access: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DeclaredStorage:
    """One claim that holds data."""

    workload: str
    claim: str
    backup_groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """One finding that somebody answers for."""

    finding: str
    because: str
    owner: str
    until: datetime.date | None


@dataclass(frozen=True)
class Ledger:
    """Everything declared."""

    platform: str
    namespace: str
    vendors: Vendors
    cluster: Cluster
    workloads: tuple[DeclaredWorkload, ...]
    secrets: tuple[DeclaredSecret, ...]
    flows: tuple[DeclaredFlow, ...]
    sites: tuple[DeclaredSite, ...]
    storage: tuple[DeclaredStorage, ...]
    acknowledgements: tuple[Acknowledgement, ...]
    families: tuple[str, ...]
    place: Place
    neighbours: tuple[Neighbour, ...] = ()
    added: tuple[Added, ...] = ()
    by_hand: bool = False

    @cached_property
    def by_id(self) -> Mapping[str, DeclaredWorkload]:
        """Workloads by id."""
        return {one.id: one for one in self.workloads}

    @cached_property
    def by_deployment(self) -> Mapping[str, DeclaredWorkload]:
        """Workloads by the name of the object that makes their pods."""
        return {one.deployment: one for one in self.workloads}

    @cached_property
    def flows_from(self) -> Mapping[str, tuple[DeclaredFlow, ...]]:
        """Flows by source."""
        found: dict[str, list[DeclaredFlow]] = {}
        for flow in self.flows:
            found.setdefault(flow.source, []).append(flow)
        return {source: tuple(flows) for source, flows in found.items()}

    @cached_property
    def flows_to(self) -> Mapping[str, tuple[DeclaredFlow, ...]]:
        """Flows by target."""
        found: dict[str, list[DeclaredFlow]] = {}
        for flow in self.flows:
            found.setdefault(flow.target, []).append(flow)
        return {target: tuple(flows) for target, flows in found.items()}

    @cached_property
    def programs(self) -> frozenset[str]:
        """The programs of all workloads."""
        return frozenset(one.program for one in self.workloads)

    def with_role(self, *roles: str) -> tuple[DeclaredWorkload, ...]:
        """Workloads of the given roles."""
        return tuple(one for one in self.workloads if one.role in roles)
