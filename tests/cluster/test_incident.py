"""Every cell of docs/incident.md, in one cluster of its own: its last rows end what delivers all others."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

import pytest

from tests.cluster.conftest import cannot
from tests.cluster.incident import BINDING, COLUMNS, LEFT, REFUSED, ROWS, Before, Row, before, outcome, platform_of
from tools.lab.build import BuildError
from tools.lab.client import Refused
from tools.lab.delivered import Delivery, Platform, app_folders
from tools.lab.lab import ROOT, running
from tools.lab.processes import LabError

pytestmark = pytest.mark.cluster

Cell = tuple[int, int]
# ArgoCD and the controllers are done within a few seconds; a cell that changes later would be one too good here.
SETTLING = 40
CELLS = [(row, column) for row in range(len(ROWS)) for column in range(len(COLUMNS))]
IDS = [f"{ROWS[row].name}-{list(COLUMNS)[column]}" for row, column in CELLS]


@pytest.fixture(scope="module")
def cells() -> Iterator[Mapping[Cell, str]]:
    """What was left in each cell."""
    template = Platform.read(app_folders(ROOT / "dist")[0])
    try:
        with running() as lab:
            deliveries = {cell: Delivery(lab, platform_of(template, *cell)) for cell in CELLS}
            for delivery in deliveries.values():
                delivery.begin(store_keys=False)
            for delivery in deliveries.values():
                delivery.wait_until_delivered(600)
            unhurt = {cell: before(delivery) for cell, delivery in deliveries.items()}
            found = _hurt(deliveries, unhurt, [cell for cell in CELLS if not ROWS[cell[0]].ends_delivery])
            last = [cell for cell in CELLS if ROWS[cell[0]].ends_delivery]
            # As long as one platform's policy stands, nobody deletes the definition. So the guarded ones come first.
            found |= _hurt(deliveries, unhurt, [cell for cell in last if cell[1] < 2])
            for binding in lab.api.list(BINDING):
                lab.api.delete(BINDING, binding["metadata"]["name"])
            # A binding that is gone is still heeded for a moment.
            time.sleep(3)
            found |= _hurt(deliveries, unhurt, [cell for cell in last if cell[1] >= 2])
            yield found
    except (BuildError, LabError) as problem:
        cannot(problem)
        raise


def _hurt(deliveries: Mapping[Cell, Delivery], unhurt: Mapping[Cell, Before], cells: list[Cell]) -> dict[Cell, str]:
    """Do the harm of each cell, wait, and look."""
    refused = {cell for cell in cells if _is_refused(ROWS[cell[0]], deliveries[cell])}
    time.sleep(SETTLING)
    found = {}
    for cell in cells:
        left = outcome(deliveries[cell], unhurt[cell])
        # A refusal is one only if nothing was hurt before it.
        found[cell] = REFUSED if cell in refused and left == LEFT else left
        print(f"{ROWS[cell[0]].name} with {list(COLUMNS)[cell[1]]}: {found[cell]}", flush=True)
    return found


def _is_refused(row: Row, delivery: Delivery) -> bool:
    try:
        row.harm(delivery)
    except Refused:
        return True
    return False


@pytest.mark.parametrize("cell", CELLS, ids=IDS)
def test_what_is_left(cells: Mapping[Cell, str], cell: Cell) -> None:
    row, column = cell

    assert ROWS[row].cells[column] == cells[cell]


def test_with_all_protections_nothing_reaches_the_data() -> None:
    assert [row.name for row in ROWS if row.cells[0] in ("data lost", "data left in Longhorn")] == []
