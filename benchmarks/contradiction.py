"""How often a model's contradiction flags honest sources of labels, and how often hostile ones.

    python -m benchmarks.contradiction --json [--data DIR] [--sets NAME...] [--most N] [--quick]

Real posts (train and valid; never test). Moderators have labelled a fifth, or half, of MOST posts
of a set; the model of these judges the labels of sources, drawn at random from posts that are no
near-duplicates of theirs. Honest sources err in 2 or 5 % of their labels: of posts of the same
set, all or spam alone, and of each of the other sets, all or spam alone. Hostile ones call spam
what is full of honest words of the set (`dictionary`) or of the moderators' labels alone
(`known_dictionary`), or say of each post the opposite (`flipped`).

`contradicted` is the share of labels that are surely contradicted, the least and the most of all
sets; `flagged` the share of DRAWN sources by labels given, the mean and the most of all sets.
"""

import random
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import numpy as np
from scipy.special import expit

from benchmarks.corpus import SETS, arguments, load
from benchmarks.hostile_labels import of_texts
from benchmarks.output import print_json
from classifiers.arrays import Flags
from classifiers.familiarity import MetPieces
from classifiers.training.data import examples
from classifiers.training.data.dataset import Snapshot
from classifiers.training.data.examples import Examples
from classifiers.training.fitting.fit import Fits
from classifiers.training.fitting.recipe import STRENGTH
from classifiers.training.gates.contradiction import contradicted, latest, objection

MOST: Final = 1_000
LABELLED: Final = (0.2, 0.5)
"""Shares of a set that moderators have labelled."""
ERRS: Final = (0.02, 0.05)
LABELS: Final = (10, 30, 100)
"""That a source gives."""
DRAWN: Final = 100
"""Sources of a kind."""
SOURCES: Final = 8
"""Of a training, which share its level."""
WRITTEN: Final = 120
"""Posts of a dictionary, and words of each."""

Judge = tuple[Examples, Flags]
"""Posts as a source labels them, and which labels are contradicted."""


def sources_of(
    name: str, sets: dict[str, tuple[Examples, list[str]]], share: float
) -> Iterator[tuple[str, Judge]]:
    """The kinds of sources, with all the labels that they draw theirs from."""
    posts, texts = sets[name]
    chance = np.random.default_rng(0)
    people = chance.random(len(posts.spam)) < share
    taught = posts.keep(people)
    known = MetPieces.of(taught.pieces)
    weights = Fits(taught.matrix, taught.spam, weights=taught.weights).at([STRENGTH])[0]

    def judge(these: Examples) -> Judge:
        chances = np.asarray(expit(weights.log_odds(these.matrix)), dtype=np.float64)
        return these, contradicted(chances, these, known)

    def honest(these: Examples, kind: str) -> Iterator[tuple[str, Judge]]:
        for errs in ERRS:
            wrong = chance.random(len(these.spam)) < errs
            said = replace(these, spam=these.spam ^ wrong)
            yield f"{kind}, errs {errs:.0%}", judge(said)
            yield f"{kind}, spam alone, errs {errs:.0%}", judge(said.keep(said.spam))

    unseen = posts.keep(~people & ~np.isin(posts.cluster, posts.cluster[people]))
    yield from honest(unseen, "honest")
    for other, (theirs, _) in sets.items():
        if other != name:
            yield from honest(theirs, "honest, another community")
    yield "flipped", judge(replace(unseen, spam=~unseen.spam))
    draw = random.Random(0)
    for kind, among in (
        ("dictionary", ~posts.spam),
        ("known_dictionary", people & ~posts.spam),
    ):
        words = [word for place in np.flatnonzero(among) for word in texts[place].split()]
        written = [" ".join(draw.choices(words, k=WRITTEN)) for _ in range(WRITTEN)]
        yield kind, judge(of_texts(written, posts))


def flagged(judged: Judge, labels: int, chance: np.random.Generator) -> float | None:
    """The share of sources with so many labels that are flagged; None where there are too few."""
    posts, against = judged
    if len(against) < labels:
        return None
    found = 0
    for _ in range(DRAWN):
        drawn = chance.choice(len(against), labels, replace=False)
        drawn = drawn[latest(drawn, posts.cluster[drawn])]
        none = np.zeros(len(drawn), dtype=bool)
        said = objection(against[drawn], posts.spam[drawn], none, usual=0.0, sources=SOURCES)
        found += bool(said)
    return found / DRAWN


def main(given_arguments: list[str] | None = None) -> None:
    """Prints one JSON object: a key for each kind of source."""
    parser = arguments("contradiction")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--most", type=int, default=MOST, help=f"posts of a set; {MOST}")
    given = parser.parse_args(given_arguments)
    sets = {}
    for name in given.sets:
        corpus = load(given.data, {name: SETS[name]}, quick=given.quick)
        rows = [row for row in corpus.snapshot.rows if row.split != "test"]
        random.Random(0).shuffle(rows)
        rows = rows[: given.most]
        posts = replace(examples.of(Snapshot(rows, "")), copies=None)
        sets[name] = posts, [row.content.text for row in rows]
        print(f"{name}: read", file=sys.stderr)
    chance = np.random.default_rng(0)
    shares: dict[str, list[float]] = {}
    flags: dict[str, dict[int, list[float]]] = {}
    for share in LABELLED:
        for name in sets:
            for kind, judged in sources_of(name, sets, share):
                shares.setdefault(kind, []).append(float(judged[1].mean()))
                for labels in LABELS:
                    if (part := flagged(judged, labels, chance)) is not None:
                        flags.setdefault(kind, {}).setdefault(labels, []).append(part)
            print(f"{name}: judged by {share:.0%}", file=sys.stderr)
    found: dict[str, Any] = {
        kind: {
            "contradicted": [round(min(parts), 3), round(max(parts), 3)],
            "flagged": {
                labels: [round(float(np.mean(some)), 3), max(some)]
                for labels, some in flags.get(kind, {}).items()
            },
        }
        for kind, parts in shares.items()
    }
    print_json(found, given)


if __name__ == "__main__":
    main()
