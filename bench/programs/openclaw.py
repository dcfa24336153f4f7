"""
Both halves of OpenClaw, without the proofs, or its declaration alone.

Run as ``python -m bench.programs.openclaw [DIST]``; without *DIST* it declares and does not synthesize.
"""

from __future__ import annotations

import sys
from pathlib import Path

from lolice.openclaw import declare


def main() -> None:
    """Declare OpenClaw and, given a folder, write it."""
    platform = declare().seal()
    if len(sys.argv) > 1:
        from agentkeep.targets.synthesis import synthesize  # noqa: PLC0415 - declaring alone must not load it

        synthesize(platform, Path(sys.argv[1]).resolve())


if __name__ == "__main__":
    main()
