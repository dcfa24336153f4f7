"""DATA004: data is backed up."""

from agentkeep.verify.case import Case
from agentkeep.verify.vendors import VENDORS
from agentkeep.verify.vendors.storages import Storage
from agentkeep.verify.verdict import Report


def data004_data_is_backed_up(case: Case, report: Report) -> None:
    """
    DATA004: every claim is backed up by the declared storage, in the declared groups, and nothing of that storage
    undoes it.

    The table of the storage says what that takes, such as labels of a claim, or a schedule that knows its volume by a
    tag; and what must be so besides: encryption, backups that are retained, a role that may do nothing else.
    """
    claims = {item.name: item for item in case.claims}
    storages = [one for one in map(VENDORS.get, sorted(case.vendors)) if isinstance(one, Storage)]
    for declared in case.ledger.storage:
        report.look()
        claim = claims.get(declared.claim)
        if claim is None:
            report.find(declared.claim, "is declared, but in no artifact")
            continue
        if not storages:
            report.unsure(claim, "is kept by no storage that is known", place=claim.place)
        for storage in storages:
            for problem in storage.unprotected(case.artifacts, claim, declared.backup_groups):
                report.find(claim, problem, place=claim.place)
    for storage in storages:
        for subject, problem, place in storage.odd(case.artifacts):
            report.find(subject, problem, place=place)
    if not case.ledger.storage:
        report.look()
