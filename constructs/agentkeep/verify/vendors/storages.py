"""What every storage is asked: whether it backs up a claim."""

from collections.abc import Iterator
from dataclasses import dataclass

from agentkeep.verify.artifacts import Artifacts, Object
from agentkeep.verify.vendors import Vendor


@dataclass(frozen=True)
class Storage(Vendor):
    """A vendor that keeps data. Each subclass is one file."""

    def unprotected(self, artifacts: Artifacts, claim: Object, groups: tuple[str, ...]) -> Iterator[str]:
        """Why *claim* is not backed up by what is declared for it: the *groups* of the ledger."""
        raise NotImplementedError
