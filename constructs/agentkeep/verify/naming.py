"""How findings name a pod, how people name what is secret, and what the secret itself looks like."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, Final

from agentkeep.verify.artifacts import Container, Workload
from agentkeep.verify.values import strings

# Names that people give to variables and fields which hold a secret.
SECRET_NAME: Final = re.compile(
    r"(^|[_-])(api_?key|key|token|secret|password|passwd|credentials?|private_?key)s?$", re.IGNORECASE
)
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# Values that are places, switches or references rather than secrets.
_HARMLESS: Final = re.compile(
    r"\A\s*\Z|\A(/|\./)\S*\Z|\A(true|false|yes|no|on|off|none|null|token|password|env|file)\Z|\A\d{1,6}\Z"
    r"|\A\$\(\w+\)\Z|\A\$\{[^}]*\}\Z|\Aos\.environ/\w+\Z|\A\{\{.*\}\}\Z"
    r"|\A\$?env[:.][A-Za-z_]\w*\Z|\A\$[A-Za-z_]\w*\Z|\A%[A-Za-z_]\w*%\Z|\A<[^<>]{1,60}>\Z",
    re.IGNORECASE,
)
# What people write where a program insists on a key and nobody checks it. No default password is among them: one that
# is checked would be a secret, however bad.
_NO_KEY: Final = re.compile(
    r"\A(?:sk-)?(?:none|dummy|empty|fake|unused|ignored|placeholder|unset|n/?a|x{3,}|redacted|\*{3,}|ollama|lm-studio"
    r"|no(?:t)?[-_ ]?(?:key|needed|required|used|set|auth)(?:[-_ ](?:needed|required))?)(?:-key)?\Z",
    re.IGNORECASE,
)
# What the keys and tokens of this trade look like. The placeholders of documentation are too short to match.
_SHAPES: Final = re.compile(
    r"sk-ant-[\w-]{16,}|sk-(?:proj-)?[A-Za-z0-9]{24,}|gh[pousr]_[A-Za-z0-9]{24,}|github_pat_\w{24,}|xox[abeprs]-[\w-]{16,}"
    r"|\bAKIA[0-9A-Z]{16}\b|\bAIza[\w-]{35}|\beyJ[\w-]{16,}(?:\.[\w-]{8,})*|-----BEGIN [A-Z ]*PRIVATE KEY"
    r"|\b[MN][A-Za-z\d_-]{23,25}\.[\w-]{6}\.[\w-]{27,}|https?://[^/\s:@]+:[^/\s:@$]{6,}@"
)
# Nothing shorter has one of these shapes: the shortest are "http://a:secret@" and what begins with "eyJ".
_SHORTEST: Final = 16


def where(workload: Workload, container: Container | None = None) -> str:
    """How findings name a pod or one of its containers."""
    return f"{workload.name}/{container.name}" if container else workload.name


def sounds_secret(name: str) -> bool:
    """Whether a name promises a secret."""
    return bool(SECRET_NAME.search(_CAMEL.sub("_", name)))


def is_literal(value: str) -> bool:
    """Whether *value* would be the secret itself, rather than a reference, a place or a switch."""
    return not (_HARMLESS.match(value) or _NO_KEY.match(value))


@lru_cache(maxsize=4096)
def looks_like_a_key(value: str) -> bool:
    """Whether *value* has the shape of a key or token of this trade."""
    # The texts of one agent are mostly those of the next, scripts of many pages among them.
    return len(value) >= _SHORTEST and _SHAPES.search(value) is not None


def written_out(root: Any) -> Iterator[tuple[str, ...]]:
    """The way to every text below *root* that is a secret itself, by its shape or by the name of its field."""
    for path, value in strings(root):
        named = next((part for part in reversed(path) if not part.isdigit()), "")
        if looks_like_a_key(value) or (sounds_secret(named) and is_literal(value) and named != "key"):
            yield path
