"""Typed constructs for Kubernetes kinds that cdk8s-plus lacks."""

from collections.abc import Mapping
from typing import Any

KINDS: tuple[Any, ...] = ()


def write_module(schema: Mapping[str, Any]) -> str:
    """Return the Python source of the construct for one kind, not yet formatted."""
    return str(schema)
