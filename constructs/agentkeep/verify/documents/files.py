"""Bytes of a file to documents, and the line of anything in one."""

import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from agentkeep.errors import ProofError
from agentkeep.verify.documents.json_text import parse_json
from agentkeep.verify.documents.node import MAX_BYTES, Node
from agentkeep.verify.documents.yaml_text import parse_yaml


@dataclass(frozen=True, slots=True)
class Document:
    """One document of one file: its root mapping, and how to find the line of anything in it."""

    file: str
    root: Node
    packed: bytes
    is_json: bool

    def line_of(self, *path: str | int) -> int:
        """
        Line of what *path* names, or of its closest parent that still has one.

        Exact for JSON, where lines are looked up on demand because only a finding needs them.
        """
        here: Any = self.root
        if self.is_json:
            here = _with_lines(self.packed)
        line = getattr(here, "line", 1)
        for step in path:
            try:
                here = here[step]
            except (KeyError, IndexError, TypeError):
                break
            line = getattr(here, "line", line)
        return max(line, 1)


@lru_cache(maxsize=8)
def _with_lines(packed: bytes) -> Node:
    return parse_yaml(zlib.decompress(packed).decode("utf-8"), "", lenient=True)[0]


def decode(data: bytes, file: str) -> str:
    """
    Text of *data*, which must be UTF-8 without a byte order mark.

    Raises:
        ProofError: anything else; the line is that of the first byte that is not UTF-8.
    """
    if data[:3] == b"\xef\xbb\xbf" or data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise ProofError(f"{file}:1", "the file starts with a byte order mark", "save it as plain UTF-8")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ProofError(f"{file}:{line}", "the file is not UTF-8", "save it as plain UTF-8") from None


def parse(data: bytes, file: str) -> tuple[Document, ...]:
    """
    Every document in *data*; *file* names it in errors and tells JSON (``.json``) from YAML.

    Raises:
        ProofError: the text is not what its name says, is ambiguous, or is larger or deeper than any manifest needs
        to be.
    """
    if len(data) > MAX_BYTES:
        raise ProofError(f"{file}:1", f"the file is larger than {MAX_BYTES // 1024 // 1024} MiB", "split it")
    text = decode(data, file)
    if file.endswith(".json"):
        # Packed, because the text of a large platform would be a tenth of all that a proof holds.
        return (Document(file, parse_json(text, file), zlib.compress(data, 1), is_json=True),)
    return tuple(Document(file, root, b"", is_json=False) for root in parse_yaml(text, file))
