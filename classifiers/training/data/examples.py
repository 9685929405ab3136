"""What labelled posts become to learn from: features, clusters, altered copies, embeddings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from scipy import sparse

from classifiers import features
from classifiers.arrays import Flags, Numbers, Places, Vectors
from classifiers.assess import noticed
from classifiers.encoder.model import Encoder
from classifiers.training import halves
from classifiers.training.data import embeddings, noise
from classifiers.training.data.dataset import Snapshot
from classifiers.training.data.division import alike
from classifiers.types import Content, History, Signal

ANCHOR_WEIGHT: Final = 0.5

Progress = Callable[[str, int, int], None]
"""Told the name of the step, how much of it is done, and how much there is."""


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """What a snapshot becomes; all of one length, in its order."""

    matrix: sparse.csr_matrix
    spam: Flags
    weights: Numbers
    cluster: Places
    lengths: Places
    """Characters that were read."""
    foreign: Numbers
    """The share of each that the encoder cannot read; 0 without one."""
    pieces: sparse.csr_matrix
    """As `features.pieces_of` has them."""
    embeddings: Vectors | None = None
    """One a row, where there is an encoder."""
    copies: sparse.csr_matrix | None = None
    """Features of an altered copy of each post, which is learnt beside it; see `noise`."""
    contents: Sequence[Content | None] = ()
    """The posts themselves, None for one that measures nothing; or nothing at all."""

    def with_anchors(self, anchors: Examples | None) -> Examples:
        """These and the anchors, at ANCHOR_WEIGHT, behind them; without embeddings."""
        if anchors is None:
            return self
        return Examples(
            sparse.vstack([self.matrix, anchors.matrix]).tocsr(),
            np.concatenate([self.spam, anchors.spam]),
            np.concatenate([self.weights, ANCHOR_WEIGHT * anchors.weights]),
            np.concatenate([self.cluster, anchors.cluster]),
            np.concatenate([self.lengths, anchors.lengths]),
            np.concatenate([self.foreign, anchors.foreign]),
            sparse.vstack([self.pieces, anchors.pieces]).tocsr(),
            copies=_copies(self, anchors),
        )

    def keep(self, chosen: Flags | Places) -> Examples:
        """Of these rows alone: marked, or by place, in that order."""
        return Examples(
            self.matrix[chosen],
            self.spam[chosen],
            self.weights[chosen],
            self.cluster[chosen],
            self.lengths[chosen],
            self.foreign[chosen],
            self.pieces[chosen],
            None if self.embeddings is None else self.embeddings[chosen],
            None if self.copies is None else self.copies[chosen],
            [self.contents[row] for row in np.arange(len(self.spam))[chosen]]
            if self.contents
            else (),
        )


def _copies(*parts: Examples) -> sparse.csr_matrix | None:
    """The copies of all parts, if any has some; posts without copies are their own."""
    if all(part.copies is None for part in parts):
        return None
    return sparse.vstack(
        [part.matrix if part.copies is None else part.copies for part in parts]
    ).tocsr()


def silent(step: str, done: int, total: int) -> None:
    """Progress that nobody watches."""


def signals_of(contents: Sequence[Content]) -> list[tuple[Signal, ...]]:
    """What is noticed in a text alone: a labelled file knows nothing of behaviour."""
    history = History()
    return [noticed(content, history) for content in contents]


def of(
    snapshot: Snapshot,
    progress: Progress = silent,
    *,
    encoder: Encoder | None = None,
    shelf: Path | None = None,
    processes: int = 1,
    altered: Sequence[Content] | None = None,
) -> Examples:
    """Features, labels, near-duplicate clusters and altered copies of all rows; with an encoder,
    embeddings.

    `altered` are the copies, one a row; else they are drawn here. Embeddings are kept in the folder
    `shelf` and taken from there. So many posts as `halves.processes` says are read by two
    processes, if `processes` allows it.
    """
    contents = snapshot.contents
    altered = noise.copies(contents) if altered is None else altered
    at_once = features.REMEMBERED
    starts = range(0, len(contents), at_once)

    def read(
        start: int,
    ) -> tuple[sparse.csr_matrix, sparse.csr_matrix, sparse.csr_matrix, list[str]]:
        progress("reading", start, len(contents))
        some = contents[start : start + at_once]
        matrix = features.matrix(some, signals_of(some))
        pieces = features.pieces_of(some)
        bodies = [features.read(content).body for content in some]
        some = list(altered[start : start + at_once])
        return matrix, features.matrix(some, signals_of(some)), pieces, bodies

    parts = halves.each(read, starts, min(processes, halves.processes(len(contents))))
    progress("reading", len(contents), len(contents))
    none = features.matrix([], [])
    matrix = sparse.vstack([none, *(part[0] for part in parts)]).tocsr()
    copies = sparse.vstack([none, *(part[1] for part in parts)]).tocsr()
    pieces = sparse.vstack([features.pieces_of([]), *(part[2] for part in parts)]).tocsr()
    bodies = [body for part in parts for body in part[3]]
    vectors, foreign = None, np.zeros(len(bodies))
    if encoder is not None:
        foreign = encoder.unread(bodies, [content.language for content in contents])
        vectors = embeddings.of(bodies, encoder, shelf, lambda n, m: progress("embedding", n, m))
    return Examples(
        matrix,
        snapshot.spam,
        snapshot.weights,
        alike(bodies),
        np.array([len(body) for body in bodies], dtype=np.int64),
        foreign,
        pieces,
        vectors,
        copies,
        contents,
    )
