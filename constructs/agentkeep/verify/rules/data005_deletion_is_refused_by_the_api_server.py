"""DATA005: deletion is refused by the api server."""

from collections.abc import Iterator

from agentkeep.verify.admission import denials, denies, policies
from agentkeep.verify.case import Case
from agentkeep.verify.vendors import VENDORS
from agentkeep.verify.vendors.storages import OWN_NAMESPACE, Storage
from agentkeep.verify.verdict import Report

_Guarded = tuple[str, str, str, str, str]


def data005_deletion_is_refused_by_the_api_server(case: Case, report: Report) -> None:
    """
    DATA005: an admission policy refuses to delete the namespace, its claims, volumes and snapshots, and what delivers
    it, whoever asks.

    Such a policy must match DELETE without narrowing, fail closed, be bound without a condition, and refuse each
    object by an expression that reads ``oldObject``: ``request.name`` is empty when a collection is deleted. The
    expressions are evaluated, as far as they are of the form "not this resource with this name".
    """
    for group, resource, field, namespace, name in _guarded(case):
        report.look()
        # What is in no namespace is deleted everywhere; so is what delivers, which is in another one.
        everywhere = None if field != OWN_NAMESPACE or resource in ("namespaces", "applications") else namespace
        refused = any(
            rule.covers(group, resource, {"DELETE"})
            and denies(case, policy, everywhere)
            and denials(policy, resource, field, namespace, name)
            for policy, rule, _ in policies(case)
        )
        if not refused:
            report.find(f"{resource}/{name}" if name else resource, "may be deleted by whoever has the right")


def _guarded(case: Case) -> Iterator[_Guarded]:
    """(group, resource, field that says whose it is, namespace, name) of all that must not be deleted."""
    yield "", "namespaces", OWN_NAMESPACE, "", case.namespace
    for item in case.claims:
        yield "", "persistentvolumeclaims", OWN_NAMESPACE, item.namespace, item.name
    # Volumes get their names when they are made; what counts is the namespace of the claim.
    yield "", "persistentvolumes", "spec.claimRef.namespace", case.namespace, ""
    for storage in map(VENDORS.get, sorted(case.vendors)):
        if isinstance(storage, Storage):
            for group, resource, field in storage.kept:
                yield group, resource, field, case.namespace, ""
    for item in case.artifacts.kind("Application"):
        yield "argoproj.io", "applications", OWN_NAMESPACE, item.namespace, item.name
