"""CFG010: the heap fits."""

import re

from agentkeep.verify.artifacts import mapping, text
from agentkeep.verify.case import Case
from agentkeep.verify.naming import where
from agentkeep.verify.verdict import Report

_UNITS = {"": 1, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "k": 10**3, "M": 10**6, "G": 10**9}


def cfg010_the_heap_fits(case: Case, report: Report) -> None:
    """
    CFG010: a heap that Node is allowed is smaller than the container's limit of memory.

    Otherwise the kernel kills the agent in the middle of a session, where Node would have collected garbage.
    """
    for workload in case.workloads:
        for container in workload.containers:
            report.look()
            options = next((text(e.get("value")) for e in container.env if e.get("name") == "NODE_OPTIONS"), "")
            heap = re.search(r"--max-old-space-size=(\d{1,7})", options)
            limit = text(mapping(mapping(container.body.get("resources")).get("limits")).get("memory"))
            size = re.fullmatch(r"(\d{1,12})(Ki|Mi|Gi|k|M|G|)", limit)
            if heap and (not size or int(heap[1]) * 2**20 > 0.85 * int(size[1]) * _UNITS[size[2]]):
                report.find(
                    where(workload, container),
                    f"may grow to {heap[1]} MiB of {limit or 'no limit'}",
                    place=container.place,
                )
