"""POD012: every field of a pod is understood."""

from collections.abc import Mapping
from typing import Any, Final

from agentkeep.verify.artifacts import mapping
from agentkeep.verify.case import Case
from agentkeep.verify.rules._shared import where
from agentkeep.verify.verdict import Report

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
    new way around a rule.
    """
    for workload in case.workloads:
        report.look()
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
