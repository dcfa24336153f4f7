"""
YAML that every parser reads alike, with comments, and text that helm leaves alone.

helm reads YAML with a Go library that knows more numbers and booleans than PyYAML writes quotes for (``1e3``, ``0o17``,
``y``). So a string is written plain only where no parser could take it for anything else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

Comments = Mapping[tuple[str, ...], str]
"""Lines above a key, by the path of that key."""

_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./@-]*(:[A-Za-z0-9_./@-]+)*")
# What some YAML 1.1 or 1.2 parser reads as null, a boolean or a number.
_WORDS = re.compile(r"(?i)y|n|yes|no|on|off|true|false|null|nan|inf(inity)?")
_PRINTABLE = re.compile(r"[\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]*")
_LINE_BREAKS = re.compile(r"[\r\x85\u2028\u2029]")
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}

# A raw string of Go's templates: nothing in it is escaped, so it survives any quoting of the YAML around it.
_OPEN = "{{"
_OPEN_LITERAL = "{{ `{{` }}"


def literal(text: str) -> str:
    """Return *text* so that one pass of helm's template engine gives back exactly *text*."""
    return text.replace(_OPEN, _OPEN_LITERAL)


def emit(value: Mapping[str, Any], comments: Comments | None = None) -> str:
    """
    Write *value* as a YAML document of block style.

    Args:
        value: Mappings with string keys, sequences, strings, integers, booleans and None, nested.
        comments: What is said above which key.
    """
    writer = _Writer(comments or {})
    writer.mapping(value, (), "")
    return "\n".join(writer.lines) + "\n" if writer.lines else "{}\n"


def scalar(value: object) -> str:
    """One scalar on one line."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    text = str(value)
    if _PLAIN.fullmatch(text) and not _WORDS.fullmatch(text):
        return text
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    if _PRINTABLE.fullmatch(character) and not _LINE_BREAKS.fullmatch(character):
        return character
    number = ord(character)
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"


class _Writer:
    def __init__(self, comments: Comments) -> None:
        self._comments = comments
        self.lines: list[str] = []

    def mapping(self, value: Mapping[str, Any], path: tuple[str, ...] | None, indent: str) -> None:
        """The lines of a mapping; *path* is None inside a sequence, where nothing is commented."""
        for key, item in value.items():
            here = None if path is None else (*path, key)
            if here is not None and here in self._comments:
                self.lines += [f"{indent}# {line}".rstrip() for line in self._comments[here].splitlines()]
            self._item(f"{indent}{scalar(key)}:", item, here, indent + "  ")

    def _item(self, head: str, item: object, path: tuple[str, ...] | None, indent: str) -> None:
        """One value behind *head*, which ends in ``:`` or ``-``; what takes more lines is indented by *indent*."""
        if isinstance(item, Mapping):
            self.lines.append(head if item else f"{head} {{}}")
            self.mapping(item, path, indent)
        elif isinstance(item, Sequence) and not isinstance(item, str):
            self.lines.append(head if item else f"{head} []")
            for element in item:
                self._element(element, indent)
        elif isinstance(item, str) and _fits_block(item):
            self.lines.append(f"{head} {'|' if item.endswith(chr(10)) else '|-'}")
            self.lines += [f"{indent}{line}" if line else "" for line in item.removesuffix("\n").split("\n")]
        else:
            self.lines.append(f"{head} {scalar(item)}")

    def _element(self, element: object, indent: str) -> None:
        if isinstance(element, Mapping) and element:
            start = len(self.lines)
            self.mapping(element, None, indent + "  ")
            self.lines[start] = f"{indent}- {self.lines[start].lstrip()}"
        else:
            self._item(f"{indent}-", element, None, indent + "  ")


def _fits_block(text: str) -> bool:
    """Whether a block gives the text back byte for byte, in any parser."""
    return (
        "\n" in text.removesuffix("\n")
        and text[0] not in " \t\n"
        and not text.endswith("\n\n")
        and "\ufeff" not in text
        and bool(_PRINTABLE.fullmatch(text))
        and not _LINE_BREAKS.search(text)
        # A line of blanks alone: parsers differ in how much of it is indentation.
        and not re.search(r"\n[ \t]+(\n|$)", text)
    )
