"""Small things that every Terraform half needs: addresses a person can type, and comments that Terraform ignores."""

from __future__ import annotations

import re

from imports.terraform._base import DataSource, Resource


def address(name: str) -> str:
    """*name* as the last part of a Terraform address: ``DISCORD_BOT_TOKEN`` becomes ``discord_bot_token``."""
    return re.sub(r"[^a-z0-9_]", "_", name.lower())


def settle(element: Resource | DataSource, name: str, comment: str | None = None) -> None:
    """
    Give *element* an address that does not change when constructs move, and say why it is there.

    cdktf would add a hash of the construct's path to the address; moving a construct would then destroy the resource
    and make another.
    """
    element.override_logical_id(name)
    if comment and isinstance(element, Resource):
        element.annotate(comment)
