"""DATA008: claims are those declared."""

from typing import Final

from agentkeep.verify.artifacts import mapping
from agentkeep.verify.case import Case
from agentkeep.verify.verdict import Report

NEVER_ACKNOWLEDGED: Final = True
_KEPT_KINDS: Final = ("Namespace", "PersistentVolumeClaim", "PersistentVolume", "StorageClass")


def data008_claims_are_those_declared(case: Case, report: Report) -> None:
    """
    DATA008: the claims in the artifacts are exactly those declared, and none of them goes with something else.

    A claim goes with its owner, with a hook, or with the Helm release that made it, unless the chart says to keep it.
    """
    claims = {item.name for item in case.claims}
    for declared in case.ledger.storage:
        report.look()
        if declared.claim not in claims:
            report.find(declared.claim, "is declared, but in no artifact", place=case.ledger.place)
    for name in sorted(claims - {one.claim for one in case.ledger.storage}):
        report.find(name, "is a claim that nobody declared")
    for item in case.own(*_KEPT_KINDS):
        report.look()
        meta = mapping(item.body.get("metadata"))
        if "helm.sh/hook" in item.annotations:
            report.find(item, "is a hook (helm.sh/hook)", place=item.place)
        if meta.get("deletionTimestamp"):
            report.find(item, "is being deleted", place=item.place)
        if meta.get("ownerReferences"):
            report.find(item, "is deleted with its owner", place=item.place)
    for chart in case.artifacts.charts:
        for file, content in chart.templates:
            if "kind: PersistentVolumeClaim" in content and "helm.sh/resource-policy: keep" not in content:
                report.find(file, "is deleted with the release")
    if not case.ledger.storage:
        report.look()
