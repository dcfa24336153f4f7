"""Comments in YAML that cdk8s wrote: the text stays as it is, and lines of comment are put above others."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import yaml

from agentkeep.errors import SynthesisError
from agentkeep.halves.pages import Comment, Step

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WIDTH = 110
# What Python or YAML takes for the end of a line besides the usual one.
_OTHER_BREAKS = re.compile(r"[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_NOWHERE = 1 << 30


def commented(
    text: str, header: Sequence[str], comments: Mapping[tuple[str, str], Sequence[Comment]], *, path: str
) -> str:
    """
    Return *text* with a header, and with each comment above the line that it is about.

    Args:
        text: One or more YAML documents, as cdk8s writes them.
        header: Lines of the header.
        comments: Comments by kind and name of the object; those on objects of other files are passed over.
        path: How errors name the file.

    Raises:
        SynthesisError: A comment points to something that is not in its object, so it would be lost.
    """
    lines = text.splitlines()
    above: dict[int, list[str]] = {}
    for comment, mark in _places(text, lines, comments):
        if mark is None:
            where = "/".join(map(str, comment.path))
            raise SynthesisError(
                path, f"a comment is about {where} of {comment.kind} {comment.name!r}, which is not there", "report it"
            )
        line, column = mark
        # Where a list element starts on this line, the comment belongs above its dash.
        indent = min(column, len(lines[line]) - len(lines[line].lstrip(" ")))
        above.setdefault(line, []).extend(_wrapped(comment.text, indent))
    found = [*(f"# {line}" for line in header)]
    for number, content in enumerate(lines):
        found += above.get(number, [])
        found.append(content)
    return "\n".join(found) + "\n"


def _wrapped(text: str, indent: int) -> list[str]:
    prefix = " " * indent + "# "
    # YAML ends a comment at more characters than a line break.
    text = "".join(character if character.isprintable() else " " for character in text)
    return textwrap.wrap(text, _WIDTH, initial_indent=prefix, subsequent_indent=prefix, break_long_words=False)


Mark = tuple[int, int]
"""Line and column, from 0."""


def _places(
    text: str, lines: Sequence[str], comments: Mapping[tuple[str, str], Sequence[Comment]]
) -> list[tuple[Comment, Mark | None]]:
    """Every comment on an object of *text*, with its place; by indentation, or by a parser where that leaves doubt."""
    try:
        if _OTHER_BREAKS.search(text):
            raise _DoubtError
        return [
            (comment, document.find(comment.path))
            for document in _documents(lines)
            for comment in comments.get(document.identity, ())
        ]
    except _DoubtError:
        return [
            (comment, _find(root, comment.path))
            for root in yaml.compose_all(text, Loader=_LOADER)
            for comment in comments.get(_identity(root), ())
        ]


# --- by indentation --------------------------------------------------------------------------------------------------


class _DoubtError(Exception):
    """The text is not of the plain form that the engine writes, or what is looked for is not there."""


class _Block:
    """
    A mapping or a sequence in block form: a range of lines, in which what is at one column is a member of its own.

    Whatever else a member holds, texts of many lines among it, is indented by more.
    """

    def __init__(self, lines: Sequence[str], indents: Sequence[int], first: int, last: int, column: int) -> None:
        self._lines = lines
        self._indents = indents
        self._last = last
        self._column = column
        # The first member may share its line with the dash of the element that it is in.
        members = [first, *(number for number in range(first + 1, last) if indents[number] == column)]
        self._ends = dict(zip(members, [*members[1:], last], strict=True))
        self._blocks: dict[int, _Block] = {}

    @property
    def is_sequence(self) -> bool:
        return self._lines[next(iter(self._ends))].startswith("- ", self._column)

    def member(self, step: Step) -> tuple[int, _Block | str]:
        """The line of a member, and what it holds: a block, or text on that line."""
        if isinstance(step, str) and not self.is_sequence:
            return self._entry(step)
        if not self.is_sequence:
            raise _DoubtError
        elements = list(self._ends)
        if isinstance(step, str):
            key, _, wanted = step.partition("=")
            chosen = [number for number in elements if self._element(number).scalar(key) == wanted]
        else:
            chosen = elements[step : step + 1]
        if not chosen:
            raise _DoubtError
        return chosen[0], self._element(chosen[0])

    def scalar(self, key: str) -> str | None:
        """The text of a member, unless it takes a parser to read it."""
        held = self._entry(key)[1] if not self.is_sequence else ""
        return held if isinstance(held, str) and re.fullmatch(r"[A-Za-z0-9/][A-Za-z0-9._/-]*", held) else None

    @property
    def column(self) -> int:
        return self._column

    def _entry(self, key: str) -> tuple[int, _Block | str]:
        head = f"{key}:"
        for number, end in self._ends.items():
            line = self._lines[number]
            if line.startswith(head, self._column):
                rest = line[self._column + len(head) :]
                if not rest:
                    return number, self._below(number, end)
                if rest[0] == " ":
                    return number, rest[1:]
        raise _DoubtError

    def _below(self, number: int, end: int) -> _Block:
        if number not in self._blocks:
            first = next((one for one in range(number + 1, end) if self._indents[one] != _NOWHERE), None)
            if first is None or self._indents[first] <= self._column:
                raise _DoubtError
            self._blocks[number] = _Block(self._lines, self._indents, first, end, self._indents[first])
        return self._blocks[number]

    def _element(self, number: int) -> _Block:
        if number not in self._blocks:
            column = self._column + 2
            self._blocks[number] = _Block(self._lines, self._indents, number, self._ends[number], column)
        return self._blocks[number]


class _Document:
    """One document of a file."""

    def __init__(self, root: _Block, first: int) -> None:
        self._root = root
        self._first = first

    @property
    def identity(self) -> tuple[str, str]:
        """Kind and name."""
        _, metadata = self._root.member("metadata")
        kind = self._root.scalar("kind")
        name = metadata.scalar("name") if isinstance(metadata, _Block) else None
        if kind is None or name is None:
            raise _DoubtError
        return kind, name

    def find(self, path: Sequence[Step]) -> Mark:
        """Where *path* leads."""
        mark = (self._first, 0)
        block: _Block | str = self._root
        for step in path:
            if isinstance(block, str):
                raise _DoubtError
            within = block
            line, block = within.member(step)
            mark = (line, within.column)
        return mark


def _documents(lines: Sequence[str]) -> Iterator[_Document]:
    indents = [len(line) - len(line.lstrip(" ")) if line and not line.isspace() else _NOWHERE for line in lines]
    borders = [-1, *(number for number, line in enumerate(lines) if line.startswith("---")), len(lines)]
    for before, after in pairwise(borders):
        first = next((number for number in range(before + 1, after) if indents[number] != _NOWHERE), None)
        if first is None:
            continue
        if indents[first] or (before >= 0 and lines[before] != "---"):
            raise _DoubtError
        yield _Document(_Block(lines, indents, first, after, 0), first)


# --- by a parser -----------------------------------------------------------------------------------------------------


def _identity(node: yaml.Node) -> tuple[str, str]:
    kind = name = ""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == "kind":
                kind = value.value
            elif key.value == "metadata" and isinstance(value, yaml.MappingNode):
                name = next((inner.value for label, inner in value.value if label.value == "name"), "")
    return kind, name


def _find(node: yaml.Node, path: Sequence[Step]) -> Mark | None:
    """Line and column (from 0) of what *path* leads to."""
    mark = (node.start_mark.line, node.start_mark.column)
    for step in path:
        match node, step:
            case yaml.MappingNode(value=pairs), str():
                found = next(((key, value) for key, value in pairs if key.value == step), None)
                if found is None:
                    return None
                mark, node = (found[0].start_mark.line, found[0].start_mark.column), found[1]
            case yaml.SequenceNode(value=items), int():
                if step >= len(items):
                    return None
                node = items[step]
                mark = (node.start_mark.line, node.start_mark.column)
            case yaml.SequenceNode(value=items), str():
                key, _, wanted = step.partition("=")
                chosen = next((item for item in items if _scalar(item, key) == wanted), None)
                if chosen is None:
                    return None
                node = chosen
                mark = (node.start_mark.line, node.start_mark.column)
            case _:
                return None
    return mark


def _scalar(node: yaml.Node, key: str) -> str | None:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            if name.value == key and isinstance(value, yaml.ScalarNode):
                return str(value.value)
    return None
