"""What `train_model` makes of a community's labels, against other people's classifiers.

    python -m benchmarks.quality --json [--data DIR] [--test] [--slow]

All read the text alone. Every post of train and valid is scored by a model that saw neither it
nor its near-duplicates (five folds, clusters whole); with `--test`, the posts of `test` by models
of all of train and valid instead. 1-ROCA is 100 * (1 - area under the ROC curve). The best peer
is picked for each set by the very figures it is compared on, in its favour. The difference (ours
minus best peer, below zero is better) has a 95 % interval by paired bootstrap over clusters; a
set is `worse` where the whole interval lies above zero. Sets on which the best peer is above
`SATURATED` go into the geometric mean of ours / best peer.
"""

import hashlib
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np

from benchmarks import measuring
from benchmarks.corpus import SETS, Corpus, arguments, load
from benchmarks.ours import Material, Trained
from benchmarks.output import print_json
from benchmarks.peers import trained
from classifiers.arrays import Flags, Numbers, Places
from classifiers.training.data.division import folds
from classifiers.training.fitting.recipe import FOLDS

OURS: Final = "Winnow"
CHEAP: Final = "Winnow without encoder"
OWN: Final = (OURS, CHEAP)
SATURATED: Final = 0.2
"""Percent of 1-ROCA at and below which only noise tells models apart."""
QUICK_DRAWS: Final = 100

Makers = Mapping[str, Callable[[], trained.Peer]]


def makers(corpus: Corpus, shelf: Path | None, peers: list[str]) -> Makers:
    """Ours, with and without the encoder, and the peers; each is made when it is its turn."""
    texts = corpus.texts
    material = Material.of(corpus, shelf)
    found: dict[str, Callable[[], trained.Peer]] = {OURS: lambda: Trained(material)}
    if material.encoder is not None:
        plain = Material(material.posts, None)
        found[CHEAP] = lambda: Trained(plain)
    for name in peers:
        found[name] = lambda name=name: trained.PEERS[name].make(texts)  # type: ignore[misc]
    return found


def cross_fit(peer: trained.Peer, corpus: Corpus, used: Places) -> Numbers:
    """Scores of the posts `used`, each by a fit that saw nothing of its cluster."""
    spam = corpus.spam[used]
    fold = folds(corpus.cluster[used], spam, FOLDS)
    found = np.zeros(len(used))
    for number in range(FOLDS):
        left = fold == number
        peer.fit(used[~left], spam[~left])
        found[left] = peer.scores(used[left])
    return found


def compare(
    corpus: Corpus, made: Makers, *, test: bool, draws: int, shelf: Path | None = None
) -> dict[str, Any]:
    """Figures of one set; those under keys that begin with "_" are for `main`.

    In the folder `shelf` lie scores of peers that were asked the very same before.
    """
    used, asked = np.flatnonzero(~corpus.test), np.flatnonzero(corpus.test)
    scores: dict[str, Numbers] = {}
    for name, make in made.items():
        file = shelf and name not in OWN and shelf / f"{_key(corpus, name, test)}.npy"
        if file and file.exists():
            scores[name] = np.load(file, allow_pickle=False)
            continue
        started = time.process_time()
        peer = make()
        if test:
            peer.fit(used, corpus.spam[used])
            scores[name] = peer.scores(asked)
        else:
            scores[name] = cross_fit(peer, corpus, used)
        print(f"{name}: {time.process_time() - started:.1f} s", file=sys.stderr, flush=True)
        if file:
            file.parent.mkdir(parents=True, exist_ok=True)
            np.save(file, scores[name], allow_pickle=False)
    places = asked if test else used
    return _figures(scores, corpus.spam[places], corpus.cluster[places], draws)


def _key(corpus: Corpus, name: str, test: bool) -> str:
    """Names what a peer's scores stand on but its own code: when that changes, empty the shelf."""
    digest = hashlib.sha256(f"{name} {test}".encode())
    for part in (corpus.spam, corpus.cluster, corpus.test):
        digest.update(part.tobytes())
    for text in corpus.texts:
        digest.update(text.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:16]


def _figures(
    scores: Mapping[str, Numbers], spam: Flags, cluster: Places, draws: int
) -> dict[str, Any]:
    errors = {name: measuring.one_minus_roca(found, spam) for name, found in scores.items()}
    drawn = measuring.bootstrap(scores, spam, cluster, draws)
    peers = {name: error for name, error in errors.items() if name not in OWN}
    best = min(peers, key=lambda name: peers[name])
    difference = drawn[OURS] - drawn[best]
    low, high = measuring.interval(difference)
    return {
        "posts": len(spam),
        "spam": int(spam.sum()),
        "clusters": len(np.unique(cluster)),
        "one_minus_roca_percent": {name: round(error, 4) for name, error in errors.items()},
        "interval_95_of_each": {name: measuring.interval(found) for name, found in drawn.items()},
        "best_peer": best,
        "difference": round(errors[OURS] - errors[best], 4),
        "interval_95": [low, high],
        "worse": low > 0.0,
        "saturated": errors[best] <= SATURATED,
        "_pair": tuple(np.append(errors[name], drawn[name]) for name in (OURS, best)),
        "_least": measuring.least(spam),
    }


def main(given_arguments: list[str] | None = None) -> None:
    """Print one JSON object: a key for each set, `geometric_mean`, `worse` and `absent`."""
    parser = arguments("quality")
    parser.add_argument("--test", action="store_true", help="score the test split, once, at last")
    parser.add_argument("--slow", action="store_true", help="the slow peers too")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--peers", nargs="+", choices=trained.PEERS)
    given = parser.parse_args(given_arguments)
    peers = given.peers or trained.available(slow=given.slow)
    found: dict[str, Any] = {}
    for name in given.sets:
        print(name, file=sys.stderr)
        corpus = load(given.data, {name: SETS[name]}, quick=given.quick)
        shelf = given.shelf and given.shelf / name
        made = makers(corpus, shelf, peers)
        draws = QUICK_DRAWS if given.quick else measuring.DRAWS
        found[name] = compare(corpus, made, test=given.test, draws=draws, shelf=shelf)
    pairs = {name: figures.pop("_pair") for name, figures in found.items()}
    floors = {name: figures.pop("_least") for name, figures in found.items()}
    hard = {name: pair for name, pair in pairs.items() if not found[name]["saturated"]}
    found["geometric_mean"] = measuring.geometric_mean_ratio(hard, floors)
    found["worse"] = [name for name in given.sets if found[name]["worse"]]
    found["absent"] = trained.absent()
    print_json(found, given)


if __name__ == "__main__":
    main()
