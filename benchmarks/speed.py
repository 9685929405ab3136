"""CPU time of each stage of judging, of training, and memory, beside scikit-learn's pipeline.

    python -m benchmarks.speed --json [--data DIR] [--shelf DIR]

Posts of the sets' `valid` splits, one process, one thread; CPU time of the process in milliseconds
a post, one by one and in batches of 64. Rounds go through all stages in turn, and a figure is the
median of rounds. `plain` is TfidfVectorizer(char, 2-5) with LogisticRegression, fitted to 5,000
posts of their `train` splits, which gives a number and no reasons. `cascade` is `assess_batch` with
the shipped model as it serves: heuristics, score, reasons, the encoder where it is asked. The last
two stages ask the encoder of every post; the very last is done for posts that wait for a person
alone (docs/adr/0016-words-behind-the-meaning.md).

`training` is what a retraining from the shipped model needs for so many labels with embeddings at
hand, by two processes (`--without-parent`: what `train_model` does); `growth` is the
exponent of time over labels between the sizes measured, and what it would be for a million is
extrapolated by it, not measured.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

from benchmarks.corpus import SETS, Corpus, arguments, load
from benchmarks.output import print_json
from classifiers import features, learner
from classifiers.assess import assess_batch, in_words
from classifiers.calibration import LARGEST
from classifiers.encoder import loaded
from classifiers.encoder.model import Encoder
from classifiers.heuristics import notice
from classifiers.learner import Evidence, State
from classifiers.scorers.head import Band
from classifiers.scorers.linear import LinearScorer
from classifiers.training.data import examples
from classifiers.training.data.dataset import read
from classifiers.training.fitting import recipe
from classifiers.training.run import PROCESSES, SEED_POSTS
from classifiers.types import Content, History

BATCH: Final = 64
POSTS: Final = 128
ROUNDS: Final = 5
SIZES: Final = (1_000, 3_000, 10_000)
QUICK_SIZES: Final = (100, 200)
MILLION: Final = 1_000_000
ALWAYS: Final = Band(-LARGEST, LARGEST)
TAUGHT: Final = 300
"""Labels that a site's learner knows when its speed is measured."""
_WORKER: Final = """
import json, sys
import django
django.setup()
import moderation.tasks
from classifiers.encoder import loaded; from classifiers.versions import lineup
from classifiers.assess import assess_batch
from classifiers.types import Content, History
texts = json.load(sys.stdin)
n = len(texts)
contents = [Content(text) for text in texts]
assess_batch(contents, [History()] * n, [()] * n, lineup.shipped().scorers)
installed = loaded.current()
if installed is not None:
    installed.embed(texts)
for line in open("/proc/self/status"):
    if line.startswith("VmRSS"):
        kibibytes = int(line.split()[1])
        print(json.dumps({"mebibytes": kibibytes / 1024, "encoder": installed is not None}))
"""

Stage = Callable[[Sequence[Content]], object]


def stages(
    contents: Sequence[Content], plain: Pipeline, scorer: LinearScorer, installed: Encoder | None
) -> Mapping[str, Stage]:
    """What is timed, by name; each takes some posts."""
    history = History()
    noticed = {id(content): notice(content, history) for content in contents}
    rows = {id(content): features.matrix([content], [noticed[id(content)]]) for content in contents}
    cheap = replace(scorer, head=None, encoder=None)

    def signals(some: Sequence[Content]) -> list[Any]:
        return [noticed[id(content)] for content in some]

    def judge(some: Sequence[Content], by: LinearScorer) -> object:
        return assess_batch(some, [history] * len(some), [()] * len(some), [by])

    found: dict[str, Stage] = {
        "plain": lambda some: plain.decision_function([content.text for content in some]),
        "normalise": lambda some: [features.read(content) for content in some],
        "heuristics": lambda some: [notice(content, history) for content in some],
        "features, normalised again": lambda some: features.matrix(some, signals(some)),
        "linear score": lambda some: [
            scorer.weights.log_odds(rows[id(content)]) for content in some
        ],
        "score without reasons": lambda some: scorer.weights.log_odds(
            features.matrix(some, signals(some))
        ),
        "score with reasons": lambda some: cheap.score(some, signals(some)),
        "judged without encoder": lambda some: judge(some, cheap),
        "cascade": lambda some: judge(some, scorer),
        **_learning(contents, cheap),
    }
    if installed is not None:
        found["encoder"] = lambda some: installed.embed(
            [features.read(content).body for content in some]
        )
    if scorer.head is not None and scorer.encoder is not None:
        always = replace(scorer, head=replace(scorer.head, band=ALWAYS))
        judged = {
            id(content): assess_batch([content], [history], [()], [always])[0]
            for content in contents
        }
        found["score with reasons and encoder"] = lambda some: always.score(some, signals(some))
        found["words behind the encoder's part"] = lambda some: [
            in_words(content, judged[id(content)], [always]) for content in some
        ]
    return found


