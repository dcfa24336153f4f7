"""
Every mutant gets the answer that it expects from the rule that owns its harm: of the real ``dist/``, and of a second
world that has little in common with it.

``make test`` tries a sample of both, ``make laws`` every one.
"""

import ast
import copy
import dataclasses
import functools
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from agentkeep.verify import documents
from agentkeep.verify.case import Case
from agentkeep.verify.decide import decide
from agentkeep.verify.programs import USERS_OWN
from agentkeep.verify.rules import all_rules
from agentkeep.verify.verdict import Report
from tests.proofs import world as world_module
from tests.proofs.world import DIST, REAL, UNKNOWN, Base, Mutant, World, kind_of, read_once, words

if not (DIST / "platform.json").is_file() and not os.environ.get("CI"):
    raise FileNotFoundError("dist/ is not there; run make synth")

from tests.proofs.mutants import MOST, all_mutants, sample

# Programs of a user's own run in neither world; test_plain_platform breaks what is asked of them.
RULES = [rule.id for rule in all_rules() if rule.program != USERS_OWN]


@functools.cache
def mutants_of(base: Base) -> list[Mutant]:
    return all_mutants(base)


@functools.cache
def sample_of(base: Base) -> list[Mutant]:
    return sample(mutants_of(base), base)


def problems(mutants: list[Mutant], base: Base, rule: str) -> list[str]:
    """What is wrong with the answers of one rule."""
    return [problem for mutant in mutants if mutant.owner == rule and (problem := mutant.problem(base))]


MUTANTS, SAMPLE = mutants_of(REAL), sample_of(REAL)

# --- the worlds


def test_untouched_dist_is_proved() -> None:
    verdicts = decide(World().case())

    assert [finding.name for verdict in verdicts for finding in verdict.findings] == []
    assert [verdict.rule for verdict in verdicts if not verdict.proved] == []


def test_the_second_world_is_proved(second: Base) -> None:
    verdicts = decide(World(second).case())

    assert [finding.name for verdict in verdicts for finding in verdict.findings] == []
    assert [verdict.rule for verdict in verdicts if not verdict.proved] == []


def test_the_second_world_is_another_one(second: Base) -> None:
    readers = [reader for secret in second.ledger["secrets"] for reader in secret["readers"]]

    assert len(second.agents) == 2
    assert {*second.agents, second.proxy} & {*REAL.workloads} == set()
    assert (REAL.cloudflare_version, second.cloudflare_version) == (4, 5)
    assert second.ledger["cluster"]["ipFamilies"] == ["IPv6", "IPv4"]
    assert any(reader["as"] == "file" for reader in readers)


# --- the mutants


def test_every_rule_has_mutants_in_both_worlds(second: Base) -> None:
    assert {*RULES} - {mutant.owner for mutant in MUTANTS} == set()
    assert {*RULES} - {mutant.owner for mutant in mutants_of(second)} == set()


@pytest.mark.parametrize("mutant", SAMPLE, ids=[mutant.id for mutant in SAMPLE])
def test_its_owner_answers_as_expected(mutant: Mutant) -> None:
    assert mutant.problem() == ""


@pytest.mark.parametrize("rule", RULES)
def test_answers_as_expected_in_the_second_world(rule: str, second: Base) -> None:
    assert problems(sample_of(second), second, rule) == []


@pytest.mark.property
@pytest.mark.parametrize("rule", RULES)
def test_answers_every_mutant_as_expected(rule: str, second: Base) -> None:
    assert problems(MUTANTS, REAL, rule) == []
    assert problems(mutants_of(second), second, rule) == []


def test_no_rule_changes_what_it_reads() -> None:
    """Mutants share the texts that they did not touch, once parsed."""
    decide(World().case())
    texts = [path for path in REAL.files if path.endswith((".yaml", ".json")) and "/templates/" not in path]
    kept = {path: read_once(REAL.files[path], path) for path in texts}

    assert [path for path, found in kept.items() if found != documents.parse(REAL.files[path], path)] == []


