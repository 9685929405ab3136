"""Whose latest labels does a model surely contradict that has learnt nothing from them?

What makes a model no worse may be false all the same: honest words called spam, of which no
moderator's label tells. A label is contradicted where the model gives it a chance of SURE at most,
on words that it knows. Known honest sources are contradicted in one label of a hundred or two, and
sources that bring all of another community, or nothing but its spam, in up to half of theirs; so
a source is asked about when it is beyond TOLERATED by more than accident explains: the exact
binomial tail, at LEVEL for all sources of a training together. Posts that nearly agree are one, and
its RECENT latest count, so that a record hides nothing. How it was chosen: docs/adr/0025.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.special import bdtrc

from classifiers.arrays import Flags, Numbers, Places
from classifiers.familiarity import LIMIT, MetPieces
from classifiers.training.data.examples import Examples

SURE: Final = 0.05
TOLERATED: Final = 0.5
LEVEL: Final = 0.01
RECENT: Final = 100
SECONDED: Final = 0.5
"""Share of the contradicted labels, from which on that are seconded it is the model that is wrong.
Few excuse no others: anybody can report a little spam that everybody agrees about."""
FEWEST_SECONDED: Final = 4
"""As many blind agreements as make a reporter's labels teach."""


def contradicted(chances: Numbers, posts: Examples, known: MetPieces) -> Flags:
    """Which labels a model surely contradicts that knows these pieces.

    `chances` are its probabilities of spam, one a post; it must not have learnt the posts.
    """
    own = np.where(posts.spam, chances, 1.0 - chances)
    return np.asarray((own <= SURE) & (known.unfamiliar(posts.pieces) <= LIMIT))


def usual(contradicts: Flags, spam: Flags, of: Flags) -> float:
    """The share of labels that would be contradicted if they were as moderators' are.

    `contradicts` and `spam` are of moderators' labels; `of` says of each of the others whether it
    calls its post spam.
    """
    rates = [contradicts[spam == kind].mean() if (spam == kind).any() else 0.0 for kind in (0, 1)]
    return float(np.where(of, rates[1], rates[0]).mean()) if len(of) else 0.0


def latest(ids: Places, cluster: Places) -> Places:
    """Places of the latest labels, the last first; of posts that nearly agree the last one."""
    order = np.lexsort((np.arange(len(ids)), ids))[::-1]
    _, first = np.unique(cluster[order], return_index=True)
    return np.asarray(order[np.sort(first)][:RECENT], dtype=np.int64)


def objection(
    contradicts: Flags, spam: Flags, seconded: Flags, *, usual: float, sources: int
) -> str:
    """Why a source's labels are not believed, in words; empty where they may be.

    One entry a label. `seconded`: somebody else said the same of the words, or cleared whoever
    gave the label since; `sources` are tested at once.
    """
    found, count = int(contradicts.sum()), len(contradicts)
    confirmed = int((contradicts & seconded).sum())
    if not found or confirmed >= max(FEWEST_SECONDED, SECONDED * found):
        return ""
    if bdtrc(found - 1, count, min(TOLERATED + usual, 1.0)) > LEVEL / sources:
        return ""
    as_spam = int((contradicts & spam).sum())
    return (
        f"A model that learnt nothing from them is sure of the contrary in {found} of the last "
        f"{count} posts that they judged (called spam: {as_spam}, honest: {found - as_spam}); "
        f"usual is {100 * usual:.0f} %. Either these labels are wrong, or the model misjudges such "
        "posts."
    )
