"""What a text encoder should read of a long text, and what it costs.

    python -m benchmarks.windows --json [--data DIR]

E-mails of `train` (every third) and `valid`, as one piece of so many tokens or as some windows,
evenly spread, whose vectors are averaged. On top a logistic regression, fitted to `train` with the
better of three strengths; 1-ROCA in percent on `valid`, so all figures are a little too good, in
the same way. Milliseconds of processor time a post, one thread.
"""

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
from sklearn.linear_model import LogisticRegression

from benchmarks.corpus import SETS, arguments, load
from benchmarks.measuring import one_minus_roca
from benchmarks.output import print_json
from classifiers import features
from classifiers.arrays import Vectors
from classifiers.encoder.facts import MANIFEST
from classifiers.encoder.model import Encoder

SET: Final = "email_spamassassin"
STRENGTHS: Final = (3.0, 10.0, 30.0)
THIRD: Final = 3
WAYS: Final = {
    "first 62": (62, 1),
    "first 126": (126, 1),
    "first 254": (254, 1),
    "2 windows of 62": (62, 2),
    "2 windows of 126": (126, 2),
    "4 windows of 62": (62, 4),
}
"""Tokens of a window, and how many windows."""

Tokens = list[int]


def windows(tokens: Tokens, width: int, count: int) -> list[Tokens]:
    """The first window alone, or `count` at most from the start to the end.

    >>> windows([1, 2, 3, 4, 5], 2, 2)
    [[1, 2], [4, 5]]
    """
    count = min(count, -(-max(len(tokens), 1) // width))
    if count == 1:
        return [tokens[:width]]
    starts = [place * (len(tokens) - width) // (count - 1) for place in range(count)]
    return [tokens[start : start + width] for start in starts]


def mean(encode: Callable[[Tokens], Vectors], parts: list[Tokens]) -> Vectors:
    """Of length 1."""
    vector = np.mean([encode(part) for part in parts], axis=0)
    return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


def measure(data: Path, encoder: Encoder, *, quick: bool = False) -> dict[str, Any]:
    """By way: 1-ROCA and milliseconds."""
    corpus = load(data, {SET: SETS[SET]}, quick=quick)
    split = np.array([row.split for row in corpus.snapshot.rows])
    learnt = (split == "train") & (np.arange(len(split)) % THIRD == 0)
    chosen = np.flatnonzero(learnt | (split == "valid")).tolist()
    bodies = [features.read(corpus.snapshot.rows[row].content).body for row in chosen]
    tokens = [encoder.reader.tokens(body) for body in bodies]
    train, spam = learnt[chosen], corpus.spam[chosen]
    found = {}
    for name, (width, count) in WAYS.items():
        began = time.process_time()
        vectors = np.array(
            [mean(encoder.vector_of, windows(of_post, width, count)) for of_post in tokens]
        )
        took = (time.process_time() - began) / max(len(tokens), 1)
        errors = []
        for strength in STRENGTHS:
            fitted = LogisticRegression(C=strength, max_iter=500).fit(vectors[train], spam[train])
            errors.append(one_minus_roca(fitted.decision_function(vectors[~train]), spam[~train]))
        found[name] = {"one_minus_roca_percent": round(min(errors), 2), "ms": round(took * 1e3, 1)}
    return {"posts": len(tokens), "learnt": int(train.sum()), "ways": found}


def main(options: list[str] | None = None) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.conf import settings

    given = arguments("windows").parse_args(options)
    if not (settings.WINNOW_ENCODER / MANIFEST).is_file():
        print("There is no text encoder: make install exports one.", file=sys.stderr)
        return 1
    result = measure(given.data, Encoder(settings.WINNOW_ENCODER), quick=given.quick)
    print_json(result, given)
    return 0


if __name__ == "__main__":
    sys.exit(main())
