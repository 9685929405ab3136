"""What became of each row of a snapshot: it trained, measured, or was not believed."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping

from classifiers.arrays import Flags, Places
from classifiers.training.data.dataset import Snapshot

TRAINED, HELD_BACK, LEFT_OUT = "trained", "held back", "left out"
COLUMNS = ("label_id", "part", "cluster")

Parts = Mapping[int, tuple[str, int]]
"""Part and cluster by the label's id."""


def write(snapshot: Snapshot, *, cluster: Places, trained: Flags, held: Flags) -> bytes:
    """Return a CSV with a line a row, by the label's id; near-duplicates share a cluster.

    `cluster`, `trained` and `held` have an entry a row.
    """
    file = io.StringIO(newline="")
    table = csv.writer(file)
    table.writerow(COLUMNS)
    for place, row in enumerate(snapshot.rows):
        part = TRAINED if trained[place] else HELD_BACK if held[place] else LEFT_OUT
        table.writerow((row.label_id, part, cluster[place]))
    return file.getvalue().encode()


def read(content: bytes) -> Parts:
    """Return what `write` wrote."""
    rows = csv.DictReader(io.StringIO(content.decode(), newline=""))
    return {int(row["label_id"]): (row["part"], int(row["cluster"])) for row in rows}
