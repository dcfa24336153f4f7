"""NET001: every policy is understood."""

from agentkeep.verify.case import Case
from agentkeep.verify.verdict import Report


def net001_every_policy_is_understood(case: Case, report: Report) -> None:
    """
    NET001: every policy is one that the API server takes as written, and of the kind that is evaluated here.

    A misspelt field is dropped by the API server, and the rule around it then allows everything.
    """
    policies = case.artifacts.kind("NetworkPolicy")
    report.look(len(policies))
    for fault in case.faults:
        report.find(fault.place.file, fault.problem, place=fault.place)
    for item in policies:
        if item.group not in ("networking.k8s.io", "extensions"):
            report.unsure(item, f"is of {item.api_version}, which is not evaluated here", place=item.place)
    for item in case.unread_policies:
        report.unsure(item, "is of a kind that is not evaluated here", place=item.place)
