"""POD010: the namespace is held to a level."""

import re

from agentkeep.verify.admission import denies, policies
from agentkeep.verify.case import Case
from agentkeep.verify.verdict import Report

# What Pod Security's "restricted" asks, and this platform beyond it. The expressions are searched for it, not
# evaluated.
_ASKED = (
    "securityContext.privileged", "allowPrivilegeEscalation", "capabilities.drop", "capabilities.add", "runAsNonRoot",
    "runAsUser", "hostNetwork", "hostPID", "hostIPC", "shareProcessNamespace", "volumes", "initContainers",
    "automountServiceAccountToken", "seccompProfile", "procMount", "hostPort",
    # Who may take a secret, and what the privileged container may run: a borrowed name must not be enough.
    "secretKeyRef.name ==", "secret.secretName ==", "secretRef", "volumeMounts", "!has(c.command)", "c.args ==",
    "lifecycle", "livenessProbe", "readinessProbe", "startupProbe",
)  # fmt: skip
_ALWAYS_TRUE = re.compile(r"\|\|\s*true\b|\btrue\s*\|\||^\s*true\s*$", re.MULTILINE)
_LABEL = "pod-security.kubernetes.io/"


def pod010_the_namespace_is_held_to_a_level(case: Case, report: Report) -> None:
    """
    POD010: Pod Security holds the namespace to 'restricted', or, where a declared container is privileged, an
    admission policy does.

    A namespace has one level for all its pods. So where one sidecar needs 'privileged', a ValidatingAdmissionPolicy
    has to refuse everything else, also pods that nobody declared: it must be bound to the namespace, deny, fail
    closed, and ask for all pods.
    """
    namespaces = [item for item in case.artifacts.kind("Namespace") if item.name == case.namespace]
    if not namespaces:
        report.unsure(case.namespace, "is in no artifact")
    privileged = any(c.privileged for workload in case.workloads for c in workload.containers)
    for item in namespaces:
        report.look()
        level = item.labels.get(_LABEL + "enforce", "")
        if level != "restricted" and not (privileged and level == "privileged"):
            report.find(item, f"enforces {level or 'nothing'}", place=item.place)
        version = item.labels.get(_LABEL + "enforce-version", "latest")
        if not (version == "latest" or version.startswith("v1.")):
            report.find(item, "enforces a version that does not exist", place=item.place)
        for mode in ("audit", "warn"):
            if item.labels.get(_LABEL + mode) != "restricted":
                report.find(item, f"does not {mode} 'restricted'", place=item.place)
        if not privileged:
            continue
        guards = [
            policy
            for policy, rule, expressions in policies(case)
            if denies(case, policy, case.namespace)
            and rule.covers("", "pods", {"CREATE", "UPDATE"})
            and all(word in expressions for word in _ASKED)
            and not _ALWAYS_TRUE.search(expressions)
        ]
        if not guards:
            report.find(item, "has no admission policy that holds its other pods", place=item.place)
        if not any(
            denies(case, policy, case.namespace) and rule.covers("", "pods/ephemeralcontainers", {"UPDATE"})
            for policy, rule, _ in policies(case)
        ):
            report.find(item, "lets debug containers into its pods", place=item.place)
