"""Which posts would teach most: doubtful ones, no two alike, and none like what is known.

One after another the post with the largest product of doubt and distance is taken, where distance
is one less the largest cosine, over hashed n-grams, to a post that is known or was taken before
(uncertainty with diversity: Settles, Active learning, 2012, 3.2; farthest-first traversal: Sener,
Savarese, Active learning for convolutional neural networks, ICLR 2018).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from scipy import sparse

from classifiers import features
from classifiers.arrays import Numbers
from classifiers.features import HASHED
from classifiers.types import Content

LEAST_APART: Final = 0.3
"""Distance below which a post is taken for one that is known."""


def choose(
    posts: Sequence[Content], doubt: Numbers, known: Sequence[Content], count: int
) -> list[int]:
    """At most `count` places in `posts`, the most instructive first; `doubt` is at least 0."""
    if not posts or count <= 0:
        return []
    rows = _directions(posts)
    nearest = np.zeros(len(posts))
    if known:
        nearest = np.asarray((rows @ _directions(known).T).max(axis=1).todense()).ravel()
    taken: list[int] = []
    while len(taken) < count:
        worth = np.where(1.0 - nearest >= LEAST_APART, doubt * (1.0 - nearest), 0.0)
        best = int(worth.argmax())
        if worth[best] <= 0.0:
            break
        taken.append(best)
        alike = np.asarray((rows @ rows[best].T).todense()).ravel()
        nearest = np.maximum(nearest, alike)
        nearest[best] = 1.0
    return taken


def _directions(contents: Sequence[Content]) -> sparse.csr_matrix:
    """The hashed n-grams of each post, a row of length 1."""
    matrix = features.matrix(list(contents), [()] * len(contents))[:, :HASHED]
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel())
    scale = sparse.diags(1.0 / np.maximum(lengths, 1e-9))
    return (scale @ matrix).tocsr()
