"""Takes typed values out of a document, or says what is wrong and where."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from agentkeep.errors import ProofError
from agentkeep.verify.artifacts import POLICY_FORMAT
from agentkeep.verify.documents import Document
from agentkeep.verify.intervals import spans

Path = tuple[str | int, ...]
_KINDS: Final = {str: "text", int: "a number", list: "a list", dict: "a mapping"}


class Fields:
    """Takes typed values out of a mapping, or says what is wrong and where."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._file = document.file
        self._by_hand = document.root.get("format") == POLICY_FORMAT

    def refuse(self, path: tuple[str | int, ...], problem: str) -> ProofError:
        """The error that says what is wrong with what *path* names."""
        where = ".".join(map(str, path)) or "the file"
        line = self._document.line_of(*path)
        fix = "fix the policy file" if self._by_hand else "synthesize again"
        return ProofError(f"{self._file}:{line}", f"{where}: {problem}", fix)

    def get(self, body: Any, path: tuple[str | int, ...], key: str, kind: type, default: Any = None) -> Any:
        """One field of *kind*."""
        if not isinstance(body, dict):
            raise self.refuse(path, "is not a mapping")
        value = body.get(key)
        if value is None and default is not None:
            return default
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self.refuse((*path, key), f"is not {_KINDS[kind]}")
        return value

    def texts(self, body: Any, path: tuple[str | int, ...], key: str, default: Any = None) -> tuple[str, ...]:
        """A list of texts."""
        values = self.get(body, path, key, list, default)
        if not all(isinstance(value, str) for value in values):
            raise self.refuse((*path, key), "holds something that is not text")
        return tuple(values)

    def labels(self, body: Any, path: tuple[str | int, ...], key: str, default: Any = None) -> Mapping[str, str]:
        """Names and texts."""
        values = self.get(body, path, key, dict, default)
        if not all(isinstance(value, str) for value in values.values()):
            raise self.refuse((*path, key), "holds something that is not text")
        return dict(values)

    def cidrs(self, body: Any, path: tuple[str | int, ...], key: str) -> tuple[str, ...]:
        """Networks, at least one."""
        values = self.texts(body, path, key)
        try:
            spans(values)
        except ValueError as error:
            raise self.refuse((*path, key), str(error)) from None
        if not values:
            raise self.refuse((*path, key), "is empty; without it no denial can be proved")
        return values

    def choice(
        self, body: Any, path: tuple[str | int, ...], key: str, among: Iterable[str], default: Any = None
    ) -> str:
        """One of *among*."""
        value: str = self.get(body, path, key, str, default)
        if value not in among:
            raise self.refuse((*path, key), f"{value[:40]!r} is none of {', '.join(sorted(among))}")
        return value
