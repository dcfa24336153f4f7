"""The Terraform half, for ``cdktf synth`` and ``cdktf deploy``, or by itself: ``python main_tf.py``."""

import sys
from pathlib import Path

# These are source roots, never packages: the PyPI package "constructs" must stay importable.
sys.path.insert(0, str(Path(__file__).resolve().parent / "imports"))
sys.path.insert(0, str(Path(__file__).resolve().parent / "constructs"))

from agentkeep.cli import terraform_main

if __name__ == "__main__":
    sys.exit(terraform_main("lolice.openclaw:declare"))
