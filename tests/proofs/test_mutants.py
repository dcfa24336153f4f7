"""Every mutant of the real ``dist/`` is refuted by the rule that owns it."""

import os

import pytest

from agentkeep.verify.decide import decide
from agentkeep.verify.rules import all_rules
from tests.proofs.world import DIST, Mutant, World

if not (DIST / "platform.json").is_file() and not os.environ.get("CI"):
    raise FileNotFoundError("dist/ is not there; run make synth")

from tests.proofs.mutants import all_mutants

MUTANTS = all_mutants()


def test_untouched_dist_is_proved() -> None:
    verdicts = decide(World().case())

    assert [finding.name for verdict in verdicts for finding in verdict.findings] == []
    assert [verdict.rule for verdict in verdicts if not verdict.proved] == []


def test_there_are_enough_mutants_and_every_rule_has_some() -> None:
    owners = {mutant.owner for mutant in MUTANTS}

    assert len(MUTANTS) >= 120
    assert {rule.id for rule in all_rules()} - owners == set()


@pytest.mark.parametrize("mutant", MUTANTS, ids=[mutant.id for mutant in MUTANTS])
def test_is_refuted_by_its_owner(mutant: Mutant) -> None:
    assert not mutant.survives(), mutant.advice
