"""A platform that nobody saw: how good after 0 to 300 of its labels, beside the peers.

    python -m benchmarks.transfer --json [--data DIR] [--sets NAME...] [--draws N]

See `benchmarks.newcomer`. `ours` is the model of the other platforms and a site's learner; peers
get the same labels alone, or, as `... with the others`, the texts of the other platforms and the
new labels ten times. 1-ROCA in percent and the share of errors at even odds, means over draws.
`fifty_against_two_hundred` is ours after 50 labels over the best peer after 200, the peer chosen
afterwards and in its favour. `worth_two_hundred` is how many labels of ours are worth as much as
200 of that peer, `fifty_are_worth` how many of the peers' 50 of ours are, the best peer taken at
each number of labels, with the least and the most that a single draw says; the last number stands
for itself or more. Intervals are of the mean over draws, by Student's t: they say nothing of other
platforms, nor of other posts of this one. What peers did is kept
on the shelf, so that only ours is measured again: how good they are is no affair of our code.
"""

import hashlib
import itertools
import json
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks import newcomer
from benchmarks.corpus import PLATFORMS, arguments, load
from benchmarks.measuring import least, one_minus_roca, ratio_over_draws
from benchmarks.newcomer import Draw, Newcomer
from benchmarks.output import print_json
from benchmarks.peers import trained
from classifiers.arrays import Flags, Numbers

LABELS: Final = (0, 20, 50, 100, 200, 300)
REPETITIONS: Final = 4
OURS: Final = "ours"
WITH: Final = ", with the others"
LOCAL: Final = (
    *("TF-IDF characters, C=1", "TF-IDF characters, C=10", "TF-IDF characters, C=100"),
    *("TF-IDF words, SVM", "words, naive Bayes", "SpamBayes", "Vowpal Wabbit words", "fastText"),
)
POOLED: Final = ("TF-IDF characters, C=10", "TF-IDF words, SVM", "words, naive Bayes")
TIMES: Final = 10
"""How often each new label stands among the texts of the other platforms."""

Curves = dict[str, dict[int, list[tuple[float, float]]]]
"""By model and number of labels: (1-ROCA in percent, share of errors), one a draw."""


def measure(
    new: Newcomer, peers: Sequence[str], repetitions: int, shelf: Path | None
) -> dict[str, Any]:
    """Figures of one platform; those under "_ratio" are for `main`."""
    curves: Curves = {}
    drawn = list(newcomer.draws(new, LABELS[-1], repetitions))
    for draw in drawn:
        spam = new.spam[draw.asked]
        for count, scores in newcomer.curve(new, draw, LABELS).items():
            _add(curves, OURS, count, scores, spam)
    for name in peers:
        curves |= _of_peer(new, drawn, name, shelf)
    means = {
        name: {count: np.mean(found, axis=0) for count, found in by_count.items()}
        for name, by_count in curves.items()
    }
    return {
        "posts": len(new.spam),
        "spam": int(new.spam.sum()),
        "one_minus_roca_percent": _shown(means, 0),
        "errors": _shown(means, 1),
        **_worth(curves, means, least(new.spam)),
    }


def _of_peer(new: Newcomer, drawn: Sequence[Draw], name: str, shelf: Path | None) -> Curves:
    """One peer's curves, from the shelf where it has done just this before."""
    file = shelf and shelf / f"{_key(new, drawn, name)}.json"
    curves: Curves = {}
    if file and file.exists():
        kept = json.loads(file.read_text())
        for title, by_count in kept.items():
            curves[title] = {
                int(count): [(float(roca), float(error)) for roca, error in found]
                for count, found in by_count.items()
            }
        return curves
    _alone(curves, new, drawn, name)
    if name in POOLED:
        _with_others(curves, new, drawn, name)
    if file:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file.write_text(json.dumps(curves))
    return curves


def _key(new: Newcomer, drawn: Sequence[Draw], name: str) -> str:
    places = [(draw.labels.tolist(), draw.asked.tolist()) for draw in drawn]
    known = [new.texts, new.spam.tolist(), new.others, new.others_spam.tolist()]
    told = json.dumps([name, name in POOLED, LABELS, TIMES, places, *known])
    return hashlib.sha256(told.encode()).hexdigest()


def _alone(curves: Curves, new: Newcomer, drawn: Sequence[Draw], name: str) -> None:
    """The platform's texts are counted once for all draws."""
    peer = trained.PEERS[name].make(new.texts)
    for draw, count in itertools.product(drawn, LABELS[1:]):
        known = np.sort(draw.labels[:count])
        peer.fit(known, new.spam[known])
        _add(curves, name, count, peer.scores(draw.asked), new.spam[draw.asked])


