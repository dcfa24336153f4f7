"""The harness itself: bounded, tidy, and honest about what is missing."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.real.terraform import harness
from tests.real.terraform.harness import Terraform, require_terraform

MODULE: dict[str, Any] = {
    "terraform": {"required_providers": {"aws": {"source": "aws", "version": "~> 6.0"}}},
    "provider": {"aws": [{"region": "ap-northeast-1"}]},
    "resource": {
        "aws_ssm_parameter": {
            "p": {
                "name": "/p",
                "type": "SecureString",
                "value_wo": "written once",
                "value_wo_version": 1,
            }
        }
    },
}


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.usefixtures("nowhere")
def test_without_terraform_a_test_is_skipped_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)

    with pytest.raises(pytest.skip.Exception, match="terraform is not available"):
        require_terraform()


@pytest.mark.usefixtures("nowhere")
def test_without_terraform_ci_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")

    with pytest.raises(pytest.fail.Exception, match="terraform is not available"):
        require_terraform()


@pytest.mark.real
def test_nothing_is_left_behind(program: str) -> None:
    with Terraform(MODULE, ["aws"], program=program) as terraform:
        terraform.init().expect()
        folder, process = terraform.folder, terraform._stand_in
    assert process is not None

    assert process.returncode == 0
    assert not folder.parent.exists()


@pytest.mark.real
def test_a_command_that_hangs_is_ended_with_its_children(
    program: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    slow = tmp_path / "slow"
    slow.write_text('#!/bin/sh\nsleep 60 & echo $! > "$1"\nwait\n')
    slow.chmod(0o755)
    monkeypatch.setattr(harness, "LIMIT", 0.5)
    with Terraform(MODULE, ["aws"], program=str(slow)) as terraform, pytest.raises(subprocess.TimeoutExpired):
        terraform.run(str(tmp_path / "pid"))
    child = int((tmp_path / "pid").read_text())

    with pytest.raises(ProcessLookupError):
        _gone(child)


def _gone(pid: int) -> None:
    """Raise ProcessLookupError once *pid* has ended; a killed orphan may stay a zombie for a moment."""
    for _ in range(50):
        state = Path(f"/proc/{pid}/stat")
        if not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z":
            raise ProcessLookupError(pid)
        subprocess.run(["sleep", "0.1"], check=True, timeout=5)
    os.kill(pid, 0)


@pytest.mark.real
def test_a_stand_in_that_cannot_start_says_why(program: str) -> None:
    with pytest.raises(AssertionError, match="no-such-schema"), Terraform(MODULE, ["no-such-schema"], program=program):
        pass


@pytest.mark.real
def test_terraform_would_need_a_registry_without_the_stand_in(program: str, tmp_path: Path) -> None:
    # So the green runs of the other tests do come from the stand-ins.
    (tmp_path / "main.tf.json").write_text('{"resource": {"random_bytes": {"x": {"length": 1}}}}')
    ran = subprocess.run(
        [shutil.which("terraform") or program, "validate", "-no-color"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "CHECKPOINT_DISABLE": "1"},
    )

    assert ran.returncode != 0
    assert "Missing required provider" in ran.stdout + ran.stderr


@pytest.mark.real
def test_a_write_only_value_reaches_the_world_and_not_the_state(program: str) -> None:
    with Terraform(MODULE, ["aws"], program=program) as terraform:
        terraform.init().expect()
        terraform.apply().expect()
        state = (terraform.folder / "terraform.tfstate").read_text()
        kept = terraform.world.resources("aws_ssm_parameter")["/p"]["kept"]
        plan = terraform.plan()

    assert kept == {"value_wo": "written once"}
    assert "written once" not in state
    assert plan.changes == {}
