"""Walks through data: every text below a value, and the variables that a configuration asks for."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from agentkeep.verify.artifacts import Container, mapping

REFERENCE: Final = re.compile(r"(?<!\$)\$\{([A-Z_][A-Z0-9_]*)\}|os\.environ/([A-Za-z_][A-Za-z0-9_]*)")
# A reference of Terraform's to another block.
_BLOCK: Final = re.compile(r"\$\{([a-z_0-9]+(?:\.[A-Za-z_0-9-]+)+)\}")


def strings(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """Every text below *value*, with the way to it."""
    waiting: list[tuple[tuple[str, ...], Any]] = [(path, value)]
    while waiting:
        here, one = waiting.pop()
        if isinstance(one, str):
            yield here, one
        elif isinstance(one, dict):
            waiting.extend(((*here, str(key)), inner) for key, inner in one.items())
        elif isinstance(one, list):
            waiting.extend(((*here, str(n)), inner) for n, inner in enumerate(one))


def references(value: Any) -> set[str]:
    """Names of the environment variables that a configuration asks for."""
    return {a or b for _, text in strings(value) for a, b in REFERENCE.findall(text)}


def environment(container: Container) -> Mapping[str, Mapping[str, Any]]:
    """Entries of ``env`` by name."""
    return {str(entry.get("name")): entry for entry in container.env}


def dig(root: Any, *path: str) -> Any:
    """What lies at *path*, or ``None``."""
    for step in path:
        root = mapping(root).get(step)
    return root


def referred(value: Any) -> str:
    """``type.name`` of a reference such as ``${type.name.id}``, also of one in a longer text; empty for none."""
    match = _BLOCK.search(value) if isinstance(value, str) else None
    return ".".join(match[1].split(".")[:2]) if match else ""
