"""Winnow's own models, fitted on parts of a corpus exactly as the product fits them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.corpus import Corpus
from classifiers.arrays import Flags, Numbers, Places
from classifiers.encoder import loaded
from classifiers.encoder.model import Encoder
from classifiers.scorers.linear import LinearScorer
from classifiers.training.data import examples
from classifiers.training.fitting import recipe


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """What a corpus becomes for our models, once."""

    posts: examples.Examples
    encoder: Encoder | None

    @classmethod
    def of(cls, corpus: Corpus, shelf: Path | None, *, with_encoder: bool = True) -> Material:
        """With embeddings where the encoder is installed."""
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
        installed = loaded.current() if with_encoder else None
        return cls(examples.of(corpus.snapshot, encoder=installed, shelf=shelf), installed)

    def keep(self, places: Places) -> examples.Examples:
        chosen = np.zeros(len(self.posts.spam), dtype=bool)
        chosen[places] = True
        if not np.array_equal(np.flatnonzero(chosen), places):
            raise ValueError("places must rise")
        return self.posts.keep(chosen)


class Trained:
    """What `train_model` makes of the posts that it is given; implements `peers.Peer`."""

    def __init__(self, material: Material) -> None:
        self._material = material
        self._scorer: LinearScorer | None = None

    def fit(self, places: Places, spam: Flags) -> None:
        material = self._material
        made = recipe.train(material.keep(places), encoder=material.encoder)
        self._scorer = made.scorer("ours", material.encoder)

    def scores(self, places: Places) -> Numbers:
        """Calibrated log-odds."""
        if self._scorer is None:
            raise ValueError("fit comes first")
        return log_odds(recipe.judged(self._scorer, self._material.keep(places)))


def log_odds(probabilities: Numbers) -> Numbers:
    return np.asarray(np.log(probabilities) - np.log1p(-probabilities), dtype=np.float64)
