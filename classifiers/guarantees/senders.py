"""Whose posts are: those of one author are not independent of one another.

While a certificate is in force the model blocks an author once in `ONCE_DAYS` days; what more it
would block is held for people (`moderation.deciding.guardrails`). So whoever sends much
and is wrong altogether is one wrong block, as whoever sends one post, and as many counts as there
are authors and stretches of that length (`once`): two blocks of one author lie further apart.

Of allowed posts that were drawn, those of one author and day are supposed to be all honest or all
spam. Samples of n posts each, alike within, say as much as N / m independent posts, m being the
mean over posts of n (Kish, Survey sampling, 1965, 8.2, with a correlation of 1).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifiers.arrays import Numbers
from classifiers.guarantees.watch import ONCE_DAYS

DAY: Final = 86_400.0
FORGOTTEN: Final = -1
"""Whose a post is that lost its words, and with them its author."""
KNOWN: Final = 30
"""So many draws whose authors are known speak for any number whose authors were forgotten."""
Whose = NDArray[np.int64]
"""Authors as numbers; 0 for who is nobody else."""


def once(authors: Whose, at: Numbers, chances: Numbers) -> NDArray[np.int64]:
    """Which of the wrong blocks count: of each author and stretch of ONCE_DAYS days the one that
    was drawn with the least chance; times in seconds.

    At most one of these would be blocked, and any that was drawn is found at least as often as it.
    """
    alone = np.where(authors > 0, 0, 1 + np.arange(len(authors)))
    whose = np.stack([authors, alone, at // (ONCE_DAYS * DAY)])
    order = np.argsort(chances, kind="stable")
    _, first = np.unique(whose[:, order], axis=1, return_index=True)
    return np.sort(order[first])


def together(authors: Whose, at: Numbers) -> float:
    """How many of these draws count as one: each author's of one day are alike.

    Those whose authors are known speak for all, but where they are few: then each day's others are
    one author's.
    """
    known = authors != FORGOTTEN
    if known.sum() >= min((~known).sum(), KNOWN):
        authors, at = authors[known], at[known]
    if not len(authors):
        return 1.0
    alone = np.where(authors == 0, 1 + np.arange(len(authors)), 0)
    _, sizes = np.unique(np.stack([authors, alone, at // DAY]), axis=1, return_counts=True)
    return float((sizes**2).sum() / sizes.sum())
