"""Real labelled posts with what models said of them that had not seen them."""

import hashlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks.corpus import SETS, Corpus, arguments, load
from benchmarks.output import print_json
from classifiers.arrays import Flags, Numbers
from classifiers.training.data import examples
from classifiers.training.fitting import recipe

SHORT: Final = {name: files for name, files in SETS.items() if name != "email_spamassassin"}
"""Platforms of short posts: models of e-mail take longer to train than all others together."""
MADE: Final = "1"
"""Raised when models are made otherwise, so that what is on a shelf is not taken for theirs."""


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """One platform's posts as one model sees them."""

    name: str
    spam: Flags
    scores: Numbers

    def rates(self, thresholds: tuple[float, ...]) -> Numbers:
        """The share of honest posts at or above each threshold: the truth of a site like it."""
        honest = self.scores[~self.spam]
        return np.array([(honest >= t).mean() for t in thresholds])


def pools(folder: Path, *, quick: bool = False, shelf: Path | None = None) -> list[Pool]:
    """Two a platform: scored by models of its own other posts, and of other platforms' posts.

    Of its own: cross-fit on five folds of near-duplicate clusters, and calibrated. Rows of `test`
    are left out.
    """
    corpus = load(folder, SHORT, quick=quick)
    own, foreign = _scores(corpus, shelf)
    found = []
    for name in SHORT:
        mine = (corpus.platform == name) & ~corpus.test
        found.append(Pool(name, corpus.spam[mine], own[mine]))
        found.append(Pool(f"{name} by others", corpus.spam[mine], foreign[mine]))
    return found


def _scores(corpus: Corpus, shelf: Path | None) -> tuple[Numbers, Numbers]:
    file = shelf and shelf / f"promise-{_digest(corpus)}.npz"
    if file and file.exists():
        kept = np.load(file)
        return kept["own"], kept["foreign"]
    posts = examples.of(corpus.snapshot)
    own, foreign = np.full(len(posts.spam), np.nan), np.full(len(posts.spam), np.nan)
    seen = ~corpus.test
    for name in SHORT:
        mine = (corpus.platform == name) & seen
        others = (corpus.platform != name) & seen
        own[mine] = recipe.train(posts.keep(mine)).unseen
        made = recipe.train(posts.keep(others), strength=recipe.STRENGTH)
        foreign[mine] = recipe.judged(made.scorer("others"), posts.keep(mine))
    if file:
        file.parent.mkdir(parents=True, exist_ok=True)
        np.savez(file, own=own, foreign=foreign)
    return own, foreign


def _digest(corpus: Corpus) -> str:
    words = hashlib.sha256(MADE.encode())
    for text in corpus.texts:
        words.update(text.encode())
        words.update(b"\0")
    return words.hexdigest()[:16]


def figure(
    name: str,
    measure: Callable[[list[Pool], int], dict[str, Any]],
    sites: int,
    *,
    quick: int,
    of: str | None = None,
) -> None:
    """One command: what is measured of these posts on so many sites, `quick` at most to try it."""
    parser = arguments(name)
    parser.add_argument("--sites", type=int, default=sites, help=of)
    given = parser.parse_args()
    found = pools(given.data, quick=given.quick, shelf=given.shelf)
    print("scored", file=sys.stderr, flush=True)
    print_json(measure(found, quick if given.quick else given.sites), given)
