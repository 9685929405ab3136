"""A new community, label by label: Winnow's learner against others that learn online.

    python -m benchmarks.prequential --json [--data DIR] [--sets NAME...] [--peers NAME...]
                                              [--spam SHARE] [--stream] [--others N]

Posts in file order (e-mail by time), text alone; each is judged, then its label is told. `ours`
starts from a model of all other platforms (their train and valid rows), `ours from scratch` from
nothing, as all peers do. 1-ROCA is over the whole stream, and over the posts of `test` in it; the
difference from the best peer (chosen afterwards, in the peers' favour) has a 95 % interval by
paired bootstrap over clusters of near-duplicates. `plans` are ours with labels of reviewed posts
only and with late ones; the peers with late ones stand beside.

`after` is the learning curve without the order's accidents: labels of so many posts drawn by
chance, and figures on others that no model was told of, mean over ORDERS draws. Of these,
`fifty_against_two_hundred` sets ours after 50 labels beside each peer after 200.
"""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from benchmarks import corpus, measuring
from benchmarks.ours import Material
from benchmarks.output import print_json
from benchmarks.peers import online
from classifiers import learner
from classifiers.arrays import Flags, Numbers, Places
from classifiers.calibration import probabilities
from classifiers.learner import Evidence, State
from classifiers.scorers.linear import LinearScorer
from classifiers.training import prequential
from classifiers.training.evaluate import errors, log_loss
from classifiers.training.fitting import recipe
from classifiers.training.make import balanced
from classifiers.training.prequential import Follower, Labels, Played

STRENGTH: Final = 0.3
"""Pull towards zero of the model of the other platforms."""
LABELS: Final = (0, 20, 50, 100, 200, 300)
ORDERS: Final = 3
HELD: Final = 500
"""Posts that are judged in `after`, of those behind the last label."""
LATE: Final = 100
PLANS: Final = {"reviewed": Labels(reviewed=True), f"late:{LATE}": Labels(late=LATE)}
OURS: Final = "ours"
SCRATCH: Final = "ours from scratch"


class Learner:
    """Ours as the peers are played: posts are known by their place."""

    def __init__(self, evidence: Sequence[Evidence]) -> None:
        self._evidence = evidence
        self._site = Follower()

    def judge(self, place: int) -> float:
        return learner.judge(self._site.state, self._evidence[place])

    def learn(self, place: int, spam: bool) -> None:
        self._site.learn(self._evidence[place], spam)
        # Only now, as posts may be judged again and again before they are labelled.
        self._site.hear(self._evidence[place])


class Other:
    """A peer, which reads texts."""

    def __init__(self, texts: Sequence[str], peer: online.Peer) -> None:
        self._texts = texts
        self._peer = peer

    def judge(self, place: int) -> float:
        return self._peer.judge(self._texts[place])

    def learn(self, place: int, spam: bool) -> None:
        self._peer.learn(self._texts[place], spam)


Player = Learner | Other


def measure(
    name: str,
    whole: corpus.Corpus,
    material: Material,
    peers: Sequence[str],
    share: float | None = None,
    *,
    chance: bool = True,
) -> dict[str, Any]:
    """Figures of one set, played as a community that no model saw; `share` as in `thinned`.

    Without `chance` the curves of labels drawn by chance are left out.
    """
    places = _order(name, whole)
    if share is not None:
        places = thinned(places, whole.spam[places], share)
    stream = whole.snapshot.keep(places)
    spam, cluster, test = stream.spam, whole.cluster[places], whole.test[places]
    scorer = replace(model_of_others(whole, name, material), reader=material.encoder)
    seen = prequential.see(stream.rows, [scorer], beside=False)
    evidence = [post for post in seen if post is not None]
    if len(evidence) != len(seen):
        raise RuntimeError(f"{len(seen) - len(evidence)} posts of {name} could not be judged")
    scratch = [prequential.from_scratch(post) for post in evidence]
    texts = [content.text for content in stream.contents]
    makers: dict[str, Callable[[], Player]] = {
        OURS: lambda: Learner(evidence),
        SCRATCH: lambda: Learner(scratch),
        **{peer: _maker(texts, peer) for peer in peers},
    }
    said: dict[str, Numbers] = {}
    found: dict[str, Any] = {"posts": len(spam), "spam": int(spam.sum()), "models": {}}
    for title, make in makers.items():
        started = time.process_time()
        said[title] = _stream(make(), spam)
        seconds = time.process_time() - started
        found["models"][title] = {
            **prequential.figures(_played(said[title], spam)),
            "test_one_minus_roca_percent": measuring.one_minus_roca(said[title][test], spam[test]),
            "milliseconds_a_post": round(1000.0 * seconds / len(spam), 2),
        }
        print(f"{name}, {title}: {seconds:.0f} s", file=sys.stderr, flush=True)
    shared = np.array([post.log_odds for post in evidence])
    found["without_labels"] = _figures(shared, spam)
    found["plans"] = {
        plan: prequential.figures(prequential.play(evidence, spam, labels))
        for plan, labels in PLANS.items()
    }
    late = {peer: _late(makers[peer](), spam, LATE) for peer in peers}
    found["late_peers_one_minus_roca_percent"] = {
        peer: measuring.one_minus_roca(scores, spam) for peer, scores in late.items()
    }
    found["against_best_peer"] = _against(said, spam, cluster)
    if chance:
        found["after"] = _after(makers, spam, cluster)
        found["fifty_against_two_hundred"] = _worth(found["after"])
    return found


