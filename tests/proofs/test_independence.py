"""What proves shares no code with what is proved."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from agentkeep.verify import rules_doc

ROOT = Path(__file__).parents[2]
VERIFY = ROOT / "constructs" / "agentkeep" / "verify"
ALLOWED = {"agentkeep.errors", "agentkeep.verify", "yaml", "rich"}


def imports(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: a relative import hides where it leads"
            found.add(node.module or "")
            if node.module == "agentkeep":
                found |= {f"agentkeep.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", sorted(VERIFY.rglob("*.py")), ids=lambda path: path.relative_to(VERIFY).as_posix())
def test_imports_nothing_of_the_halves(path: Path) -> None:
    for name in imports(path):
        top = name.partition(".")[0]
        known = top in sys.stdlib_module_names or any(name == one or name.startswith(one + ".") for one in ALLOWED)

        assert known, f"{path.name} imports {name}"


def test_starts_without_an_engine_and_without_node() -> None:
    code = (
        "import sys, agentkeep.verify.command as c\n"
        "loaded = {m.partition('.')[0] for m in sys.modules}\n"
        "assert not loaded & {'cdk8s', 'cdktf', 'jsii', 'constructs', 'pydantic', 'hypothesis'}, loaded\n"
        "assert 'rich' not in loaded\n"
    )
    environment = {"PYTHONPATH": str(ROOT / "constructs"), "PATH": "/nonexistent", "JSII_NODE": "/nonexistent"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


def test_the_page_of_rules_is_current() -> None:
    assert (ROOT / "docs" / "rules.md").read_text() == rules_doc.render()
    assert rules_doc.main([str(ROOT / "docs" / "rules.md"), "--check"]) == 0


def test_an_old_page_of_rules_is_noticed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "rules.md"
    page.write_text("old")

    assert rules_doc.main([str(page), "--check"]) == 1
    assert "rules_doc" in capsys.readouterr().err
    assert rules_doc.main([str(page)]) == 0
    assert page.read_text() == rules_doc.render()
