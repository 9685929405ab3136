"""Labels that are given in order to harm a model, for `benchmarks.poisoning`.

Real posts with labels as they were given: by moderators, by honest people, and by whoever attacks.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from classifiers import features
from classifiers.arrays import Flags, Numbers
from classifiers.training.data.examples import Examples, signals_of
from classifiers.training.gates.influence import REPORTED, together
from classifiers.types import Content

VERDICT: Final = "verdict"
MODERATED: Final = 0.6
REPORTERS: Final = 8
HONEST_IDS: Final = 40
HONEST_ERR: Final = 0.03
"""Share of their labels that honest people get wrong who have no record yet."""
ATTACKS: Final = (
    "dictionary",
    "ham_labelling",
    "turned",
    "many_ids",
    "proven_ids",
    "id_after_id",
    "many_keys",
    "among_honest",
)
NEW_SITE: Final = "new_site"
EARNED: Final = 40
EARNED_OF_ID: Final = 6
EARNED_OF_PROVEN: Final = 20
"""By each name of `proven_ids`."""
IDS: Final = 10
KEYS: Final = 5
WORDS: Final = 120
"""Of a post of the dictionary attack."""
HOSTILE: Final = f"{REPORTED}hostile"
KEY: Final = "key"


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """Labels as they were given; all fields of one length."""

    posts: Examples
    source: NDArray[np.object_]
    """`feedback:` and a name, with `/` and a key where several stand behind one."""
    true: Flags
    """A moderator who is asked says the same."""
    when: Numbers
    """In [0, 1]: the order in which they were given."""

    def with_hostile(self, other: Stream) -> Stream:
        # A copy stays with what it was copied from.
        cluster = np.concatenate([self.posts.cluster, other.posts.cluster])
        joined = replace(together(self.posts, other.posts), cluster=cluster)
        return Stream(
            joined,
            np.concatenate([self.source, other.source]),
            np.concatenate([self.true, other.true]),
            np.concatenate([self.when, other.when]),
        )


def honest(posts: Examples, chance: random.Random) -> Stream:
    """Moderators' labels and those of few people who have a record."""
    sources = [
        VERDICT if chance.random() < MODERATED else f"{REPORTED}{chance.randrange(REPORTERS)}"
        for _ in posts.spam
    ]
    size = len(sources)
    return Stream(
        posts,
        np.array(sources, dtype=object),
        np.ones(size, dtype=bool),
        np.array([chance.random() for _ in sources]),
    )


def by_many(stream: Stream, chance: random.Random) -> Stream:
    """The same feedback from many honest people behind one key, who err now and then."""
    said = stream.source != VERDICT
    names = [f"{REPORTED}{chance.randrange(HONEST_IDS)}/{KEY}" for _ in said]
    wrong = said & np.array([chance.random() < HONEST_ERR for _ in said])
    return Stream(
        replace(stream.posts, spam=stream.posts.spam ^ wrong),
        np.where(said, np.array(names, dtype=object), stream.source),
        ~wrong,
        stream.when,
    )


def attacked(
    attack: str, share: float, stream: Stream, texts: Sequence[str], chance: random.Random
) -> Stream:
    """The labels with hostile ones, which are this share of the feedback, or of all of a pool."""
    hostile = made(attack, share, stream, texts, chance)
    if attack == "among_honest":
        said = stream.source != VERDICT
        names = np.array([f"{each}/{KEY}" for each in stream.source], dtype=object)
        stream = replace(stream, source=np.where(said, names, stream.source))
    return stream.with_hostile(hostile)


def made(
    attack: str, share: float, stream: Stream, texts: Sequence[str], chance: random.Random
) -> Stream:
    """The hostile labels alone, after those that earned trust."""
    beside = len(stream.true) if attack == NEW_SITE else int((stream.source != VERDICT).sum())
    count = max(1, round(beside * share / (1.0 - share)))
    spam, ham = (np.flatnonzero(stream.posts.spam == kind) for kind in (True, False))
    vocabulary = [word for place in ham for word in texts[int(place)].split()]
    several = attack not in ("dictionary", "ham_labelling", "turned", NEW_SITE)
    both = several or attack in ("turned", NEW_SITE)
    parts: list[tuple[Examples, bool]] = []
    first = 0
    if both:
        of_id = EARNED_OF_PROVEN if attack == "proven_ids" else EARNED_OF_ID
        first = IDS * of_id if several else EARNED
        earned = [chance.choice((*spam, *ham)) for _ in range(first)]
        parts.append((stream.posts.keep(_marks(earned)), True))
    for turn, kind in enumerate(("dictionary", "ham_labelling")):
        of_kind = count if attack == kind else 0
        if both:
            of_kind = (count + 1 - turn) // 2
        if not of_kind:
            continue
        if kind == "dictionary":
            written = [" ".join(chance.choices(vocabulary, k=WORDS)) for _ in range(of_kind)]
            parts.append((of_texts(written, stream.posts), True))
        else:
            chosen = stream.posts.keep(_marks([chance.choice(spam) for _ in range(of_kind)]))
            parts.append((replace(chosen, spam=np.zeros(len(chosen.spam), dtype=bool)), False))
    whole: Stream | None = None
    for each, true in parts:
        size = len(each.spam)
        part = Stream(
            each,
            np.full(size, HOSTILE, dtype=object),
            np.full(size, true, dtype=bool),
            np.zeros(size),
        )
        whole = part if whole is None else whole.with_hostile(part)
    assert whole is not None
    return _signed(attack, whole, first, chance)


def _signed(attack: str, whole: Stream, first: int, chance: random.Random) -> Stream:
    """Who says each and when, where the first so many earn trust; kinds come by turns."""
    size = len(whole.true)
    order = [*range(first), *chance.sample(range(first, size), size - first)]
    when = np.empty(size)
    when[order] = np.arange(size) / size
    if attack in ("dictionary", "ham_labelling", "turned", NEW_SITE):
        return replace(whole, when=when)
    number = np.empty(size, dtype=np.int64)
    number[order] = np.arange(size) % IDS
    if attack == "id_after_id":
        when = (number + when) / IDS
    keys = number % KEYS if attack == "many_keys" else np.zeros(size, dtype=np.int64)
    names = [f"{HOSTILE}{of}/{KEY}{key or ''}" for of, key in zip(number, keys, strict=True)]
    return replace(whole, source=np.array(names, dtype=object), when=when)


def _marks(places: Sequence[int]) -> Any:
    """Places, as `keep` takes them: a post may be there more than once."""
    return np.array(places, dtype=np.int64)


def of_texts(texts: Sequence[str], beside: Examples) -> Examples:
    """Posts of these words, called spam, alike to none of those beside them."""
    contents = [Content(text=text) for text in texts]
    matrix = features.matrix(contents, signals_of(contents))
    first = int(beside.cluster.max()) + 1
    return Examples(
        matrix,
        np.ones(len(texts), dtype=bool),
        np.ones(len(texts)),
        np.arange(first, first + len(texts), dtype=np.int64),
        np.array([len(text) for text in texts], dtype=np.int64),
        np.zeros(len(texts)),
        features.pieces_of(contents),
    )


def is_hostile(source: str) -> bool:
    """Whether only hostile labels come from a source, or, of a key, among others."""
    name, _, _ = source.partition("/")
    return name.startswith((HOSTILE, f"{REPORTED}{KEY}"))