def _learning(contents: Sequence[Content], scorer: LinearScorer) -> Mapping[str, Stage]:
    judged = assess_batch(contents, [History()] * len(contents), [()] * len(contents), [scorer])
    seen: dict[int, Evidence] = {}
    for content, assessment in zip(contents, judged, strict=True):
        evidence = learner.see(assessment)
        if evidence is None:
            raise RuntimeError("a post could not be judged")
        seen[id(content)] = evidence
    state = State.new()
    for number in range(TAUGHT):
        evidence = seen[id(contents[number % len(contents)])]
        state = learner.learn(state, evidence, number % 3 == 0)
    stored = state.to_bytes()
    return {
        "learner judges": lambda some: [
            learner.judge(state, seen[id(content)]) for content in some
        ],
        "learner learns": lambda some: [
            learner.learn(state, seen[id(content)], True) for content in some
        ],
        "learner read and written": lambda some: [
            State.from_bytes(stored).to_bytes() for _ in some
        ],
    }


def timed(
    contents: Sequence[Content], found: Mapping[str, Stage], rounds: int
) -> dict[str, dict[str, float]]:
    """Milliseconds a post by stage, alone and in batches; and over what `plain` took."""
    spent: dict[str, dict[str, list[float]]] = {name: {"alone": [], "batch": []} for name in found}
    for stage in found.values():
        stage(contents[:BATCH])
    for _ in range(rounds):
        for name, stage in found.items():
            for way, size in (("alone", 1), ("batch", BATCH)):
                started = time.process_time()
                for start in range(0, len(contents), size):
                    features.read.cache_clear()  # a post is judged once, not in every round
                    stage(contents[start : start + size])
                seconds = time.process_time() - started
                spent[name][way].append(1000.0 * seconds / len(contents))
    middle = {
        name: {way: statistics.median(took) for way, took in ways.items()}
        for name, ways in spent.items()
    }
    return {
        name: {
            "milliseconds_alone": round(ways["alone"], 3),
            "milliseconds_in_batches": round(ways["batch"], 3),
            "alone_over_plain": round(ways["alone"] / middle["plain"]["alone"], 2),
            "batches_over_plain": round(ways["batch"] / middle["plain"]["batch"], 2),
        }
        for name, ways in middle.items()
    }


def memory(texts: Sequence[str], directory: str | None) -> dict[str, Any]:
    """Resident memory of a process that judges with the encoder in the directory, or none."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    if directory is not None:
        environment["WINNOW_ENCODER"] = directory
    done = subprocess.run(
        [sys.executable, "-c", _WORKER],
        input=json.dumps(list(texts)),
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    found["mebibytes"] = round(found["mebibytes"])
    return found


def _cpu() -> float:
    """Seconds of processor time of this process and of those that it waited for."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def training(
    corpus: Corpus,
    sizes: Sequence[int],
    installed: Encoder | None,
    shelf: Path | None,
    parent: LinearScorer | None,
) -> dict[str, Any]:
    """Seconds of CPU and of the clock by number of labels, and how they grow."""
    anchors = examples.of(read(SEED_POSTS)) if parent is not None else None
    order = np.random.default_rng(0).permutation(np.flatnonzero(~corpus.test & corpus.main))
    largest = corpus.snapshot.keep(np.sort(order[: sizes[-1]]))
    if installed is not None:
        # Embeddings are put on the shelf here, before the clock starts.
        examples.of(largest, encoder=installed, shelf=shelf)
    found: dict[str, Any] = {}
    for size in sizes:
        snapshot = corpus.snapshot.keep(np.sort(order[:size]))
        at_hand = None if shelf is None else shelf
        known = installed if at_hand else None
        clock, cpu = time.perf_counter(), _cpu()
        posts = examples.of(snapshot, encoder=known, shelf=at_hand, processes=PROCESSES)
        reading = _cpu() - cpu
        made = recipe.train(
            posts, parent=parent, anchors=anchors, encoder=known, processes=PROCESSES
        )
        found[str(len(snapshot.rows))] = {
            "cpu_seconds": round(_cpu() - cpu, 2),
            "of_it_reading": round(reading, 2),
            "clock_seconds": round(time.perf_counter() - clock, 2),
            "with_head": made.head is not None,
            "mebibytes_of_features": round(posts.matrix.data.nbytes * 2 / 2**20, 1),
        }
    return found | {"growth": _growth(found)}


