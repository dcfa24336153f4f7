"""What a platform is made of, and the few things that a part may ask of its platform."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, ClassVar, TypeVar

from agentkeep.core.cluster import Cluster, Delivery, SecretStore
from agentkeep.core.edges import Flow, Grant, Publication, Serving
from agentkeep.core.facts import Problem, expect, named, text_problems
from agentkeep.errors import DeclarationError

PartT = TypeVar("PartT", bound="Part")


class Records(ABC):
    """What a part may ask of its platform: facts to read, and verbs that record an edge or a problem."""

    id: str
    cluster: Cluster
    store: SecretStore
    delivery: Delivery

    @abstractmethod
    def add(self, part: Part) -> None:
        """Record *part*; two parts of one id are a problem of their path."""

    @abstractmethod
    def refuse(self, path: str, problem: str, fix: str) -> None:
        """Record what is wrong at *path*; saying the same twice is harmless."""

    @abstractmethod
    def grant(self, grant: Grant) -> None:
        """Record that a workload reads a secret. Once is enough; two different deliveries contradict each other."""

    @abstractmethod
    def connect(self, flow: Flow) -> None:
        """Record that a workload connects to something. Once is enough; two reasons for one flow contradict."""

    @abstractmethod
    def serve(self, serving: Serving) -> None:
        """Record that a keeper serves a client."""

    @abstractmethod
    def publish(self, publication: Publication) -> None:
        """Record that a host leads to a workload."""

    @abstractmethod
    def resolve_names(self, workload: str) -> None:
        """Let a workload ask the cluster's DNS, over UDP and, for long answers, TCP."""

    @abstractmethod
    def note_sample(self, what: str, value: str) -> None:
        """Record that the personal fact *value* is a documented sample, so that the output can say so loudly."""

    @property
    @abstractmethod
    def model(self) -> object:
        """The platform as it is now, frozen; `agentkeep.core.model.model_of` knows its type."""

    @abstractmethod
    def parts(self, kind: type[PartT]) -> tuple[PartT, ...]:
        """Every part of a kind, ordered by id, so that the order of declaration never reaches the output."""


class Part:
    """Something declared in a platform. Its path, ``<platform>/<id>``, is how errors and proofs name it."""

    #: Where its halves are, by target: ``{"kubernetes": "package.module:Class"}``. Text, so that no engine is loaded.
    halves: ClassVar[Mapping[str, str]] = {}
    #: Whose service it uses at the edge of the platform, as the ledger calls it.
    vendor: ClassVar[str | None] = None

    def __init__(self, platform: Records, id: str) -> None:  # noqa: A002 - the field's own word
        if not isinstance(platform, Records):
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

    def half(self, target: str) -> str | None:
        """Where the half for *target* is; None where there is nothing to make."""
        return self.halves.get(target)

    def refuse(self, problem: str, fix: str) -> None:
        """Record what is wrong with this part; `Platform.seal` raises it together with everything else."""
        self.platform.refuse(self.path, problem, fix)

    def refuse_all(self, problems: Iterable[Problem]) -> None:
        """Record several problems at once."""
        for problem, fix in problems:
            self.refuse(problem, fix)

    def finish(self) -> None:
        """Record what follows from everything else that was declared; called once, by `Platform.seal`."""

    def unfinished(self, model: Any) -> Iterator[Problem]:  # noqa: ARG002 - for those that have something to ask
        """Yield what never happened to this part (a secret nobody reads); asked once, by `Platform.seal`."""
        return iter(())
