"""All rules over one case, and what becomes of their findings."""

import datetime
from collections.abc import Iterable

from agentkeep.errors import ProofError
from agentkeep.verify.artifacts import Artifacts, Place
from agentkeep.verify.case import Case
from agentkeep.verify.ledger import Acknowledgement, Ledger, read_ledger
from agentkeep.verify.rules import Rule, all_rules
from agentkeep.verify.verdict import Finding, Report, Verdict

# The one rule that judges the others' exceptions, so it cannot be a file among them.
ACKNOWLEDGEMENTS = "ACK001"
ACKNOWLEDGEMENTS_PROMISE = (
    "every acknowledgement names one finding that exists and may be answered for, and has not expired"
)


def case_of(artifacts: Artifacts, ledger: Ledger | None = None) -> Case:
    """
    The case of *artifacts*, by their own ledger unless another one is given.

    Raises:
        ProofError: there is no ledger, or it cannot be read.
    """
    if ledger is None:
        if artifacts.ledger is None:
            raise ProofError(
                artifacts.root,
                "there is no platform.json, so nothing says what should be",
                "synthesize, or give --policy",
            )
        ledger = read_ledger(artifacts.ledger)
    return Case(artifacts, ledger)


def run(rule: Rule, case: Case) -> Verdict:
    """The verdict of one rule, its findings not yet answered for."""
    report = Report(rule.id)
    try:
        rule.check(case, report)
    except ProofError as error:
        report.unsure(error.path, f"could not be read: {error.problem}")
    except Exception as error:  # noqa: BLE001  # a rule that throws has not decided; it must never look like a proof
        report.unsure("the rule itself", f"could not be decided ({type(error).__name__})")
    if rule.by_policy and report.findings and case.unread_policies:
        report.findings = [_unread(rule, case, report.findings)]
    # A world without pods has nothing to keep; whatever a rule saw of it proves nothing.
    examined = report.examined if case.workloads else 0
    return Verdict(rule.id, rule.promise, examined, tuple(report.findings))


def _unread(rule: Rule, case: Case, found: list[Finding]) -> Finding:
    """What stands for all that *rule* found, while a policy that is not evaluated may say otherwise."""
    first = case.unread_policies[0]
    what = f"cannot be decided before {first} is read ({len(found)} findings depend on it)"
    return Finding(rule.id, case.namespace, what, tuple(f.line for f in found[:5]), first.place, undecided=True)


def asked(rule: Rule, case: Case, families: Iterable[str]) -> bool:
    """Whether *rule* is asked: by its family or always, and only where there is something of its vendor or program."""
    if rule.family not in families and not rule.always:
        return False
    if rule.vendor and rule.vendor not in case.vendors:
        return False
    return not rule.program or rule.program in case.ledger.programs


def decide(
    case: Case, *, today: datetime.date | None = None, families: Iterable[str] | None = None
) -> tuple[Verdict, ...]:
    """
    The verdict of every rule of the families that were asked for, in the order of ids.

    Args:
        case: What to decide.
        today: The day on which acknowledgements are judged; the machine's by default.
        families: Such as ``["NET", "SEC"]``; those of the ledger by default.
    """
    wanted = set(case.ledger.families if families is None else families)
    rules = [rule for rule in all_rules() if asked(rule, case, wanted)]
    found = [run(rule, case) for rule in rules]
    return tuple(_acknowledged(case, rules, found, today or datetime.datetime.now().astimezone().date()))


def _acknowledged(case: Case, rules: list[Rule], found: list[Verdict], today: datetime.date) -> Iterable[Verdict]:
    known = {one.finding: one for one in case.ledger.acknowledgements}
    may = {rule.id for rule in rules if rule.acknowledgeable}
    used: set[str] = set()
    for verdict in found:
        accepted = [f for f in verdict.findings if _stands(f, known, may, today)]
        used |= {finding.name for finding in accepted}
        left = tuple(finding for finding in verdict.findings if finding not in accepted)
        yield Verdict(verdict.rule, verdict.promise, verdict.examined, left, tuple(accepted))
    report = Report(ACKNOWLEDGEMENTS)
    report.look(max(1, len(known)) if case.workloads else 0)
    decided = {rule.id for rule in rules}
    findings = {finding.name: finding for verdict in found for finding in verdict.findings}
    for index, one in enumerate(case.ledger.acknowledgements):
        rule_id = one.finding.partition("[")[0]
        if rule_id not in decided and rule_id in {rule.id for rule in all_rules()}:
            continue
        finding = findings.get(one.finding)
        allowed = rule_id in may or (finding is not None and finding.answerable)
        problem = _why_not(one, finding is not None, allowed, today)
        if problem:
            report.find(one.finding, problem, place=_place(case, index))
    yield Verdict(ACKNOWLEDGEMENTS, ACKNOWLEDGEMENTS_PROMISE, report.examined, tuple(report.findings))


def _stands(finding: Finding, known: dict[str, Acknowledgement], may: set[str], today: datetime.date) -> bool:
    one = known.get(finding.name)
    answerable = finding.rule in may or finding.answerable
    return one is not None and answerable and not finding.undecided and (one.until is None or today <= one.until)


def _why_not(one: Acknowledgement, exists: bool, allowed: bool, today: datetime.date) -> str:
    if not exists:
        return "acknowledges something that is not found"
    if not allowed:
        return "acknowledges what nobody can answer for"
    if one.until is not None and today > one.until:
        return f"expired on {one.until.isoformat()}"
    return ""


def _place(case: Case, index: int) -> Place:
    document = case.artifacts.ledger
    if document is None or case.ledger.by_hand:
        return case.ledger.place
    return Place(document.file, document.line_of("acknowledgements", index))
