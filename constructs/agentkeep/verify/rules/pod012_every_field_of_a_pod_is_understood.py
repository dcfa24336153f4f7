"""POD012: every field of a pod is understood."""

from collections.abc import Mapping
from typing import Any, Final

from agentkeep.verify.artifacts import mapping
from agentkeep.verify.case import Case
from agentkeep.verify.naming import where
from agentkeep.verify.verdict import Report

# Annotations of pods that give them nothing.
_ANNOTATIONS: Final = ("agentkeep/", "argocd.argoproj.io/", "checksum/", "kubectl.kubernetes.io/", "prometheus.io/")
_INJECTING: Final = (
    "sidecar.istio.io/", "istio-injection", "istio.io/", "linkerd.io/", "azure.workload.identity/",
    "vault.hashicorp.com/", "dapr.io/",
)  # fmt: skip
_POD: Final = frozenset(
    {
        "activeDeadlineSeconds", "affinity", "automountServiceAccountToken", "containers", "dnsConfig", "dnsPolicy",
        "enableServiceLinks", "ephemeralContainers", "hostAliases", "hostIPC", "hostNetwork", "hostPID", "hostUsers",
        "hostname", "imagePullSecrets", "initContainers", "nodeName", "nodeSelector", "os", "priorityClassName",
        "resourceClaims", "restartPolicy", "runtimeClassName", "securityContext", "serviceAccount",
        "serviceAccountName",
        "shareProcessNamespace", "subdomain", "terminationGracePeriodSeconds", "tolerations",
        "topologySpreadConstraints", "volumes",
    }
)  # fmt: skip
_CONTAINER: Final = frozenset(
    {
        "args", "command", "env", "envFrom", "image", "imagePullPolicy", "lifecycle", "livenessProbe", "name", "ports",
        "readinessProbe", "resources", "restartPolicy", "securityContext", "startupProbe", "terminationMessagePath",
        "terminationMessagePolicy", "volumeDevices", "volumeMounts", "workingDir",
    }
)  # fmt: skip
_POD_SECURITY: Final = frozenset(
    {
        "appArmorProfile", "fsGroup", "fsGroupChangePolicy", "runAsGroup", "runAsNonRoot", "runAsUser",
        "seLinuxOptions",
        "seccompProfile", "supplementalGroups", "supplementalGroupsPolicy", "sysctls", "windowsOptions",
    }
)  # fmt: skip
_SECURITY: Final = frozenset(
    {
        "allowPrivilegeEscalation", "appArmorProfile", "capabilities", "privileged", "procMount",
        "readOnlyRootFilesystem", "runAsGroup", "runAsNonRoot", "runAsUser", "seLinuxOptions", "seccompProfile",
        "windowsOptions",
    }
)  # fmt: skip


def pod012_every_field_of_a_pod_is_understood(case: Case, report: Report) -> None:
    """
    POD012: every field of a pod and its containers is one that the rules know.

    A misspelt field is dropped by the API server, and with it the protection; a field of a later release could be a
    new way around a rule. So could an annotation be: a
    second network, or a sidecar that somebody injects.
    """
    for item in case.artifacts.kind("Namespace"):
        for key in sorted(item.labels):
            if key.startswith(_INJECTING):
                report.find(item, f"asks for more containers ({key[:80]})", place=item.place)
    for workload in case.workloads:
        report.look()
        for key in sorted(workload.annotations):
            if not key.startswith(_ANNOTATIONS):
                report.unsure(
                    where(workload), f"carries the annotation {key[:80]}, which is not understood", place=workload.place
                )
        for key in sorted(workload.labels):
            if key.startswith(_INJECTING):
                report.find(where(workload), f"asks for more containers ({key[:80]})", place=workload.place)
        _expect(where(workload), workload.pod, _POD, report)
        _expect(where(workload), mapping(workload.pod.get("securityContext")), _POD_SECURITY, report)
        if workload.pod.get("serviceAccount") not in (None, workload.pod.get("serviceAccountName")):
            report.find(where(workload), "names two ServiceAccounts", place=workload.place)
        for container in workload.containers:
            report.look()
            _expect(where(workload, container), container.body, _CONTAINER, report)
            _expect(where(workload, container), container.security, _SECURITY, report)


def _expect(subject: str, body: Mapping[str, Any], known: frozenset[str], report: Report) -> None:
    for field in sorted(set(body) - known):
        report.unsure(subject, f"sets {field[:60]}, which is not understood")
