"""
Vendors: who delivers, keeps secrets, keeps data and publishes. One file for each, and nothing of it elsewhere.

A rule that is about one vendor says so. It is left out where the ledger does not declare that vendor *and* the
artifacts hold nothing of it: the ledger is not a switch. What the artifacts hold of a vendor that is not declared is
refuted. So every vendor says here by what it is known.
"""

import importlib
import pkgutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from agentkeep.verify.artifacts import Artifacts, Object, Place, text


@dataclass(frozen=True)
class Vendor:
    """
    One vendor, and by what it is known in artifacts.

    Attributes:
        name: How the ledger calls it.
        kind: What the ledger has it for: ``delivery``, ``secretStore``, ``storage`` or ``publishing``.
        terraform: What the types of its resources and data sources begin with.
        groups: API groups of its objects.
        kinds: The kinds of these groups that are its own; empty for all.
        marks: What its labels and annotations begin with.
        drivers: Provisioners of its StorageClasses.
        resources: Types of resources that are understood; every other one of any vendor is undecided.
        data: What the types of data sources begin with that hand out no secret.
        secret_fields: Where, as (kind, field), a value that is secret may stand.
        secret_values: Expressions, as regular expressions, that stand for a secret value.
    """

    name: str
    kind: str
    terraform: tuple[str, ...] = ()
    groups: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    marks: tuple[str, ...] = ()
    drivers: frozenset[str] = frozenset()
    resources: frozenset[str] = frozenset()
    data: tuple[str, ...] = ()
    secret_fields: frozenset[tuple[str, str]] = frozenset()
    secret_values: tuple[str, ...] = ()

    def made(self, item: Object) -> bool:
        """Whether *item* is this vendor's, or marked for it."""
        if item.group in self.groups and (not self.kinds or item.kind in self.kinds):
            return True
        driver = item.body.get("provisioner") or item.body.get("driver") if self.drivers else None
        return driver is not None and text(driver) in self.drivers


def found_in(artifacts: Artifacts) -> Mapping[str, tuple[tuple[str, Place], ...]]:
    """What *artifacts* hold of each vendor, each thing with its place; a vendor without any is left out."""
    found: dict[str, list[tuple[str, Place]]] = {}
    for module in artifacts.terraform:
        for block in ("resource", "data"):
            for kind, name, _ in module.blocks(block):
                for vendor in VENDORS.values():
                    if vendor.terraform and kind.startswith(vendor.terraform):
                        found.setdefault(vendor.name, []).append((f"{kind}.{name}", module.at(block, kind, name)))
    for item in artifacts.objects:
        for name in _names(item):
            found.setdefault(name, []).append((str(item), item.place))
    for document in artifacts.overrides:
        found.setdefault(_OVERRIDING, []).append((document.file, Place(document.file)))
    return {name: tuple(things) for name, things in found.items()}


def _names(item: Object) -> set[str]:
    """Vendors that an object belongs to, or is marked for: by its kind, and by its labels and annotations."""
    names = {vendor.name for vendor in VENDORS.values() if vendor.made(item)}
    for key in (*item.annotations, *item.labels):
        prefix = key.partition("/")[0]
        if prefix not in _MARKED:
            _MARKED[prefix] = [v.name for v in VENDORS.values() if v.marks and f"{prefix}/".startswith(v.marks)]
        names.update(_MARKED[prefix])
    return names


# What the prefixes of labels and annotations say; a platform has few, and every object has them.
_MARKED: Final[dict[str, list[str]]] = {}
# Who reads ``.argocd-source-*.yaml``.
_OVERRIDING: Final = "argocd"


def of_kind(kind: str) -> Iterable[Vendor]:
    """Every vendor of one kind."""
    return [vendor for vendor in VENDORS.values() if vendor.kind == kind]


def _all() -> dict[str, Vendor]:
    found: dict[str, Vendor] = {}
    for module in pkgutil.iter_modules(__path__):
        vendor = getattr(importlib.import_module(f"{__name__}.{module.name}"), "VENDOR", None)
        if isinstance(vendor, Vendor):
            found[vendor.name] = vendor
    return found


#: Every vendor by its name.
VENDORS: Final[Mapping[str, Vendor]] = _all()
