"""What every delivery is asked: whether it may take away what holds data."""

from collections.abc import Iterator
from dataclasses import dataclass

from agentkeep.verify.artifacts import Object
from agentkeep.verify.vendors import Vendor


@dataclass(frozen=True)
class Delivery(Vendor):
    """
    A vendor that brings manifests into the cluster. Each subclass is one file.

    Attributes:
        in_waves: Whether it applies objects in waves that they name, and not in the order of a kustomization.
        cascades: Finalizers of what delivers, with which its deletion would delete everything that it delivered.
    """

    in_waves: bool = False
    cascades: tuple[str, ...] = ()

    def takes(self, item: Object) -> Iterator[str]:  # noqa: ARG002  # one that deletes nothing by itself takes nothing
        """How it may take *item* away, though that holds data."""
        return iter(())
