"""Small models and labelled posts, made up for the tests."""

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from classifiers import features, learner
from classifiers.calibration import Platt
from classifiers.learner import Evidence, State, Topics
from classifiers.scorers.linear import LinearScorer, Weights
from classifiers.training.data import examples
from classifiers.training.data.dataset import Row, Snapshot
from classifiers.training.fitting import recipe
from classifiers.types import Content
from classifiers.versions import artifacts

SPAM_WORDS = [
    "free",
    "cash",
    "prize",
    "casino",
    "pills",
    "click",
    "winner",
    "loan",
    "bonus",
    "cheap",
]
HAM_WORDS = [
    "thanks",
    "lecture",
    "dinner",
    "bridge",
    "garden",
    "python",
    "question",
    "tomorrow",
    "coffee",
    "train",
]


def sentence(spam: bool, number: int) -> str:
    """A made-up post; each number another one."""
    generator = np.random.default_rng(2 * number + spam)
    own = generator.choice(SPAM_WORDS if spam else HAM_WORDS, 5)
    other = generator.choice(HAM_WORDS if spam else SPAM_WORDS, 1)
    tail = "".join(generator.choice(list("abcdefghijklmnop"), 12))
    return f"{' '.join([*own, *other])} {tail}"


def rows(count: int, start: int = 0) -> list[Row]:
    """As many spam as ham, in turn, a minute apart."""
    return [
        Row(Content(text=sentence(bool(i % 2), start + i)), bool(i % 2), time=60.0 * i)
        for i in range(count)
    ]


def snapshot(count: int, start: int = 0) -> Snapshot:
    return Snapshot(rows(count, start), "0" * 64)


def write_jsonl(path: Path, made: list[Row]) -> Path:
    lines = [
        json.dumps({"text": row.content.text, "label": "spam" if row.spam else "ham"})
        for row in made
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


def scorer(version: str = "tiny-1") -> LinearScorer:
    """Trained on a few made-up posts."""
    made = recipe.train(examples.of(snapshot(40)))
    return LinearScorer(version, made.weights, made.calibration, known=made.known)


def blank(version: str = "blank-1", bias: float = 0.0) -> LinearScorer:
    """Says the same of every post."""
    return LinearScorer(version, Weights(np.zeros(features.COLUMNS, dtype=np.float32), bias))


def write(directory: Path, model: LinearScorer) -> str:
    """The digest of the model's directory."""
    return artifacts.write(
        directory,
        name=model.version,
        weights=model.weights,
        calibration=model.calibration or Platt(),
        doubt=model.doubt,
        known=model.known,
        passage_limit=model.passage_limit,
        card="A model of the tests.\n",
        facts={"snapshot": {"sha256": "1" * 64}},
    )


def rewrite(directory: Path, weights: bytes | None = None, **changes: object) -> None:
    """Changes the manifest as someone would who knows how digests are made."""
    manifest = json.loads((directory / artifacts.MANIFEST).read_text())
    if weights is not None:
        (directory / artifacts.WEIGHTS).write_bytes(weights)
        manifest["files"][artifacts.WEIGHTS] = {
            "sha256": hashlib.sha256(weights).hexdigest(),
            "bytes": len(weights),
        }
    (directory / artifacts.MANIFEST).write_text(json.dumps({**manifest, **changes}))


def rebuild(labels: Iterable[tuple[Evidence, bool, float]], topics: Topics | None = None) -> State:
    """The State of these labels (evidence, spam, weight), in the order in which they came."""
    state = State.new(topics=topics)
    for evidence, spam, weight in labels:
        state = learner.learn(state, evidence, spam, weight)
    return state
