"""Small things that every Terraform half needs: addresses a person can type, and comments that Terraform ignores."""

from __future__ import annotations

from agentkeep.facts import terraform_name as address
from agentkeep_imports.terraform._base import DataSource, Resource

__all__ = ["address", "settle"]


def settle(element: Resource | DataSource, name: str, comment: str | None = None) -> None:
    """
    Give *element* an address that does not change when constructs move, and say why it is there.

    cdktf would add a hash of the construct's path to the address; moving a construct would then destroy the resource
    and make another.
    """
    element.override_logical_id(name)
    if comment and isinstance(element, Resource):
        element.annotate(comment)
