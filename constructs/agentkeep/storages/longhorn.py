"""Longhorn: replicated volumes on the nodes' own disks, backed up by recurring jobs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from agentkeep.core.cluster import DataKind, Storage, Workaround
from agentkeep.core.facts import Problem


class Longhorn(Storage):
    """
    Longhorn, as the cluster has it.

    Args:
        replicas: How many copies of a volume Longhorn keeps on different nodes.
        backup_groups: Recurring-job groups whose backups cover the volumes of this platform.
    """

    provider: ClassVar[str] = "longhorn"
    title: ClassVar[str] = "Longhorn"
    provisioner: ClassVar[str] = "driver.longhorn.io"
    # Below Kubernetes' own volumes: Longhorn's, which are the data itself.
    data_kinds: ClassVar[tuple[DataKind, ...]] = (
        DataKind("longhorn.io", "volumes", "status.kubernetesStatus.namespace", "Longhorn's volume is"),
    )

    replicas: int

    def parameters(self, cluster: str, platform: str) -> dict[str, str]:  # noqa: ARG002 - the same for all
        """How many copies, and how long a lost one is waited for."""
        return {"numberOfReplicas": str(self.replicas), "staleReplicaTimeout": "30"}

    def claim_labels(self) -> dict[str, str]:
        """The source and each group: Longhorn wants both."""
        return {
            "recurring-job.longhorn.io/source": "enabled",
            **{f"recurring-job-group.longhorn.io/{group}": "enabled" for group in self.backup_groups},
        }

    def claim_comment(self) -> Workaround:
        """Why both labels are there."""
        return Workaround(
            f"recurring-job-group.longhorn.io/{min(self.backup_groups)}",
            "Longhorn backs up the volume only if the claim carries both the group and the source label.",
        )

    def problems(self) -> Iterator[Problem]:
        """At least one copy, and at least one backup group."""
        if self.replicas < 1:
            yield Problem(f"replicas={self.replicas} keeps no copy of the data", "keep at least one")
        if not self.backup_groups:
            yield Problem("no backup group is named", "name the Longhorn recurring-job groups, such as 'default'")
