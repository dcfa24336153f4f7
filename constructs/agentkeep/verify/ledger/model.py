"""What was declared, as types."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from agentkeep.verify.artifacts import Place

LEDGER_FORMAT: Final = "agentkeep/ledger/v1"
FAMILIES: Final = ("SEC", "NET", "POD", "IMG", "DATA", "REF", "SITE", "CFG")
ROLES: Final = frozenset({"agent", "llm-proxy", "tunnel", "service", "check"})
KEYS_OF_THE_PROXY: Final = frozenset({"provider-key", "master-key"})


@dataclass(frozen=True, slots=True)
class Cluster:
    """Facts of the cluster that no manifest holds."""

    pod_cidrs: tuple[str, ...]
    service_cidrs: tuple[str, ...]
    node_cidrs: tuple[str, ...]
    ip_families: tuple[str, ...]
    dns_namespace: str
    dns_labels: Mapping[str, str]
    secret_store: str
    api_server: str = ""

    @property
    def own(self) -> tuple[str, ...]:
        """Every range that belongs to the cluster."""
        return (*self.pod_cidrs, *self.service_cidrs, *self.node_cidrs)


@dataclass(frozen=True, slots=True)
class DeclaredWorkload:
    """One workload that should exist."""

    id: str
    role: str
    deployment: str
    pod_labels: Mapping[str, str]
    service_account: str
    ports: tuple[tuple[str, int, str], ...]
    containers: tuple[str, ...]
    init_containers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reader:
    """One container that should read a secret, and how."""

    workload: str
    container: str
    form: str
    name: str


@dataclass(frozen=True, slots=True)
class DeclaredSecret:
    """One secret that should exist, and all who should read it."""

    id: str
    role: str
    ssm: str
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
    cluster: Cluster
    workloads: tuple[DeclaredWorkload, ...]
    secrets: tuple[DeclaredSecret, ...]
    flows: tuple[DeclaredFlow, ...]
    sites: tuple[DeclaredSite, ...]
    storage: tuple[DeclaredStorage, ...]
    acknowledgements: tuple[Acknowledgement, ...]
    families: tuple[str, ...]
    place: Place
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

    def with_role(self, *roles: str) -> tuple[DeclaredWorkload, ...]:
        """Workloads of the given roles."""
        return tuple(one for one in self.workloads if one.role in roles)
