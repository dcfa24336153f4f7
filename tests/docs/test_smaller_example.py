"""README's smaller example, pasted into a file in an empty folder, by the command that README gives."""

import re
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT
from tests.docs.test_fences import fences

README = ROOT / "README.md"


def shown_command() -> list[str]:
    """The words of README's command behind the example, without the folder of the checkout."""
    found = re.search(r"^\.venv/bin/agentkeep (synth assistant\.py)$", README.read_text(encoding="utf-8"), re.MULTILINE)
    assert found, "README gives no command for the smaller example"
    return found[1].split()


def test_it_synthesizes_and_proves_in_a_fresh_folder(tmp_path: Path) -> None:
    (code,) = (code for _, code in fences(README) if "def declare()" in code)
    (tmp_path / "assistant.py").write_text(code, encoding="utf-8")
    # The command that the environment has in its bin does this, with the interpreter that runs the test.
    start = "import sys; from agentkeep.cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", start, *shown_command()],
        cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip

    assert (done.returncode, done.stderr) == (0, "")
    assert re.search(r"^proved: [0-9]+ rules, [0-9]+ subjects", done.stdout, re.MULTILINE)
    assert (tmp_path / "dist" / "platform.json").is_file()
