"""`evaluate_model FILE...`: how good the model in force, or another, is on labelled files."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, Final

import numpy as np
from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from classifiers import lineup
from classifiers.assess import assess_batch
from classifiers.exceptions import ArtifactError, RegistryError, SnapshotError
from classifiers.tables import columns
from classifiers.training.card import told
from classifiers.training.dataset import Snapshot, read
from classifiers.training.division import clusters
from classifiers.training.evaluate import metrics
from classifiers.types import History, Metrics

BATCH: Final = 64
UNREADABLE: Final = 2


class Command(BaseCommand):
    help = "Measures a model on labelled CSV, TSV or JSON files. Needs no database."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.epilog = columns.WHICH
        columns.add_options(parser)
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
        parser.add_argument(
            "--model",
            metavar="VERSION|DIR",
            help="the name of a version, or a model directory; default: the version in force "
            "if a database answers, else the shipped one",
        )
        parser.add_argument("--split", metavar="NAME", help="rows of this split only")
        parser.add_argument("--json", action="store_true", help="one JSON object a file")

    def handle(
        self, *, files: list[Path], model: str | None, split: str | None, **options: Any
    ) -> None:
        try:
            splits = () if split is None else (split,)
            chosen = columns.Chosen.of(options)
            snapshots = [
                (file, read(file, splits=splits, chosen=chosen, tell=self.stderr.write))
                for file in files
            ]
            used = lineup.named(model) if model else lineup.current_or_shipped()
        except (SnapshotError, ArtifactError, RegistryError) as error:
            raise CommandError(str(error), returncode=UNREADABLE) from error
        for file, snapshot in snapshots:
            measured, failed = _measure(snapshot, used, file.name)
            if failed:
                self.stderr.write(f"{file}: {failed} posts could not be judged; left out.")
            found = {"file": str(file), **measured, "left_out": left_out(snapshot, failed)}
            if options["json"]:
                self.stdout.write(json.dumps(found, ensure_ascii=False, allow_nan=False))
            else:
                self.stdout.write("\n".join(_lines(found, used.model)))


def left_out(snapshot: Snapshot, failed: int) -> dict[str, Any]:
    """Rows that no figure counts, and why; `failed` could not be judged."""
    why = {**snapshot.left_out, **({"not judged": failed} if failed else {})}
    return {"rows": sum(why.values()), "why": why}


def _measure(snapshot: Snapshot, used: lineup.Lineup, title: str) -> tuple[Metrics, int]:
    """The figures, as served: heuristics, scorers, calibration, reasons; and how many failed."""
    contents = snapshot.contents
    found: list[float | None] = []
    started = time.perf_counter()
    with tqdm(total=len(contents), desc=title, unit="post", disable=None) as bar:
        for start in range(0, len(contents), BATCH):
            batch = contents[start : start + BATCH]
            histories, extra = [History()] * len(batch), [()] * len(batch)
            assessed = assess_batch(batch, histories, extra, used.scorers)
            found += [assessment.probability for assessment in assessed]
            bar.update(len(batch))
    elapsed = time.perf_counter() - started
    judged = np.array([probability is not None for probability in found], dtype=bool)
    probabilities = np.array([p for p in found if p is not None], dtype=np.float64)
    speed = len(contents) / elapsed if contents else None
    cluster = clusters([content.text for content in contents])[judged]
    figures = metrics(probabilities, snapshot.spam[judged], cluster)
    return {**figures, "posts_per_second": speed}, int((~judged).sum())


def _lines(found: dict[str, Any], model: str) -> list[str]:
    plain = {key: value for key, value in found.items() if not isinstance(value, dict)}
    shown = told({"model": model, **plain})
    width = max(map(len, shown))
    return [f"{key:<{width}}  {value}" for key, value in shown.items()]
