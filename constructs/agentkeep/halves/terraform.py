"""What every Terraform half needs: its root module, addresses a person can type, comments that Terraform ignores."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType

from cdktf import TerraformStack

from agentkeep.core.cluster import SecretStore
from agentkeep.core.facts import address_name as address
from agentkeep.core.model import Model
from agentkeep_imports.terraform._base import DataSource, Resource

__all__ = ["Root", "address", "settle", "store_half"]


@dataclass(frozen=True)
class Root:
    """
    The root module that a half belongs to; halves of one path share it.

    A half with a static ``together(scope, parts, model)`` is asked once for all of its parts in the module.

    Args:
        path: What it is about, as a path: ``aws``, ``cloudflare/example.com``.
        name: What the engine calls its stack, before the platform's id.
        versions: Constraint of each provider, by name.
        prepare: Puts the providers into a new stack.
    """

    path: str
    name: str
    versions: Mapping[str, str]
    prepare: Callable[[TerraformStack, Model], None]


def store_half(store: SecretStore) -> ModuleType:
    """The module of a store's Terraform half: ``provider(stack, model)`` and ``written(...)``."""
    return import_module(store.halves["terraform"].partition(":")[0])


def settle(element: Resource | DataSource, name: str, comment: str | None = None) -> None:
    """
    Give *element* an address that does not change when constructs move, and say why it is there.

    cdktf would add a hash of the construct's path to the address; moving a construct would then destroy the resource
    and make another.
    """
    element.override_logical_id(name)
    if comment and isinstance(element, Resource):
        element.annotate(comment)
