"""Would a source's labels make the model worse? Each batch is tried before it may train.

Reject on negative impact (Nelson and others, Exploiting machine learning to subvert your spam
filter, LEET 2008): the words' part of the model is trained without the batch and with it, and both
are compared on labels that people gave. Batches are tried one after another, those of the most
trusted source first, each on top of what was let in before: batches that harm only together do not
get in either. What cannot be tried stays out.

Where fewer than LEAST labels of a class are kept from training, people's labels that train are
asked as well, each by a model that has not learnt it: in FOLDS parts, of near-duplicates whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import expit

from classifiers.scorers.linear import Weights
from classifiers.training.division import folds
from classifiers.training.evaluate import bootstrap_means, losses
from classifiers.training.examples import Examples
from classifiers.training.fit import Fits

REPORTED: Final = "feedback:"
"""How the sources begin whose labels are tried; those of moderators and of imports are not."""
LEAST: Final = 20
"""Labels of each class that a trial is measured on, at least."""
FOLDS: Final = 4
DRAWS: Final = 1_000
DOUBT: Final = 0.1
"""Chance with which a harmless batch may look harmful; a few honest labels that stay out cost
little."""
MATERIAL: Final = 0.002
"""Log-loss a post by which a batch may make things worse: what any new label may do by accident."""
RATE: Final = 0.005
"""Share of the measured posts of a class that may move over a threshold to the wrong side."""
THRESHOLDS: Final = (0.5, 0.95)
MOST: Final = 24
"""Sources that are tried singly, the largest; the labels of all others wait."""

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of one source's batch."""

    source: str
    labels: int
    harmful: bool
    """It stays out because it was shown to harm, not because nothing could be shown."""
    admitted: bool
    sentence: str

    def as_dict(self) -> dict[str, object]:
        return {
            "source": self.source,
            "labels": self.labels,
            "harmful": self.harmful,
            "admitted": self.admitted,
            "sentence": self.sentence,
        }


def is_tried(source: str) -> bool:
    return source.startswith(REPORTED)


def screen(
    posts: Examples,
    sources: Sequence[str],
    trusts: Numbers,
    measured: Examples,
    *,
    usable: Flags,
    strength: float,
    parent: Weights | None = None,
    anchors: Examples | None = None,
) -> tuple[Flags, list[Tried]]:
    """Which rows may train, and what came of each source that was tried.

    `usable` marks the rows that may train at all. `measured` holds labels of people that do not
    train: audits, and the latest that were held back. Where those are few, see the module.
    """
    names = np.array(sources, dtype=object)
    suspect = np.array([is_tried(source) for source in sources], dtype=bool)
    allowed = usable & ~suspect
    batches = _in_order(names[usable & suspect], trusts[usable & suspect])
    if not batches:
        return allowed, []
    people: NDArray[np.int64] = np.flatnonzero(allowed)
    asked = measured
    if _rarest(measured.spam) < LEAST:
        asked = together(posts.keep(allowed), measured)
    spam = int(asked.spam.sum())
    if _rarest(asked.spam) < LEAST or not _both(posts.spam[allowed]):
        why = (
            f"There are {spam} spam and {len(asked.spam) - spam} ham labels of moderators to "
            f"measure with, and {LEAST} of each are needed."
        )
        return allowed, [_waits(name, names, usable, why) for name in batches]
    taught = posts.with_anchors(anchors)
    fits = Fits(taught.matrix, taught.spam, parent=parent, weights=taught.weights)
    always = np.ones(len(taught.spam) - len(posts.spam), dtype=bool)
    part = folds(posts.cluster[people], posts.spam[people], FOLDS)

    def judge(rows: Flags) -> Numbers:
        """Probabilities of the posts that are asked; by words alone, without altered copies."""
        said = _said(fits, strength, np.concatenate([rows, always]), measured)
        if asked is measured:
            return said
        unseen = np.empty(len(people))
        for number in range(FOLDS):
            left = people[part == number]
            others = rows & ~(suspect & np.isin(posts.cluster, posts.cluster[left]))
            others[left] = False
            unseen[part == number] = _said(
                fits,
                strength,
                np.concatenate([others, always]),
                posts.keep(_mark(left, len(posts.spam))),
            )
        return np.concatenate([unseen, said])

    before = judge(allowed)
    tried = []
    for place, name in enumerate(batches):
        if place >= MOST:
            why = f"Only {MOST} sources are tried at once, those with most labels."
            tried.append(_waits(name, names, usable, why))
            continue
        batch = usable & (names == name)
        with_it = judge(allowed | batch)
        harm = harms(before, with_it, asked.spam, asked.cluster)
        if not harm:
            allowed, before = allowed | batch, with_it
        count = int(batch.sum())
        sentence = harm or "Trained with and without: no worse."
        tried.append(Tried(name, count, bool(harm), not harm, sentence))
    return allowed, tried


