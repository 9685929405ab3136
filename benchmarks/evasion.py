"""What is lost when posts are disguised, for each way of `benchmarks.attacks` and each pair.

    python -m benchmarks.evasion --json [--sets NAME ...] [--posts N] [--pair-posts N]

Each set's posts of train and valid are scored by models that saw neither them nor their
near-duplicates (five folds, clusters whole; words, characters and text signals, no encoder). The
threshold is the one that 1 % of a set's clean ham exceeds. `recall` is of altered spam, pooled
over sets; `lost` is the recall of the same posts unaltered minus that, in points; `ham_flagged`
is the share of altered ham above the same threshold. Intervals are of 95 %, by bootstrap over
clusters. How much of a post is altered is drawn for each: all letters, some, or only the words
that the other folds know best as spam.
"""

from __future__ import annotations

import json
import random
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks import guises
from benchmarks.attacks import ATTACKS, COVERAGES, HELD_OUT, LATER, LATEST, NEWEST, Attack, Plan
from benchmarks.corpus import SETS, Corpus, arguments, load
from classifiers import features
from classifiers.scorers.linear import Weights
from classifiers.training import examples, recipe
from classifiers.training.division import folds
from classifiers.training.fit import fit
from classifiers.types import Content

LANGUAGE: Final = ("sms_uci", "youtube", "x_janitr")
"""Sets of short posts in letters that the attacks know."""
FALSE_POSITIVES: Final = 0.01
TELLING: Final = 150
LONGEST: Final = 1_000
"""Characters of a post that is altered; longer posts are left out of the sample."""
DRAWS: Final = 1_000

Numbers = NDArray[np.float64]
Flags = NDArray[np.bool_]
Places = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """One set's sample, with all that is needed to judge its posts again when altered."""

    texts: Sequence[str]
    spam: Flags
    cluster: Places
    fold: Places
    models: Sequence[Weights]
    threshold: float
    telling: Sequence[frozenset[str]]
    """By fold: from posts outside of it."""
    clean: Flags
    """Which posts are above the threshold as they were written."""

    def flagged(self, texts: Sequence[str]) -> Flags:
        """Whether each altered post is above the threshold, by the model that never saw it."""
        contents = [Content(text=text) for text in texts]
        matrix = features.matrix(contents, examples.signals_of(contents))
        scores = np.zeros(len(texts))
        for number, model in enumerate(self.models):
            mine = self.fold == number
            scores[mine] = model.log_odds(matrix[mine])
        return scores > self.threshold


def judged(corpus: Corpus, count: int) -> Judged:
    """Cross-fit models of one set and at most `count` posts of each class to alter."""
    posts = examples.of(corpus.snapshot)
    used = np.flatnonzero(~corpus.test)
    spam, cluster, matrix = posts.spam[used], posts.cluster[used], posts.matrix[used]
    copies = None if posts.copies is None else posts.copies[used]
    texts = [corpus.texts[place] for place in used]
    fold = folds(cluster, spam, recipe.FOLDS)
    scores, models, telling = np.zeros(len(used)), [], []
    for number in range(recipe.FOLDS):
        unseen = fold == number
        model = fit(
            matrix[~unseen],
            spam[~unseen],
            strength=recipe.STRENGTH,
            copies=None if copies is None else copies[~unseen],
        )
        scores[unseen] = model.log_odds(matrix[unseen])
        models.append(model)
        telling.append(
            _telling([t for t, out in zip(texts, unseen, strict=True) if not out], spam[~unseen])
        )
    threshold = float(np.quantile(scores[~spam], 1.0 - FALSE_POSITIVES))
    short = np.array([len(text) <= LONGEST for text in texts])
    chance = np.random.default_rng(0)
    chosen = np.concatenate(
        [_sample(np.flatnonzero(short & (spam == kind)), count, chance) for kind in (True, False)]
    )
    return Judged(
        [texts[i] for i in chosen],
        spam[chosen],
        cluster[chosen],
        fold[chosen],
        models,
        threshold,
        telling,
        scores[chosen] > threshold,
    )


def _sample(places: Places, count: int, chance: np.random.Generator) -> Places:
    return np.sort(chance.permutation(places)[:count])


def _telling(texts: Sequence[str], spam: Flags) -> frozenset[str]:
    """The words with the highest smoothed ratio of spam to ham posts."""
    bad, good = Counter[str](), Counter[str]()
    for text, is_spam in zip(texts, spam, strict=True):
        (bad if is_spam else good).update(
            {word.strip(".,!?:;\"'()") for word in text.lower().split()}
        )
    rare = max(len(texts) / 500, 2)
    ratio = {
        word: count * np.log((count + 1) / (good[word] + 1))
        for word, count in bad.items()
        if count > rare and word
    }
    return frozenset(sorted(ratio, key=lambda word: -ratio[word])[:TELLING])


def alter(sample: Judged, attacks: Sequence[Attack], seed: str) -> tuple[list[str], Places]:
    """The sample's texts after the attacks in turn, and each one's place in COVERAGES."""
    altered, covered = [], []
    for number, text in enumerate(sample.texts):
        chance = random.Random(f"{seed} {number}")
        coverage = chance.randrange(len(COVERAGES))
        plan = Plan(chance, COVERAGES[coverage], sample.telling[sample.fold[number]])
        for attack in attacks:
            text = attack(text, plan)
        altered.append(text)
        covered.append(coverage)
    return altered, np.array(covered)


