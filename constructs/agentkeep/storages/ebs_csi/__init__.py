"""Amazon EBS through its CSI driver: encrypted volumes, and snapshots that nothing in the cluster takes or deletes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

from agentkeep.core.cluster import DataKind, Storage
from agentkeep.core.facts import Problem
from agentkeep.secret_param.stores.aws import Aws

#: The tag by which what takes snapshots knows the volumes of a platform.
TAG = "agentkeep-backup"
#: The one schedule.
DAILY = "daily"
_SNAPSHOTS = "snapshot.storage.k8s.io"


class EbsCsi(Storage):
    """
    Amazon EBS, as the cluster's CSI driver makes it.

    Amazon Data Lifecycle Manager takes a snapshot of every volume once a day, from outside of the cluster
    (docs/decisions/0011-snapshots-from-outside.md). For a snapshot by hand, and to restore any, there is a
    VolumeSnapshotClass that retains.

    Args:
        aws: The account and region of the cluster.
        type: Kind of volume.
        encrypted: There is no other way; written out where a reader should see it.
        at: When the day's snapshot is taken, in UTC.
        keep: How many days' snapshots there are.
    """

    provider: ClassVar[str] = "ebs-csi"
    title: ClassVar[str] = "Amazon EBS"
    provisioner: ClassVar[str] = "ebs.csi.aws.com"
    # A volume can be attached in its own zone alone, so it is made where its pod is.
    binding: ClassVar[Literal["Immediate", "WaitForFirstConsumer"]] = "WaitForFirstConsumer"
    data_kinds: ClassVar[tuple[DataKind, ...]] = (
        DataKind(_SNAPSHOTS, "volumesnapshots"),
        DataKind(_SNAPSHOTS, "volumesnapshotcontents", "spec.volumeSnapshotRef.namespace"),
    )
    halves: ClassVar[Mapping[str, str]] = {
        "kubernetes": "agentkeep.storages.ebs_csi.kubernetes:SnapshotsKubernetes",
        "terraform": "agentkeep.storages.ebs_csi.terraform:SnapshotsTerraform",
    }

    aws: Aws
    type: Literal["gp3", "io2"] = "gp3"
    encrypted: Literal[True] = True
    at: str = "03:00"
    keep: int = 14
    backup_groups: tuple[str, ...] = (DAILY,)

    def tag(self, cluster: str, platform: str) -> str:
        """What the volumes of a platform are tagged with."""
        return f"{cluster}.{platform}"

    def parameters(self, cluster: str, platform: str) -> dict[str, str]:
        """Kind, encryption, file system, and the tag that gets a volume its snapshots."""
        return {
            "type": self.type,
            "encrypted": "true",
            "csi.storage.k8s.io/fstype": "ext4",
            "tagSpecification_1": f"{TAG}={self.tag(cluster, platform)}",
        }

    def problems(self) -> Iterator[Problem]:
        """An account, a time of day, at least one snapshot."""
        yield from self.aws.problems()
        if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", self.at):
            yield Problem(f"at={self.at!r} is not a time of day", "write it as '03:00'; it is UTC")
        if not 1 <= self.keep <= 1000:
            yield Problem(f"keep={self.keep} is not a number of snapshots", "keep 1 to 1000")
        if self.backup_groups != (DAILY,):
            yield Problem("backup_groups= is not chosen here", f"leave it out; the one schedule is {DAILY!r}")
