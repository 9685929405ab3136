"""How many labels a training has room for.

Features, fits and folds take about A_CHARACTER bytes a character of what is learnt from, so that
memory, not time, ends what can be learnt at once. Beyond it older labels add little; they go.
"""

from __future__ import annotations

import resource
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import psutil
from numpy.typing import NDArray

from classifiers.features import HEAD, TAIL
from classifiers.training.data.dataset import Snapshot

A_CHARACTER: Final = 600
"""Bytes, measured at 360 on mails and 560 on SMS."""
PROGRAM: Final = 3 << 29
"""Bytes that the program takes before it reads a post, as RLIMIT_AS counts them."""
STILL_TO_COME: Final = 300 << 20
"""Bytes of the program that are not in memory yet when this is asked: libraries, the encoder."""
FEWEST: Final = 2_000_000
"""Characters that are learnt from however little is free, so that a small server learns at all."""
NO_ROOM: Final = "no room"


def characters() -> int:
    """How many fit into the memory that is free, or that this process may have if that is less.

    FEWEST at least.
    """
    allowed = psutil.virtual_memory().available - STILL_TO_COME
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY:
        allowed = min(allowed, limit - PROGRAM)
    return max(allowed // A_CHARACTER, FEWEST)


def shares(snapshots: Sequence[Snapshot], most: int) -> list[int]:
    """How many characters of each are learnt from: what small ones leave goes to the larger."""
    sizes = [int(_lengths(snapshot).sum()) for snapshot in snapshots]
    found = [0] * len(sizes)
    for done, place in enumerate(sorted(range(len(sizes)), key=sizes.__getitem__)):
        found[place] = min(sizes[place], most // (len(sizes) - done))
        most -= found[place]
    return found


def latest(snapshot: Snapshot, most: int) -> Snapshot:
    """The latest rows of each class, of `most` characters together; the others count as left out.

    Each class may have half, and what the other leaves of its own half. Rows without a time come
    before all others, in the order of the file.
    """
    lengths = _lengths(snapshot)
    if lengths.sum() <= most:
        return snapshot
    times = np.array([row.time for row in snapshot.rows], dtype=np.float64)
    newest = np.lexsort((np.arange(len(times)), np.nan_to_num(times, nan=-np.inf)))[::-1]
    kept = np.zeros(len(times), dtype=bool)
    for spam in (snapshot.spam, ~snapshot.spam):
        mine = newest[spam[newest]]
        room = max(most // 2, most - int(lengths[~spam].sum()))
        kept[mine[np.cumsum(lengths[mine]) <= room]] = True
    gone = int((~kept).sum())
    return replace(
        snapshot.keep(np.flatnonzero(kept)), left_out={**snapshot.left_out, NO_ROOM: gone}
    )


def told(gone: int) -> str:
    """A sentence about rows that `latest` left out, after a space; empty where it left out none."""
    return f" There is no room in memory for {gone:,} rows, the oldest. Left out." if gone else ""


def _lengths(snapshot: Snapshot) -> NDArray[np.int64]:
    """Characters of each row that are read."""
    return np.array(
        [min(len(row.content.title + row.content.text), HEAD + TAIL) for row in snapshot.rows],
        dtype=np.int64,
    )
