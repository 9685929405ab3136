"""Would a source's labels make the model worse? Each batch is tried before it may train.

Reject on negative impact (Nelson and others, Exploiting machine learning to subvert your spam
filter, LEET 2008): the words' part of the model is trained without the batch and with it, and both
are compared on labels that people gave. Batches are tried one after another, those of the most
trusted source first, each on top of what was let in before: batches that harm only together do not
get in either. What does no harm may still be contradicted; see `contradiction`. What cannot be
tried stays out. A source is `feedback:` and a number; where several stand behind one other, as
`feedback:2/1` and `feedback:3/1`, those that were let in are at last tried as that one, for many
names with a few labels each say nothing singly: it stays out with all of them.

Where fewer than LEAST labels of a class are kept from training, people's labels that train are
asked as well, each by a model that has not learnt it: in FOLDS parts, of near-duplicates whole.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import betainc, expit

from classifiers.arrays import Flags, Numbers, Places
from classifiers.familiarity import MetPieces
from classifiers.scorers.linear import Weights
from classifiers.training.data.dataset import Row
from classifiers.training.data.division import folds
from classifiers.training.data.examples import Examples
from classifiers.training.evaluate import bootstrap_means, losses
from classifiers.training.fitting.fit import Fits
from classifiers.training.gates import contradiction

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
WITH_ITS_KEY: Final = "No worse by itself; it stays out with all that came with its key."
MOST: Final = 24
"""Sources that are tried singly, the largest; the labels of all others wait."""

Judge = Callable[[Flags], tuple[Weights, Numbers]]
ObjectTo = Callable[[Flags, Weights, Numbers, Numbers, Flags], tuple[bool, str, tuple[int, ...]]]


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of one source's batch."""

    source: str
    labels: int
    harmful: bool
    """It stays out because it was shown to harm, not because nothing could be shown."""
    admitted: bool
    sentence: str
    contradicted: tuple[int, ...] = ()
    """Ids of its labels that made it stay out, the latest first, where that is why."""

    @property
    def flagged(self) -> bool:
        """Whether a person should look at the source."""
        return self.harmful or bool(self.contradicted)

    def as_dict(self) -> dict[str, object]:
        return {
            "source": self.source,
            "labels": self.labels,
            "harmful": self.harmful,
            "flagged": self.flagged,
            "admitted": self.admitted,
            "sentence": self.sentence,
            "contradicted": list(self.contradicted),
        }


def is_tried(source: str) -> bool:
    return source.startswith(REPORTED)


def screen(
    posts: Examples,
    rows: Sequence[Row],
    measured: Examples,
    *,
    usable: Flags,
    strength: float,
    parent: Weights | None = None,
    anchors: Examples | None = None,
    known: MetPieces | None = None,
) -> tuple[Flags, list[Tried]]:
    """Which rows may train, and what came of each source that was tried.

    `rows` are those of `posts`. `usable` marks those that may train at all. `measured` holds
    labels of people that do not train: audits, and the latest that were held back. Where those are
    few, see the module. `known` is what the parent has met.
    """
    names = np.array([row.source for row in rows], dtype=object)
    trusts = np.array([row.trust for row in rows], dtype=np.float64)
    suspect = np.array([is_tried(row.source) for row in rows], dtype=bool)
    allowed = usable & ~suspect
    batches = _in_order(names[usable & suspect], trusts[usable & suspect])
    if not batches:
        return allowed, []
    people: Places = np.flatnonzero(allowed)
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

    def fitted(taught: Flags) -> Weights:
        return fits.at([strength], np.concatenate([taught, always]))[0]

    def judge(taught: Flags) -> tuple[Weights, Numbers]:
        """A model, and probabilities of the posts that are asked by such as have not learnt them;
        by words alone, without altered copies.
        """
        weights = fitted(taught)
        said = _said(weights, measured)
        if asked is measured:
            return weights, said
        unseen = np.empty(len(people))
        for number in range(FOLDS):
            left = people[part == number]
            others = taught & ~(suspect & np.isin(posts.cluster, posts.cluster[left]))
            others[left] = False
            found = _said(fitted(others), posts.keep(_mark(left, len(posts.spam))))
            unseen[part == number] = found
        return weights, np.concatenate([unseen, said])

    tests = min(len(batches), MOST) + len(_behind(batches))

    def object_to(
        batch: Flags, without: Weights, before: Numbers, with_it: Numbers, taught: Flags
    ) -> tuple[bool, str, tuple[int, ...]]:
        """Whether it surely harms, why it stays out, and for which labels; `taught` lacks it."""
        harm, shown = harms(before, with_it, asked.spam, asked.cluster)
        if harm:
            return shown, harm, ()
        knows = MetPieces.of(posts.pieces[taught])
        knows = knows if known is None else knows | known
        sentence, ids = _objection(
            posts,
            rows,
            np.flatnonzero(batch),
            without,
            knows,
            spam=asked.spam,
            contradicts=contradiction.contradicted(before, asked, knows),
            sources=tests,
        )
        return False, sentence, ids

    without, before = judge(allowed)
    tried: dict[str, Tried] = {}
    for place, name in enumerate(batches):
        if place >= MOST:
            why = f"Only {MOST} sources are tried at once, those with most labels."
            tried[name] = _waits(name, names, usable, why)
            continue
        batch = usable & (names == name)
        count = int(batch.sum())
        weights, with_it = judge(allowed | batch)
        harmful, sentence, ids = object_to(batch, without, before, with_it, allowed)
        if sentence:
            tried[name] = Tried(name, count, harmful, False, sentence, ids)
            continue
        allowed, without, before = allowed | batch, weights, with_it
        tried[name] = Tried(name, count, False, True, "Trained with and without: no worse.")
    return _by_key(tried, names, allowed, before, judge, object_to), list(tried.values())


