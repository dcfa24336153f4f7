"""SEC009: the store keeps values well."""

from agentkeep.verify.case import Case
from agentkeep.verify.verdict import Report


def sec009_the_store_keeps_values_well(case: Case, report: Report) -> None:
    """
    SEC009: every key of the secret store is kept encrypted, and what a person fills in survives the next apply.

    The table of the store says what that takes. For a key that the operator fills: Terraform writes no value, or a
    placeholder that it then ignores. For one that Terraform fills: the value is a reference, and nothing hides a new
    one.
    """
    if case.ledger.by_hand or not case.ledger.secrets:
        # Filled by hand, or declared: none.
        report.look()
    declared = {secret.key: secret for secret in case.ledger.secrets}
    for store, entry in case.entries:
        report.look()
        secret = declared.get(entry.key)
        for problem in store.problems(entry, secret.filled_by if secret else ""):
            report.find(entry.key, problem, place=entry.place)
