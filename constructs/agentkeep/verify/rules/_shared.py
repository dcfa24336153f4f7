"""Small things that several rules say alike."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from agentkeep.verify.artifacts import Container, Workload

# Names that people give to variables and fields which hold a secret.
SECRET_NAME: Final = re.compile(
    r"(^|[_-])(api_?key|key|token|secret|password|passwd|credentials?|private_?key)s?$", re.IGNORECASE
)
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# Values that are places, switches or references rather than secrets.
_HARMLESS: Final = re.compile(
    r"\A\s*\Z|\A(/|\./)\S*\Z|\A(true|false|yes|no|on|off|none|null|token|password|env|file)\Z|\A\d{1,6}\Z"
    r"|\A\$\(\w+\)\Z|\A\$\{[^}]*\}\Z|\Aos\.environ/\w+\Z|\A\{\{.*\}\}\Z",
    re.IGNORECASE,
)
REFERENCE: Final = re.compile(r"\$\{([A-Z_][A-Z0-9_]*)\}|os\.environ/([A-Za-z_][A-Za-z0-9_]*)")


def where(workload: Workload, container: Container | None = None) -> str:
    """How findings name a pod or one of its containers."""
    return f"{workload.name}/{container.name}" if container else workload.name


def sounds_secret(name: str) -> bool:
    """Whether a name promises a secret."""
    return bool(SECRET_NAME.search(_CAMEL.sub("_", name)))


def is_literal(value: str) -> bool:
    """Whether *value* would be the secret itself, rather than a reference, a place or a switch."""
    return not _HARMLESS.match(value)


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