def test_no_maker_holds_the_name_of_a_part() -> None:
    names = {REAL.namespace, *REAL.agents, REAL.proxy, REAL.site["host"], REAL.site["zone"]}
    names |= {secret["key"] for secret in REAL.ledger["secrets"]} | {REAL.aws_module, REAL.cloudflare_module, REAL.app}
    found = [
        f"{path.name}:{node.lineno} {node.value!r}"
        for path in sorted((Path(__file__).parent / "mutants").glob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value in names
    ]

    assert found == []


# --- the sample


def test_the_sample_is_small() -> None:
    harms = {rule: {kind_of(m, REAL) for m in MUTANTS if m.owner == rule} for rule in RULES}
    sizes = {rule: sum(mutant.owner == rule for mutant in SAMPLE) for rule in RULES}

    assert [rule for rule in RULES if not 0 < sizes[rule] <= max(MOST, len(harms[rule]) + 2)] == []
    assert sample(MUTANTS, REAL) == SAMPLE


def _seen(mutants: list[Mutant], look: Callable[[Mutant], set[str]]) -> set[tuple[str, str]]:
    return {(mutant.owner, one) for mutant in mutants for one in look(mutant)}


def _workloads(mutant: Mutant) -> set[str]:
    return {word for word in words(mutant.harm, REAL) if word in REAL.workloads}


def _kinds_of_container(mutant: Mutant) -> set[str]:
    return {REAL.kind_of(w, c) for w, c, _ in REAL.containers() if f"{w}/{c}" in mutant.harm}


def test_the_sample_has_every_harm_workload_and_kind_of_container() -> None:
    missing = {
        question.__name__: _seen(MUTANTS, question) - _seen(SAMPLE, question)
        for question in (_workloads, _kinds_of_container)
    }
    harms = _seen(MUTANTS, lambda m: {kind_of(m, REAL)}) - _seen(SAMPLE, lambda m: {kind_of(m, REAL)})

    assert {**missing, "harms": harms} == {"_workloads": set(), "_kinds_of_container": set(), "harms": set()}


# --- what counts as an answer


def answering(monkeypatch: pytest.MonkeyPatch, check: Callable[[Case, Report], None]) -> Mutant:
    """A mutant whose rule does *check*."""
    rule = dataclasses.replace(world_module.rule("NET001"), check=check)
    monkeypatch.setattr(world_module, "rule", lambda _: rule)
    return Mutant("NET001", "every door is open", lambda _: None)


def looked(case: Case, report: Report) -> None:
    report.look()


def unsure(case: Case, report: Report) -> None:
    report.unsure("x", "is of a later release")


def refuted(case: Case, report: Report) -> None:
    report.find("x", "is open")


def thrown(case: Case, report: Report) -> None:
    report.find("x", "is open")
    raise KeyError("x")


@pytest.mark.parametrize(
    ("check", "says"),
    [
        (looked, "the rule that owns this harm passes it: fix the rule (test_mutants.py) before adding code"),
        (unsure, "the rule only says that it could not decide (is of a later release): let test_mutants.py decide it"),
        (thrown, "the rule throws (is open; could not be decided (KeyError)), which is not an answer"),
    ],
)
def test_what_is_not_a_refutation_says_what_to_do_next(
    check: Callable[[Case, Report], None], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant = answering(monkeypatch, check)

    assert mutant.problem().startswith(f"NET001: every door is open: {says}")


def test_a_refutation_is_what_a_mutant_expects(monkeypatch: pytest.MonkeyPatch) -> None:
    assert answering(monkeypatch, refuted).problem() == ""


def test_unknown_is_expected_only_where_it_is_written_out(monkeypatch: pytest.MonkeyPatch) -> None:
    mutant = dataclasses.replace(answering(monkeypatch, unsure), expects=UNKNOWN, because="nobody knows")

    assert mutant.problem() == ""
    with pytest.raises(AssertionError, match="say why nobody could decide it"):
        dataclasses.replace(mutant, because="")


@pytest.mark.parametrize(("check", "says"), [(refuted, "drop expects="), (looked, "fix the rule"), (thrown, "throws")])
def test_an_expected_unknown_is_not_an_excuse(
    check: Callable[[Case, Report], None], says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant = dataclasses.replace(answering(monkeypatch, check), expects=UNKNOWN, because="nobody knows")

    assert says in mutant.problem()


def test_what_a_mutant_does_is_done_to_a_copy() -> None:
    before = copy.deepcopy(dict(REAL.documents))
    for mutant in SAMPLE[::25]:
        mutant.problem()

    assert before == dict(REAL.documents)
