"""What it costs to ask the encoder of some posts only.

    python -m benchmarks.band --json [--data DIR] [--shelf DIR] [--sets NAME...] [--draws N]

Every post of train and valid is judged by a model that saw neither it nor its near-duplicates
(five folds, clusters whole), made as `train_model` makes it: it chooses its band on its own folds.
With those models, `always` asks the encoder of every post that it can read, `cascade` of those in
the band, `never` of none; a model in which the encoder earned no place never asks (`kept` counts
the models in which it did). 1-ROCA is in percent, log-loss in nats a post. Figures are means over
`--draws` ways to divide the posts, differences (cascade less always, below zero is better) have a
95 % interval by paired bootstrap over clusters, the same clusters in each draw of the folds.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from benchmarks import measuring
from benchmarks.corpus import SETS, Corpus, arguments, load
from benchmarks.ours import Material, log_odds
from benchmarks.output import print_json
from classifiers.arrays import Flags, Numbers, Places
from classifiers.calibration import LARGEST, probabilities
from classifiers.scorers.head import Band
from classifiers.training.data.division import folds
from classifiers.training.evaluate import losses
from classifiers.training.fitting import recipe

CASCADE, ALWAYS, NEVER = "cascade", "always", "never"
WAYS: Final = (CASCADE, ALWAYS, NEVER)
QUICK_DRAWS: Final = 100


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Log-odds of each post by way of asking, and of which posts the cascade asked."""

    said: Mapping[str, Numbers]
    asked: Flags
    kept: int


def cross_fit(corpus: Corpus, material: Material, used: Places, seed: int) -> Judged:
    """All of the posts `used`, each by models that saw nothing of its cluster."""
    fold = folds(corpus.cluster[used], corpus.spam[used], recipe.FOLDS, seed=seed)
    said = {way: np.zeros(len(used)) for way in WAYS}
    asked, kept = np.zeros(len(used), dtype=bool), 0
    for number in range(recipe.FOLDS):
        left = fold == number
        posts = material.keep(used[left])
        made = recipe.train(material.keep(used[~left]), encoder=material.encoder)
        scorer = made.scorer("ours", material.encoder)
        said[CASCADE][left] = log_odds(recipe.judged(scorer, posts))
        never = log_odds(recipe.judged(scorer.with_encoder(None), posts))
        said[ALWAYS][left] = said[NEVER][left] = never
        if scorer.head is None:
            continue
        kept += 1
        band = scorer.head.band
        everywhere = replace(scorer.head, band=Band(-LARGEST, LARGEST, foreign=band.foreign))
        eager = replace(scorer, head=everywhere)
        said[ALWAYS][left] = log_odds(recipe.judged(eager, posts))
        strange = scorer.known.unfamiliar(posts.pieces)
        asked[left] = band.asks(never, strange, posts.lengths, posts.foreign)
    return Judged(said, asked, kept)


def figures(found: Sequence[Judged], spam: Flags, cluster: Places, draws: int) -> dict[str, Any]:
    """Of one set; `found` has one entry a way to divide the posts."""
    shown: dict[str, Any] = {
        "posts": len(spam),
        "kept": [each.kept for each in found],
        "models": recipe.FOLDS,
        "asked": round(float(np.mean([each.asked.mean() for each in found])), 4),
    }
    scores = {f"{way} {place}": each.said[way] for place, each in enumerate(found) for way in WAYS}
    errors = {key: measuring.one_minus_roca(said, spam) for key, said in scores.items()}
    drawn = measuring.bootstrap(scores, spam, cluster, draws)
    shown["one_minus_roca_percent"] = {
        way: round(float(np.mean([errors[f"{way} {place}"] for place in range(len(found))])), 4)
        for way in WAYS
    }
    differences = [drawn[f"{CASCADE} {n}"] - drawn[f"{ALWAYS} {n}"] for n in range(len(found))]
    means = shown["one_minus_roca_percent"]
    shown["difference"] = round(means[CASCADE] - means[ALWAYS], 4)
    shown["interval_95"] = measuring.interval(np.mean(differences, axis=0))
    by_post = {
        way: np.mean([losses(probabilities(each.said[way]), spam) for each in found], axis=0)
        for way in WAYS
    }
    shown["log_loss"] = {way: round(float(each.mean()), 5) for way, each in by_post.items()}
    apart = by_post[CASCADE] - by_post[ALWAYS]
    shown["log_loss_difference"] = round(float(apart.mean()), 5)
    shown["log_loss_interval_95"] = _of_means(apart, cluster, draws)
    return shown


def _of_means(values: Numbers, cluster: Places, draws: int) -> list[float]:
    """The interval of the mean, by bootstrap over clusters."""
    members = np.unique(cluster, return_inverse=True)[1]
    sums, sizes = np.bincount(members, values), np.bincount(members)
    generator = np.random.default_rng(0)
    means = np.empty(draws)
    for draw in range(draws):
        chosen = generator.integers(0, len(sizes), len(sizes))
        means[draw] = sums[chosen].sum() / sizes[chosen].sum()
    return measuring.interval(means, 5)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("at least 1")
    return number


def main(given_arguments: list[str] | None = None) -> None:
    """Print one JSON object, a key for each set."""
    parser = arguments("band")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--draws", type=_positive, default=3, help="ways to divide the posts")
    given = parser.parse_args(given_arguments)
    found: dict[str, Any] = {}
    for name in given.sets:
        corpus = load(given.data, {name: SETS[name]}, quick=given.quick)
        material = Material.of(corpus, given.shelf and given.shelf / name)
        used = np.flatnonzero(~corpus.test)
        judged = [cross_fit(corpus, material, used, seed) for seed in range(given.draws)]
        draws = QUICK_DRAWS if given.quick else measuring.DRAWS
        found[name] = figures(judged, corpus.spam[used], corpus.cluster[used], draws)
    print_json(found, given)


if __name__ == "__main__":
    main()
