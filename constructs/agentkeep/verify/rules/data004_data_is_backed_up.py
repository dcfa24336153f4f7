"""DATA004: data is backed up."""

from agentkeep.verify.case import Case
from agentkeep.verify.verdict import Report

_SOURCE = "recurring-job.longhorn.io/source"
_GROUP = "recurring-job-group.longhorn.io/"


def data004_data_is_backed_up(case: Case, report: Report) -> None:
    """
    DATA004: every claim carries both labels that Longhorn needs to back it up, for the declared groups.

    The group alone does nothing: without the source label Longhorn does not look at a claim's labels.
    """
    claims = {item.name: item for item in case.own("PersistentVolumeClaim")}
    for declared in case.ledger.storage:
        report.look()
        claim = claims.get(declared.claim)
        if claim is None:
            report.find(declared.claim, "is declared, but in no artifact")
            continue
        if claim.labels.get(_SOURCE) != "enabled":
            report.find(claim, f"lacks the label {_SOURCE}", place=claim.place)
        for group in declared.backup_groups:
            if claim.labels.get(_GROUP + group) != "enabled":
                report.find(claim, f"is not in the backup group {group}", place=claim.place)
        if not declared.backup_groups:
            report.find(claim, "is in no backup group", place=claim.place)
    if not case.ledger.storage:
        report.look()
