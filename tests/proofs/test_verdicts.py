"""Unknown counts as refuted, nothing examined proves nothing, and an acknowledgement answers for one finding."""

import datetime
import os
from typing import Any

import pytest

from agentkeep.errors import ProofError
from agentkeep.verify import decide as decide_module
from agentkeep.verify.artifacts import assemble
from agentkeep.verify.case import Case
from agentkeep.verify.decide import ACKNOWLEDGEMENTS, case_of, decide
from agentkeep.verify.report import overall
from agentkeep.verify.rules import Rule, all_rules
from agentkeep.verify.verdict import Finding, Outcome, Report, Verdict
from tests.proofs.world import DIST, World

if not (DIST / "platform.json").is_file() and not os.environ.get("CI"):
    raise FileNotFoundError("dist/ is not there; run make synth")

TODAY = datetime.date(2026, 11, 21)
DIND = "POD003[openclaw/dind]: privileged"


def verdicts(world: World, **options: Any) -> dict[str, Verdict]:
    return {verdict.rule: verdict for verdict in decide(world.case(), today=TODAY, **options)}


def acknowledged(*entries: dict[str, Any]) -> World:
    world = World()
    world.ledger["acknowledgements"] = [
        {"because": "accepted", "owner": "boxp", "until": None, **entry} for entry in entries
    ]
    return world


def test_a_finding_refutes_and_an_undecided_one_leaves_it_unknown() -> None:
    fault, doubt = Finding("X001", "a", "b"), Finding("X001", "a", "c", undecided=True)

    assert Verdict("X001", "", 1, (fault, doubt)).outcome is Outcome.REFUTED
    assert Verdict("X001", "", 1, (doubt,)).outcome is Outcome.UNKNOWN
    assert Verdict("X001", "", 0, ()).outcome is Outcome.UNKNOWN
    assert Verdict("X001", "", 1, ()).outcome is Outcome.PROVED


def test_unknown_counts_as_refuted_and_no_rules_prove_nothing() -> None:
    good, unknown = Verdict("X001", "", 1, ()), Verdict("X002", "", 0, ())

    assert overall([good]) is Outcome.PROVED
    assert overall([good, unknown]) is Outcome.REFUTED
    assert overall([]) is Outcome.REFUTED


def test_an_empty_world_proves_nothing() -> None:
    ledger = World().files["platform.json"]
    found = decide(case_of(assemble("empty", {"platform.json": ledger})), today=TODAY)

    assert [verdict.rule for verdict in found if verdict.proved] == []


def test_a_world_and_a_ledger_that_are_both_empty_prove_nothing() -> None:
    world = World()
    for key in ("workloads", "secrets", "flows", "sites", "storage", "acknowledgements"):
        world.ledger[key] = []
    files = {"platform.json": world.bytes()["platform.json"]}

    assert not any(verdict.proved for verdict in decide(case_of(assemble("empty", files)), today=TODAY))


def test_without_a_ledger_nothing_is_decided() -> None:
    files = {path: data for path, data in World().files.items() if path != "platform.json"}

    with pytest.raises(ProofError, match=r"no platform\.json"):
        case_of(assemble("x", files))


def test_a_privileged_container_needs_an_acknowledgement() -> None:
    without, with_one = verdicts(acknowledged()), verdicts(acknowledged({"finding": DIND}))

    assert [finding.name for finding in without["POD003"].findings] == [DIND]
    assert with_one["POD003"].proved
    assert [finding.name for finding in with_one["POD003"].accepted] == [DIND]
    assert with_one[ACKNOWLEDGEMENTS].proved


@pytest.mark.parametrize(
    ("until", "stands"), [(None, True), ("2026-11-21", True), ("2026-11-20", False), ("2027-01-01", True)]
)
def test_an_acknowledgement_stands_until_its_last_day(until: str | None, stands: bool) -> None:
    found = verdicts(acknowledged({"finding": DIND, "until": until}))

    assert found["POD003"].proved is stands
    assert found[ACKNOWLEDGEMENTS].proved is stands


def test_an_acknowledgement_of_nothing_is_a_finding() -> None:
    found = verdicts(acknowledged({"finding": DIND}, {"finding": "POD003[openclaw/other]: privileged"}))

    assert [finding.subject for finding in found[ACKNOWLEDGEMENTS].findings] == ["POD003[openclaw/other]: privileged"]
    place = found[ACKNOWLEDGEMENTS].findings[0].place
    assert place is not None
    assert place.line > 1


def test_an_acknowledgement_answers_for_one_finding_alone() -> None:
    world = acknowledged({"finding": DIND})
    world.container("litellm")["securityContext"]["privileged"] = True

    assert [f.name for f in verdicts(world)["POD003"].findings] == ["POD003[litellm/litellm]: privileged"]


@pytest.mark.parametrize(
    "finding", ["POD003", "POD003[*]: privileged", "POD003[openclaw/dind]", "POD003[openclaw/dind]: *"]
)
def test_an_acknowledgement_is_never_a_pattern(finding: str) -> None:
    found = verdicts(acknowledged({"finding": finding}))

    assert not found["POD003"].proved
    assert not found[ACKNOWLEDGEMENTS].proved


