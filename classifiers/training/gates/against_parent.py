"""A child beside its parent on labels held back: slices, calibration, and what judging costs.

Of near-duplicates each cluster has one voice. Slices are chosen by volume alone, and share the
chance of error. A named few would be enough to see harm to one language in a mean over all.

Calibration: the root of the mean squared distance of share and probability in bins, where only
pairs of different clusters count, so that noise adds nothing to it (the U-statistic behind Kumar,
Liang, Ma, Verified uncertainty calibration, NeurIPS 2019); the interval of the difference is by
paired bootstrap over clusters.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np

from classifiers.arrays import Flags, Numbers, Places
from classifiers.guarantees import paired
from classifiers.guarantees.paired import FEWEST, Check
from classifiers.scorers.linear import LinearScorer
from classifiers.training.data.examples import signals_of
from classifiers.training.evaluate import errors
from classifiers.training.reliability import BINS, LEAST, fewest
from classifiers.types import Content

DELTA: Final = 0.05
"""Chance of error of all slices together, and of calibration."""
ERRORS_MARGIN: Final = 0.03
"""More errors at 0.5 that a slice may have, as a share of its posts."""
CALIBRATION_MARGIN: Final = 0.02
"""More calibration error that a child may have."""
COST_MARGIN: Final = 2.0
"""Times the processor time of its parent that a child may take."""
VALUES: Final = 4
"""Of a trait, that are looked at: those with most posts."""
DRAWS: Final = 2_000
AT_ONCE: Final = 4_000_000
"""Numbers held at once in the bootstrap."""
TIMED: Final = 48
"""Posts that are timed."""
TURNS: Final = 7
"""The least and the greatest of seven hold the median with 98 %."""
_LINK: Final = re.compile(r"://|\bwww\.", re.IGNORECASE)


def traits(content: Content) -> tuple[tuple[str, str], ...]:
    """What slices are made by, with this post's values."""
    return (
        ("kind", content.type),
        ("language", content.language.partition("-")[0].lower() or "not named"),
        ("link", "with a link" if _LINK.search(content.text) else "without a link"),
    )


def slices(
    contents: Sequence[Content], spam: Flags, cluster: Places, child: Numbers, parent: Numbers
) -> list[Check]:
    """Errors at 0.5 in each slice, all together at DELTA."""
    votes = errors(child, spam) - errors(parent, spam)
    members: dict[str, dict[str, list[int]]] = {}
    for place, content in enumerate(contents):
        for trait, value in traits(content):
            members.setdefault(trait, {}).setdefault(value, []).append(place)
    chosen: list[tuple[str, list[float], int]] = []
    for trait, values in members.items():
        if len(values) < 2:
            continue
        for value, places in Counter({v: len(p) for v, p in values.items()}).most_common(VALUES):
            name = value if trait == "link" else f"{trait} {value}"
            nets = _by_cluster(votes[values[value]], cluster[values[value]])
            chosen.append((f"posts {name}" if trait == "link" else name, nets, places))
    enough = sum(len(nets) >= FEWEST for _, nets, _ in chosen)
    return [
        paired.errors(
            f"errors, {name}",
            [1.0] * sum(net > 0 for net in nets),
            [1.0] * sum(net < 0 for net in nets),
            least=1.0,
            posts=len(nets),
            seen=len(nets),
            margin=ERRORS_MARGIN,
            delta=DELTA / max(enough, 1),
        )
        for name, nets, _ in chosen
    ]


def _by_cluster(votes: Numbers, cluster: Places) -> list[float]:
    _, members = np.unique(cluster, return_inverse=True)
    return [float(net) for net in np.bincount(members, votes)]


def calibration(spam: Flags, cluster: Places, child: Numbers, parent: Numbers) -> Check:
    """By how much the child's probabilities are further off than its parent's."""
    what = "calibration error"
    if fewest(spam, cluster) < LEAST:
        return Check(what, len(spam), None, None, CALIBRATION_MARGIN)
    tables = [_Gaps(chances, spam, cluster) for chances in (child, parent)]
    count = len(tables[0].sizes)
    generator = np.random.default_rng(0)
    found: list[Numbers] = []
    at_once = max(1, AT_ONCE // count)
    for first in range(0, DRAWS, at_once):
        draws = min(at_once, DRAWS - first)
        times = generator.multinomial(count, np.full(count, 1.0 / count), size=draws)
        of_child, of_parent = (table.error(times.astype(np.float64)) for table in tables)
        found.append(of_child - of_parent)
    low, high = np.quantile(np.concatenate(found), (DELTA / 2, 1.0 - DELTA / 2))
    return Check(what, len(spam), float(low), float(high), CALIBRATION_MARGIN)


class _Gaps:
    """By cluster and bin: posts, and probabilities less labels."""

    def __init__(self, chances: Numbers, spam: Flags, cluster: Places) -> None:
        names, members = np.unique(cluster, return_inverse=True)
        bins = np.minimum((chances * BINS).astype(np.int64), BINS - 1)
        cells, shape = members * BINS + bins, (len(names), BINS)
        size = len(names) * BINS
        self.sizes = np.bincount(cells, minlength=size).reshape(shape).astype(np.float64)
        self.gaps = np.bincount(cells, chances - spam, minlength=size).reshape(shape)

    def error(self, times: Numbers) -> Numbers:
        """The calibration error where each cluster is there so many times, by row of `times`."""
        posts = times @ self.sizes
        pairs = (times @ self.gaps) ** 2 - times**2 @ self.gaps**2
        squares = np.divide(pairs, posts, out=np.zeros_like(pairs), where=posts > 0)
        mean = squares.sum(axis=1) / np.maximum(posts.sum(axis=1), 1.0)
        return np.asarray(np.sqrt(np.maximum(mean, 0.0)), dtype=np.float64)


def cost(
    child: LinearScorer,
    parent: LinearScorer,
    contents: Sequence[Content],
    *,
    clock: Callable[[], float] = time.process_time,
) -> Check:
    """Processor time of judging the same posts, by turns in one process, as a ratio.

    A child that has an encoder where its parent has none is another recipe: its ratio is told.
    """
    what = "processor time"
    asked = list(contents[:TIMED])
    margin = None if (child.head is None) != (parent.head is None) else COST_MARGIN
    if len(asked) < FEWEST:
        return Check(what, len(asked), None, None, margin, is_ratio=True)

    def seconds(scorer: LinearScorer) -> float:
        began = clock()
        scorer.score(asked, signals_of(asked))
        return clock() - began

    seconds(child), seconds(parent)
    ratios = [seconds(child) / max(seconds(parent), 1e-9) for _ in range(TURNS)]
    return Check(what, len(asked), min(ratios), max(ratios), margin, is_ratio=True)
