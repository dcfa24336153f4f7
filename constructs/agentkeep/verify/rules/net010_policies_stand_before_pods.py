"""NET010: policies stand before pods."""

from typing import Final

from agentkeep.verify.artifacts import Object, texts
from agentkeep.verify.case import Case
from agentkeep.verify.vendors import VENDORS
from agentkeep.verify.vendors.deliveries import Delivery
from agentkeep.verify.verdict import Report

_WAVE: Final = "argocd.argoproj.io/sync-wave"
_HOOK: Final = "argocd.argoproj.io/hook"


def net010_policies_stand_before_pods(case: Case, report: Report) -> None:
    """
    NET010: every NetworkPolicy is applied before any pod.

    Else a pod that starts first is free until its policy arrives. Where a delivery applies in waves, the policy is in
    an earlier one; elsewhere manifests are listed in that order, in a kustomization that keeps it (``sortOptions``).
    A delivery that sorts by kind all the same needs the namespace to be closed by hand once, before it comes.
    """
    policies = [item for item in case.own("NetworkPolicy") if item.namespace]
    in_waves = any(_WAVE in item.annotations for item in case.artifacts.objects)
    for item in policies:
        report.look()
        if _HOOK in item.annotations:
            report.find(item, f"is a hook ({item.annotations[_HOOK]}), which may be deleted", place=item.place)
    if case.ledger.by_hand and not in_waves:
        # Nothing here says how it is applied; who applies it has to apply policies first.
        report.look(len(case.workloads))
        return
    delivery = VENDORS.get(case.ledger.vendors.delivery)
    listed = isinstance(delivery, Delivery) and not delivery.in_waves and not in_waves
    turn = _listed(case) if listed else {id(item): _wave(item) for item in case.artifacts.objects}
    latest = max((turn.get(id(item), 0) for item in policies), default=None)
    for workload in case.workloads:
        report.look()
        if latest is not None and turn.get(id(workload.object), 0) <= latest:
            report.find(workload, "is not applied after every policy", place=workload.place)


def _wave(item: Object) -> int:
    value = item.annotations.get(_WAVE, "0")
    return int(value) if value.lstrip("-").isdigit() else 0


def _listed(case: Case) -> dict[int, int]:
    """The place of every object in a kustomization that applies them in the order in which it lists their files."""
    order: dict[str, int] = {}
    for document in case.artifacts.kustomizations:
        if document.root.get("sortOptions") == {"order": "fifo"}:
            folder = document.file.rpartition("/")[0]
            for name in texts(document.root.get("resources")):
                order[f"{folder}/{name}" if folder else name] = len(order) + 1
    objects = [item for item in case.artifacts.objects if item.place.file in order]
    objects.sort(key=lambda item: (order[item.place.file], item.place.line))
    return {id(item): number for number, item in enumerate(objects, 1)}