def test_a_provider_key_outside_the_proxy_cannot_be_acknowledged() -> None:
    world = acknowledged({"finding": DIND}, {"finding": "SEC004[openclaw/openclaw]: can read ANTHROPIC_API_KEY"})
    ref = {"secretKeyRef": {"name": "litellm-credentials", "key": "ANTHROPIC_API_KEY"}}
    world.container("openclaw")["env"].append({"name": "X", "valueFrom": ref})
    found = verdicts(world)

    assert [f.name for f in found["SEC004"].findings] == ["SEC004[openclaw/openclaw]: can read ANTHROPIC_API_KEY"]
    assert [f.problem for f in found[ACKNOWLEDGEMENTS].findings] == ["acknowledges what nobody can answer for"]


def test_what_nobody_can_answer_for() -> None:
    never = {rule.id for rule in all_rules() if not rule.acknowledgeable}

    assert never >= {"SEC001", "SEC004", "NET006", "DATA001", "DATA002", "SITE001", "SITE002", "SITE003", "REF010"}


def test_something_undecided_cannot_be_acknowledged() -> None:
    world = acknowledged(
        {"finding": DIND},
        {"finding": "REF007[lolice/argoproj/openclaw/kustomization.yaml]: transforms manifests (patches)"},
    )
    world.kustomization["patches"] = [{"path": "x"}]

    assert verdicts(world)["REF007"].outcome is Outcome.UNKNOWN


def test_asking_for_one_family_judges_its_acknowledgements_alone() -> None:
    found = verdicts(acknowledged({"finding": DIND}), families=["NET"])

    always = {rule.id for rule in all_rules() if rule.always}
    assert {rule for rule in found if not rule.startswith(("NET", "ACK"))} == always
    assert found[ACKNOWLEDGEMENTS].proved


def test_a_rule_that_throws_has_not_decided(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(case: Case, report: Report) -> None:
        report.look(5)
        raise KeyError("x")

    def unreadable(case: Case, report: Report) -> None:
        raise ProofError("a.yaml:3", "this is not YAML", "fix it")

    rules = tuple(Rule(f"NET90{n}", "", "", "", check, True) for n, check in enumerate((broken, unreadable)))
    monkeypatch.setattr(decide_module, "all_rules", lambda: rules)
    first, second, _ = decide(World().case(), today=TODAY, families=["NET"])

    assert first.outcome is Outcome.UNKNOWN
    assert first.findings[0].problem == "could not be decided (KeyError)"
    assert second.outcome is Outcome.UNKNOWN
    assert second.findings[0].subject == "a.yaml:3"


LEDGER_FAULTS: dict[str, Any] = {
    "another format": lambda d: d.update(format="agentkeep/ledger/v9"),
    "no namespace": lambda d: d.pop("namespace"),
    "no cluster": lambda d: d.pop("cluster"),
    "no pod ranges": lambda d: d["cluster"].update(podCidrs=[]),
    "no service ranges": lambda d: d["cluster"].pop("serviceCidrs"),
    "a range that is none": lambda d: d["cluster"].update(nodeCidrs=["10.0.0.0/33"]),
    "an IP family that is none": lambda d: d["cluster"].update(ipFamilies=["IPv5"]),
    "no DNS": lambda d: d["cluster"].pop("dns"),
    "no workloads": lambda d: d.pop("workloads"),
    "a role that is none": lambda d: d["workloads"][0].update(role="boss"),
    "a workload twice": lambda d: d["workloads"].append(d["workloads"][0]),
    "a secret without readers": lambda d: d["secrets"][0].pop("readers"),
    "a flow without a reason": lambda d: d["flows"][0].update(because=" "),
    "a flow to a range that is none": lambda d: d["flows"][0].update(to="cidr:x"),
    "a flow to no port": lambda d: d["flows"][0].update(port=0),
    "a port as text": lambda d: d["flows"][0].update(port="443"),
    "an acknowledgement without an owner": lambda d: d["acknowledgements"].append(
        {"finding": "x", "because": "y", "owner": ""}
    ),
    "an acknowledgement until some day": lambda d: d["acknowledgements"].append(
        {"finding": "x", "because": "y", "owner": "z", "until": "soon"}
    ),
    "a list where a mapping belongs": lambda d: d.update(cluster=[]),
}


@pytest.mark.parametrize("fault", LEDGER_FAULTS.values(), ids=LEDGER_FAULTS.keys())
def test_a_ledger_that_cannot_be_right_is_refused_with_its_line(fault: Any) -> None:
    world = World()
    fault(world.ledger)

    with pytest.raises(ProofError, match=r"^\[platform\.json:\d+\] "):
        world.case()


def test_every_rule_is_one_sentence_and_named_as_its_file() -> None:
    rules = all_rules()

    assert len({rule.id for rule in rules}) == len(rules) >= 60
    for rule in rules:
        assert rule.promise.endswith("."), rule.id
        assert "TODO" not in rule.promise + rule.about
        assert rule.check.__name__ == f"{rule.id.lower()}_{rule.name.replace(' ', '_')}"
        assert rule.check.__module__.endswith(rule.check.__name__)
