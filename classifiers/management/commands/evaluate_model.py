"""`evaluate_model FILE...`: how good the model in force, or another, is on labelled files."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any, Final

import numpy as np
from django.core.management.base import BaseCommand, CommandError, CommandParser
from numpy.typing import NDArray

from classifiers.exceptions import ArtifactError, RegistryError, SnapshotError
from classifiers.management.progress import shown_on_stderr
from classifiers.tables import columns
from classifiers.training.card import told
from classifiers.training.data import in_turn, known
from classifiers.training.data.dataset import Snapshot, read
from classifiers.training.data.division import clusters
from classifiers.training.evaluate import metrics
from classifiers.types import Metrics
from classifiers.versions import lineup

UNREADABLE: Final = 2


def add_options(parser: CommandParser) -> None:
    """What every command that measures takes: which model, which rows, and how to print."""
    parser.epilog = columns.WHICH
    columns.add_options(parser)
    parser.add_argument(
        "--model",
        metavar="VERSION|DIR",
        help="the name of a version, or a model directory; default: the version in force "
        "if a database answers, else the shipped one",
    )
    parser.add_argument(
        "--without-site",
        action="store_true",
        help="each post alone, without what earlier posts of the file said",
    )
    parser.add_argument("--split", metavar="NAME", help="rows of this split only")
    parser.add_argument("--json", action="store_true", help="one JSON object a file")


class Command(BaseCommand):
    help = "Measures a model on labelled CSV, TSV or JSON files. Needs no database."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        add_options(parser)
        parser.add_argument("files", nargs="+", type=Path, metavar="FILE")

    def handle(
        self,
        *,
        files: list[Path],
        model: str | None,
        without_site: bool,
        split: str | None,
        **options: Any,
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
            if warning := trained_on(file, snapshot, used, model):
                self.stderr.write(warning)
            measured, failed = _measure(snapshot, used, file.name, beside=not without_site)
            if failed:
                self.stderr.write(f"{file}: {failed} posts could not be judged; left out.")
            found = {
                "file": str(file),
                **measured,
                "left_out": left_out(snapshot, failed),
                "site": not without_site,
            }
            if options["json"]:
                self.stdout.write(json.dumps(found, ensure_ascii=False, allow_nan=False))
            else:
                self.stdout.write("\n".join(_lines(found, used.model)))


def trained_on(file: Path, snapshot: Snapshot, used: lineup.Lineup, model: str | None) -> str:
    """The warning that the model has seen these posts; empty where nothing says so."""
    for name, stored in lineup.manifests(used, model):
        if found := known.of(file.name, snapshot, stored):
            return f"{file}: {found} {name} was trained on. These figures flatter it."
    return ""


def apart(snapshot: Snapshot) -> NDArray[np.int64]:
    """The clusters of near-duplicates; said on standard error, for it takes a while."""
    with shown_on_stderr("near-duplicates", len(snapshot.rows)) as done:
        found = clusters([content.text for content in snapshot.contents])
        done(len(found))
    return found


def left_out(snapshot: Snapshot, failed: int) -> dict[str, Any]:
    """Rows that no figure counts, and why; `failed` could not be judged."""
    why = {**snapshot.left_out, **({"not judged": failed} if failed else {})}
    return {"rows": sum(why.values()), "why": why}


def _measure(
    snapshot: Snapshot, used: lineup.Lineup, title: str, *, beside: bool
) -> tuple[Metrics, int]:
    """The figures, as served: heuristics, scorers, calibration, reasons; and how many failed."""
    rows = snapshot.rows
    found: list[float | None] = []
    started = time.perf_counter()
    with shown_on_stderr(title, len(rows)) as done:
        for assessment in in_turn.judged(rows, used.scorers, beside=beside):
            found.append(assessment.probability)
            done(len(found))
    elapsed = time.perf_counter() - started
    judged = np.array([probability is not None for probability in found], dtype=bool)
    probabilities = np.array([p for p in found if p is not None], dtype=np.float64)
    speed = len(rows) / elapsed if rows else None
    figures = metrics(probabilities, snapshot.spam[judged], apart(snapshot)[judged])
    return {**figures, "posts_per_second": speed}, int((~judged).sum())


def _lines(found: dict[str, Any], model: str) -> list[str]:
    plain = {key: value for key, value in found.items() if not isinstance(value, dict)}
    shown = told({"model": model, **plain})
    width = max(map(len, shown))
    return [f"{key:<{width}}  {value}" for key, value in shown.items()]
