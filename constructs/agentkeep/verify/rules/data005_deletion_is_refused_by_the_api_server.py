"""DATA005: deletion is refused by the api server."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from agentkeep.verify.artifacts import text
from agentkeep.verify.case import Case
from agentkeep.verify.rules._admission import denials, denies, policies
from agentkeep.verify.verdict import Report

_CASCADES: Final = tuple(f"resources-finalizer.argocd.argoproj.io{how}" for how in ("", "/background", "/foreground"))
_LONGHORN: Final = "driver.longhorn.io"


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One request that must be refused, and what is known of it."""

    what: str
    harm: str
    group: str
    resource: str
    operation: str
    facts: Mapping[str, str]
    namespace: str | None = field(default=None)


def data005_deletion_is_refused_by_the_api_server(case: Case, report: Report) -> None:
    """
    DATA005: an admission policy refuses, whoever asks, to delete the namespace, its claims and volumes, the
    Application and the definition of its kind, and to prepare that: a volume that is retained no longer or not claimed,
    an Application that deletes what it deployed.

    Such a policy must match the operation without narrowing, fail closed, be bound without a condition, and refuse each
    object by an expression that reads ``oldObject``: ``request.name`` is empty when a collection is deleted. The
    expressions are evaluated, as far as they are of the form "not this resource with this name".
    """
    for attempt in _attempts(case):
        report.look()
        facts = {
            "request.operation": attempt.operation,
            "request.resource.resource": attempt.resource,
            **attempt.facts,
        }
        refused = any(
            rule.covers(attempt.group, attempt.resource, {attempt.operation})
            and denies(case, policy, attempt.namespace)
            and denials(policy, facts)
            for policy, rule, _ in policies(case)
        )
        if not refused:
            report.find(attempt.what, f"{attempt.harm} by whoever has the right")


def _attempts(case: Case) -> Iterator[_Attempt]:
    deleted = "may be deleted"
    named = {"oldObject.metadata.name": case.namespace}
    yield _Attempt(f"namespaces/{case.namespace}", deleted, "", "namespaces", "DELETE", named)
    for item in case.own("PersistentVolumeClaim"):
        named = {"oldObject.metadata.name": item.name, "oldObject.metadata.namespace": item.namespace}
        yield _Attempt(
            f"persistentvolumeclaims/{item.name}",
            deleted,
            "",
            "persistentvolumeclaims",
            "DELETE",
            named,
            item.namespace,
        )
    yield from _volumes(case)
    for item in case.artifacts.kind("Application"):
        known = {"oldObject.metadata.name": item.name, "oldObject.metadata.namespace": item.namespace}
        what = f"applications/{item.name}"
        yield _Attempt(what, deleted, "argoproj.io", "applications", "DELETE", known)
        for finalizer in _CASCADES:
            changed = {**known, "object.metadata.finalizers": finalizer}
            yield _Attempt(
                what, f"may be given the finalizer {finalizer}", "argoproj.io", "applications", "UPDATE", changed
            )
        yield _definition("applications.argoproj.io")


def _volumes(case: Case) -> Iterator[_Attempt]:
    """Volumes get their names when they are made; what counts is the namespace of the claim."""
    ours = {
        "oldObject.spec.claimRef.namespace": case.namespace,
        "oldObject.spec.persistentVolumeReclaimPolicy": "Retain",
    }
    same = {"object.spec.claimRef.namespace": case.namespace, "object.spec.persistentVolumeReclaimPolicy": "Retain"}
    yield _Attempt("persistentvolumes", "may be deleted", "", "persistentvolumes", "DELETE", ours)
    for harm, change in {
        "may be set to Delete": {"object.spec.persistentVolumeReclaimPolicy": "Delete"},
        "may be set to Recycle": {"object.spec.persistentVolumeReclaimPolicy": "Recycle"},
        "may be taken from its claim": {"object.spec.claimRef.namespace": ""},
        "may be given to another namespace": {"object.spec.claimRef.namespace": "other"},
    }.items():
        facts = {**ours, **same, **change}
        yield _Attempt("persistentvolumes", harm, "", "persistentvolumes", "UPDATE", facts)
    classes = case.artifacts.kind("StorageClass")
    if any(text(item.body.get("provisioner")) == _LONGHORN for item in classes):
        known = {"oldObject.status.kubernetesStatus.namespace": case.namespace}
        yield _Attempt("volumes.longhorn.io", "may be deleted", "longhorn.io", "volumes", "DELETE", known)
        yield _definition("volumes.longhorn.io")


def _definition(name: str) -> _Attempt:
    return _Attempt(
        f"customresourcedefinitions/{name}", "may be deleted, with all its objects,", "apiextensions.k8s.io",
        "customresourcedefinitions", "DELETE", {"oldObject.metadata.name": name},
    )  # fmt: skip