def _maker(texts: Sequence[str], peer: str) -> Callable[[], Player]:
    return lambda: Other(texts, online.PEERS[peer]())


def _order(name: str, whole: corpus.Corpus) -> Places:
    """Places of the set's posts: in the order of its files, mail by time."""
    places = np.flatnonzero((whole.platform == name) & whole.main)
    if name == "email_spamassassin":
        places = places[np.argsort(whole.times[places], kind="stable")]
    return places


def with_fewer_others(whole: corpus.Corpus, name: str, most: int, seed: int = 0) -> corpus.Corpus:
    """The whole set, and of each other platform so many posts of train and valid at most."""
    generator = np.random.default_rng(seed)
    kept = [np.flatnonzero((whole.platform == name) & whole.main)]
    for other in sorted({*whole.platform.tolist()} - {name}):
        places = np.flatnonzero((whole.platform == other) & ~whole.test)
        kept.append(generator.permutation(places)[:most])
    places = np.sort(np.concatenate(kept))
    return corpus.Corpus(
        whole.snapshot.keep(places),
        whole.cluster[places],
        whole.platform[places],
        whole.main[places],
    )


def thinned(places: Places, spam: Flags, share: float, seed: int = 0) -> Places:
    """The places in their order, of those that are spam only so many that they are `share`.

    Some spam at least, and no more than there is.
    """
    ham = int((~spam).sum())
    most = max(round(share / (1.0 - share) * ham), 1)
    kept = np.random.default_rng(seed).permutation(np.flatnonzero(spam))[:most]
    return places[np.sort(np.concatenate([np.flatnonzero(~spam), kept]))]


def model_of_others(whole: corpus.Corpus, name: str, material: Material) -> LinearScorer:
    """What is known without this platform, calibrated for one that it never saw."""
    used = (whole.platform != name) & ~whole.test
    posts = material.posts.keep(used)
    apart = np.unique(whole.platform[used], return_inverse=True)[1].astype(np.int64)
    weights = np.empty(len(apart))
    for number in range(int(apart.max()) + 1):
        rows = whole.snapshot.keep(np.flatnonzero(used)[apart == number]).rows
        weights[apart == number] = [row.weight for row in balanced(rows)]
    trained = recipe.train(
        replace(posts, weights=weights),
        strength=STRENGTH,
        platforms=apart,
        encoder=material.encoder,
    )
    return trained.scorer("without this platform", material.encoder)


def _stream(player: Player, spam: Flags) -> Numbers:
    return _late(player, spam, 0)


def _late(player: Player, spam: Flags, late: int) -> Numbers:
    """What was said of each post, when each label is told `late` posts after its post."""
    said = np.empty(len(spam))
    for place in range(len(spam)):
        said[place] = player.judge(place)
        if place >= late:
            player.learn(place - late, bool(spam[place - late]))
    return said


def _played(said: Numbers, spam: Flags) -> Played:
    """As if `prequential.play` had played it."""
    every = np.ones(len(spam), dtype=bool)
    return Played(spam, said, np.zeros(len(spam)), np.arange(len(spam)), every, State.new())


def _figures(said: Numbers, spam: Flags) -> dict[str, Any]:
    chances = probabilities(said)
    return {
        "error": float(errors(chances, spam).mean()),
        "one_minus_roca_percent": measuring.one_minus_roca(said, spam),
        "log_loss": log_loss(chances, spam),
    }


