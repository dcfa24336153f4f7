"""DATA005: deletion is refused by the api server."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from agentkeep.verify.admission import denials, denies, policies
from agentkeep.verify.case import Case
from agentkeep.verify.vendors import VENDORS
from agentkeep.verify.vendors.deliveries import Delivery
from agentkeep.verify.vendors.storages import OWN_NAMESPACE, Storage
from agentkeep.verify.verdict import Report

_DELETED: Final = "may be deleted"


@dataclass(frozen=True, slots=True)
class _Attempt:
    """
    One request that must be refused.

    Attributes:
        what: Resource and name, as a finding has it.
        harm: What comes of it, if nobody refuses.
        group: API group.
        resource: Plural.
        operation: ``DELETE`` or ``UPDATE``.
        facts: Field of the request to its value: all that is known of it.
        namespace: Where it must be refused; everywhere, if that is ``None``.
    """

    what: str
    harm: str
    group: str
    resource: str
    operation: str
    facts: Mapping[str, str]
    namespace: str | None = None


def data005_deletion_is_refused_by_the_api_server(case: Case, report: Report) -> None:
    """
    DATA005: an admission policy refuses, whoever asks, to delete the namespace, its claims, volumes and snapshots, what
    delivers it and the definitions of such kinds, and to prepare that: a volume that is retained no longer or not
    claimed, an Application that deletes what it deployed.

    Such a policy must match the operation without narrowing, fail closed, be bound without a condition, and refuse each
    object by an expression that reads ``oldObject``: ``request.name`` is empty when a collection is deleted. The
    expressions are evaluated, as far as they are of the form "not this resource with this name".
    """
    # Two objects of one kind have one definition.
    for attempt in {(one.what, one.harm): one for one in _attempts(case)}.values():
        report.look()
        asked = {"request.operation": attempt.operation, "request.resource.resource": attempt.resource}
        refused = any(
            rule.covers(attempt.group, attempt.resource, {attempt.operation})
            and denies(case, policy, attempt.namespace)
            and denials(policy, {**asked, **attempt.facts})
            for policy, rule, _ in policies(case)
        )
        if not refused:
            report.find(attempt.what, f"{attempt.harm} by whoever has the right")


def _attempts(case: Case) -> Iterator[_Attempt]:
    own = {"oldObject.metadata.name": case.namespace}
    yield _Attempt(f"namespaces/{case.namespace}", _DELETED, "", "namespaces", "DELETE", own)
    for item in case.claims:
        kind = "persistentvolumeclaims"
        yield _Attempt(
            f"{kind}/{item.name}", _DELETED, "", kind, "DELETE", _known(item.name, item.namespace), case.namespace
        )
    yield from _of_volumes(case)
    vendors = [VENDORS[name] for name in sorted(case.vendors) if name in VENDORS]
    for vendor in vendors:
        if isinstance(vendor, Storage):
            for group, plural, field in vendor.kept:
                # Named when they are made, and found by whose data they hold.
                whose = {f"oldObject.{field}": case.namespace}
                where = case.namespace if field == OWN_NAMESPACE else None
                yield _Attempt(f"{plural}.{group}", _DELETED, group, plural, "DELETE", whose, where)
                yield _of_definition(f"{plural}.{group}")
    cascades = [finalizer for vendor in vendors if isinstance(vendor, Delivery) for finalizer in vendor.cascades]
    for item in case.artifacts.kind("Application"):
        what, group, plural, known = (
            f"applications/{item.name}",
            "argoproj.io",
            "applications",
            _known(item.name, item.namespace),
        )
        yield _Attempt(what, _DELETED, group, plural, "DELETE", known)
        for finalizer in cascades:
            changed = {**known, "object.metadata.finalizers": finalizer}
            yield _Attempt(what, f"may be given the finalizer {finalizer}", group, plural, "UPDATE", changed)
        yield _of_definition(f"{plural}.{group}")
    for item in case.artifacts.kind("AppProject"):
        what, group, plural = f"appprojects/{item.name}", "argoproj.io", "appprojects"
        yield _Attempt(what, _DELETED, group, plural, "DELETE", _known(item.name, item.namespace))
        yield _of_definition(f"{plural}.{group}")


def _known(name: str, namespace: str) -> Mapping[str, str]:
    return {"oldObject.metadata.name": name, "oldObject.metadata.namespace": namespace}


def _of_volumes(case: Case) -> Iterator[_Attempt]:
    """Volumes get their names when they are made; what counts is the namespace of the claim."""
    claimed, policy = "spec.claimRef.namespace", "spec.persistentVolumeReclaimPolicy"
    ours = {f"oldObject.{claimed}": case.namespace, f"oldObject.{policy}": "Retain"}
    same = {f"object.{claimed}": case.namespace, f"object.{policy}": "Retain"}
    kind = "persistentvolumes"
    yield _Attempt(kind, _DELETED, "", kind, "DELETE", ours)
    for harm, field, value in (
        ("may be set to Delete", policy, "Delete"),
        ("may be set to Recycle", policy, "Recycle"),
        ("may be taken from its claim", claimed, ""),
        ("may be given to another namespace", claimed, "other"),
    ):
        yield _Attempt(kind, harm, "", kind, "UPDATE", {**ours, **same, f"object.{field}": value})


def _of_definition(name: str) -> _Attempt:
    """All objects of a kind go with its definition, and nobody is asked about each."""
    return _Attempt(
        f"customresourcedefinitions/{name}", "may be deleted, with all its objects,", "apiextensions.k8s.io",
        "customresourcedefinitions", "DELETE", {"oldObject.metadata.name": name},
    )  # fmt: skip
