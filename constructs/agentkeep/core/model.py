"""The frozen model of a platform: what `Platform.seal` returns, and all that targets read."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, Literal, TypeVar

from agentkeep.core.cluster import Cluster, Delivery, SecretStore, Storage, Target
from agentkeep.core.edges import GENERIC, Env, File, Flow, Grant, Inward, Neighbour, Publication, Serving
from agentkeep.core.facts import DeclarationErrors, Image, Port
from agentkeep.core.part import Part
from agentkeep.core.pod import Claim, Pod
from agentkeep.errors import DeclarationError

PartT = TypeVar("PartT", bound=Part)
EdgeT = TypeVar("EdgeT")


WorkloadRole = Literal["agent", "keeper", "tunnel", "proxy", "service", "check"]


class Secret(Part):
    """A secret, known by its name; what is common to every kind. Its value never enters this process."""

    #: What it is called in its store.
    key: str
    #: What it opens, for whoever has to fill or rotate it.
    about: str
    #: Who fills it: a person, or the machine that makes it.
    filled_by: Literal["operator", "machine"] = "operator"


class Runs(Part):
    """
    What is known of a part that runs as pods, and all that the model asks of one; `Workload` is how it is declared.

    Its id names its objects, and the labels `selector` pick its pods and no others.
    """

    role: WorkloadRole = "service"
    #: The program that it runs; ``container`` for any that the proofs know nothing of.
    program: str = "container"
    #: What the ledger calls the kind of this workload.
    construct: str = "Workload"
    #: Where it listens, by name.
    ports: dict[str, Port]

    def plan(self, model: Model) -> Pod:  # noqa: ARG002 - a kind of workload reads its edges there
        """
        What it runs, derived from its own facts and the edges in *model*.

        Raises:
            DeclarationError: It is a bare workload; each kind of workload says what it runs.
        """
        raise DeclarationError(self.path, "is a bare Workload, which runs nothing", "declare a Service")

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
    def host(self) -> str:
        """Its name in the cluster's DNS."""
        return f"{self.id}.{self.platform.id}.svc.cluster.local"

    def extra_images(self) -> tuple[Image, ...]:
        """Images that run because of it, and not as a container of its pod."""
        return ()


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """One finding of the proofs that a person has accepted, with a reason and, if it should end, a date."""

    finding: str
    because: str
    owner: str
    until: datetime.date | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """An object that the user added, and why."""

    body: Mapping[str, Any]
    because: str

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.body["metadata"]["name"])

    @property
    def key(self) -> tuple[str, ...]:
        """What tells it from every other object."""
        metadata = self.body["metadata"]
        group = str(self.body["apiVersion"]).rpartition("/")[0]
        return (str(self.body["kind"]), str(metadata["name"]), str(metadata.get("namespace", "")), group)


@dataclass(frozen=True, slots=True)
class Override:
    """A field of a synthesized object that the user set to something else, and why."""

    kind: str
    name: str
    path: tuple[str | int, ...]
    value: object
    because: str

    @property
    def key(self) -> tuple[object, ...]:
        """The field that it sets."""
        return (self.kind, self.name, *self.path)

    @property
    def order(self) -> tuple[str, str, tuple[tuple[bool, str | int], ...]]:
        """An order that does not depend on the order of declaration; what holds a field comes before the field."""
        return (self.kind, self.name, tuple((isinstance(step, str), step) for step in self.path))


