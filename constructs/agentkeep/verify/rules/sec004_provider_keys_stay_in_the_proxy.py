"""SEC004: provider keys stay in the proxy."""

from typing import Final

from agentkeep.verify.case import Case
from agentkeep.verify.ledger import ISOLATED
from agentkeep.verify.verdict import Report

NEVER_ACKNOWLEDGED: Final = True


def sec004_provider_keys_stay_in_the_proxy(case: Case, report: Report) -> None:
    """
    SEC004: an isolated secret, such as a provider's key, can be read in the pods of keepers alone, whatever the ledger
    says.

    A declaration cannot loosen this: the role of the reading workload decides, not the list of readers.
    """
    if not any(secret.role in ISOLATED for secret in case.ledger.secrets):
        # Declared: none.
        report.look()
    for secret in case.ledger.secrets:
        if secret.role not in ISOLATED:
            continue
        report.look()
        for reader in secret.readers:
            declared = case.ledger.by_id.get(reader.workload)
            if declared is None or declared.role != "keeper":
                report.find(
                    reader.workload, f"is declared to read {secret.id}, but is not a keeper", place=case.ledger.place
                )
        for read in case.flow.of(secret.key):
            if case.role(read.workload) != "keeper":
                report.find(read.reader, f"can read {secret.id}", witness=read.hops, place=read.container.place)