def together(posts: Examples, others: Examples | None) -> Examples:
    """Both, without embeddings and copies, to measure with."""
    if others is None or not len(others.spam):
        return posts
    first = int(posts.cluster.max(initial=-1)) + 1
    return Examples(
        sparse.vstack([posts.matrix, others.matrix]).tocsr(),
        np.concatenate([posts.spam, others.spam]),
        np.concatenate([posts.weights, others.weights]),
        np.concatenate([posts.cluster, others.cluster + first]),
        np.concatenate([posts.lengths, others.lengths]),
        np.concatenate([posts.foreign, others.foreign]),
        sparse.vstack([posts.pieces, others.pieces]).tocsr(),
    )


def harms(before: Numbers, after: Numbers, spam: Flags, cluster: NDArray[np.int64]) -> str:
    """How the second probabilities are worse than the first, in words; empty where they are not."""
    for threshold in THRESHOLDS:
        for kind, name in ((spam, "spam let through"), (~spam, "honest posts caught")):
            wrong = [((p >= threshold) != spam)[kind] for p in (before, after)]
            more = int(wrong[1].sum()) - int(wrong[0].sum())
            if more > max(1.0, RATE * kind.sum()):
                return (
                    f"With it the model is wrong about {more} more of {int(kind.sum())} posts "
                    f"({name} at {threshold:.0%})."
                )
    difference = losses(after, spam) - losses(before, spam)
    if difference.mean() <= MATERIAL:
        return ""
    if np.quantile(bootstrap_means(difference, cluster, DRAWS), DOUBT) <= 0.0:
        return ""
    return f"With it log-loss rises by {difference.mean():.3f}, more than by accident."


def _in_order(names: NDArray[np.object_], trusts: Numbers) -> list[str]:
    """The sources, most trusted first; of the MOST largest, then all others."""
    found, first, counts = np.unique(names.astype(str), return_index=True, return_counts=True)
    size = {name: int(count) for name, count in zip(found, counts, strict=True)}
    believed = {name: float(trusts[place]) for name, place in zip(found, first, strict=True)}
    largest = sorted(size, key=lambda name: (-size[name], name))
    tried = sorted(largest[:MOST], key=lambda name: (-believed[name], name))
    return tried + largest[MOST:]


def _waits(name: str, names: NDArray[np.object_], usable: Flags, why: str) -> Tried:
    return Tried(name, int((usable & (names == name)).sum()), False, False, why)


def _said(fits: Fits, strength: float, rows: Flags, asked: Examples) -> Numbers:
    (weights,) = fits.at([strength], rows)
    return np.asarray(expit(weights.log_odds(asked.matrix)), dtype=np.float64)


def _mark(places: NDArray[np.int64], size: int) -> Flags:
    marked = np.zeros(size, dtype=bool)
    marked[places] = True
    return marked


def _rarest(spam: Flags) -> int:
    return int(min(spam.sum(), (~spam).sum()))


def _both(spam: Flags) -> bool:
    return bool(spam.any() and not spam.all())
