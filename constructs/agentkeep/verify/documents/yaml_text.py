"""YAML to data: built from the parser's events, so that every node knows its line and nothing is guessed."""

import re
import sys
from collections.abc import Callable
from typing import Any, Final

import yaml

from agentkeep.errors import ProofError
from agentkeep.verify.documents.node import MAX_DEPTH, MAX_EXPANSION, MAX_NODES, Node, NotMappingError, too_deep

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# Booleans for YAML 1.1 readers (kubectl, ArgoCD), text for YAML 1.2 readers (kustomize).
_AMBIGUOUS: Final = frozenset(
    word for base in ("y", "n", "yes", "no", "on", "off") for word in (base, base.capitalize(), base.upper())
)
_CONSTANTS: Final[dict[str, bool | None]] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
}
_DECIMAL: Final = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")
_OCTAL: Final = re.compile(r"[-+]?0[0-7]+\Z")
_FLOAT: Final = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_ODD_NUMBER: Final = re.compile(
    r"[-+]?(0[0-9]+|0x[0-9a-fA-F_]+|0o[0-7_]+|0b[01_]+|[0-9][0-9_]*_[0-9_]*|\.(inf|Inf|INF|nan|NaN|NAN))\Z"
)
_NUMERIC_START: Final = frozenset("0123456789+-.")
_CORE_TAGS: Final = {"tag:yaml.org,2002:" + name: name for name in ("str", "int", "bool", "null", "float")}
_MERGE: Final = object()


class _Frame:
    """A collection that is still open while events come in."""

    __slots__ = ("anchor", "is_map", "items", "key", "line", "merges", "node", "size")

    def __init__(self, node: Any, line: int, anchor: str | None) -> None:
        self.node = node
        self.is_map = isinstance(node, Node)
        self.key: Any = None
        self.merges: list[Any] = []
        self.line = line
        self.anchor = anchor
        self.size = 1


def parse_yaml(text: str, file: str, *, lenient: bool = False) -> list[Node]:
    """
    The root mapping of every document in *text*, each mapping knowing its line. Empty documents are left out.

    Args:
        text: The whole file.
        file: Its name, for errors.
        lenient: Do not judge ambiguous scalars; used to look up lines in a file that was already read as JSON.

    Raises:
        ProofError: broken, ambiguous, a key given twice, too deep, too large, an alias that explodes, an unknown tag.
    """
    try:
        return _Builder(text, file, lenient=lenient).build()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise ProofError(f"{file}:{line}", f"this is not YAML ({_one_line(error.problem)})", "fix the file") from None
    except yaml.YAMLError as error:
        # A character that no YAML file may hold: the reader gives an offset.
        offset = getattr(error, "position", 0)
        line = text.count("\n", 0, offset if isinstance(offset, int) else 0) + 1
        raise ProofError(f"{file}:{line}", "a control character stands in the file", "remove it") from None


def _one_line(text: str | None) -> str:
    return " ".join((text or "syntax").split())


