"""SEC003: readers are as declared."""

from collections.abc import Iterable

from agentkeep.verify.case import Case
from agentkeep.verify.secret_flow import EVERY_PARAMETER, Read
from agentkeep.verify.verdict import Report


def sec003_readers_are_as_declared(case: Case, report: Report) -> None:
    """
    SEC003: the containers that can read a secret, by any route, are exactly those declared, in the form declared.

    Both ways: a reader that nobody declared is a leak; a declared reader that cannot read is a workload that will
    not start.
    """
    if not case.ledger.secrets:
        # Declared: none.
        report.look()
    by_parameter: dict[str, list[Read]] = {}
    for read in case.flow.reads:
        by_parameter.setdefault(read.parameter, []).append(read)
    known = {secret.key for secret in case.ledger.secrets}
    anything = by_parameter.pop(EVERY_PARAMETER, [])
    for secret in case.ledger.secrets:
        report.look()
        declared = {(reader.workload, reader.container, reader.form, reader.name) for reader in secret.readers}
        who = {(workload, container) for workload, container, _, _ in declared}
        found = [*by_parameter.get(secret.key, ()), *anything]
        seen: set[tuple[str, str, str, str]] = set()
        for read in found:
            edge = (_id(case, read), read.container.name, read.form, read.name)
            seen.add(edge)
            if edge[:2] not in who or read.workload.namespace != case.namespace:
                report.find(
                    read.reader, f"can read {secret.id} ({read.form})", witness=read.hops, place=read.container.place
                )
            elif read.form in ("env", "file") and edge not in declared and not case.ledger.by_hand:
                report.find(
                    read.reader, f"reads {secret.id} as {read.form} {read.name}, which is not declared",
                    witness=read.hops, place=read.container.place,
                )  # fmt: skip
        for workload, container, form, name in sorted(_missing(declared, seen, case.ledger.by_hand)):
            report.find(f"{workload}/{container}", f"cannot read {secret.id} as {form} {name}, though declared")
    for parameter in sorted(set(by_parameter) - known):
        report.look()
        for read in by_parameter[parameter]:
            report.find(
                read.reader, f"reads {parameter}, which nobody declared", witness=read.hops, place=read.container.place
            )


def _id(case: Case, read: Read) -> str:
    declared = case.declared(read.workload)
    return declared.id if declared else read.workload.name


def _missing(
    declared: set[tuple[str, str, str, str]], seen: set[tuple[str, str, str, str]], by_hand: bool
) -> Iterable[tuple[str, str, str, str]]:
    if not by_hand:
        return declared - seen
    who = {edge[:2] for edge in seen}
    return {edge for edge in declared if edge[:2] not in who}
