"""A mapping that knows its line, and how large a document may be."""

from typing import Any, Final

from agentkeep.errors import ProofError

MAX_BYTES: Final = 64 * 1024 * 1024
MAX_DEPTH: Final = 64
MAX_NODES: Final = 8_000_000
# An alias may repeat a small block many times, as people do with labels. What it must not do is grow a file a
# hundredfold.
MAX_EXPANSION: Final = 100_000


class Node(dict[str, Any]):
    """A mapping that remembers the line (from 1) on which it starts; 0 where the reader does not keep lines."""

    __slots__ = ("line",)

    line: int

    def __init__(self, *args: Any, line: int = 0) -> None:
        super().__init__(*args)
        self.line = line


def too_deep(file: str, line: int) -> ProofError:
    """What to say of a document beyond ``MAX_DEPTH``."""
    return ProofError(f"{file}:{line}", f"nested deeper than {MAX_DEPTH} levels", "flatten it")


class NotMappingError(ProofError):
    """A document that is a list or a scalar, which is not an object of any kind."""