def _against(said: Mapping[str, Numbers], spam: Flags, cluster: Places) -> dict[str, Any]:
    """Ours beside the peer of least 1-ROCA; `difference` is ours minus theirs."""
    worth = {title: measuring.one_minus_roca(scores, spam) for title, scores in said.items()}
    others = {title: error for title, error in worth.items() if title not in (OURS, SCRATCH)}
    if not others:
        return {}
    peer = min(others, key=lambda title: others[title])
    found: dict[str, Any] = {"peer": peer, "peer_one_minus_roca_percent": worth[peer]}
    chosen = {title: said[title] for title in (OURS, SCRATCH, peer)}
    drawn = measuring.bootstrap(chosen, spam, cluster, measuring.DRAWS)
    for title in (OURS, SCRATCH):
        found[title] = {
            "one_minus_roca_percent": worth[title],
            "difference": worth[title] - worth[peer],
            "interval_95": measuring.interval(drawn[title] - drawn[peer]),
            "below_by_percent": 100.0 * (1.0 - worth[title] / worth[peer]),
        }
    return found


def _after(
    makers: Mapping[str, Callable[[], Player]], spam: Flags, cluster: Places
) -> dict[str, Any]:
    """By model and number of labels: mean figures on posts behind the last label."""
    found: dict[str, Any] = {}
    for title, make in makers.items():
        drawn = [_curve(make(), spam, cluster, seed) for seed in range(ORDERS)]
        found[title] = {
            str(count): {key: float(np.mean([one[count][key] for one in drawn])) for key in first}
            for count, first in drawn[0].items()
        }
        print(f"after labels by chance, {title}: done", file=sys.stderr, flush=True)
    return found


def _curve(player: Player, spam: Flags, cluster: Places, seed: int) -> dict[int, dict[str, Any]]:
    order = np.random.default_rng(seed).permutation(len(spam))
    last = min(LABELS[-1], len(spam) // 2)
    # Copies of what was labelled would be judged by heart.
    strange = ~np.isin(cluster[order[last:]], cluster[order[:last]])
    held = order[last:][strange][:HELD]
    found = {}
    for known in range(last + 1):
        if known in LABELS:
            said = np.array([player.judge(int(place)) for place in held])
            found[known] = _figures(said, spam[held])
        if known < last:
            player.learn(int(order[known]), bool(spam[order[known]]))
    return found


def _worth(after: Mapping[str, Any]) -> dict[str, Any]:
    """Ours after 50 labels and each peer after 200, the best peer of each figure beside it."""
    found: dict[str, Any] = {}
    for key in ("error", "one_minus_roca_percent", "log_loss"):
        others = {
            title: curve["200"][key]
            for title, curve in after.items()
            if title not in (OURS, SCRATCH) and "200" in curve
        }
        if others and "50" in after[OURS]:
            best = min(others, key=lambda title: others[title])
            found[key] = {
                "ours_after_50": after[OURS]["50"][key],
                "ours_from_scratch_after_50": after[SCRATCH]["50"][key],
                "best_peer": best,
                "best_peer_after_200": others[best],
            }
    return found


def main() -> None:
    """Prints one JSON object: a key for each set, and `left_out`, peers that are not installed."""
    parser = corpus.arguments("prequential")
    parser.add_argument("--sets", nargs="+", choices=corpus.SETS, default=list(corpus.SETS))
    parser.add_argument("--peers", nargs="*", choices=online.PEERS, default=list(online.PEERS))
    parser.add_argument("--spam", type=float, metavar="SHARE", help="keep spam only up to a share")
    parser.add_argument("--others", type=int, help="posts of each other platform at most")
    parser.add_argument("--stream", action="store_true", help="without labels drawn by chance")
    parser.add_argument("--without-encoder", action="store_true", help="words alone")
    given = parser.parse_args()
    peers = [peer for peer in given.peers if online.available(peer)]
    whole = corpus.load(given.data, corpus.PLATFORMS, quick=given.quick)
    encoder = not given.without_encoder
    material = None if given.others else Material.of(whole, given.shelf, with_encoder=encoder)
    found: dict[str, Any] = {}
    for name in given.sets:
        used, made = whole, material
        if made is None:
            used = with_fewer_others(whole, name, given.others)
            made = Material.of(used, given.shelf, with_encoder=encoder)
        found[name] = measure(name, used, made, peers, given.spam, chance=not given.stream)
    found["left_out"] = [peer for peer in given.peers if peer not in peers]
    print_json(found, given, allow_nan=False)


if __name__ == "__main__":
    main()
