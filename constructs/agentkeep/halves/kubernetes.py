"""What the manifests of all workloads share: metadata, hardening, secrets as env or files, resources."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cache

from cdk8s import ApiObjectMetadata
from cdk8s_plus_28 import k8s

from agentkeep.core.edges import Env, File
from agentkeep.core.facts import Resources
from agentkeep.core.platform import Platform
from agentkeep.core.workload import Workload

# ArgoCD applies lower waves first and waits until they are healthy: what closes comes before what runs.
WAVE_NAMESPACE = -30
WAVE_POLICY = -20
WAVE_CONFIG = -10

SECRET_FILES = "secret-files"  # noqa: S105 - the name of a volume


def metadata(
    platform: Platform,
    name: str,
    *,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    wave: int | None = None,
    namespaced: bool = True,
) -> k8s.ObjectMeta:
    """Metadata of a built-in kind, with the platform's namespace and common labels."""
    return k8s.ObjectMeta(
        name=name,
        namespace=platform.id if namespaced else None,
        labels={**common_labels(platform), **(labels or {})},
        annotations=_annotations(annotations, wave),
    )


def object_metadata(
    platform: Platform,
    name: str,
    *,
    namespace: str | None = "",
    annotations: Mapping[str, str] | None = None,
    wave: int | None = None,
) -> ApiObjectMetadata:
    """Metadata of a custom kind; in the platform's namespace unless another is named, in none for None."""
    return ApiObjectMetadata(
        name=name,
        namespace=platform.id if namespace == "" else namespace,
        labels=common_labels(platform),
        annotations=_annotations(annotations, wave),
    )


def _annotations(given: Mapping[str, str] | None, wave: int | None) -> dict[str, str] | None:
    waves = {} if wave is None else {"argocd.argoproj.io/sync-wave": str(wave)}
    return {**(given or {}), **waves} or None


def common_labels(platform: Platform) -> dict[str, str]:
    """Labels of every object of a platform."""
    return {"app.kubernetes.io/part-of": platform.id, "app.kubernetes.io/managed-by": "agentkeep"}


def restricted(*, read_only: bool = True, uid: int | None = None) -> k8s.SecurityContext:
    """What Pod Security 'restricted' asks of a container, and a read-only root where the program can live with it."""
    return k8s.SecurityContext(
        allow_privilege_escalation=False,
        capabilities=k8s.Capabilities(drop=["ALL"]),
        read_only_root_filesystem=read_only,
        run_as_non_root=True,
        run_as_user=uid,
    )


def pod_security(uid: int) -> k8s.PodSecurityContext:
    """What Pod Security 'restricted' asks of a pod, with a numeric user: the name of one proves nothing."""
    return k8s.PodSecurityContext(
        run_as_non_root=True,
        run_as_user=uid,
        run_as_group=uid,
        fs_group=uid,
        # The volume is not walked at every start.
        fs_group_change_policy="OnRootMismatch",
        seccomp_profile=k8s.SeccompProfile(type="RuntimeDefault"),
    )


# The engine makes these values in its own process; each is asked for once, because most of them are the same.


@cache
def quantity(text: str) -> k8s.Quantity:
    """A quantity such as ``500m`` or ``1Gi``."""
    return k8s.Quantity.from_string(text)


@cache
def port_name(name: str) -> k8s.IntOrString:
    """A port, by its name."""
    return k8s.IntOrString.from_string(name)


@cache
def port_number(number: int) -> k8s.IntOrString:
    """A port, by its number."""
    return k8s.IntOrString.from_number(number)


def requirements(resources: Resources) -> k8s.ResourceRequirements:
    """Requests and limits."""
    return k8s.ResourceRequirements(
        requests={
            "cpu": quantity(resources.cpu),
            "memory": quantity(resources.memory),
        },
        limits={
            "cpu": quantity(resources.cpu_limit),
            "memory": quantity(resources.memory_limit),
        },
    )


def plain_env(values: Mapping[str, str]) -> list[k8s.EnvVar]:
    """Variables that hold no secret, in order of their names."""
    return [k8s.EnvVar(name=name, value=values[name]) for name in sorted(values)]


def secret_env(workload: Workload) -> list[k8s.EnvVar]:
    """The variables that hold what the workload was granted, each from a key of its own Secret."""
    found = {
        name: grant.secret.id
        for grant in workload.grants
        if isinstance(grant.delivery, Env)
        for name in grant.delivery.names
    }
    return [
        k8s.EnvVar(
            name=name,
            value_from=k8s.EnvVarSource(
                secret_key_ref=k8s.SecretKeySelector(name=workload.secret_name, key=found[name])
            ),
        )
        for name in sorted(found)
    ]


def secret_files(workload: Workload) -> tuple[list[k8s.Volume], list[k8s.VolumeMount]]:
    """The volume and mounts for what was granted as files; both empty where nothing was."""
    files = [(grant.secret.id, grant.delivery.path) for grant in workload.grants if isinstance(grant.delivery, File)]
    if not files:
        return [], []
    volume = k8s.Volume(
        name=SECRET_FILES,
        secret=k8s.SecretVolumeSource(
            secret_name=workload.secret_name,
            default_mode=0o440,
            items=[k8s.KeyToPath(key=key, path=key) for key, _ in files],
        ),
    )
    mounts = [k8s.VolumeMount(name=SECRET_FILES, mount_path=path, sub_path=key, read_only=True) for key, path in files]
    return [volume], mounts


def digest(parts: Sequence[str] | Mapping[str, object]) -> str:
    """A short fingerprint of configuration; in a pod's annotation it makes a change of the one restart the other."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


def http_probe(path: str, port: str, *, period: int, failures: int, timeout: int = 5) -> k8s.Probe:
    """A probe over HTTP; it is answered after at most ``period * failures`` seconds."""
    return k8s.Probe(
        http_get=k8s.HttpGetAction(path=path, port=port_name(port)),
        period_seconds=period,
        failure_threshold=failures,
        timeout_seconds=timeout,
    )
