"""DATA001: data survives sync prune and deletion."""

from typing import Final

from agentkeep.verify.case import Case
from agentkeep.verify.verdict import Report

NEVER_ACKNOWLEDGED: Final = True
VENDOR: Final = "argocd"
_OPTIONS: Final = "argocd.argoproj.io/sync-options"
_KEPT_KINDS: Final = ("Namespace", "PersistentVolumeClaim", "PersistentVolume", "StorageClass")


def data001_data_survives_sync_prune_and_deletion(case: Case, report: Report) -> None:
    """
    DATA001: claims, volumes, their class and the namespace are exempt from ArgoCD's pruning and from the deletion of
    the app.

    Both ``Prune=false`` and ``Delete=false``: either alone loses the data by the other way. ``Delete=confirm`` can
    be confirmed by whoever deletes.
    """
    if not case.ledger.storage:
        report.look()
    for item in case.own(*_KEPT_KINDS):
        report.look()
        options = {one.strip() for one in item.annotations.get(_OPTIONS, "").split(",")}
        for wanted, what in (("Prune=false", "may be pruned"), ("Delete=false", "is deleted with the app")):
            if wanted not in options:
                report.find(item, what, place=item.place)
        for option in ("Replace=true", "Force=true"):
            if option in options:
                report.find(item, f"may be replaced ({option})", place=item.place)
        for hook in ("argocd.argoproj.io/hook", "argocd.argoproj.io/hook-delete-policy"):
            if hook in item.annotations:
                report.find(item, f"is a hook ({hook})", place=item.place)
