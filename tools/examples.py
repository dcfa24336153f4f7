"""Write ``dist/`` of every example anew, and prove it: ``python tools/examples.py [NAME ...]``."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXAMPLES = ROOT / "examples"


def names() -> list[str]:
    """Every example, by its folder."""
    return sorted(path.parent.name for path in EXAMPLES.glob("*/declare.py"))


def main(wanted: list[str]) -> int:
    """Synthesize the examples that are wanted, all by default; return the first failing exit status."""
    for name in wanted or names():
        folder = EXAMPLES / name
        words = ["-m", "agentkeep.cli", "synth", str(folder / "declare.py"), "--dist", str(folder / "dist")]
        # A process for each: the engines keep what they made.
        done = subprocess.run([sys.executable, *words], cwd=ROOT, capture_output=True, text=True, check=False)
        lines = done.stdout.strip().splitlines()
        print(f"{name}: {lines[-1] if lines else ''}", flush=True)
        if done.returncode:
            sys.stderr.write(done.stderr)
            return done.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
