"""Longhorn: a claim's labels put its volume into groups of recurring jobs."""

from collections.abc import Iterator
from typing import Final

from agentkeep.verify.artifacts import Artifacts, Object
from agentkeep.verify.vendors.storages import Storage

_SOURCE: Final = "recurring-job.longhorn.io/source"
_GROUP: Final = "recurring-job-group.longhorn.io/"


class _Longhorn(Storage):
    def unprotected(
        self,
        artifacts: Artifacts,  # noqa: ARG002  # the claim itself says all
        claim: Object,
        groups: tuple[str, ...],
    ) -> Iterator[str]:
        # The group alone does nothing: without the source label Longhorn does not look at a claim's labels.
        if claim.labels.get(_SOURCE) != "enabled":
            yield f"lacks the label {_SOURCE}"
        for group in groups:
            if claim.labels.get(_GROUP + group) != "enabled":
                yield f"is not in the backup group {group}"
        if not groups:
            yield "is in no backup group"


VENDOR: Final = _Longhorn(
    name="longhorn",
    kind="storage",
    groups=frozenset({"longhorn.io"}),
    marks=("recurring-job.longhorn.io/", "recurring-job-group.longhorn.io/", "longhorn.io/"),
    drivers=frozenset({"driver.longhorn.io"}),
    # Below Kubernetes' own volumes: these are the data itself.
    kept=(("longhorn.io", "volumes", "status.kubernetesStatus.namespace"),),
)
