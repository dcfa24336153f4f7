"""How findings name a pod, and how people name what is secret."""

import re
from typing import Final

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


def where(workload: Workload, container: Container | None = None) -> str:
    """How findings name a pod or one of its containers."""
    return f"{workload.name}/{container.name}" if container else workload.name


def sounds_secret(name: str) -> bool:
    """Whether a name promises a secret."""
    return bool(SECRET_NAME.search(_CAMEL.sub("_", name)))


def is_literal(value: str) -> bool:
    """Whether *value* would be the secret itself, rather than a reference, a place or a switch."""
    return not _HARMLESS.match(value)
