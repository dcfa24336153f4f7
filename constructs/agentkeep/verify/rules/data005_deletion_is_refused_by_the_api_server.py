"""DATA005: deletion is refused by the api server."""

from typing import Final

from agentkeep.verify.case import Case
from agentkeep.verify.rules._admission import denies, policies
from agentkeep.verify.verdict import Report

_GUARDED: Final = (
    ("", "namespaces"),
    ("", "persistentvolumeclaims"),
    ("", "persistentvolumes"),
    ("argoproj.io", "applications"),
)


def data005_deletion_is_refused_by_the_api_server(case: Case, report: Report) -> None:
    """
    DATA005: an admission policy refuses the deletion of the namespace, its claims and volumes, and the Application,
    whoever asks.

    Such a policy must match DELETE without narrowing, fail closed, be bound without a condition, and name what it
    guards in an expression that reads ``oldObject``: ``request.name`` is empty when a collection is deleted.
    """
    names = [item.name for item in case.own("PersistentVolumeClaim")]
    for group, resource in _GUARDED:
        report.look()
        guards = [
            (policy, expressions)
            for policy, rule, expressions in policies(case)
            if rule.covers(group, resource, {"DELETE"})
            and denies(case, policy, case.namespace if resource == "persistentvolumeclaims" else None)
            and f"'{resource}'" in expressions
            and "oldObject" in expressions
            and f"'{case.namespace}'" in expressions
        ]
        if not guards:
            report.find(resource, "may be deleted by whoever has the right")
        elif resource == "persistentvolumeclaims":
            for name in names:
                # Named as a literal of CEL, in single or double quotes.
                if not any(f'"{name}"' in text or f"'{name}'" in text for _, text in guards):
                    report.find(name, "is not named by the policy that refuses deletion")
