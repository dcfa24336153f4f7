"""
The floor: engines that start, synthesize nothing and stop.

Run as ``python -m bench.programs.floor ENGINE... OUTDIR`` with ``cdktf``, ``cdk8s`` and ``cdk8s_plus_28`` as engines.
"""

from __future__ import annotations

import sys
from pathlib import Path


def main() -> None:
    """Start the named engines in one process; each synthesizes an empty app."""
    *engines, outdir = sys.argv[1:]
    if "cdktf" in engines:
        import cdktf  # noqa: PLC0415 - this is what is measured

        terraform = cdktf.App(outdir=str(Path(outdir, "cdktf")), hcl_output=False)
        cdktf.TerraformStack(terraform, "empty")
        terraform.synth()
    if "cdk8s" in engines:
        import cdk8s  # noqa: PLC0415 - this is what is measured

        kubernetes = cdk8s.App(outdir=str(Path(outdir, "cdk8s")))
        cdk8s.Chart(kubernetes, "empty")
        kubernetes.synth()
    if "cdk8s_plus_28" in engines:
        from cdk8s_plus_28 import k8s  # noqa: F401, PLC0415 - this is what is measured


if __name__ == "__main__":
    main()
