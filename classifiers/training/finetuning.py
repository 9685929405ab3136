"""Fitting a text encoder and a linear layer above it to labelled posts, with torch.

How long and how fast: Sun et al., How to fine-tune BERT for text classification, 2019.
"""

from __future__ import annotations

import copy
import hashlib
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from safetensors.torch import save
from torch.nn.functional import binary_cross_entropy_with_logits

from classifiers.encoder.reader import Reader
from classifiers.training.data.examples import Progress, silent
from classifiers.training.encoders.export import digest_of, made
from classifiers.training.encoders.published import Published, tokenizer_bytes
from classifiers.training.encoders.vectors import positions

EPOCHS: Final = 5
BATCH: Final = 16
POOL: Final = 8 * BATCH
"""Posts that are sorted by length among themselves: what is padded is paid for."""
RATE: Final = 5e-5
TOP_RATE: Final = 5e-3
"""Learning rates of the encoder and of the layer on top."""
WARM_UP: Final = 0.1
"""Share of the steps in which they rise; then they fall to nothing."""
LOUDNESS: Final = 20.0
"""What a vector of length 1 is multiplied by for the layer on top."""
DECAY: Final = 0.01
LONGEST_STEP: Final = 1.0
"""Length that a gradient is cut to."""
SEED: Final = 20


@dataclass(frozen=True, slots=True)
class Labelled:
    """A text as `features.read` gives it, and what it is."""

    body: str
    spam: bool
    weight: float = 1.0


def fine_tune(
    learnt: Sequence[Labelled],
    stopping: Sequence[Labelled],
    *,
    base: Path,
    name: str,
    prefix: str = "",
    epochs: int = EPOCHS,
    progress: Progress = silent,
) -> tuple[dict[str, bytes], list[float]]:
    """An encoder's files, as `encoder.Encoder.of_files` takes them, and each epoch's log-loss.

    Raises EncoderUnusable.
    """
    tokenizer, vector = Published.find(base).load()
    words = tokenizer_bytes(tokenizer)
    reader = Reader(words, prefix, positions(vector, tokenizer))
    with torch.random.fork_rng():
        torch.manual_seed(SEED)
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        classifier = _Classifier(vector).to(device)
        tuning = _Tuning(classifier, reader, int(tokenizer.pad_token_id or 0), device)
        curve = tuning.run(learnt, stopping, epochs, progress)
    vector = vector.to("cpu").eval()
    weights = save({key: each.contiguous() for key, each in _own(vector).items()})
    parts = {"weights": weights, "tokenizer": words}
    digest = digest_of({n: hashlib.sha256(part).hexdigest() for n, part in parts.items()}, prefix)
    with tempfile.TemporaryDirectory(prefix="winnow-tune-") as folder:
        _, files = made(
            vector, tokenizer, name=name, prefix=prefix, digest=digest, scratch=Path(folder)
        )
    return files, curve


def _own(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Its weights, each of those that it shares once."""
    return {name: each.detach() for name, each in model.named_parameters()}


class _Classifier(torch.nn.Module):
    """Log-odds of windows of token ids."""

    def __init__(self, vector: torch.nn.Module) -> None:
        super().__init__()
        self.vector = vector
        with torch.no_grad():
            width = vector(torch.tensor([[1, 2]])).shape[1]
        self.top = torch.nn.Linear(width, 1)
        torch.nn.init.zeros_(self.top.weight)
        torch.nn.init.zeros_(self.top.bias)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.top(LOUDNESS * self.vector(ids, mask)).squeeze(-1)
        return found


@dataclass(slots=True)
class _Tuning:
    classifier: _Classifier
    reader: Reader
    padding: int
    device: torch.device

    def run(
        self,
        learnt: Sequence[Labelled],
        stopping: Sequence[Labelled],
        epochs: int,
        progress: Progress,
    ) -> list[float]:
        """Leaves the classifier as it was after its best epoch; the log-losses of all of them.

        Ends with the first epoch that is no better than the one before it.
        """
        steps = -(-len(learnt) // BATCH)
        optimizer, schedule = self._optimizer(steps * epochs)
        generator = np.random.default_rng(SEED)
        curve: list[float] = []
        best: dict[str, torch.Tensor] = {}
        for epoch in range(epochs):
            self.classifier.train()
            for done, batch in enumerate(_batches(learnt, generator)):
                progress(f"fine-tuning, round {epoch + 1}", done, steps)
                self._losses(batch, generator).mean().backward()
                torch.nn.utils.clip_grad_norm_(self.classifier.parameters(), LONGEST_STEP)
                optimizer.step()
                schedule.step()
                optimizer.zero_grad()
            progress(f"fine-tuning, round {epoch + 1}", steps, steps)
            curve.append(self._log_loss(stopping))
            if curve[-1] <= min(curve):
                best = copy.deepcopy(self.classifier.state_dict())
            else:
                break
        self.classifier.load_state_dict(best)
        return curve

    def _optimizer(self, steps: int) -> tuple[Any, Any]:
        groups = [
            {"params": self.classifier.vector.parameters(), "lr": RATE},
            {"params": self.classifier.top.parameters(), "lr": TOP_RATE},
        ]
        optimizer = torch.optim.AdamW(groups, weight_decay=DECAY)
        rising = max(WARM_UP * steps, 1.0)

        def rate(step: int) -> float:
            return min((step + 1) / rising, (steps - step) / max(steps - rising, 1.0))

        return optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, rate)

    def _losses(self, batch: Sequence[Labelled], generator: np.random.Generator) -> torch.Tensor:
        """Of one window each: of a long text another one every time."""
        windows = [self.reader.windows(post.body) for post in batch]
        chosen = [of_post[generator.integers(len(of_post))] for of_post in windows]
        spam = torch.tensor([float(post.spam) for post in batch], device=self.device)
        weights = torch.tensor([post.weight for post in batch], device=self.device)
        return binary_cross_entropy_with_logits(
            self._log_odds(chosen), spam, weight=weights, reduction="none"
        )

    def _log_loss(self, posts: Sequence[Labelled]) -> float:
        """Weighted mean, each post by the mean of its windows' log-odds."""
        self.classifier.eval()
        total = 0.0
        with torch.no_grad():
            for post in posts:
                log_odds = float(self._log_odds(self.reader.windows(post.body)).mean())
                total += post.weight * float(
                    np.logaddexp(0.0, -log_odds if post.spam else log_odds)
                )
        return total / max(sum(post.weight for post in posts), 1e-9)

    def _log_odds(self, windows: Sequence[list[int]]) -> torch.Tensor:
        width = max(len(window) for window in windows)
        ids = torch.full((len(windows), width), self.padding, dtype=torch.long)
        mask = torch.zeros((len(windows), width), dtype=torch.long)
        for row, window in enumerate(windows):
            ids[row, : len(window)] = torch.tensor(window, dtype=torch.long)
            mask[row, : len(window)] = 1
        found: torch.Tensor = self.classifier(ids.to(self.device), mask.to(self.device))
        return found


def _batches(posts: Sequence[Labelled], generator: np.random.Generator) -> Iterator[list[Labelled]]:
    """All posts, in another order every time; a batch holds posts of about the same length."""
    order = generator.permutation(len(posts)).tolist()
    batches: list[list[int]] = []
    for start in range(0, len(order), POOL):
        pool = sorted(order[start : start + POOL], key=lambda place: len(posts[place].body))
        batches += [pool[first : first + BATCH] for first in range(0, len(pool), BATCH)]
    for place in generator.permutation(len(batches)).tolist():
        yield [posts[number] for number in batches[place]]
