"""
Pages: which file a manifest lands in, and the comments a reader finds there.

A Kubernetes half asks for a page by the name of a concern (``litellm-service``) and puts its objects there. A user who
drops a half into a chart of their own gets everything in that chart; the target of this project gives every page a
file.
"""

from __future__ import annotations

from dataclasses import dataclass

from constructs import Construct

Step = str | int
"""One step into a manifest: a key, an index, or ``name=dind`` for the list element of that name."""


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment above one line of one object."""

    kind: str
    name: str
    path: tuple[Step, ...]
    text: str


class Pages:
    """
    Everything on one page: the scope itself.

    Args:
        scope: A chart, or anything in one.
    """

    def __init__(self, scope: Construct) -> None:
        self._scope = scope
        #: What is to be explained, by kind and name of the object.
        self.comments: dict[tuple[str, str], list[Comment]] = {}

    def page(self, name: str, about: str) -> Construct:  # noqa: ARG002 - for pages that are files
        """
        Where objects of a concern go.

        Args:
            name: File name without its ending.
            about: What is on the page, for its first line.
        """
        return self._scope

    def explain(self, kind: str, name: str, *path: Step, because: str) -> None:
        """Put *because* above the line at *path* of the object *kind* *name*."""
        self.comments.setdefault((kind, name), []).append(Comment(kind, name, path, because))
