"""What is lost when posts are disguised, for each way of `benchmarks.attacks` and each pair.

    python -m benchmarks.evasion --json [--sets NAME ...] [--posts N] [--pair-posts N]

Each set's posts of train and valid are scored by models that saw neither them nor their
near-duplicates (five folds, clusters whole; words, characters and text signals, no encoder). The
threshold is the one that 1 % of a set's clean ham exceeds. `recall` is of altered spam, pooled
over sets; `lost` is the recall of the same posts unaltered minus that, in points; `ham_flagged`
is the share of altered ham above the same threshold. `passed` is the share of altered spam, and
`ham_held` that of altered ham, that the default policy lets through and keeps back, by the whole
judgement with its doubt; in `..._clean` the same posts unaltered. Intervals are of 95 %, by
bootstrap over clusters. How much of a post is altered is drawn for each: all letters, some, or
only the words that the other folds know best as spam.
"""

import json
import random
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Final

import numpy as np

from benchmarks import further_guises, guises, layouts, newer_guises, recent_guises
from benchmarks.attacks import ATTACKS, COVERAGES, Attack, Plan
from benchmarks.corpus import SETS, Corpus, arguments, load
from benchmarks.held_out_attacks import HELD_OUT, LATER, LATEST, NEWEST
from classifiers import features
from classifiers.arrays import Flags, Numbers, Places
from classifiers.assess import assess_batch
from classifiers.scorers.linear import LinearScorer
from classifiers.training.data import examples
from classifiers.training.data.division import folds
from classifiers.training.fitting import recipe
from classifiers.types import Content, History
from moderation.policy import Findings, Rules, decide
from moderation.types import Outcome

LANGUAGE: Final = ("sms_uci", "youtube", "x_janitr")
"""Sets of short posts in letters that the attacks know."""
FALSE_POSITIVES: Final = 0.01
TELLING: Final = 150
LONGEST: Final = 1_000
"""Characters of a post that is altered; longer posts are left out of the sample."""
DRAWS: Final = 1_000


@dataclass(frozen=True, slots=True, eq=False)
class Verdicts:
    """One a post."""

    above: Flags
    """Above the threshold."""
    held: Flags
    """Not let through by the default policy."""


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """One set's sample, with all that is needed to judge its posts again when altered."""

    texts: Sequence[str]
    spam: Flags
    cluster: Places
    fold: Places
    models: Sequence[LinearScorer]
    threshold: float
    telling: Sequence[frozenset[str]]
    """By fold: from posts outside of it."""
    clean: Verdicts
    """Of the posts as they were written."""

    def verdicts(self, texts: Sequence[str]) -> Verdicts:
        """Of each altered post, by the model that never saw it."""
        contents = [Content(text=text) for text in texts]
        raw, held = np.zeros(len(texts)), np.zeros(len(texts), dtype=bool)
        for number, model in enumerate(self.models):
            mine = np.flatnonzero(self.fold == number)
            raw[mine], held[mine] = _judgement(model, [contents[place] for place in mine])
        return Verdicts(raw > self.threshold, held)


def _judgement(model: LinearScorer, contents: Sequence[Content]) -> tuple[Numbers, Flags]:
    """Log-odds of the words alone, and whether the default policy keeps the post back."""
    matrix = features.matrix(contents, examples.signals_of(contents))
    found = assess_batch(contents, [History()] * len(contents), [()] * len(contents), [model])
    rulings = [decide(Rules(), Findings(assessment)) for assessment in found]
    held = np.array([ruling.outcome is not Outcome.ALLOW for ruling in rulings], dtype=bool)
    return model.weights.log_odds(matrix), held


def judged(corpus: Corpus, count: int) -> Judged:
    """Cross-fit models of one set and at most `count` posts of each class to alter."""
    posts = examples.of(corpus.snapshot).keep(~corpus.test)
    used = np.flatnonzero(~corpus.test)
    texts = [corpus.texts[place] for place in used]
    spam, fold = posts.spam, folds(posts.cluster, posts.spam, recipe.FOLDS)
    scores, models, telling = np.zeros(len(used)), [], []
    for number in range(recipe.FOLDS):
        unseen = fold == number
        model = recipe.train(posts.keep(~unseen), strength=recipe.STRENGTH).scorer("cross-fitted")
        scores[unseen] = model.weights.log_odds(posts.matrix[unseen])
        models.append(model)
        telling.append(
            _telling([t for t, out in zip(texts, unseen, strict=True) if not out], spam[~unseen])
        )
    short = np.array([len(text) <= LONGEST for text in texts])
    chance = np.random.default_rng(0)
    chosen = np.concatenate(
        [_sample(np.flatnonzero(short & (spam == kind)), count, chance) for kind in (True, False)]
    )
    nothing = np.zeros(len(chosen), dtype=bool)
    sample = Judged(
        [texts[i] for i in chosen],
        spam[chosen],
        posts.cluster[chosen],
        fold[chosen],
        models,
        float(np.quantile(scores[~spam], 1.0 - FALSE_POSITIVES)),
        telling,
        Verdicts(nothing, nothing),
    )
    return replace(sample, clean=sample.verdicts(sample.texts))


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
        verdicts = sample.verdicts(texts)
        parts.append(
            (
                sample.clean.above,
                verdicts.above,
                sample.clean.held,
                verdicts.held,
                sample.spam,
                sample.cluster * len(samples) + place,
                covered,
                touched,
            )
        )
    *columns, touched = map(np.concatenate, zip(*parts, strict=True))
    # What an attack leaves as it is says nothing of it.
    before, after, held_before, held, spam, cluster, covered = (one[touched] for one in columns)
    lost, lost_95 = share_and_interval((before.astype(float) - after), spam, cluster)
    ham, ham_95 = share_and_interval(after.astype(float), ~spam, cluster)
    passed, passed_95 = share_and_interval(1.0 - held, spam, cluster)
    ham_held, ham_held_95 = share_and_interval(held.astype(float), ~spam, cluster)
    return {
        "posts": [int(spam.sum()), int((~spam).sum())],
        "recall_clean": _rounded(before[spam].mean()),
        "recall": _rounded(after[spam].mean()),
        "lost": round(100 * lost, 2),
        "lost_95": [round(100 * end, 2) for end in lost_95],
        "ham_flagged": _rounded(ham),
        "ham_flagged_95": [*map(_rounded, ham_95)],
        "passed_clean": _rounded(share_and_interval(1.0 - held_before, spam, cluster)[0]),
        "passed": _rounded(passed),
        "passed_95": [*map(_rounded, passed_95)],
        "ham_held_clean": _rounded(
            share_and_interval(held_before.astype(float), ~spam, cluster)[0]
        ),
        "ham_held": _rounded(ham_held),
        "ham_held_95": [*map(_rounded, ham_held_95)],
        "lost_by_coverage": {
            what: round(
                100 * float((before.astype(float) - after)[spam & (covered == n)].mean()), 2
            )
            for n, what in enumerate(COVERAGES)
            if (spam & (covered == n)).any()
        },
    }


