"""What every storage is asked: whether it backs up a claim, and whether anything of its own undoes that."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

from agentkeep.verify.artifacts import Artifacts, Object, Place
from agentkeep.verify.vendors import Vendor

# A field of an object below which the namespace of its data stands.
OWN_NAMESPACE = "metadata.namespace"


@dataclass(frozen=True)
class Storage(Vendor, ABC):
    """
    A vendor that keeps data. Each subclass is one file.

    Attributes:
        kept: Kinds of objects of its own that hold or describe data, as (API group, plural, field that says whose);
            nobody may delete them.
    """

    kept: tuple[tuple[str, str, str], ...] = ()

    @abstractmethod
    def unprotected(self, artifacts: Artifacts, claim: Object, groups: tuple[str, ...]) -> Iterator[str]:
        """Why *claim* is not backed up by what is declared for it: the *groups* of the ledger."""

    def odd(self, artifacts: Artifacts) -> Iterator[tuple[str, str, Place]]:  # noqa: ARG002  # most have nothing
        """What of its own is not as it has to be, each as (subject, problem, place)."""
        return iter(())
