"""The namespace and the storage class: created once, and never deleted by what delivers them."""

from __future__ import annotations

from constructs import Construct

from agentkeep.core.model import Model
from agentkeep.halves.kubernetes import WAVE_NAMESPACE, Writer
from agentkeep.halves.pages import Pages


class NamespaceKubernetes(Construct):
    """
    The namespace with its Pod Security level, and a storage class that keeps volumes whose claim is gone.

    Args:
        scope: A chart.
        id: Construct id.
        model: The platform.
        pages: Which file gets what; all in *scope* by default.
    """

    def __init__(self, scope: Construct, id: str, model: Model, *, pages: Pages | None = None) -> None:  # noqa: A002
        super().__init__(scope, id)
        writer = Writer(model, pages or Pages(self))
        pods = [model.pod(workload.id) for workload in model.workloads]
        privileged = any(pod.privileged for pod in pods)
        writer.object(
            writer.pages.page("namespace", f"the namespace of {model.id}; {model.delivery.title} never deletes it"),
            "Namespace",
            model.id,
            {},
            namespaced=False,
            labels={
                "pod-security.kubernetes.io/enforce": "privileged" if privileged else "restricted",
                "pod-security.kubernetes.io/audit": "restricted",
                "pod-security.kubernetes.io/warn": "restricted",
            },
            annotations=model.delivery.kept(),
            wave=WAVE_NAMESPACE,
        )
        if privileged:
            writer.pages.explain(
                "Namespace", model.id, "metadata", "labels", "pod-security.kubernetes.io/enforce",
                because="A namespace has one level for all pods, and the sandbox's daemon needs this one. "
                "The admission policy holds every other container to 'restricted' (admission.yaml).",
            )  # fmt: skip
        for key, because in model.delivery.kept_comments():
            writer.pages.explain("Namespace", model.id, "metadata", "annotations", key, because=because)
        if any(pod.claims for pod in pods):
            self._storage_class(writer)

    def _storage_class(self, writer: Writer) -> None:
        model, storage = writer.model, writer.model.cluster.storage
        name = model.label("retain")
        writer.object(
            writer.pages.page("storageclass", f"{storage.title} volumes of {model.id} that outlive their claims"),
            "StorageClass",
            name,
            {
                "allowVolumeExpansion": True,
                "parameters": storage.parameters(model.cluster.name, model.id),
                "provisioner": storage.provisioner,
                "reclaimPolicy": "Retain",
                "volumeBindingMode": storage.binding,
            },
            namespaced=False,
            annotations=model.delivery.kept(),
            wave=WAVE_NAMESPACE,
        )
        writer.pages.explain(
            "StorageClass", name, "reclaimPolicy",
            because="The cluster's default class deletes the volume, and all data, with its claim.",
        )  # fmt: skip
