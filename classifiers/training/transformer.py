"""Fine-tunes a text encoder on labelled posts, for a model that brings it along.

The posts are divided by near-duplicate cluster. One part teaches: the encoder and a linear layer
on top of its vector, all weights (Sun et al.: How to fine-tune BERT for text classification,
2019), stopped where the log-loss on a smaller part is least. The rest was seen by neither: on it
the encoder, exported as it will serve, is stacked on the words and calibrated.

Imported by nothing that serves: `finetuning` brings torch.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from classifiers import features
from classifiers.arrays import Flags, Numbers
from classifiers.encoder.model import Encoder
from classifiers.exceptions import EncoderUnusable, TooFewLabels
from classifiers.tables.columns import Chosen
from classifiers.training.data import embeddings, examples, known
from classifiers.training.data.dataset import Snapshot, Tell, read
from classifiers.training.data.division import folds
from classifiers.training.data.examples import Examples, Progress, silent
from classifiers.training.encoders.published import Published
from classifiers.training.evaluate import metrics
from classifiers.training.finetuning import EPOCHS, SEED, Labelled, fine_tune
from classifiers.training.fitting.recipe import Trained, train
from classifiers.training.make import refuse_contradicted
from classifiers.training.writing import facts_of, write_model
from classifiers.versions import artifacts

PARTS: Final = 10
STOPPING: Final = 1
STACKED: Final = 3
"""Of PARTS, how many tell when to stop, and how many the words and the encoder are stacked on."""
LEAST_OF_CLASS: Final = 20
"""Posts of each class below which the parts are too small to tell anything."""
OVERHEAD: Final = 1.02
"""Bytes of an exported encoder a parameter, by which its size is told before it is tuned."""


@dataclass(frozen=True, slots=True, eq=False)
class Tuned:
    """A model with an encoder of its own."""

    trained: Trained
    posts: Examples
    """Those it was stacked and measured on; `trained.unseen` has their order."""
    words_alone: Numbers
    """What a model without the encoder says of them."""
    files: dict[str, bytes]
    """The encoder's."""
    facts: dict[str, Any]


def tune(
    snapshot: Snapshot,
    *,
    base: Path,
    base_name: str = "",
    prefix: str = "",
    epochs: int = EPOCHS,
    progress: Progress = silent,
) -> Tuned:
    """The model of these posts; `base` is a Hugging Face directory. Uses a graphics card, if any.

    `prefix` is what the base wants before every text.
    Raises TooFewLabels, and EncoderUnusable for a base that cannot be read or exported, or is
    larger than what a model may bring along.
    """
    parameters = Published.find(base).parameters()
    if parameters * OVERHEAD > artifacts.ENCODER_LIMIT:
        raise EncoderUnusable(
            f"{base}: it has {parameters / 1e6:.0f} million parameters; a model brings along "
            f"{artifacts.ENCODER_LIMIT / 1e6:.0f} million at most."
        )
    posts = examples.of(snapshot, progress)
    spam, ham = int(posts.spam.sum()), int((~posts.spam).sum())
    if min(spam, ham) < LEAST_OF_CLASS:
        raise TooFewLabels(f"{spam} spam and {ham} ham; {LEAST_OF_CLASS} of each are needed.")
    bodies = [features.read(content).body for content in snapshot.contents]
    part = folds(posts.cluster, posts.spam, PARTS, seed=SEED)
    stacked = part >= PARTS - STACKED
    name = base_name or base.resolve().name
    files, curve = fine_tune(
        _labelled(bodies, posts, (part >= STOPPING) & ~stacked),
        _labelled(bodies, posts, part < STOPPING),
        base=base,
        name=f"{name}, fine-tuned",
        prefix=prefix,
        epochs=epochs,
        progress=progress,
    )
    encoder = Encoder.of_files(files)
    later = posts.keep(stacked)
    left = [body for body, chosen in zip(bodies, stacked, strict=True) if chosen]
    vectors = embeddings.of(left, encoder, None, lambda n, m: progress("embedding", n, m))
    first = train(posts.keep(~stacked), progress=progress).scorer("words")
    words = train(later, parent=first, progress=progress)
    whole = train(
        replace(later, embeddings=vectors), parent=first, encoder=encoder, progress=progress
    )
    facts = {"base": name, "log_loss": curve, "stacked_on": len(left)}
    return Tuned(whole, later, words.unseen, files, facts)


def make(
    files: Sequence[Path],
    *,
    output: Path | None,
    folder: Path,
    base: Path,
    base_name: str = "",
    splits: Collection[str] = (),
    chosen: Chosen = Chosen(),
    tell: Tell | None = None,
    prefix: str = "",
    name: str = "",
    epochs: int = EPOCHS,
    progress: Progress = silent,
) -> Path:
    """The directory of the new model, as `classifiers.training.make.make` has it.

    Raises SnapshotError, TooFewLabels, LabelsContradict, EncoderUnusable.
    """
    snapshot = read(*files, splits=splits, chosen=chosen, tell=tell)
    refuse_contradicted(snapshot.rows)
    tuned = tune(
        snapshot, base=base, base_name=base_name, prefix=prefix, epochs=epochs, progress=progress
    )
    facts = facts_of(snapshot, tuned.trained)
    facts["training"]["transformer"] = tuned.facts
    facts["snapshot"]["sample"] = known.sample(snapshot.contents)
    facts["metrics"] = {
        "folds": metrics(tuned.trained.unseen, tuned.posts.spam, tuned.posts.cluster),
        "folds, words alone": metrics(tuned.words_alone, tuned.posts.spam, tuned.posts.cluster),
    }
    directory = output or folder / f"trained-{snapshot.sha256[:12]}-transformer"
    write_model(
        directory, tuned.trained, facts, prefix="transformer", name=name, own_encoder=tuned.files
    )
    return directory


def _labelled(bodies: Sequence[str], posts: Examples, chosen: Flags) -> list[Labelled]:
    return [
        Labelled(bodies[row], bool(posts.spam[row]), float(posts.weights[row]))
        for row in np.flatnonzero(chosen).tolist()
    ]
