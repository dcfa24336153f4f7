"""
What was declared, read back from ``dist/platform.json``, or from a policy file written by hand for plain manifests.

It is the one artifact that says what *should* be. Rules compare it with what the other artifacts say *is*, both ways.
"""

from agentkeep.verify.ledger.model import (
    FAMILIES,
    KEYS_OF_THE_PROXY,
    LEDGER_FORMAT,
    ROLES,
    Acknowledgement,
    Cluster,
    DeclaredFlow,
    DeclaredSecret,
    DeclaredSite,
    DeclaredStorage,
    DeclaredWorkload,
    Ledger,
    Reader,
)
from agentkeep.verify.ledger.reading import read_ledger

__all__ = [
    "FAMILIES",
    "KEYS_OF_THE_PROXY",
    "LEDGER_FORMAT",
    "ROLES",
    "Acknowledgement",
    "Cluster",
    "DeclaredFlow",
    "DeclaredSecret",
    "DeclaredSite",
    "DeclaredStorage",
    "DeclaredWorkload",
    "Ledger",
    "Reader",
    "read_ledger",
]
