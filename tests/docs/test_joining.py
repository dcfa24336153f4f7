"""What stands beside the code for those who join: workflow, hooks, editor, licence, changelog."""

import configparser
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT
from tools import check

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
# It makes ruff leave out what it leaves out by itself when it is given names of files.
FORCE = "--force-exclude"
FRAGMENTS = sorted(path for path in (ROOT / "changes").iterdir() if path.name != "README.md")


def read(path: str | Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


# --- the workflow ----------------------------------------------------------------------------------------------------


def jobs(workflow: Path) -> dict[str, dict[str, Any]]:
    return dict(yaml.safe_load(read(workflow))["jobs"])


def test_ci_runs_what_everybody_can_run() -> None:
    (job,) = jobs(ROOT / ".github/workflows/ci.yml").values()

    assert job["steps"][-1] == {"run": ".ci/run"}
    assert (ROOT / ".ci/run").stat().st_mode & 0o111


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_may_read_only_and_ends(workflow: Path) -> None:
    assert yaml.safe_load(read(workflow))["permissions"] == {"contents": "read"}
    for job in jobs(workflow).values():
        assert "permissions" not in job
        assert 0 < job["timeout-minutes"] <= 60


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_everything_that_a_workflow_takes_from_others_is_pinned(workflow: Path) -> None:
    actions = re.findall(r"^\s*(?:- )?uses: (.+)$", read(workflow), re.MULTILINE)
    images = [job["container"]["image"] for job in jobs(workflow).values() if "container" in job]

    assert actions
    assert [one for one in actions if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one)] == []
    assert [one for one in images if not re.search(r":\d+\.\d+\.\d+-\w+$|@sha256:[0-9a-f]{64}$", one)] == []
    assert not [job["runs-on"] for job in jobs(workflow).values() if "latest" in job["runs-on"]]


def test_the_oldest_supported_python_is_what_ci_runs() -> None:
    (job,) = jobs(ROOT / ".github/workflows/ci.yml").values()
    oldest = PROJECT["project"]["requires-python"].removeprefix(">=")

    assert job["container"]["image"].startswith(f"python:{oldest}.")


# --- hooks and editor ------------------------------------------------------------------------------------------------


def test_hooks_call_the_projects_own_tools_as_make_check_does() -> None:
    repositories = yaml.safe_load(read(".pre-commit-config.yaml"))["repos"]
    hooks = [hook["entry"].split() for repository in repositories for hook in repository["hooks"]]
    known = [[word for word in command if not (ROOT / word).exists()] for command in check.CHECKS.values()]

    assert {repository["repo"] for repository in repositories} == {"local"}
    assert {words[0].rpartition("/")[0] for words in hooks} == {".venv/bin"}
    for program, *words in hooks:
        name = program.rpartition("/")[2]
        assert sorted([name, *words]) in [sorted([*command, *extra]) for command in known for extra in ([], [FORCE])]


def test_every_tracked_file_is_as_the_editor_is_told() -> None:
    rules = configparser.ConfigParser()
    rules.read_string("[top]\n" + read(".editorconfig"))
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    names = [name for name in listed.stdout.split("\0") if (ROOT / name).is_file()]
    texts = {name: (ROOT / name).read_bytes().decode("utf-8") for name in names}

    assert dict(rules["*"]) == {
        "charset": "utf-8",
        "end_of_line": "lf",
        "insert_final_newline": "true",
        "trim_trailing_whitespace": "true",
    }
    assert [name for name, text in texts.items() if "\r\n" in text] == []
    assert [name for name, text in texts.items() if text and not text.endswith("\n")] == []
    assert [name for name, text in texts.items() if re.search(r"[ \t]$", text, re.MULTILINE)] == []
    assert int(rules["*.py"]["max_line_length"]) == PROJECT["tool"]["ruff"]["line-length"]


# --- licence and changelog -------------------------------------------------------------------------------------------


def test_the_licence_is_the_one_that_the_package_names() -> None:
    assert PROJECT["project"]["license"] == "MIT"
    assert PROJECT["project"]["license-files"] == ["LICENSE"]
    assert read("LICENSE").startswith("MIT License\n")
    assert "agentkeep contributors" in read("LICENSE")


def test_every_change_is_named_by_a_kind_that_the_page_explains() -> None:
    kinds = {kind["directory"] for kind in PROJECT["tool"]["towncrier"]["type"]}

    assert set(re.findall(r"^\| `(\w+)` \|", read("changes/README.md"), re.MULTILINE)) == kinds
    assert [
        path.name for path in FRAGMENTS if not re.fullmatch(rf"\+[a-z0-9-]+\.({'|'.join(kinds)})\.md", path.name)
    ] == []


def test_the_next_release_says_every_change(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "towncrier", "build", "--draft", "--version", "next", "--date", "2026-01-01"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    said = " ".join(done.stdout.split())

    assert done.returncode == 0, done.stderr
    assert "## next (2026-01-01)" in said
    assert [path.name for path in FRAGMENTS if " ".join(read(path).split()) not in said] == []


def test_the_changelog_has_the_place_where_releases_go() -> None:
    assert PROJECT["tool"]["towncrier"]["start_string"] in read("CHANGELOG.md")


def test_security_names_a_contact_that_exists_without_an_account_of_ours() -> None:
    text = read("SECURITY.md")

    assert "private vulnerability reporting" in text
    assert not re.search(r"[\w.]+@[\w.]+", text)
