"""REF001: every secret key is made by terraform."""

from collections import Counter

from agentkeep.verify.case import Case
from agentkeep.verify.secret_flow import EVERY_PARAMETER, UNTRACED
from agentkeep.verify.verdict import Report


def ref001_every_secret_key_is_made_by_terraform(case: Case, report: Report) -> None:
    """
    REF001: every key that an ExternalSecret asks its store for is made by Terraform, once, and every one made is
    declared and asked for.

    The two halves live in two repositories; nothing else would notice that one of them was renamed. A folder by hand
    in which Terraform makes no key at all has its keys made elsewhere: there they have to be declared, both ways.
    """
    if not case.ledger.secrets:
        # Declared: none.
        report.look()
    asked = {source.parameter: source for sources in case.flow.sources.values() for source in sources}
    declared = {secret.key: secret.id for secret in case.ledger.secrets}
    elsewhere = case.ledger.by_hand and not case.entries
    for key, source in sorted(asked.items()):
        report.look()
        if key.startswith((UNTRACED, EVERY_PARAMETER)):
            continue
        if not elsewhere and key not in case.entry_of:
            report.find(key, "is asked for, but Terraform does not make it", witness=source.hops, place=source.place)
        if elsewhere and key not in declared:
            report.find(key, "is asked for, but nobody declared it", witness=source.hops, place=source.place)
    for key, (_, entry) in sorted(case.entry_of.items()):
        report.look()
        if key not in declared:
            report.find(key, "is made, but nobody declared it", place=entry.place)
        if key not in asked:
            report.find(key, "is made, but no ExternalSecret asks for it", place=entry.place)
    made = Counter(entry.key for _, entry in case.entries)
    for key in sorted(name for name, times in made.items() if times > 1):
        report.find(key, "is made twice")
    for key, secret in sorted(declared.items()):
        report.look()
        if elsewhere and key not in asked and not key.startswith(UNTRACED):
            report.find(secret, f"is declared, but nothing asks for {key}", place=case.ledger.place)
        if not elsewhere and key not in case.entry_of:
            report.find(secret, f"is declared, but Terraform does not make {key}", place=case.ledger.place)