def _rounded(share: float) -> float:
    return round(float(share), 4)


def share_and_interval(
    values: Numbers, among: Flags, cluster: Places
) -> tuple[float, tuple[float, float]]:
    """The mean of `values` among these posts, and its interval."""
    if not among.any():
        return 0.0, (0.0, 0.0)
    names, members = np.unique(cluster[among], return_inverse=True)
    total = np.bincount(members, values[among])
    size = np.bincount(members).astype(float)
    chance = np.random.default_rng(0)
    drawn = chance.integers(0, len(names), (DRAWS, len(names)))
    found = total[drawn].sum(axis=1) / size[drawn].sum(axis=1)
    low, high = np.quantile(found, (0.025, 0.975))
    return float(values[among].mean()), (float(low), float(high))


def _summary(found: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    lost = {name: one["lost"] for name, one in found.items()}
    worst = sorted(lost, key=lambda name: -lost[name])[:10]
    return {
        "kinds": len(found),
        "mean_lost": round(float(np.mean(list(lost.values()))), 2),
        "median_lost": round(float(np.median(list(lost.values()))), 2),
        "lost_at_most_3": sum(value <= 3.0 for value in lost.values()),
        "ham_flagged_at_most_3_percent": sum(one["ham_flagged"] <= 0.03 for one in found.values()),
        **{
            f"mean_{name}": _rounded(np.mean([one[name] for one in found.values()]))
            for name in ("ham_flagged", "passed_clean", "passed", "ham_held_clean", "ham_held")
        },
        "most_lost": {name: lost[name] for name in worst},
    }


def main(given_arguments: list[str] | None = None) -> int:
    """Print one JSON object: the figures by kind of attack, `pairs`, and a `summary`."""
    parser = arguments("evasion")
    parser.add_argument("--posts", type=int, default=100, help="of each class and set, attacks")
    parser.add_argument("--pair-posts", type=int, default=12, help="for pairs; 0: none")
    parser.add_argument("--held-out", action="store_true", help="these alone")
    parser.add_argument("--laid-out", action="store_true", help="these alone")
    parser.add_argument("--sets", nargs="+", choices=LANGUAGE, default=list(LANGUAGE))
    given = parser.parse_args(given_arguments)
    count, fewer = (20, 4) if given.quick else (given.posts, given.pair_posts)
    samples, small = {}, {}
    for name in given.sets:
        corpus = load(given.data, {name: SETS[name]}, quick=given.quick)
        samples[name] = judged(corpus, count)
        small[name] = _fewer(samples[name], fewer)
        print(f"{name}: ready", file=sys.stderr)
    seen = HELD_OUT | LATER | LATEST | NEWEST | guises.LOOKED_AT
    seen |= newer_guises.SEEN_SINCE | further_guises.SEEN_SINCE
    aside = newer_guises.ASIDE | layouts.LAID_ASIDE | further_guises.ASIDE | recent_guises.ASIDE
    laid_out = newer_guises.LAID_OUT | layouts.LAYOUTS | layouts.DILUTED
    kinds = {"attacks": ATTACKS, "seen_since": seen, "laid_out": laid_out, "held_out": aside}
    if given.held_out or given.laid_out:
        kinds = {"held_out": aside} if given.held_out else {"laid_out": laid_out}
        fewer = 0
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
    clean = Verdicts(sample.clean.above[keep], sample.clean.held[keep])
    return replace(
        sample,
        texts=[sample.texts[i] for i in keep],
        spam=sample.spam[keep],
        cluster=sample.cluster[keep],
        fold=sample.fold[keep],
        clean=clean,
    )


if __name__ == "__main__":
    sys.exit(main())
