"""A source of a secret, a read of it, and all reads together."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final

from agentkeep.verify.artifacts import Container, Place, Workload

EVERY_PARAMETER: Final = "*"
# What starts the name of a key that no ExternalSecret fills.
UNTRACED: Final = "Secret "


@dataclass(frozen=True, slots=True)
class Source:
    """What fills one key of a Secret: a key of the store (or ``*``, any of them), and the way there."""

    parameter: str
    hops: tuple[str, ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Read:
    """
    One container that can read one parameter.

    Attributes:
        parameter: The key of the store; ``*`` for any; ``Secret ns/name key k`` where nothing tells what fills the key.
        workload: The object that makes the pod.
        container: The container.
        form: ``env`` or ``file`` for what is written out; ``copy``, ``processes`` or ``api`` for what follows from it.
        name: The variable or the path.
        hops: The way, one hop a line.
    """

    parameter: str
    workload: Workload = field(repr=False)
    container: Container = field(repr=False)
    form: str
    name: str
    hops: tuple[str, ...]
    secret: tuple[str, str, str] = ("", "", "")

    @property
    def reader(self) -> str:
        """``workload/container``."""
        return f"{self.workload.name}/{self.container.name}"


@dataclass(frozen=True)
class SecretFlow:
    """Every read that the artifacts make possible, and what could not be followed."""

    reads: tuple[Read, ...]
    unclear: tuple[tuple[Place, str], ...]
    sources: Mapping[tuple[str, str, str], tuple[Source, ...]]

    def of(self, parameter: str) -> tuple[Read, ...]:
        """Reads of *parameter*, those of "any parameter" included."""
        found = self._by_parameter.get(parameter, ())
        if parameter == EVERY_PARAMETER or EVERY_PARAMETER not in self._by_parameter:
            return tuple(read for _, read in found)
        both = (*found, *self._by_parameter[EVERY_PARAMETER])
        return tuple(read for _, read in sorted(both, key=lambda numbered: numbered[0]))

    @cached_property
    def _by_parameter(self) -> Mapping[str, list[tuple[int, Read]]]:
        """Reads by their parameter, each with its number in the order of reading."""
        found: dict[str, list[tuple[int, Read]]] = {}
        for number, read in enumerate(self.reads):
            found.setdefault(read.parameter, []).append((number, read))
        return found