class _Builder:
    def __init__(self, text: str, file: str, *, lenient: bool) -> None:
        self._text = text
        self._file = file
        self._lenient = lenient
        self._nodes = 0
        self._expanded = 0
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._stack: list[_Frame] = []
        self._roots: list[Node] = []
        self._scalars: dict[str, Any] = {}

    def build(self) -> list[Node]:
        handlers: dict[type, Callable[[Any], None]] = {
            yaml.ScalarEvent: self._scalar,
            yaml.MappingStartEvent: self._open_mapping,
            yaml.SequenceStartEvent: self._open_sequence,
            yaml.MappingEndEvent: self._close,
            yaml.SequenceEndEvent: self._close,
            yaml.AliasEvent: self._alias,
            yaml.DocumentStartEvent: self._document,
        }
        for event in yaml.parse(self._text, Loader=_LOADER):
            handler = handlers.get(type(event))
            if handler is not None:
                handler(event)
        return self._roots

    def _refuse(self, event: Any, problem: str, fix: str) -> ProofError:
        return ProofError(f"{self._file}:{event.start_mark.line + 1}", problem, fix)

    def _document(self, _event: Any) -> None:
        self._anchors.clear()

    def _count(self, event: Any) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise self._refuse(event, f"more than {MAX_NODES} values in one file", "split it")

    def _scalar(self, event: Any) -> None:
        self._count(event)
        frame = self._stack[-1] if self._stack else None
        if frame is not None and frame.is_map and frame.key is None:
            if event.anchor is not None:
                raise self._refuse(event, "an anchor on a key", "put it on the value")
            self._take_key(frame, event)
            return
        value = self._value(event)
        if type(value) is str:
            # A platform says the same words, and whole scripts, for every agent; one copy of each is enough.
            value = sys.intern(value)
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, 1)
        self._add(event, value, 1, event.start_mark.line + 1)

    def _value(self, event: Any) -> Any:
        tag = event.tag
        if tag is not None and tag != "!":
            if tag not in _CORE_TAGS:
                raise self._refuse(event, f"the tag {tag!r} has no meaning here", "remove it")
            if _CORE_TAGS[tag] == "str":
                return event.value
            return self._plain(event)
        if event.style or tag == "!":
            return event.value
        return self._plain(event)

    def _plain(self, event: Any) -> Any:
        text: str = event.value
        try:
            return self._scalars[text]
        except KeyError:
            pass
        value = self._resolve(event, text)
        if len(text) < 64:
            self._scalars[text] = value
        return value

    def _resolve(self, event: Any, text: str) -> Any:
        if text in _CONSTANTS:
            return _CONSTANTS[text]
        if text in _AMBIGUOUS and not self._lenient:
            raise self._refuse(event, f"{text!r} is a boolean for some readers and text for others", "quote it")
        if not text or text[0] not in _NUMERIC_START:
            return text
        if len(text) <= 20 and _DECIMAL.match(text):
            return int(text)
        if len(text) <= 20 and _OCTAL.match(text):
            return int(text, 8)
        if _ODD_NUMBER.match(text) and not self._lenient:
            raise self._refuse(event, f"{text[:40]!r} is another number for another reader", "quote it")
        if _FLOAT.match(text):
            if len(text) > 40 and not self._lenient:
                raise self._refuse(event, "a number of more than 40 digits", "quote it")
            return float(text)
        return text

    def _take_key(self, frame: _Frame, event: Any) -> None:
        text: str = event.value
        if not event.style and event.tag is None:
            if text == "<<":
                frame.key = _MERGE
                return
            if not isinstance(self._plain(event), (str, int)) or isinstance(self._plain(event), bool):
                raise self._refuse(event, f"the key {text[:40]!r} is not text", "quote it")
        key = sys.intern(text)
        if key in frame.node:
            raise self._refuse(event, f"the key {key[:80]!r} is given twice", "keep one of them")
        frame.key = key

    def _add(self, event: Any, value: Any, size: int, line: int = 1) -> None:
        if not self._stack:
            if isinstance(value, Node):
                self._roots.append(value)
            elif value is not None:
                raise NotMappingError(
                    f"{self._file}:{line}", "the document is not a mapping", "write one object per document"
                )
            return
        frame = self._stack[-1]
        frame.size += size
        if not frame.is_map:
            frame.node.append(value)
        elif frame.key is _MERGE:
            frame.merges.append((event, value))
            frame.key = None
        else:
            frame.node[frame.key] = value
            frame.key = None

    def _open_mapping(self, event: Any) -> None:
        self._open(event, Node(line=event.start_mark.line + 1))

    def _open_sequence(self, event: Any) -> None:
        self._open(event, [])

    def _open(self, event: Any, node: Any) -> None:
        self._count(event)
        if len(self._stack) >= MAX_DEPTH:
            raise too_deep(self._file, event.start_mark.line + 1)
        if event.tag is not None and event.tag not in ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq", "!"):
            raise self._refuse(event, f"the tag {event.tag!r} has no meaning here", "remove it")
        if self._stack and self._stack[-1].is_map and self._stack[-1].key is None:
            raise self._refuse(event, "a key that is itself a collection", "use text as the key")
        if event.anchor is not None:
            # From here on the name means this collection, so an alias inside it would be a loop.
            self._anchors.pop(event.anchor, None)
        self._stack.append(_Frame(node, event.start_mark.line + 1, event.anchor))

    def _close(self, event: Any) -> None:
        frame = self._stack.pop()
        for at, merged in frame.merges:
            parts = merged if isinstance(merged, list) else [merged]
            for part in parts:
                if not isinstance(part, Node):
                    raise self._refuse(at, "'<<' merges something that is not a mapping", "merge a mapping")
                for key, value in part.items():
                    frame.node.setdefault(key, value)
        if frame.anchor is not None:
            self._anchors[frame.anchor] = (frame.node, frame.size)
        self._add(event, frame.node, frame.size, frame.line)

    def _alias(self, event: Any) -> None:
        if event.anchor not in self._anchors:
            raise self._refuse(event, f"the alias {event.anchor!r} has no anchor before it", "define it first")
        if self._stack and self._stack[-1].is_map and self._stack[-1].key is None:
            raise self._refuse(event, "an alias as a key", "write the key out")
        value, size = self._anchors[event.anchor]
        self._expanded += size
        if self._expanded > MAX_EXPANSION:
            raise self._refuse(event, f"aliases expand to more than {MAX_EXPANSION} values", "write the values out")
        self._add(event, value, size)
