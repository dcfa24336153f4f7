"""What every secret store of a cloud is asked, whatever the cloud calls it."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from agentkeep.verify.artifacts import Artifacts, Place, Terraform, text
from agentkeep.verify.vendors import Vendor


@dataclass(frozen=True, slots=True)
class Entry:
    """One key of a store that Terraform makes, and the block that writes its value, if one does."""

    key: str
    address: str
    body: Mapping[str, Any]
    place: Place
    module: Terraform
    values: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class SecretStore(Vendor, ABC):
    """A vendor that keeps secrets. Each subclass is one file."""

    #: The resource that makes a key.
    holder: str = ""
    #: Where a value may stand, in the block that writes it.
    fields: tuple[str, ...] = ()

    def entries(self, artifacts: Artifacts) -> Iterator[Entry]:
        """Every key that *artifacts* make in this store."""
        for module in artifacts.terraform:
            for kind, name, body in module.resources(self.holder):
                place = module.at("resource", kind, name)
                values = tuple(self.values(module, f"{kind}.{name}", body))
                yield Entry(text(body.get("name")), f"{kind}.{name}", body, place, module, values)

    @abstractmethod
    def values(self, module: Terraform, address: str, body: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
        """The blocks that write a value of the key."""

    @abstractmethod
    def problems(self, entry: Entry, filled_by: str) -> Iterator[str]:
        """
        What is wrong with how a key is kept and filled.

        Args:
            entry: The key.
            filled_by: ``operator`` or ``terraform``; empty for a key that nobody declared.
        """

    def filled_from(self, entry: Entry) -> str:
        """The expression that Terraform fills the key with; empty if there is none."""
        return next((text(block.get(f)) for block in entry.values for f in self.fields if text(block.get(f))), "")
