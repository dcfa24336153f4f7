"""REF010: everything is understood."""

from typing import Final

from agentkeep.verify.case import Case
from agentkeep.verify.verdict import Report

NEVER_ACKNOWLEDGED: Final = True
# Kinds that some rule reads, or that can neither run anything nor give anybody a right.
_UNDERSTOOD: Final = {
    "": {"ConfigMap", "Namespace", "PersistentVolume", "PersistentVolumeClaim", "Secret", "Service", "ServiceAccount"},
    "apps": {"DaemonSet", "Deployment", "StatefulSet"},
    "batch": {"CronJob", "Job"},
    "networking.k8s.io": {"NetworkPolicy", "Ingress"},
    "external-secrets.io": {"ExternalSecret"},
    "storage.k8s.io": {"StorageClass"},
    "rbac.authorization.k8s.io": {"ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"},
    "argoproj.io": {"Application", "AppProject"},
    "admissionregistration.k8s.io": {"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"},
    "scheduling.k8s.io": {"PriorityClass"},
    "policy": {"PodDisruptionBudget"},
    "cilium.io": {"TracingPolicy"},
    "monitoring.coreos.com": {"PodMonitor", "ServiceMonitor", "PrometheusRule"},
}
# The versions of custom kinds that their controllers still serve.
_VERSIONS: Final = {
    ("external-secrets.io", "ExternalSecret"): "external-secrets.io/v1",
    ("argoproj.io", "Application"): "argoproj.io/v1alpha1",
    ("apps", "Deployment"): "apps/v1",
    ("batch", "Job"): "batch/v1",
    ("networking.k8s.io", "NetworkPolicy"): "networking.k8s.io/v1",
}


def ref010_everything_is_understood(case: Case, report: Report) -> None:
    """
    REF010: every file and every object is of a kind that is understood here, in a version that is served, in a known
    namespace.

    What is not understood could be anything: a file in another language, an operator's resource that makes pods, a
    mutating hook.
    """
    for path in case.artifacts.strangers:
        report.unsure(path, "is not understood")
    named = {case.namespace, "", *(item.namespace for item in case.artifacts.kind("Application", "AppProject"))}
    for item in case.artifacts.objects:
        report.look()
        if item.kind not in _UNDERSTOOD.get(item.group, ()):
            report.unsure(item, f"is of {item.api_version} {item.kind}, which is not understood", place=item.place)
        served = _VERSIONS.get((item.group, item.kind))
        if served and item.api_version != served:
            report.find(item, f"is of {item.api_version}, which is not served any more", place=item.place)
        if item.namespace not in named:
            report.find(item, "lands in a namespace that nobody declared", place=item.place)
    for module in case.artifacts.terraform:
        report.look()
        for key in sorted(
            set(module.document.root)
            - {"//", "terraform", "provider", "variable", "locals", "data", "resource", "output", "module"}
        ):
            report.unsure(module.file, f"has a block {key!r} that is not understood")
