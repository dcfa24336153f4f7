"""SEC005: each secret has one consumer."""

from agentkeep.verify.artifacts import Place
from agentkeep.verify.case import Case
from agentkeep.verify.verdict import Report


def sec005_each_secret_has_one_consumer(case: Case, report: Report) -> None:
    """
    SEC005: each Kubernetes Secret is read by one workload, and carries exactly the keys that this workload reads.

    A key that lies in a Secret unread is one typing error away from the wrong container.
    """
    if case.ledger.by_hand or not case.ledger.secrets:
        # Filled by hand, or declared: none.
        report.look()
    readers: dict[tuple[str, str], set[str]] = {}
    keys: dict[tuple[str, str], set[str]] = {}
    for read in case.flow.reads:
        namespace, secret, key = read.secret
        if read.form in ("env", "file"):
            readers.setdefault((namespace, secret), set()).add(read.workload.name)
            keys.setdefault((namespace, secret), set()).add(key)
    filled: dict[tuple[str, str], set[str]] = {}
    places: dict[tuple[str, str], Place] = {}
    for (namespace, secret, key), sources in case.flow.sources.items():
        filled.setdefault((namespace, secret), set()).add(key)
        places.setdefault((namespace, secret), sources[0].place)
    for secret_id, names in sorted(filled.items()):
        report.look()
        subject = "/".join(secret_id)
        place = places[secret_id]
        who = readers.get(secret_id, set())
        if len(who) > 1:
            report.find(subject, f"is read by {', '.join(sorted(who))}", place=place)
        for unread in sorted(names - keys.get(secret_id, set())):
            report.find(subject, f"carries {unread}, which nobody reads", place=place)
