"""
The mechanics that all typed Kubernetes kinds share.

The typed arguments never cross to the JavaScript kernel: a kind is an ordinary ``cdk8s.ApiObject`` (so names,
namespaces, labels and dependencies are the engine's own business) to which the finished ``spec`` is added in one step.
"""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import cdk8s
from constructs import Construct


class Struct:
    """
    An object inside a manifest: keyword arguments in, Kubernetes field names out.

    Arguments that are left out do not appear in the output at all. A misspelt or missing argument is a ``TypeError``.
    """

    NAMES: ClassVar[dict[str, str]] = {}
    """The arguments whose field name differs from the Python one."""

    REQUIRED: ClassVar[tuple[str, ...]] = ()
    """The arguments that must not be None."""

    def to_json(self) -> dict[str, Any]:
        """
        Return the object as it stands in the manifest, keys in alphabetical order like the engine's own.

        Raises:
            TypeError: A required argument is None, or a value cannot stand in a manifest.
        """
        given = vars(self)
        for name in self.REQUIRED:
            if given.get(name) is None:
                msg = f"{type(self).__name__} needs '{name}'; give it a value"
                raise TypeError(msg)
        names = self.NAMES
        return dict(sorted((names.get(n, n), plain(value)) for n, value in given.items() if value is not None))

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]  # Arguments may be lists.

    def __repr__(self) -> str:
        # Names only: an argument may be long, or nobody's business.
        return f"{type(self).__name__}({', '.join(n for n, v in vars(self).items() if v is not None)})"


def plain(value: object) -> Any:
    """
    Return *value* with every struct in it turned into a dictionary, keys in alphabetical order.

    Raises:
        TypeError: It is, or holds, something that has no place in a manifest.
    """
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, Struct):
        return value.to_json()
    if isinstance(value, Mapping):
        return {key: plain(value[key]) for key in sorted(value)}
    if isinstance(value, Sequence):
        return [plain(inner) for inner in value]
    msg = f"a value of type '{type(value).__name__}' cannot stand in a manifest; give a plain value or a typed object"
    raise TypeError(msg)


class Kind(cdk8s.ApiObject):
    """A manifest with a typed ``spec``."""

    API_VERSION: ClassVar[str]
    KIND: ClassVar[str]

    def __init__(self, scope: Construct, id: str, metadata: cdk8s.ApiObjectMetadata, spec: Struct) -> None:  # noqa: A002 (the engine's name)
        if not isinstance(spec, Struct):
            msg = f"{self.KIND} needs a typed spec, not '{type(spec).__name__}'; build a {self.KIND}Spec"
            raise TypeError(msg)
        finished = spec.to_json()
        super().__init__(scope, id, api_version=self.API_VERSION, kind=self.KIND, metadata=metadata)
        # The kernel drops unknown properties of the structs it takes by value, so the spec cannot go along above.
        self.add_json_patch(cdk8s.JsonPatch.add("/spec", finished))
