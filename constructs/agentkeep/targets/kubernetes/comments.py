"""Comments in YAML that cdk8s wrote: the text stays as it is, and lines of comment are put above others."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

import yaml

from agentkeep.errors import SynthesisError
from agentkeep.halves.pages import Comment, Step

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WIDTH = 110


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
    for root in yaml.compose_all(text, Loader=_LOADER):
        for comment in comments.get(_identity(root), ()):
            mark = _find(root, comment.path)
            if mark is None:
                where = "/".join(map(str, comment.path))
                raise SynthesisError(
                    path,
                    f"a comment is about {where} of {comment.kind} {comment.name!r}, which is not there",
                    "report it",
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


def _identity(node: yaml.Node) -> tuple[str, str]:
    kind = name = ""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == "kind":
                kind = value.value
            elif key.value == "metadata" and isinstance(value, yaml.MappingNode):
                name = next((inner.value for label, inner in value.value if label.value == "name"), "")
    return kind, name


def _find(node: yaml.Node, path: Sequence[Step]) -> tuple[int, int] | None:
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
