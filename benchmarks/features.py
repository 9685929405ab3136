"""How fast posts become features, against scikit-learn's analyzers of characters and words.

    python -m benchmarks.features --json

Texts are made up from a fixed seed; CPU time of one process, best of three. `hashed` includes
normalisation, statistics and everything else that serving does but heuristics.
"""

import argparse
import json
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import HashingVectorizer

from classifiers import features
from classifiers.types import Content

SIZES = {"70 characters": (5_000, 12), "1000 characters": (1_000, 170)}


def texts(count: int, words: int) -> list[str]:
    """Made-up posts of some `words` words of two to nine letters."""
    generator = np.random.default_rng(0)
    letters = list("etaoinshrdlucmfwyp")
    lexicon = ["".join(generator.choice(letters, generator.integers(2, 10))) for _ in range(3_000)]
    return [" ".join(generator.choice(lexicon, words)) for _ in range(count)]


def per_second(count: int, work: Callable[[], object]) -> float:
    """Posts a second of CPU time, the best of three."""
    best = float("inf")
    for _ in range(3):
        started = time.process_time()
        work()
        best = min(best, time.process_time() - started)
    return count / best


def compare(count: int, words: int) -> dict[str, Any]:
    posts = texts(count, words)
    contents = [Content(text=text) for text in posts]
    nothing = [()] * count
    characters = HashingVectorizer(analyzer="char", ngram_range=(2, 5), n_features=features.HASHED)
    pairs = HashingVectorizer(analyzer="word", ngram_range=(1, 2), n_features=features.HASHED)
    ours = per_second(count, lambda: features.matrix(contents, nothing))
    theirs = per_second(count, lambda: (characters.transform(posts), pairs.transform(posts)))
    alone = per_second(100, lambda: [features.matrix([one], [()]) for one in contents[:100]])
    return {
        "hashed_posts_per_second": round(ours),
        "scikit_learn_posts_per_second": round(theirs),
        "ratio": round(ours / theirs, 2),
        "hashed_one_by_one_posts_per_second": round(alone),
    }


def main() -> None:
    """Print one JSON object: a key for each length of text."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.features")
    parser.add_argument("--json", action="store_true", help="one line, nothing else")
    given = parser.parse_args()
    found = {name: compare(count, words) for name, (count, words) in SIZES.items()}
    print(json.dumps(found, indent=None if given.json else 2))


if __name__ == "__main__":
    main()
