"""
What was declared, read back from ``dist/platform.json``, or from a policy file written by hand for plain manifests.

It is the one artifact that says what *should* be. Rules compare it with what the other artifacts say *is*, both ways.
"""

from agentkeep.verify.ledger.model import (
    FAMILIES,
    ISOLATED,
    LEDGER_FORMAT,
    NEIGHBOUR,
    ROLES,
    Acknowledgement,
    Added,
    Cluster,
    DeclaredContainer,
    DeclaredFlow,
    DeclaredSecret,
    DeclaredSite,
    DeclaredStorage,
    DeclaredWorkload,
    Ledger,
    Neighbour,
    Reader,
    Store,
    Vendors,
)
from agentkeep.verify.ledger.reading import read_ledger

__all__ = [
    "FAMILIES",
    "ISOLATED",
    "LEDGER_FORMAT",
    "NEIGHBOUR",
    "ROLES",
    "Acknowledgement",
    "Added",
    "Cluster",
    "DeclaredContainer",
    "DeclaredFlow",
    "DeclaredSecret",
    "DeclaredSite",
    "DeclaredStorage",
    "DeclaredWorkload",
    "Ledger",
    "Neighbour",
    "Reader",
    "Store",
    "Vendors",
    "read_ledger",
]
