"""NET010: policies stand before pods."""

from agentkeep.verify.artifacts import Object
from agentkeep.verify.case import Case
from agentkeep.verify.verdict import Report

_WAVE = "argocd.argoproj.io/sync-wave"


def net010_policies_stand_before_pods(case: Case, report: Report) -> None:
    """
    NET010: every NetworkPolicy is applied in an earlier sync wave than any pod.

    Else a pod that starts first is free until its policy arrives.
    """
    policies = [item for item in case.own("NetworkPolicy") if item.namespace]
    for item in policies:
        report.look()
        hook = item.annotations.get("argocd.argoproj.io/hook")
        if hook:
            report.find(item, f"is a hook ({hook}), which ArgoCD may delete", place=item.place)
    if case.ledger.by_hand and not any(_WAVE in item.annotations for item in case.artifacts.objects):
        # Nothing here is delivered in waves; who applies it has to apply policies first.
        report.look(len(case.workloads))
        return
    latest = max((_wave(item) for item in policies), default=None)
    for workload in case.workloads:
        report.look()
        if latest is not None and _wave(workload.object) <= latest:
            report.find(workload, "is not applied after every policy", place=workload.place)


def _wave(item: Object) -> int:
    value = item.annotations.get(_WAVE, "0")
    return int(value) if value.lstrip("-").isdigit() else 0
