"""The Kubernetes half, for ``cdk8s synth``, or by itself: ``python main_k8s.py``."""

import sys
from pathlib import Path

# These are source roots, never packages: the PyPI package "constructs" must stay importable.
sys.path.insert(0, str(Path(__file__).resolve().parent / "imports"))
sys.path.insert(0, str(Path(__file__).resolve().parent / "constructs"))

from agentkeep.cli import kubernetes_main

if __name__ == "__main__":
    sys.exit(kubernetes_main("lolice.openclaw:declare"))
