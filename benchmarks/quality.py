"""The hashed model against scikit-learn's plain TF-IDF of character 2-5-grams.

    python -m benchmarks.quality --json [--data DIR] [--c C]

Both read the text alone. Every post of train and valid is scored by a model that saw neither it
nor its near-duplicates (five folds, clusters whole); `test` is scored once, by models of all of
train and valid. 1-ROCA is 100 * (1 - area under the ROC curve); its difference (hashed minus
plain, below zero is better) has a 95 % interval by paired bootstrap over clusters. A set is
`worse` where the whole interval lies above zero.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.linear_model import LogisticRegression

from classifiers.training import recipe
from classifiers.training.dataset import Snapshot, read
from classifiers.training.division import folds
from classifiers.training.evaluate import roc_auc
from classifiers.training.fit import fit
from classifiers.types import Content

SETS: Final = {
    "sms_uci": ("sms_uci",),
    "youtube": ("youtube_psy", "youtube_lmfao", "youtube_eminem"),
    "email_spamassassin": ("email_spamassassin",),
    "x_janitr": ("x_janitr",),
}
DRAWS: Final = 2_000

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]


def data_folder() -> Path:
    """$WINNOW_DATA, else `shared/data` beside the checkout."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    return Path(os.environ.get("WINNOW_DATA", beside))


@dataclass(frozen=True, slots=True, eq=False)
class Plain:
    """`TfidfVectorizer(analyzer="char", ngram_range=(2, 5))` with `LogisticRegression(C)`.

    Characters are counted once; each fit keeps the n-grams of its own training posts, so the
    numbers are those of a vectoriser that was fitted on these posts alone.
    """

    counts: sparse.csr_matrix
    c: float

    @classmethod
    def of(cls, texts: list[str], c: float) -> Plain:
        counter = CountVectorizer(analyzer="char", ngram_range=(2, 5), dtype=np.float64)
        return cls(counter.fit_transform(texts), c)

    def score(self, seen: Flags, spam: Flags, unseen: Flags) -> Numbers:
        """Log-odds of `unseen`, by a model of `seen`."""
        training = self.counts[seen]
        known = np.flatnonzero(training.getnnz(axis=0))
        weighing = TfidfTransformer().fit(training[:, known])
        model = LogisticRegression(C=self.c, solver="newton-cg", max_iter=1000)
        model.fit(weighing.transform(training[:, known]), spam[seen])
        found = model.decision_function(weighing.transform(self.counts[unseen][:, known]))
        return np.asarray(found, dtype=np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Hashed:
    """What `train_model` fits."""

    posts: recipe.Examples

    def score(self, seen: Flags, spam: Flags, unseen: Flags) -> Numbers:
        """Log-odds of `unseen`, by a model of `seen`."""
        weights = fit(self.posts.matrix[seen], spam[seen], strength=recipe.STRENGTH)
        return weights.log_odds(self.posts.matrix[unseen])


def compare(folder: Path, names: tuple[str, ...], c: float) -> dict[str, Any]:
    """Figures of one set."""
    whole = read(*(folder / name / f"{name}.csv" for name in names))
    rows = [replace(row, content=Content(text=row.content.text)) for row in whole.rows]
    snapshot = Snapshot(rows, whole.sha256)
    texts = [row.content.text for row in rows]
    started = time.process_time()
    hashed = Hashed(recipe.examples(snapshot))
    between = time.process_time()
    plain = Plain.of(texts, c)
    ended = time.process_time()
    spam, cluster = snapshot.spam, hashed.posts.cluster
    test = np.array([row.split == "test" for row in rows], dtype=bool)
    ours, theirs = _cross_fit(hashed, ~test, spam, cluster), _cross_fit(plain, ~test, spam, cluster)
    return {
        "posts": int((~test).sum()),
        "spam": int(spam[~test].sum()),
        "clusters": len(np.unique(cluster[~test])),
        **_figures(ours, theirs, spam[~test], cluster[~test]),
        "test": _figures(
            hashed.score(~test, spam, test),
            plain.score(~test, spam, test),
            spam[test],
            cluster[test],
        ),
        "seconds_to_read": {
            "hashed, with heuristics and clusters": round(between - started, 2),
            "plain": round(ended - between, 2),
        },
    }


def _cross_fit(model: Plain | Hashed, used: Flags, spam: Flags, cluster: Any) -> Numbers:
    places = np.flatnonzero(used)
    fold = np.full(len(spam), -1)
    fold[places] = folds(cluster[places], spam[places], recipe.FOLDS)
    found = np.zeros(len(spam))
    for number in range(recipe.FOLDS):
        unseen = fold == number
        found[unseen] = model.score(used & ~unseen, spam, unseen)
    return found[places]


def _figures(ours: Numbers, theirs: Numbers, spam: Flags, cluster: Any) -> dict[str, Any]:
    hashed, plain = _one_minus_roca(ours, spam), _one_minus_roca(theirs, spam)
    drawn = _bootstrap(ours, spam, cluster) - _bootstrap(theirs, spam, cluster)
    low, high = np.quantile(drawn, (0.025, 0.975))
    return {
        "hashed_one_minus_roca_percent": round(hashed, 4),
        "plain_one_minus_roca_percent": round(plain, 4),
        "difference": round(hashed - plain, 4),
        "interval_95": [round(float(low), 4), round(float(high), 4)],
        "worse": bool(low > 0.0),
    }


def _one_minus_roca(scores: Numbers, spam: Flags) -> float:
    area = roc_auc(scores, spam)
    if area is None:
        raise ValueError("one class alone")
    return 100.0 * (1.0 - area)


def _bootstrap(scores: Numbers, spam: Flags, cluster: Any, seed: int = 0) -> Numbers:
    """1-ROCA over DRAWS samples of whole clusters; the same samples for every model."""
    names, members = np.unique(cluster, return_inverse=True)
    levels = np.unique(scores, return_inverse=True)[1]
    generator = np.random.default_rng(seed)
    found = np.empty(DRAWS)
    for draw in range(DRAWS):
        times = np.bincount(generator.integers(0, len(names), len(names)), minlength=len(names))
        weight = times[members].astype(np.float64)
        above = np.bincount(levels, weight * spam)
        below = np.bincount(levels, weight * ~spam)
        # Honest posts that stand above a spam post, ties by half, of all such pairs.
        wrong = above @ (below.sum() - np.cumsum(below) + below / 2.0)
        found[draw] = 100.0 * wrong / max(above.sum() * below.sum(), 1.0)
    return found


def main() -> int:
    """Prints one JSON object: a key for each set, and `worse`, the names of those."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality")
    parser.add_argument("--data", type=Path, default=data_folder(), help="the data folder")
    parser.add_argument("--json", action="store_true", help="one line, nothing else")
    parser.add_argument("--c", type=float, default=1.0, help="C of the plain model")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    given = parser.parse_args()
    found: dict[str, Any] = {}
    for name in given.sets:
        started = time.perf_counter()
        found[name] = compare(given.data, SETS[name], given.c)
        elapsed = time.perf_counter() - started
        print(f"{name}: {elapsed:.0f} s", file=sys.stderr)
    found["worse"] = [name for name in given.sets if found[name]["worse"]]
    print(json.dumps(found, indent=None if given.json else 2))
    return 0


if __name__ == "__main__":
    sys.exit(main())
