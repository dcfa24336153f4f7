"""REF017: every admission policy decides."""

from agentkeep.verify.admission import denies, policies
from agentkeep.verify.case import Case
from agentkeep.verify.verdict import Report


def ref017_every_admission_policy_decides(case: Case, report: Report) -> None:
    """
    REF017: every admission policy that is written fails closed and is bound so that it denies, and every binding is of
    a policy that is written.

    A policy that only warns, is bound under a condition, or admits what it cannot evaluate reads like a protection and
    is none. What each of them has to refuse is asked by the rules that need it.
    """
    closed = {policy.name for policy, _, _ in policies(case)}
    written = case.artifacts.kind("ValidatingAdmissionPolicy")
    for policy in written:
        report.look()
        if policy.name not in closed:
            report.find(
                policy, "admits what it cannot evaluate, matches nothing or under a condition", place=policy.place
            )
        if not denies(case, policy, case.namespace):
            report.find(policy, "is not bound so that it denies", place=policy.place)
    known = {policy.name for policy in written}
    for binding in case.artifacts.kind("ValidatingAdmissionPolicyBinding"):
        report.look()
        if binding.spec.get("policyName") not in known:
            report.find(binding, "binds a policy that is not written", place=binding.place)
    if not written:
        report.look()
