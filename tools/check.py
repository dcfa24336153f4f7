"""Lint, format, types, and whether generated files are current: everything that reads the code without running it."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PYTHON_FILES = ["constructs", "imports", "tests", "tools", "bench", "main_tf.py", "main_k8s.py"]

CHECKS = {
    "ruff check": ["ruff", "check", "--quiet", *PYTHON_FILES],
    "ruff format": ["ruff", "format", "--check", "--quiet", *PYTHON_FILES],
    "mypy": ["mypy"],
    "pyright": ["pyright"],
    "imports are current": ["python", "tools/imports.py", "--check"],
    "docs/rules.md is current": ["python", "-m", "agentkeep.verify.rules_doc", "--check"],
}


def main() -> int:
    """Run every check, print what each says, and return how many failed."""
    failed = 0
    for name, command in CHECKS.items():
        program = ROOT / ".venv" / "bin" / command[0]
        done = subprocess.run([str(program), *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
        failed += done.returncode != 0
        print(f"{'ok  ' if done.returncode == 0 else 'FAIL'}  {name}", flush=True)
        if done.returncode:
            print((done.stdout + done.stderr).rstrip())
    return failed


if __name__ == "__main__":
    sys.exit(main())