def _by_key(
    tried: dict[str, Tried],
    names: NDArray[np.object_],
    allowed: Flags,
    before: Numbers,
    judge: Judge,
    object_to: ObjectTo,
) -> Flags:
    """Which rows may train after those that share a key were tried as one; noted in `tried`.

    `before` is of a model that has learnt all that is allowed.
    """
    for key, several in _behind([name for name, each in tried.items() if each.admitted]).items():
        batch = allowed & np.isin(names, several)
        without, fewer = judge(allowed & ~batch)
        harmful, sentence, ids = object_to(batch, without, fewer, before, allowed & ~batch)
        if not sentence:
            continue
        allowed, before = allowed & ~batch, fewer
        for name in several:
            tried[name] = replace(tried[name], admitted=False, sentence=WITH_ITS_KEY)
        tried[key] = Tried(key, int(batch.sum()), harmful, False, sentence, ids)
    return allowed


def _behind(names: Sequence[str]) -> dict[str, list[str]]:
    """The sources of these that share a key with another, by that key."""
    keys: dict[str, list[str]] = {}
    for name in names:
        _, _, key = name.partition("/")
        keys.setdefault(f"{REPORTED}{key}" if key else name, []).append(name)
    return {key: several for key, several in keys.items() if len(several) > 1}


def _objection(
    posts: Examples,
    rows: Sequence[Row],
    batch: Places,
    without: Weights,
    known: MetPieces,
    *,
    spam: Flags,
    contradicts: Flags,
    sources: int,
) -> tuple[str, tuple[int, ...]]:
    """What the model `without` the batch has against it, in words, and against which labels.

    `spam` and `contradicts` are of moderators' labels.
    """
    ids = np.array([rows[place].label_id for place in batch], dtype=np.int64)
    batch = batch[contradiction.latest(ids, posts.cluster[batch])]
    these = posts.keep(batch)
    against = contradiction.contradicted(_said(without, these), these, known)
    sentence = contradiction.objection(
        against,
        these.spam,
        np.array([rows[place].seconded for place in batch], dtype=bool),
        usual=contradiction.usual(contradicts, spam, these.spam),
        sources=sources,
    )
    found = tuple(rows[place].label_id for place in batch[against])
    return sentence, found if sentence else ()


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


def harms(before: Numbers, after: Numbers, spam: Flags, cluster: Places) -> tuple[str, bool]:
    """How the second probabilities are worse than the first, in words; empty where they are not.

    And whether that is shown: a few posts more on the wrong side keep a batch out, but where it may
    be an accident, as of large honest batches it often is, its source is not to blame.
    """
    found = ""
    for threshold in THRESHOLDS:
        for kind, name in ((spam, "spam let through"), (~spam, "honest posts caught")):
            once, now = (((p >= threshold) != spam)[kind] for p in (before, after))
            worse, better = int((now & ~once).sum()), int((once & ~now).sum())
            if worse - better <= max(1.0, RATE * kind.sum()):
                continue
            sentence = (
                f"With it the model is wrong about {worse - better} more of {int(kind.sum())} "
                f"posts ({name} at {threshold:.0%})."
            )
            # The sign test: as many or more of those that changed sides would have got worse.
            if betainc(worse, better + 1, 0.5) <= DOUBT:
                return sentence, True
            found = found or sentence
    difference = losses(after, spam) - losses(before, spam)
    if difference.mean() <= MATERIAL:
        return found, False
    if np.quantile(bootstrap_means(difference, cluster, DRAWS), DOUBT) <= 0.0:
        return found, False
    return f"With it log-loss rises by {difference.mean():.3f}, more than by accident.", True


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


def _said(weights: Weights, asked: Examples) -> Numbers:
    return np.asarray(expit(weights.log_odds(asked.matrix)), dtype=np.float64)


def _mark(places: Places, size: int) -> Flags:
    marked = np.zeros(size, dtype=bool)
    marked[places] = True
    return marked


def _rarest(spam: Flags) -> int:
    return int(min(spam.sum(), (~spam).sum()))


def _both(spam: Flags) -> bool:
    return bool(spam.any() and not spam.all())
