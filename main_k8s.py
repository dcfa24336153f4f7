"""The Kubernetes half, for ``cdk8s synth``, or by itself: ``python main_k8s.py``."""

import sys
from pathlib import Path

# "constructs" is a source root, never a package: the PyPI package of that name must stay importable.
sys.path.insert(0, str(Path(__file__).resolve().parent / "constructs"))

from agentkeep.cli import kubernetes_main

if __name__ == "__main__":
    sys.exit(kubernetes_main("lolice.openclaw:declare"))
