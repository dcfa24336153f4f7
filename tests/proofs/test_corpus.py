"""Manifests written by hand, measured by a policy file."""

from pathlib import Path

import pytest

from agentkeep.verify.command import verify, verify_command
from agentkeep.verify.report import overall
from agentkeep.verify.verdict import Outcome

CORPUS = Path(__file__).parents[1] / "corpus"
GOOD = sorted(path for path in (CORPUS / "good").iterdir() if path.is_dir())
BAD = sorted(path for path in (CORPUS / "bad").iterdir() if path.is_dir())


def findings(path: Path) -> tuple[Outcome, list[str]]:
    _, verdicts = verify(str(path), str(path / "policy.yaml"))
    return overall(verdicts), [finding.name for verdict in verdicts for finding in verdict.findings]


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.name)
def test_good_manifests_are_proved(path: Path) -> None:
    assert findings(path) == (Outcome.PROVED, [])


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.name)
def test_bad_manifests_are_refuted_for_these_reasons(path: Path) -> None:
    expected = (path / "expected.txt").read_text().splitlines()

    assert expected
    assert findings(path) == (Outcome.REFUTED, expected)


def test_there_is_as_much_bad_as_good() -> None:
    assert len(BAD) >= len(GOOD) >= 2


def test_exit_status(capsys: pytest.CaptureFixture[str]) -> None:
    assert verify_command([str(GOOD[0]), "--policy", str(GOOD[0] / "policy.yaml")]) == 0
    assert verify_command([str(BAD[0]), "--policy", str(BAD[0] / "policy.yaml")]) == 1
    assert verify_command([str(BAD[0])]) == 2
    assert "no platform.json" in capsys.readouterr().err


def test_the_policy_in_the_documentation_can_be_read(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "rules.md").read_text()
    example = page.split("```yaml\n")[1].split("```")[0]
    (tmp_path / "policy.yaml").write_text(example)
    case, _ = verify(str(CORPUS / "good" / "web_and_database"), str(tmp_path / "policy.yaml"))

    assert case.ledger.by_hand
    assert [one.finding for one in case.ledger.acknowledgements] == ["POD008[db/db]: may write to its image"]
