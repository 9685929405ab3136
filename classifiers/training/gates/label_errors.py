"""Which labels are likely wrong: confident learning on what models said that had not seen them.

A class's threshold is the mean probability that posts with its label are given for it; a label is
in doubt where the probability of the other class reaches that class's threshold, and that of its
own does not reach its own (Northcutt, Jiang, Chuang: Confident learning, JAIR 2021, for two
classes). A few lines did not seem worth the library.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifiers.arrays import Flags, Numbers

MOST: Final = 50
"""Told of one training; a site looks at fewer a day."""
LEAST: Final = 0.8
"""Probability of the other class below which a label may as well be right."""


def likely_wrong(unseen: Numbers, spam: Flags, labels: NDArray[np.int64]) -> tuple[int, ...]:
    """The labels that are likely wrong, the likeliest first; 0 stands for one without an id."""
    if spam.all() or not spam.any():
        return ()
    of_spam, of_ham = float(unseen[spam].mean()), float((1.0 - unseen[~spam]).mean())
    other = np.where(spam, 1.0 - unseen, unseen)
    reached = np.where(spam, of_ham, of_spam)
    own = np.where(spam, of_spam, of_ham)
    found = np.flatnonzero(
        (other >= np.maximum(reached, LEAST)) & (1.0 - other < own) & (labels > 0)
    )
    order = found[np.argsort(-other[found], kind="stable")]
    return tuple(int(label) for label in labels[order][:MOST])