@dataclass(frozen=True)
class Model:
    """
    One platform, complete and frozen. Everything is in an order that does not depend on the order of declaration.

    Args:
        id: Its namespace, and its folder in every repository.
        cluster: Where the pods run.
        store: Where the secrets lie.
        delivery: What brings the manifests there.
        targets: What is written.
        parts: Every part, by id.
        all_grants: Every grant.
        all_flows: Every flow.
        servings: Who serves whom.
        publications: Every published host.
        acknowledgements: Findings that somebody answers for.
        samples: Personal facts that are samples: what each is, and its value as it stands in the output.
        manifests: Objects that the user added.
        overrides: Fields that the user set.
    """

    id: str
    cluster: Cluster
    store: SecretStore
    delivery: Delivery
    targets: tuple[Target, ...]
    parts: Mapping[str, Part]
    all_grants: tuple[Grant, ...]
    all_flows: tuple[Flow, ...]
    servings: tuple[Serving, ...]
    publications: tuple[Publication, ...]
    acknowledgements: tuple[Acknowledgement, ...] = ()
    samples: Mapping[str, str] = field(default_factory=dict)
    manifests: tuple[Manifest, ...] = ()
    overrides: tuple[Override, ...] = ()
    _pods: dict[str, Pod] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Close the mappings too: a frozen field may still hold what anybody can change."""
        object.__setattr__(self, "parts", MappingProxyType(dict(self.parts)))
        object.__setattr__(self, "samples", MappingProxyType(dict(self.samples)))

    # --- parts -------------------------------------------------------------------------------------------------------

    def of(self, kind: type[PartT]) -> tuple[PartT, ...]:
        """Every part of a kind, by id."""
        # Found once: every agent asks, and there may be thousands of parts.
        if kind not in self._kinds:
            self._kinds[kind] = tuple(part for part in self.parts.values() if isinstance(part, kind))
        return self._kinds[kind]

    @cached_property
    def _kinds(self) -> dict[type, tuple[Any, ...]]:
        return {}

    @cached_property
    def workloads(self) -> tuple[Runs, ...]:
        """Every workload."""
        return self.of(Runs)

    @cached_property
    def secrets(self) -> tuple[Secret, ...]:
        """Every secret."""
        return self.of(Secret)

    def workload(self, name: str) -> Runs:
        """The workload of that id."""
        found = self.parts[name]
        assert isinstance(found, Runs)  # noqa: S101 - edges name workloads, and the platform has checked that
        return found

    def secret(self, name: str) -> Secret:
        """The secret of that id."""
        found = self.parts[name]
        assert isinstance(found, Secret)  # noqa: S101 - as above
        return found

    def pod(self, name: str) -> Pod:
        """What the workload of that id runs; planned once."""
        if name not in self._pods:
            self._pods[name] = self.workload(name).plan(self)
        return self._pods[name]

    @property
    def claims(self) -> tuple[tuple[str, Claim], ...]:
        """Every volume claim, each with the id of its workload."""
        return tuple((workload.id, claim) for workload in self.workloads for claim in self.pod(workload.id).claims)

    @property
    def facts(self) -> tuple[tuple[str, Delivery | Storage], ...]:
        """What may have halves of its own besides the parts, by name: the delivery, and a storage that is used."""
        delivery: tuple[str, Delivery | Storage] = ("delivery", self.delivery)
        return (delivery, ("storage", self.cluster.storage)) if self.claims else (delivery,)

    def plan_problems(self, name: str) -> tuple[DeclarationError, ...]:
        """What is wrong with the pod of the workload of that id, as only its own program knows."""
        try:
            self.pod(name)
        except DeclarationError as error:
            return (error,)
        except DeclarationErrors as errors:
            return tuple(error for error in errors.exceptions if isinstance(error, DeclarationError))
        return ()

    # --- edges -------------------------------------------------------------------------------------------------------

    @cached_property
    def _grants(self) -> Mapping[str, tuple[Grant, ...]]:
        return _grouped((grant.workload, grant) for grant in self.all_grants)

    @cached_property
    def _readers(self) -> Mapping[str, tuple[Grant, ...]]:
        return _grouped((grant.secret, grant) for grant in self.all_grants)

    @cached_property
    def _flows(self) -> Mapping[str, tuple[Flow, ...]]:
        return _grouped((flow.source_name, flow) for flow in self.all_flows)

    @cached_property
    def _inbound(self) -> Mapping[str, tuple[Flow, ...]]:
        return _grouped((flow.to.workload, flow) for flow in self.all_flows if isinstance(flow.to, Inward))

    @cached_property
    def _published(self) -> Mapping[str, tuple[Publication, ...]]:
        return _grouped((one.workload, one) for one in self.publications)

    @cached_property
    def _served(self) -> Mapping[str, tuple[Serving, ...]]:
        return _grouped((one.client, one) for one in self.servings)

    def grants(self, workload: str) -> tuple[Grant, ...]:
        """What a workload may read, by secret."""
        return self._grants.get(workload, ())

    def readers(self, secret: str) -> tuple[Grant, ...]:
        """Who may read a secret, by workload."""
        return self._readers.get(secret, ())

    def variables(self, workload: str) -> tuple[tuple[str, str], ...]:
        """The variables that hold what a workload was granted, by name, each with the key of its own secret."""
        return tuple(
            sorted(
                (name, grant.secret)
                for grant in self.grants(workload)
                if isinstance(grant.delivery, Env)
                for name in grant.delivery.names
            )
        )

    def secret_files(self, workload: str) -> tuple[tuple[str, str], ...]:
        """What a workload was granted as files: (key of its own secret, path), by key."""
        return tuple(
            (grant.secret, grant.delivery.path) for grant in self.grants(workload) if isinstance(grant.delivery, File)
        )

    def flows(self, workload: str) -> tuple[Flow, ...]:
        """What a workload may connect to."""
        return self._flows.get(workload, ())

    def inbound(self, workload: str) -> tuple[Flow, ...]:
        """Who may connect to a workload."""
        return self._inbound.get(workload, ())

    def published(self, workload: str) -> tuple[Publication, ...]:
        """The hosts that lead to a workload."""
        return self._published.get(workload, ())

    def served(self, client: str) -> tuple[Serving, ...]:
        """Who serves a workload."""
        return self._served.get(client, ())

    @property
    def neighbours(self) -> tuple[Neighbour, ...]:
        """Every workload of another namespace that some flow names, by name."""
        found = [flow.source for flow in self.all_flows if isinstance(flow.source, Neighbour)]
        found += [one for flow in self.all_flows if isinstance(one := getattr(flow.to, "neighbour", None), Neighbour)]
        return tuple(sorted(dict.fromkeys(found), key=lambda one: one.name))

    def role(self, secret: str) -> str:
        """What a secret is used as; ``generic`` where no reader says."""
        return next((grant.use for grant in self.readers(secret) if grant.use != GENERIC), GENERIC)

    def label(self, name: str) -> str:
        """A name for what shares a namespace with other platforms, such as admission policies."""
        return f"{self.id}-{name}"

    def header(self, about: str, text: str | None = None) -> list[str]:
        """The first lines of a file; made from samples, it says so. Without *text* it answers for a whole folder."""
        lines = [
            about,
            f"Synthesized by agentkeep from the declaration of {self.id!r}; a change here is lost, change that.",
        ]
        samples = [what for what, value in self.samples.items() if text is None or value in text]
        if samples:
            lines.append(f"!!! MADE FROM SAMPLES: {', '.join(samples)}. DO NOT DEPLOY. !!!")
        return lines


def model_of(part: Part) -> Model:
    """The platform of *part* as it is now, frozen: what a half reads that nobody gave a model."""
    found = part.platform.model
    assert isinstance(found, Model)  # noqa: S101 - a platform makes no other
    return found


def _grouped(pairs: Iterable[tuple[str, EdgeT]]) -> dict[str, tuple[EdgeT, ...]]:
    found: dict[str, list[EdgeT]] = defaultdict(list)
    for name, edge in pairs:
        found[name].append(edge)
    return {name: tuple(edges) for name, edges in found.items()}
