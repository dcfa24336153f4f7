"""REF014: only declared vendors are used."""

from typing import Final

from agentkeep.verify.case import Case
from agentkeep.verify.verdict import Report

# The ledger decides which rules are asked, so it has to be right about this, whatever families are asked for.
ALWAYS: Final = True
NEVER_ACKNOWLEDGED: Final = True


def ref014_only_declared_vendors_are_used(case: Case, report: Report) -> None:
    """
    REF014: whatever the artifacts hold of a vendor is of one that the ledger declares.

    Looks at kinds of resources and objects, labels, annotations, drivers of storage. A policy file that names no
    vendor takes them as they are found.
    """
    report.look(len(case.artifacts.objects) + len(case.artifacts.terraform))
    if case.ledger.by_hand and not case.ledger.vendors.names:
        return
    declared = case.ledger.vendors.names
    for vendor, things in sorted(case.vendors_found.items()):
        if vendor not in declared:
            # One finding for each vendor: the first thing shows it.
            subject, place = things[0]
            more = f", as do {len(things) - 1} others" if len(things) > 1 else ""
            report.find(subject, f"belongs to {vendor}, which is not declared{more}", place=place)
