"""DATA001: data survives sync prune and deletion."""

from typing import Final

from agentkeep.verify.case import Case
from agentkeep.verify.vendors import VENDORS
from agentkeep.verify.vendors.deliveries import Delivery
from agentkeep.verify.verdict import Report

NEVER_ACKNOWLEDGED: Final = True
_KEPT_KINDS: Final = (
    "Namespace", "PersistentVolumeClaim", "PersistentVolume", "StorageClass", "VolumeSnapshot", "VolumeSnapshotClass",
    "VolumeSnapshotContent",
)  # fmt: skip


def data001_data_survives_sync_prune_and_deletion(case: Case, report: Report) -> None:
    """
    DATA001: claims, volumes, snapshots, their classes and the namespace are exempt from the delivery's pruning and from
    the deletion of what delivers.

    What that takes stands in the table of the delivery; an option that survives pruning may not survive the deletion
    of the whole app.
    """
    deliveries = [one for one in map(VENDORS.get, sorted(case.vendors)) if isinstance(one, Delivery)]
    if not case.ledger.storage:
        report.look()
    for item in case.own(*_KEPT_KINDS):
        report.look()
        for delivery in deliveries:
            for problem in delivery.takes(item):
                report.find(item, problem, place=item.place)