def _growth(found: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The exponent between each two sizes, and a million by the last of them."""
    sizes = [int(size) for size in found]
    seconds = [max(float(figures["cpu_seconds"]), 1e-3) for figures in found.values()]
    exponents = [
        float(np.log(later[1] / earlier[1]) / np.log(later[0] / earlier[0]))
        for earlier, later in pairwise(zip(sizes, seconds, strict=True))
    ]
    last = exponents[-1]
    features_mib = list(found.values())[-1]["mebibytes_of_features"]
    return {
        "exponents": [round(exponent, 2) for exponent in exponents],
        "extrapolated_to_a_million": {
            "cpu_hours": round(seconds[-1] * (MILLION / sizes[-1]) ** last / 3600.0, 2),
            "gibibytes_of_features": round(features_mib * MILLION / sizes[-1] / 1024.0, 1),
        },
    }


def main(given_arguments: list[str] | None = None) -> None:
    """Print one JSON object: `stages`, `asked`, `memory` and `training`."""
    parser = arguments("speed")
    parser.add_argument("--without-training", action="store_true")
    parser.add_argument("--without-parent", action="store_true")
    given = parser.parse_args(given_arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from classifiers.versions import lineup

    corpus = load(given.data, SETS, quick=given.quick)
    installed = loaded.current()
    shipped = lineup.shipped().scorers[0]
    if not isinstance(shipped, LinearScorer):
        raise TypeError("the shipped model is of another kind")
    rows = corpus.snapshot.rows
    kept = np.array([row.split == "train" for row in rows], dtype=bool)
    generator = np.random.default_rng(0)
    learnt = np.sort(generator.permutation(np.flatnonzero(kept))[:5_000])
    asked = generator.permutation(np.flatnonzero(~kept & ~corpus.test))
    contents = [rows[place].content for place in asked[: BATCH if given.quick else POSTS]]
    plain = make_pipeline(
        TfidfVectorizer(analyzer="char", ngram_range=(2, 5)), LogisticRegression(max_iter=1000)
    )
    plain.fit([rows[place].content.text for place in learnt], corpus.spam[learnt])
    rounds = 1 if given.quick else ROUNDS
    found: dict[str, Any] = {
        "posts": len(contents),
        "median_characters": int(statistics.median(len(content.text) for content in contents)),
        "model": shipped.version,
        "stages": timed(contents, stages(contents, plain, shipped, installed), rounds),
    }
    judged = assess_batch(contents, [History()] * len(contents), [()] * len(contents), [shipped])
    seen = [assessment.seen for assessment in judged]
    found["share_for_which_the_encoder_was_asked"] = round(
        float(np.mean([one is not None and one.embedding is not None for one in seen])), 3
    )
    texts = [content.text for content in contents[:BATCH]]
    found["memory"] = {
        "as installed": memory(texts, None),
        "without encoder": memory(texts, "none"),
    }
    if not given.without_training:
        sizes = QUICK_SIZES if given.quick else SIZES
        shelf = given.shelf and given.shelf / "speed"
        found["training"] = training(
            corpus,
            sizes,
            installed if shelf else None,
            shelf,
            None if given.without_parent else shipped,
        )
    print_json(found, given)


if __name__ == "__main__":
    main()
