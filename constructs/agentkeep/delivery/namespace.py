"""The namespace and the storage class: created once, and never deleted by ArgoCD."""

from __future__ import annotations

from cdk8s_plus_28 import k8s
from constructs import Construct

from agentkeep.manifests import WAVE_NAMESPACE, metadata
from agentkeep.pages import Pages
from agentkeep.core.platform import Platform
from agentkeep.core.workload import Workload

# Prune=false keeps an object whose file is gone; Delete=false keeps it when the whole app is deleted. Either alone
# does not.
KEPT = {"argocd.argoproj.io/sync-options": "Prune=false,Delete=false"}


def storage_class_name(platform: Platform) -> str:
    """The class of this platform's volumes."""
    return platform.label("retain")


class NamespaceKubernetes(Construct):
    """
    The namespace with its Pod Security level, and a storage class that keeps volumes whose claim is gone.

    Args:
        scope: A chart.
        id: Construct id.
        platform: What was declared.
        pages: Which file gets what; all in *scope* by default.
    """

    def __init__(self, scope: Construct, id: str, platform: Platform, *, pages: Pages | None = None) -> None:  # noqa: A002
        super().__init__(scope, id)
        pages = pages or Pages(self)
        workloads = platform.parts(Workload)
        privileged = [name for workload in workloads for name, _ in workload.privileged_images()]
        level = "privileged" if privileged else "restricted"
        k8s.KubeNamespace(
            pages.page("namespace", f"the namespace of {platform.id}; ArgoCD never deletes it"),
            "namespace",
            metadata=metadata(
                platform,
                platform.id,
                namespaced=False,
                labels={
                    "pod-security.kubernetes.io/enforce": level,
                    "pod-security.kubernetes.io/audit": "restricted",
                    "pod-security.kubernetes.io/warn": "restricted",
                },
                annotations=KEPT,
                wave=WAVE_NAMESPACE,
            ),
        )
        if privileged:
            pages.explain(
                "Namespace", platform.id, "metadata", "labels", "pod-security.kubernetes.io/enforce",
                because="A namespace has one level for all pods, and the sandbox's daemon needs this one. "
                "The admission policy holds every other container to 'restricted' (admission.yaml).",
            )  # fmt: skip
        pages.explain(
            "Namespace", platform.id, "metadata", "annotations", "argocd.argoproj.io/sync-options",
            because="Prune=false keeps it when its file is gone, Delete=false when the app is deleted.",
        )  # fmt: skip
        if any(workload.volume_claims() for workload in workloads):
            self._storage_class(platform, pages)

    def _storage_class(self, platform: Platform, pages: Pages) -> None:
        name = storage_class_name(platform)
        k8s.KubeStorageClass(
            pages.page("storageclass", f"Longhorn volumes of {platform.id} that outlive their claims"),
            "storage-class",
            metadata=metadata(platform, name, namespaced=False, annotations=KEPT, wave=WAVE_NAMESPACE),
            provisioner="driver.longhorn.io",
            reclaim_policy="Retain",
            volume_binding_mode="Immediate",
            allow_volume_expansion=True,
            parameters={"numberOfReplicas": str(platform.cluster.storage.replicas), "staleReplicaTimeout": "30"},
        )
        pages.explain(
            "StorageClass", name, "reclaimPolicy",
            because="The cluster's default class deletes the volume, and all data, with its claim.",
        )  # fmt: skip
