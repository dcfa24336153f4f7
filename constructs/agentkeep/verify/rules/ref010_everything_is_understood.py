"""REF010: everything is understood."""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from agentkeep.verify.artifacts import mapping
from agentkeep.verify.case import Case
from agentkeep.verify.vendors import of_kind
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
    "snapshot.storage.k8s.io": {"VolumeSnapshot", "VolumeSnapshotClass", "VolumeSnapshotContent"},
    "rbac.authorization.k8s.io": {"ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"},
    "argoproj.io": {"Application", "AppProject"},
    "admissionregistration.k8s.io": {"ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"},
    "scheduling.k8s.io": {"PriorityClass"},
    "policy": {"PodDisruptionBudget"},
    "cilium.io": {"TracingPolicy"},
    "monitoring.coreos.com": {"PodMonitor", "ServiceMonitor", "PrometheusRule"},
}
# Of these a person fills the value in, and Terraform has to look away.
_FILLED_BY_PEOPLE: Final = frozenset(kind for store in of_kind("secretStore") for kind in store.resources)
_BLOCKS: Final = frozenset(
    {"//", "terraform", "provider", "variable", "locals", "data", "resource", "output", "module"}
)
_META: Final = frozenset({"count", "for_each", "provider", "dynamic"})
_COMMON: Final = frozenset({"//", "lifecycle", "depends_on"})
# Of what decides who comes in, every field is known; a new switch is refuted until somebody has looked at it.
_FIELDS: Final = {
    "cloudflare_zero_trust_access_application": frozenset(
        {
            "zone_id", "account_id", "name", "domain", "type", "session_duration", "allowed_idps", "policies",
            "auto_redirect_to_identity", "app_launcher_visible", "enable_binding_cookie", "http_only_cookie_attribute",
            "same_site_cookie_attribute", "service_auth_401_redirect", "custom_deny_message", "custom_deny_url",
            "logo_url", "tags", "options_preflight_bypass", "allow_iframe", "skip_app_launcher_login_page",
            "self_hosted_domains", "destinations", "cors_headers",
        }
    ),
    "cloudflare_zero_trust_access_policy": frozenset(
        {
            "zone_id", "account_id", "application_id", "name", "precedence", "decision", "include", "require",
            "exclude",
            "session_duration", "purpose_justification_required", "purpose_justification_prompt", "isolation_required",
            "approval_required", "approval_group", "approval_groups",
        }
    ),
}  # fmt: skip
# The versions of custom kinds that their controllers still serve.
_VERSIONS: Final = {
    ("external-secrets.io", "ExternalSecret"): "external-secrets.io/v1",
    ("argoproj.io", "Application"): "argoproj.io/v1alpha1",
    ("apps", "Deployment"): "apps/v1",
    ("batch", "Job"): "batch/v1",
    ("networking.k8s.io", "NetworkPolicy"): "networking.k8s.io/v1",
}
# What is not understood could be anything, whatever families of rules are asked for.
ALWAYS: Final = True


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
    folders = Counter(module.folder for module in case.artifacts.terraform)
    for module in case.artifacts.terraform:
        report.look()
        if folders[module.folder] > 1:
            report.unsure(module.file, "shares its folder with another file, which may override it")
        for key in sorted(set(module.document.root) - _BLOCKS):
            report.unsure(module.file, f"has a block {key!r} that is not understood")
        for kind, name, body in module.blocks("resource"):
            for problem in _odd(kind, body):
                report.unsure(f"{kind}.{name}", problem, place=module.at("resource", kind, name))


def _odd(kind: str, body: Mapping[str, Any]) -> list[str]:
    """What makes a resource another one, or none, than its fields say."""
    found = [f"sets {key}, which is not modelled" for key in sorted(_META & set(body))]
    life = mapping(body.get("lifecycle"))
    allowed = {"create_before_destroy", "prevent_destroy"} | (
        {"ignore_changes"} if kind in _FILLED_BY_PEOPLE else set()
    )
    found += [f"sets lifecycle.{key}, which is not modelled" for key in sorted(set(life) - allowed)]
    known = _FIELDS.get(kind)
    if known is not None:
        found += [f"sets {key}, which is not modelled" for key in sorted(set(body) - known - _META - _COMMON)]
    return found
