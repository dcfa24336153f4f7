"""The Terraform half, for ``cdktf synth`` and ``cdktf deploy``, or by itself: ``python main_tf.py``."""

import sys
from pathlib import Path

# "constructs" is a source root, never a package: the PyPI package of that name must stay importable.
sys.path.insert(0, str(Path(__file__).resolve().parent / "constructs"))

from agentkeep.cli import terraform_main

if __name__ == "__main__":
    sys.exit(terraform_main("lolice.openclaw:declare"))