def _with_others(curves: Curves, new: Newcomer, some: Sequence[Draw], name: str) -> None:
    """The others' texts are counted once for all draws, and fitted once without a label."""
    peer = trained.PEERS[name].make([*new.others, *new.texts])
    first = len(new.others)
    peer.fit(np.arange(first), new.others_spam)
    for draw in some:
        scores = peer.scores(first + draw.asked)
        _add(curves, name + WITH, 0, scores, new.spam[draw.asked])
    for draw, count in itertools.product(some, (50, 200)):
        known = draw.labels[:count]
        places = np.concatenate([np.arange(first), np.tile(first + known, TIMES)])
        spam = np.concatenate([new.others_spam, np.tile(new.spam[known], TIMES)])
        peer.fit(places, spam)
        scores = peer.scores(first + draw.asked)
        _add(curves, name + WITH, count, scores, new.spam[draw.asked])


def _add(curves: Curves, name: str, count: int, scores: Numbers, spam: Flags) -> None:
    error = float(((scores >= 0.0) != spam).mean())
    found = curves.setdefault(name, {}).setdefault(count, [])
    found.append((one_minus_roca(scores, spam), error))


def _shown(means: Mapping[str, Mapping[int, Any]], figure: int) -> dict[str, dict[str, float]]:
    return {
        name: {str(count): round(float(mean[figure]), 4) for count, mean in by_count.items()}
        for name, by_count in means.items()
    }


def _worth(curves: Curves, means: Mapping[str, Mapping[int, Any]], floor: float) -> dict[str, Any]:
    others = {name: by_count[200][0] for name, by_count in means.items() if name != OURS}
    best = min(others, key=lambda name: others[name])
    pair = (
        np.array([found[0] for found in curves[OURS][50]]),
        np.array([found[0] for found in curves[best][200]]),
    )
    ratio = ratio_over_draws({"": pair}, {"": floor})
    single = [
        _worth_of_peers({name: _one(found, draw) for name, found in curves.items()})
        for draw in range(len(pair[0]))
    ]
    return {
        "best_peer_after_200": best,
        "fifty_against_two_hundred": {
            "ratio": ratio["ratio"],
            "interval_95": ratio["interval_95"],
        },
        "worth_two_hundred": _labels_for(means[OURS], others[best]),
        "fifty_are_worth": {
            "labels": round(_worth_of_peers(means), 1),
            "of_single_draws": [round(min(single), 1), round(max(single), 1)],
        },
        "_ratio": (pair, floor),
    }


def _one(found: Mapping[int, Sequence[Any]], draw: int) -> dict[int, Any]:
    return {count: drawn[draw] for count, drawn in found.items()}


def _worth_of_peers(means: Mapping[str, Mapping[int, Any]]) -> float:
    """How many labels the peers need for what ours ranks like after 50."""
    theirs: dict[int, float] = {}
    for name, by_count in means.items():
        for count, mean in by_count.items():
            if name != OURS:
                theirs[count] = min(theirs.get(count, np.inf), float(mean[0]))
    needed = _labels_for({count: (error,) for count, error in theirs.items()}, means[OURS][50][0])
    return float(LABELS[-1] if needed is None else needed)


def _labels_for(curve: Mapping[int, Any], error: float) -> float | None:
    """The number of labels at which the curve falls to the error, straight between its points.

    0 where it begins no higher, None where it never falls so low.
    """
    counts = sorted(curve)
    errors = [float(curve[count][0]) for count in counts]
    if errors[0] <= error:
        return 0.0
    for left, right in zip(range(len(counts)), range(1, len(counts)), strict=False):
        if errors[right] <= error:
            share = (errors[left] - error) / (errors[left] - errors[right])
            return round(counts[left] + share * (counts[right] - counts[left]), 1)
    return None


def main(given_arguments: list[str] | None = None) -> None:
    """Print one JSON object: a key for each platform, `geometric_mean` and `absent`."""
    parser = arguments("transfer")
    parser.add_argument("--sets", nargs="+", choices=PLATFORMS, default=list(PLATFORMS))
    parser.add_argument("--draws", type=int, default=REPETITIONS)
    parser.add_argument("--peers", nargs="+", choices=LOCAL, default=list(LOCAL), metavar="NAME")
    given = parser.parse_args(given_arguments)
    peers = [name for name in given.peers if trained.PEERS[name].installed]
    corpus = load(given.data, PLATFORMS, quick=given.quick)
    repetitions = 2 if given.quick else given.draws
    found: dict[str, Any] = {}
    started = time.process_time()
    for new in newcomer.newcomers(
        corpus, given.sets, given.shelf and given.shelf / "sample", quick=given.quick
    ):
        shelf = given.shelf and given.shelf / "transfer"
        found[new.name] = measure(new, peers, repetitions, shelf)
        print(f"{new.name}: {time.process_time() - started:.0f} s", file=sys.stderr, flush=True)
    ratios = {name: figures.pop("_ratio") for name, figures in found.items()}
    found["geometric_mean"] = ratio_over_draws(
        {name: pair for name, (pair, _) in ratios.items()},
        {name: floor for name, (_, floor) in ratios.items()},
    )
    found["absent"] = trained.absent()
    print_json(found, given)


if __name__ == "__main__":
    main()
