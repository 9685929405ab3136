"""How much of the F1 that all labels give a twentieth of them gives.

    python -m benchmarks.label_efficiency --json [--data DIR] [--sets NAME...] [--draws N]

See `benchmarks.newcomer`. In each draw the clusters of a platform are divided: a fifth is asked
about, the rest are all labels. Ours is the model of the other platforms with a site's learner,
told SHARE of the labels, drawn by chance, or all of them; a peer is fitted to the same. `asked`
takes as many labels as SHARE is, of posts that the service would have shown to a moderator: in
passing, those it is unsure of and one in twenty of the rest. F1 is at even odds. `share_of_full`
is over the same model's F1 with all labels, `share_of_best` over the best of all models with all;
`f1_range` is the least and the largest F1 of a draw, with SHARE of the labels.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from benchmarks import newcomer
from benchmarks.corpus import PLATFORMS, arguments, load
from benchmarks.newcomer import Newcomer
from benchmarks.output import print_json
from benchmarks.peers import trained
from classifiers import learner
from classifiers.arrays import Flags, Numbers, Places
from classifiers.calibration import probabilities
from classifiers.learner import Evidence, State
from classifiers.training.data.division import folds
from classifiers.training.evaluate import f1
from classifiers.training.prequential import BAND, DRAWN

SHARE: Final = 0.05
REPETITIONS: Final = 5
PARTS: Final = 5
OURS: Final = "ours"
ASKED: Final = "ours, asked"
PEERS: Final = ("TF-IDF characters, C=10", "TF-IDF characters, C=100", "TF-IDF words, SVM")


def measure(new: Newcomer, peers: Sequence[str], repetitions: int) -> dict[str, Any]:
    """Mean F1 by model, and shares."""
    part: dict[str, list[float]] = {}
    full: dict[str, list[float]] = {}
    part_of = folds(new.cluster, new.spam, PARTS)
    made = {name: trained.PEERS[name].make(new.texts) for name in peers}
    count = 0
    for number in range(min(repetitions, PARTS)):
        asked = np.flatnonzero(part_of == number)
        pool = np.random.default_rng(number).permutation(np.flatnonzero(part_of != number))
        spam, count = new.spam[asked], max(round(SHARE * len(pool)), 2)
        few = _of_both(pool, count, new.spam)
        posts = newcomer.beside(new, asked)
        ours = {
            OURS: _learnt(new, few, posts),
            ASKED: asking(new, pool, count, posts),
        }
        for name, state in ours.items():
            _add(part, name, _judged(new, state, asked), spam)
        _add(full, OURS, _judged(new, _learnt(new, pool, posts), asked), spam)
        for name, peer in made.items():
            for into, places in ((part, few), (full, pool)):
                places = np.sort(places)
                peer.fit(places, new.spam[places])
                _add(into, name, peer.scores(asked), spam)
    wholes = {name: float(np.mean(found)) for name, found in full.items()}
    best = max(wholes.values())
    shown: dict[str, Any] = {"labels": count, "of": len(new.spam) * (PARTS - 1) // PARTS}
    for name, found in part.items():
        few_f1, whole = float(np.mean(found)), wholes[OURS if name == ASKED else name]
        shown[name] = {
            "f1": round(few_f1, 4),
            "f1_range": [round(min(found), 4), round(max(found), 4)],
            "full_f1": round(whole, 4),
            "share_of_full": round(few_f1 / whole, 4),
            "share_of_best": round(few_f1 / best, 4),
        }
    return shown


def asking(new: Newcomer, pool: Places, count: int, posts: Sequence[Evidence]) -> State:
    """The learner of these posts after `count` labels of those a moderator would have seen."""
    low, high = (float(np.log(edge / (1.0 - edge))) for edge in BAND)
    drawn = np.random.default_rng(0).random(len(pool)) < DRAWN
    state = State.new(topics=newcomer.topics_of(posts))
    for place, chosen in zip(pool, drawn, strict=True):
        if state.revision >= count:
            break
        if chosen or low < learner.judge(state, new.evidence[place]) < high:
            state = newcomer.taught(state, new.evidence[place], bool(new.spam[place]), posts)
    return state


def _of_both(pool: Places, count: int, spam: Flags) -> Places:
    """The first of the pool, with one post of each class."""
    firsts = np.concatenate([pool[spam[pool] == kind][:1] for kind in (True, False)])
    return np.concatenate([firsts, pool[~np.isin(pool, firsts)]])[:count]


def _learnt(new: Newcomer, places: Places, posts: Sequence[Evidence]) -> State:
    state = State.new(topics=newcomer.topics_of(posts))
    for place in places:
        state = newcomer.taught(state, new.evidence[place], bool(new.spam[place]), posts)
    return state


def _judged(new: Newcomer, state: State, places: Places) -> Numbers:
    return np.array([learner.judge(state, new.evidence[place]) for place in places])


def _add(into: dict[str, list[float]], name: str, scores: Numbers, spam: Flags) -> None:
    into.setdefault(name, []).append(f1(probabilities(scores), spam) or 0.0)


def main(given_arguments: list[str] | None = None) -> None:
    """Print one JSON object: a key for each platform, and `absent`."""
    parser = arguments("label_efficiency")
    parser.add_argument("--sets", nargs="+", choices=PLATFORMS, default=list(PLATFORMS))
    parser.add_argument("--draws", type=int, default=REPETITIONS)
    given = parser.parse_args(given_arguments)
    corpus = load(given.data, PLATFORMS, quick=given.quick)
    found: dict[str, Any] = {
        new.name: measure(new, PEERS, 2 if given.quick else given.draws)
        for new in newcomer.newcomers(
            corpus, given.sets, given.shelf and given.shelf / "sample", quick=given.quick
        )
    }
    found["absent"] = trained.absent()
    print_json(found, given)


if __name__ == "__main__":
    main()
