"""fastText's supervised classifier: averaged vectors of words, pairs and parts of words."""

import tempfile
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Final

import numpy as np

from classifiers.arrays import Flags, Numbers, Places

TINY: Final = 1e-9


class FastText:
    """On one thread, as several do not give the same model twice."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._lines = [" ".join(text.lower().split()) or "." for text in texts]

    def fit(self, places: Places, spam: Flags) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "train.txt")
            file.write_text(
                "".join(
                    f"__label__{'spam' if label else 'ham'} {self._lines[place]}\n"
                    for place, label in zip(places, spam, strict=True)
                )
            )
            self._model = import_module("fasttext").train_supervised(
                input=str(file),
                lr=0.5,
                epoch=25,
                dim=32,
                wordNgrams=2,
                minn=2,
                maxn=5,
                bucket=200_000,
                thread=1,
                verbose=0,
                seed=1,
            )

    def scores(self, places: Places) -> Numbers:
        """Log-odds."""
        return np.array([self._score(self._lines[place]) for place in places], dtype=np.float64)

    def _score(self, line: str) -> float:
        # The binding itself: its Python cover does not run on NumPy 2.
        found = {label: p for p, label in self._model.f.predict(f"{line}\n", 2, 0.0, "strict")}
        return float(np.log(found.get("__label__spam", TINY) / found.get("__label__ham", TINY)))
