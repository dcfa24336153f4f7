"""Verdicts for people (a table), for programs (JSON) and for code hosting (SARIF 2.1.0)."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

from agentkeep.verify.artifacts import Place
from agentkeep.verify.case import Case
from agentkeep.verify.rules import all_rules
from agentkeep.verify.verdict import Finding, Outcome, Verdict

VERDICTS_FORMAT = "agentkeep/verdicts/v1"


def overall(verdicts: Sequence[Verdict]) -> Outcome:
    """Proved if every rule is; one that is unknown refutes as well. No rule at all proves nothing."""
    return Outcome.PROVED if verdicts and all(verdict.proved for verdict in verdicts) else Outcome.REFUTED


def as_json(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """The verdicts as plain data."""
    return {
        "format": VERDICTS_FORMAT,
        "outcome": overall(verdicts).value,
        "rules": [
            {
                "rule": verdict.rule,
                "promise": verdict.promise,
                "outcome": verdict.outcome.value,
                "examined": verdict.examined,
                "findings": [_finding(finding) for finding in verdict.findings],
                "accepted": [_finding(finding) for finding in verdict.accepted],
            }
            for verdict in verdicts
        ],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "name": finding.name,
        "subject": finding.subject,
        "problem": finding.problem,
        "undecided": finding.undecided,
        "file": finding.place.file if finding.place else None,
        "line": finding.place.line if finding.place else None,
        "witness": list(finding.witness),
    }


def as_sarif(verdicts: Sequence[Verdict], case: Case) -> dict[str, Any]:
    """The verdicts as one SARIF run; accepted findings are suppressed results with their reason."""
    known = {rule.id: rule for rule in all_rules()}
    reasons = {one.finding: f"{one.because} ({one.owner})" for one in case.ledger.acknowledgements}
    rules = [
        {
            "id": verdict.rule,
            "name": known[verdict.rule].name if verdict.rule in known else "acknowledgements",
            "shortDescription": {"text": verdict.promise},
            "fullDescription": {"text": known[verdict.rule].about if verdict.rule in known else verdict.promise},
        }
        for verdict in verdicts
    ]
    results = [
        _result(finding, index, case.artifacts.root, None)
        for index, verdict in enumerate(verdicts)
        for finding in verdict.findings
    ]
    # A rule that examined nothing proves nothing, and that has to show.
    results += [
        _result(
            Finding(verdict.rule, case.namespace, "nothing was examined", undecided=True),
            index,
            case.artifacts.root,
            None,
        )
        for index, verdict in enumerate(verdicts)
        if verdict.outcome is Outcome.UNKNOWN and not verdict.findings
    ]
    results += [
        _result(finding, index, case.artifacts.root, reasons.get(finding.name, ""))
        for index, verdict in enumerate(verdicts)
        for finding in verdict.accepted
    ]
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": {"name": "agentkeep", "rules": rules}}, "results": results}],
    }


def _result(finding: Finding, index: int, root: str, reason: str | None) -> dict[str, Any]:
    place = finding.place or Place("platform.json")
    text = "\n".join([f"{finding.subject}: {finding.problem}", *finding.witness])
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": index,
        "level": "error",
        "message": {"text": text},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _uri(root, place.file)},
                    "region": {"startLine": max(place.line, 1)},
                }
            }
        ],
        "partialFingerprints": {"finding/v1": finding.name},
    }
    if reason is not None:
        result["suppressions"] = [{"kind": "external", "justification": reason}]
    return result


def _uri(root: str, file: str) -> str:
    path = Path(root) / file
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path.as_posix()


def write_table(verdicts: Sequence[Verdict], case: Case, stream: TextIO) -> None:
    """A table of rules, then every finding with its witness, then what somebody answers for."""
    # rich takes a tenth of a second, which machine-readable formats need not pay.
    from rich.console import Console  # noqa: PLC0415
    from rich.markup import escape  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    console = Console(file=stream, width=None if stream.isatty() else 120, highlight=False)
    elsewhere = sorted({workload.namespace for workload in case.artifacts.workloads})
    if elsewhere and not case.workloads:
        measure = "the policy" if case.ledger.by_hand else "platform.json"
        console.print(
            f"[bold]the folder has pods in {escape(', '.join(elsewhere))}, {measure} says "
            f"{escape(case.namespace)}[/]; nothing can be proved before they agree\n",
            soft_wrap=True,
        )
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("rule", no_wrap=True)
    table.add_column("promise", ratio=1)
    table.add_column("answer", no_wrap=True)
    table.add_column("examined", justify="right", no_wrap=True)
    colours = {Outcome.PROVED: "green", Outcome.REFUTED: "bold red", Outcome.UNKNOWN: "bold yellow"}
    for verdict in verdicts:
        answer = f"[{colours[verdict.outcome]}]{verdict.outcome.value}[/]" + ("*" if verdict.accepted else "")
        table.add_row(verdict.rule, escape(verdict.promise), answer, str(verdict.examined))
    console.print(table)
    for verdict in verdicts:
        if verdict.outcome is Outcome.UNKNOWN and not verdict.findings and case.workloads:
            console.print(f"\n[bold]{verdict.rule}[/] examined nothing, so it proves nothing")
        for finding in verdict.findings:
            console.print(f"\n[bold]{escape(finding.line)}[/]", soft_wrap=True)
            for hop in finding.witness:
                console.print(f"    {escape(hop)}", soft_wrap=True)
    accepted = [finding for verdict in verdicts for finding in verdict.accepted]
    known = {one.finding: one for one in case.ledger.acknowledgements}
    if accepted:
        console.print("\n* somebody answers for:")
    for finding in accepted:
        one = known[finding.name]
        until = f", until {one.until.isoformat()}" if one.until else ""
        console.print(f"  {escape(finding.name)} ({escape(one.owner)}{until}): {escape(one.because)}", soft_wrap=True)
    count = {outcome: sum(verdict.outcome is outcome for verdict in verdicts) for outcome in Outcome}
    subjects = sum(verdict.examined for verdict in verdicts)
    console.print(
        f"\n{count[Outcome.PROVED]} of {len(verdicts)} rules proved, {count[Outcome.REFUTED]} refuted, "
        f"{count[Outcome.UNKNOWN]} unknown; {subjects} subjects examined in {case.artifacts.root}"
    )


def dump(data: dict[str, Any], stream: TextIO) -> None:
    """Write *data* as JSON."""
    json.dump(data, stream, indent=2, ensure_ascii=False)
    stream.write("\n")
