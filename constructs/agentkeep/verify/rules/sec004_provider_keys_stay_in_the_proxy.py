"""SEC004: provider keys stay in the proxy."""

from typing import Final

from agentkeep.verify.case import Case
from agentkeep.verify.ledger import KEYS_OF_THE_PROXY
from agentkeep.verify.verdict import Report

NEVER_ACKNOWLEDGED: Final = True


def sec004_provider_keys_stay_in_the_proxy(case: Case, report: Report) -> None:
    """
    SEC004: the keys of providers and the master key can be read in proxy pods alone, whatever the ledger says.

    A declaration cannot loosen this: the role of the reading workload decides, not the list of readers.
    """
    if not any(secret.role in KEYS_OF_THE_PROXY for secret in case.ledger.secrets):
        # Declared: none.
        report.look()
    for secret in case.ledger.secrets:
        if secret.role not in KEYS_OF_THE_PROXY:
            continue
        report.look()
        for reader in secret.readers:
            declared = case.ledger.by_id.get(reader.workload)
            if declared is None or declared.role != "llm-proxy":
                report.find(
                    reader.workload, f"is declared to read {secret.id}, but is no LLM proxy", place=case.ledger.place
                )
        for read in case.flow.of(secret.ssm):
            if case.role(read.workload) != "llm-proxy":
                report.find(read.reader, f"can read {secret.id}", witness=read.hops, place=read.container.place)
