"""What the view of a site adds: each file judged beside its earlier posts, and each post alone.

    python -m benchmarks.site_view --json [--data DIR] [--sets NAME...] [--without-encoder]

Train and valid rows in file order, each file one site, by a model of all other platforms.
`without_labels` is that model with heuristics, `with_labels` the site's learner with every label
told after its post. `difference` is with the view less without, its 95 % interval by paired
bootstrap over clusters of near-duplicates.
"""

import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks import corpus, measuring
from benchmarks.ours import Material
from benchmarks.output import print_json
from benchmarks.prequential import model_of_others
from classifiers import learner
from classifiers.arrays import Flags, Numbers, Places
from classifiers.calibration import probabilities
from classifiers.scorers.linear import LinearScorer
from classifiers.training import prequential
from classifiers.training.data import in_turn
from classifiers.training.data.dataset import Row, Snapshot, read
from classifiers.training.data.division import clusters
from classifiers.training.evaluate import bootstrap_means, losses

SITE = ("behaviour.", "community.")


def measure(rows: Sequence[Row], scorer: LinearScorer, draws: int) -> dict[str, Any]:
    """Figures of one file. Raises RuntimeError for a post that could not be judged."""
    spam = Snapshot(rows, "").spam
    cluster = clusters([row.content.text for row in rows])
    fired: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    said: dict[str, list[Numbers]] = {"without_labels": [], "with_labels": []}
    for beside in (True, False):
        evidence = []
        for row, assessment in zip(
            rows, in_turn.judged(rows, [scorer], beside=beside), strict=True
        ):
            seen = learner.see(assessment)
            if seen is None:
                raise RuntimeError("a post could not be judged")
            evidence.append(seen)
            codes = {signal.code for signal in assessment.signals}
            fired[row.spam].update(code for code in codes if code.startswith(SITE))
        said["without_labels"].append(np.array([each.log_odds for each in evidence]))
        said["with_labels"].append(prequential.play(evidence, spam).said)
    counts = {"ham": int((~spam).sum()), "spam": int(spam.sum())}
    return {
        **counts,
        "clocked": in_turn.in_order(rows),
        **{
            title: _beside(beside, alone, spam, cluster, draws)
            for title, (beside, alone) in said.items()
        },
        "share_with_signal": {
            code: {
                kind: round(fired[place][code] / max(count, 1), 4)
                for place, (kind, count) in enumerate(counts.items())
            }
            for code in sorted(fired[0] | fired[1])
        },
    }


def _beside(
    beside: Numbers, alone: Numbers, spam: Flags, cluster: Places, draws: int
) -> dict[str, Any]:
    both = {"beside": beside, "alone": alone}
    worth = {title: measuring.one_minus_roca(said, spam) for title, said in both.items()}
    lost = {title: losses(probabilities(said), spam) for title, said in both.items()}
    drawn = measuring.bootstrap(both, spam, cluster, draws)
    means = bootstrap_means(lost["beside"] - lost["alone"], cluster, draws)
    return {
        "one_minus_roca_percent": {
            **worth,
            "difference": worth["beside"] - worth["alone"],
            "interval_95": measuring.interval(drawn["beside"] - drawn["alone"]),
        },
        "log_loss": {
            **{title: float(each.mean()) for title, each in lost.items()},
            "difference": float((lost["beside"] - lost["alone"]).mean()),
            "interval_95": measuring.interval(means, 5),
        },
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints one JSON object: a key for each file."""
    parser = corpus.arguments("site_view")
    parser.add_argument("--sets", nargs="+", choices=corpus.SETS, default=list(corpus.SETS))
    parser.add_argument("--without-encoder", action="store_true", help="words alone")
    given = parser.parse_args(arguments)
    whole = corpus.load(given.data, corpus.PLATFORMS, quick=given.quick)
    material = Material.of(whole, given.shelf, with_encoder=not given.without_encoder)
    found: dict[str, Any] = {}
    for name in given.sets:
        scorer = model_of_others(whole, name, material)
        for file in corpus.SETS[name]:
            rows: Sequence[Row] = read(
                given.data / file / f"{file}.csv", splits=("train", "valid")
            ).rows
            if given.quick:
                rows = corpus.first(rows, corpus.QUICK // 4)
            found[file] = measure(rows, scorer, 50 if given.quick else measuring.DRAWS)
            print(f"{file}: done", file=sys.stderr, flush=True)
    print_json(found, given, allow_nan=False)


if __name__ == "__main__":
    main()