def measure(samples: Mapping[str, Judged], name: str, attacks: Sequence[Attack]) -> dict[str, Any]:
    """Figures of one attack, or several in turn, pooled over the sets."""
    parts = []
    for place, sample in enumerate(samples.values()):
        texts, covered = alter(sample, attacks, name)
        touched = np.array([a != b for a, b in zip(texts, sample.texts, strict=True)])
        parts.append(
            (
                sample.clean,
                sample.flagged(texts),
                sample.spam,
                sample.cluster * len(samples) + place,
                covered,
                touched,
            )
        )
    before, after, spam, cluster, covered, touched = map(np.concatenate, zip(*parts, strict=True))
    # What an attack leaves as it is says nothing of it.
    before, after, spam = before[touched], after[touched], spam[touched]
    cluster, covered = cluster[touched], covered[touched]
    lost, low, high = _share((before.astype(float) - after), spam, cluster)
    ham, ham_low, ham_high = _share(after.astype(float), ~spam, cluster)
    return {
        "posts": [int(spam.sum()), int((~spam).sum())],
        "recall_clean": round(float(before[spam].mean()), 4),
        "recall": round(float(after[spam].mean()), 4),
        "lost": round(100 * lost, 2),
        "lost_95": [round(100 * low, 2), round(100 * high, 2)],
        "ham_flagged": round(ham, 4),
        "ham_flagged_95": [round(ham_low, 4), round(ham_high, 4)],
        "lost_by_coverage": {
            what: round(
                100 * float((before.astype(float) - after)[spam & (covered == n)].mean()), 2
            )
            for n, what in enumerate(COVERAGES)
            if (spam & (covered == n)).any()
        },
    }


def _share(values: Numbers, among: Flags, cluster: Places) -> tuple[float, float, float]:
    """The mean of `values` among these posts, and its interval."""
    if not among.any():
        return (0.0, 0.0, 0.0)
    names, members = np.unique(cluster[among], return_inverse=True)
    total = np.bincount(members, values[among])
    size = np.bincount(members).astype(float)
    chance = np.random.default_rng(0)
    drawn = chance.integers(0, len(names), (DRAWS, len(names)))
    found = total[drawn].sum(axis=1) / size[drawn].sum(axis=1)
    low, high = np.quantile(found, (0.025, 0.975))
    return float(values[among].mean()), float(low), float(high)


def _summary(found: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    lost = {name: one["lost"] for name, one in found.items()}
    worst = sorted(lost, key=lambda name: -lost[name])[:10]
    return {
        "kinds": len(found),
        "mean_lost": round(float(np.mean(list(lost.values()))), 2),
        "median_lost": round(float(np.median(list(lost.values()))), 2),
        "lost_at_most_3": sum(value <= 3.0 for value in lost.values()),
        "ham_flagged_at_most_3_percent": sum(one["ham_flagged"] <= 0.03 for one in found.values()),
        "mean_ham_flagged": round(
            float(np.mean([one["ham_flagged"] for one in found.values()])), 4
        ),
        "most_lost": {name: lost[name] for name in worst},
    }


def main(given_arguments: list[str] | None = None) -> int:
    """Print one JSON object: `attacks`, `pairs`, `seen_since`, `held_out`, and a `summary`."""
    parser = arguments("evasion")
    parser.add_argument("--posts", type=int, default=100, help="of each class and set, attacks")
    parser.add_argument("--pair-posts", type=int, default=12, help="for pairs; 0: none")
    parser.add_argument("--sets", nargs="+", choices=LANGUAGE, default=list(LANGUAGE))
    given = parser.parse_args(given_arguments)
    count, fewer = (20, 4) if given.quick else (given.posts, given.pair_posts)
    samples, small = {}, {}
    for name in given.sets:
        corpus = load(given.data, {name: SETS[name]}, quick=given.quick)
        samples[name] = judged(corpus, count)
        small[name] = _fewer(samples[name], fewer)
        print(f"{name}: ready", file=sys.stderr)
    seen = HELD_OUT | LATER | LATEST | NEWEST | guises.ANSWERED
    kinds = {"attacks": ATTACKS, "seen_since": seen, "held_out": guises.ASIDE}
    found: dict[str, Any] = {
        kind: {name: _told(name, measure(samples, name, [attack])) for name, attack in some.items()}
        for kind, some in kinds.items()
    }
    pairs = {}
    for one, other in combinations(ATTACKS, 2) if fewer else ():
        name = f"{one} + {other}"
        pairs[name] = _told(name, measure(small, name, [ATTACKS[one], ATTACKS[other]]))
    found["pairs"] = pairs
    found["summary"] = {kind: _summary(some) for kind, some in found.items() if some}
    print(json.dumps(found, indent=None if given.json else 2, ensure_ascii=False))
    return 0


def _told(name: str, figures: dict[str, Any]) -> dict[str, Any]:
    """The figures, told as soon as they are known: the whole takes minutes."""
    print(f"{name}: {json.dumps(figures)}", file=sys.stderr)
    return figures


def _fewer(sample: Judged, count: int) -> Judged:
    """The first `count` of each class in a shuffled order."""
    order = np.random.default_rng(1).permutation(len(sample.spam))
    keep = np.sort(
        np.concatenate([order[sample.spam[order] == kind][:count] for kind in (True, False)])
    )
    return Judged(
        [sample.texts[i] for i in keep],
        sample.spam[keep],
        sample.cluster[keep],
        sample.fold[keep],
        sample.models,
        sample.threshold,
        sample.telling,
        sample.clean[keep],
    )


if __name__ == "__main__":
    sys.exit(main())
