"""
Amazon EBS by its CSI driver: backups are VolumeSnapshots, taken by a schedule.

Kubernetes has no schedule for snapshots. ``SnapshotSchedule`` of snapscheduler (``snapscheduler.backube/v1``) is one
that selects claims by label, and is what is understood here; the ledger's backup groups are the names of schedules.
"""

from collections.abc import Iterator
from typing import Final

from agentkeep.verify.artifacts import Artifacts, Object, mapping, text
from agentkeep.verify.selectors import Labels, parse_selector
from agentkeep.verify.vendors.storages import Storage

_DRIVER: Final = "ebs.csi.aws.com"


class _Ebs(Storage):
    def unprotected(self, artifacts: Artifacts, claim: Object, groups: tuple[str, ...]) -> Iterator[str]:
        for group in groups:
            schedule = artifacts.index.get(("SnapshotSchedule", claim.namespace, group))
            if schedule is None:
                yield f"has no SnapshotSchedule {group}"
                continue
            if schedule.spec.get("disabled"):
                yield f"is in the schedule {group}, which is off"
            if not text(schedule.spec.get("schedule")):
                yield f"is in the schedule {group}, which says no time"
            if not _selects(schedule, claim):
                yield f"is not selected by the schedule {group}"
            name = text(mapping(schedule.spec.get("snapshotTemplate")).get("snapshotClassName"))
            made = artifacts.index.get(("VolumeSnapshotClass", "", name))
            if made is None:
                yield f"has snapshots of class {name or 'default'}, which is in no artifact"
            elif made.body.get("driver") != _DRIVER or made.body.get("deletionPolicy") != "Retain":
                yield f"has snapshots of class {name}, which does not retain them"
        if not groups:
            yield "is in no backup group"


def _selects(schedule: Object, claim: Object) -> bool:
    try:
        return parse_selector(schedule.spec.get("claimSelector") or {}).must(Labels(dict(claim.labels)))
    except ValueError:
        return False


VENDOR: Final = _Ebs(name="ebs-csi", kind="storage", drivers=frozenset({_DRIVER}))
