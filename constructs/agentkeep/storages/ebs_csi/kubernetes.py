"""The Kubernetes half of EBS: the class of snapshots that outlive their objects."""

from __future__ import annotations

from cdk8s import ApiObject, JsonPatch
from constructs import Construct

from agentkeep.core.model import Model
from agentkeep.halves.kubernetes import WAVE_NAMESPACE, Writer
from agentkeep.halves.pages import Pages


class SnapshotsKubernetes(Construct):
    """
    A VolumeSnapshotClass with ``deletionPolicy: Retain``.

    Args:
        scope: A chart.
        id: Construct id.
        model: The platform.
        pages: Which file gets what; all in *scope* by default.
    """

    def __init__(self, scope: Construct, id: str, model: Model, *, pages: Pages | None = None) -> None:  # noqa: A002
        super().__init__(scope, id)
        writer = Writer(model, pages or Pages(self))
        storage, kind, name = model.cluster.storage, "VolumeSnapshotClass", model.label("retain")
        made = ApiObject(
            writer.pages.page(
                "volumesnapshotclass", f"{storage.title} snapshots of {model.id} that outlive their objects"
            ),
            name,
            api_version="snapshot.storage.k8s.io/v1",
            kind=kind,
            metadata=writer.metadata(name, namespace=None, annotations=model.delivery.kept(), wave=WAVE_NAMESPACE),
        )
        for field, value in (("deletionPolicy", "Retain"), ("driver", storage.provisioner)):
            made.add_json_patch(JsonPatch.add(f"/{field}", value))
        writer.pages.explain(
            kind, name, "deletionPolicy", because="With Delete, the snapshot would go with the object that names it."
        )
