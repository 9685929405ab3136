"""Posts that say nearly the same stay together, on one side of every division.

Near-duplicates are found by MinHash over runs of five characters (Broder, On the resemblance
and containment of documents, 1997) with locality-sensitive hashing; digits count as one
character, so that templates with other numbers fall together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from classifiers.arrays import Flags, Numbers, Places
from classifiers.ngrams import fingerprints, mix
from classifiers.text.normalize import normalize

PERMUTATIONS: Final = 64
BAND: Final = 4
ALIKE: Final = 0.5
"""Estimated share of common runs from which two texts count as the same."""
CONSIDERED: Final = 3_000
"""Characters of a text that count."""
_CHUNK: Final = 500_000
"""Characters that are mixed at once, eight bytes each, a few times over."""
_DIGIT: Final = re.compile(r"\d")


def clusters(texts: Sequence[str]) -> Places:
    """The number of each text's cluster; texts that nearly agree share one."""
    return alike([normalize(text[:CONSIDERED]).lower() for text in texts])


def alike(bodies: Sequence[str]) -> Places:
    """The same for texts as `features.read` gives them."""
    if not bodies:
        return np.zeros(0, dtype=np.int64)
    plain = [_DIGIT.sub("0", body[:CONSIDERED]) for body in bodies]
    signatures = np.concatenate([_signatures(part) for part in _portions(plain)])
    pairs = [_alike_in_band(signatures, band) for band in range(0, PERMUTATIONS, BAND)]
    left, right = np.concatenate(pairs, axis=1)
    shape = (len(bodies), len(bodies))
    graph = sparse.coo_matrix((np.ones(len(left), dtype=np.int8), (left, right)), shape=shape)
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def _portions(texts: Sequence[str]) -> Iterator[list[str]]:
    """Neighbouring texts, of about _CHUNK characters together."""
    part: list[str] = []
    size = 0
    for text in texts:
        part.append(text)
        size += len(text)
        if size >= _CHUNK:
            yield part
            part, size = [], 0
    if part:
        yield part


def _signatures(texts: Sequence[str]) -> NDArray[np.uint64]:
    """The smallest of each text's fingerprints under each of PERMUTATIONS mixings."""
    prints, firsts = fingerprints(texts, 5)
    salts = mix(np.arange(1, PERMUTATIONS + 1, dtype=np.uint64))
    return np.stack([np.minimum.reduceat(mix(prints ^ salt), firsts) for salt in salts], axis=1)


def _alike_in_band(signatures: NDArray[np.uint64], band: int) -> NDArray[np.int64]:
    """Pairs (first of the bucket, other) that agree in a band and in ALIKE of everything."""
    part = np.ascontiguousarray(signatures[:, band : band + BAND])
    keys = part.view([("", part.dtype)] * BAND).ravel()
    _, first, bucket = np.unique(keys, return_index=True, return_inverse=True)
    other = np.arange(len(signatures))
    pairs = np.stack([first[bucket], other])[:, first[bucket] != other]
    agreement = (signatures[pairs[0]] == signatures[pairs[1]]).mean(axis=1)
    return pairs[:, agreement >= ALIKE]


def folds(cluster: Places, spam: Flags, count: int, seed: int = 0) -> Places:
    """The fold, from 0 to count - 1, of each post: clusters whole, classes even.

    Clusters are dealt out in turn, large ones first, those with spam apart from the others. A
    cluster of more than its share of a class is cut (see `cut`): were it whole, all the other
    folds would teach without it.
    """
    whole = cut(cluster, spam, np.arange(len(cluster)), 1.0 / count)
    names, members = np.unique(whole, return_inverse=True)
    sizes = np.bincount(members)
    spammy = np.bincount(members, weights=spam) * 2 > sizes
    shuffle = np.random.default_rng(seed).permutation(len(names))
    order = shuffle[np.lexsort((-sizes[shuffle], spammy[shuffle]))]
    fold = np.empty(len(names), dtype=np.int64)
    fold[order] = np.arange(len(names)) % count
    return fold[members]


def latest(cluster: Places, times: Numbers, spam: Flags, share: float) -> Flags:
    """Mark about `share` of each class, of the clusters that came last; clusters stay whole.

    A cluster is as old as its youngest post; one larger than `share` of its class is cut, as it
    could be held back in no other way. Posts without a time come before all others, in the
    order of the file.
    """
    order = np.lexsort((np.arange(len(times)), np.nan_to_num(times, nan=-np.inf)))
    rank = np.empty(len(times), dtype=np.int64)
    rank[order] = np.arange(len(times))
    names, members = np.unique(cut(cluster, spam, rank, share), return_inverse=True)
    age = np.zeros(len(names), dtype=np.int64)
    np.maximum.at(age, members, rank)
    held = np.zeros(len(names), dtype=bool)
    sizes = np.bincount(members, minlength=len(names))
    spammy = np.bincount(members, weights=spam, minlength=len(names)) * 2 > sizes
    for kind in (True, False):
        mine = np.flatnonzero(spammy == kind)
        mine = mine[np.argsort(-age[mine])]
        before = np.cumsum(sizes[mine]) - sizes[mine]
        held[mine[before + sizes[mine] / 2 <= share * sizes[mine].sum()]] = True
    return held[members]


def cut(cluster: Places, spam: Flags, rank: Places, share: float) -> Places:
    """Cluster numbers, where any with more than `share` of its class is cut into pieces.

    Pieces have at most that many posts and follow `rank`: a wave of nearly the same spam is all
    there may be on a young site, and its later part is like what comes next.
    """
    names, members, sizes = np.unique(cluster, return_inverse=True, return_counts=True)
    spammy = np.bincount(members, weights=spam, minlength=len(names)) * 2 > sizes
    totals = np.array([(~spam).sum(), spam.sum()])
    largest = np.maximum(np.floor(share * totals[spammy.astype(int)]), 1).astype(np.int64)
    order = np.lexsort((rank, members))
    firsts = np.cumsum(sizes) - sizes
    within = np.empty(len(members), dtype=np.int64)
    within[order] = np.arange(len(members)) - firsts[members[order]]
    pieces = np.where(sizes > largest, -(-sizes // largest), 1)
    piece = within * pieces[members] // sizes[members]
    return (np.cumsum(pieces) - pieces)[members] + piece
