"""REF012: secrets come from the declared store."""

from agentkeep.verify.artifacts import mapping, text
from agentkeep.verify.case import Case
from agentkeep.verify.verdict import Report


def ref012_secrets_come_from_the_declared_store(case: Case, report: Report) -> None:
    """REF012: every ExternalSecret reads the cluster's declared store, and no artifact defines another."""
    store = case.ledger.cluster.secret_store
    if not case.ledger.secrets:
        # Declared: none.
        report.look()
    for item in case.artifacts.kind("ExternalSecret"):
        report.look()
        ref = mapping(item.spec.get("secretStoreRef"))
        if store is None or text(ref.get("name")) != store.name or ref.get("kind", "SecretStore") != store.kind:
            report.find(item, f"reads store {ref.get('kind', 'SecretStore')} {ref.get('name')}", place=item.place)
    for item in case.artifacts.kind("SecretStore", "ClusterSecretStore"):
        report.find(item, "defines a store of its own", place=item.place)
