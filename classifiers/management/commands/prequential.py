"""`prequential FILE`: a file as a new community, each label told after its post was judged."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from django.core.management.base import BaseCommand, CommandError, CommandParser

from classifiers.arrays import Flags
from classifiers.exceptions import ArtifactError, RegistryError, SnapshotError
from classifiers.learner import Evidence
from classifiers.management.commands.evaluate_model import (
    UNREADABLE,
    add_options,
    apart,
    left_out,
    trained_on,
)
from classifiers.management.progress import shown_on_stderr
from classifiers.tables import columns
from classifiers.training import prequential
from classifiers.training.card import shown, told
from classifiers.training.data.dataset import Snapshot, read
from classifiers.training.prequential import Labels
from classifiers.versions import lineup


class Command(BaseCommand):
    help = (
        "Judges the posts of a labelled file one after another, as on a new site, and learns "
        "each label afterwards. CSV, TSV or JSON. Needs no database."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, metavar="FILE")
        add_options(parser)
        parser.add_argument(
            "--labels",
            default="all",
            metavar="all|reviewed|late:N",
            help="which posts get a label: all; those a moderator would see and one in twenty "
            "others; all, N posts later",
        )
        parser.add_argument(
            "--from-scratch", action="store_true", help="as if no model knew anything before"
        )

    def handle(
        self,
        *,
        file: Path,
        labels: str,
        from_scratch: bool,
        without_site: bool,
        model: str | None,
        split: str | None,
        **options: Any,
    ) -> None:
        try:
            chosen = Labels.parse(labels)
        except ValueError as error:
            raise CommandError(str(error), returncode=UNREADABLE) from error
        try:
            snapshot = read(
                file,
                splits=() if split is None else (split,),
                chosen=columns.Chosen.of(options),
                tell=self.stderr.write,
            )
            used = lineup.named(model) if model else lineup.current_or_shipped()
        except (SnapshotError, ArtifactError, RegistryError) as error:
            raise CommandError(str(error), returncode=UNREADABLE) from error
        if not from_scratch and (warning := trained_on(file, snapshot, used, model)):
            self.stderr.write(warning)
        started = time.perf_counter()
        played, judged = _play(
            snapshot, used, chosen, from_scratch=from_scratch, beside=not without_site
        )
        elapsed = time.perf_counter() - started
        failed = int((~judged).sum())
        cluster = apart(snapshot)[judged]
        if failed:
            self.stderr.write(f"{file}: {failed} posts could not be judged; left out.")
        found = {"file": str(file), "model": used.model, **prequential.figures(played, cluster)}
        found["posts_per_second"] = len(played.spam) / elapsed if len(played.spam) else None
        found |= {"left_out": left_out(snapshot, failed), "site": not without_site}
        if options["json"]:
            self.stdout.write(json.dumps(found, ensure_ascii=False, allow_nan=False))
        else:
            self.stdout.write("\n".join(_lines(found)))


def _play(
    snapshot: Snapshot, used: lineup.Lineup, labels: Labels, *, from_scratch: bool, beside: bool
) -> tuple[prequential.Played, Flags]:
    """What was said of the posts that could be judged, and which of the rows these are."""
    scorers = lineup.thorough(used).scorers
    judged = np.zeros(len(snapshot.rows), dtype=bool)

    def posts() -> Iterator[tuple[Evidence, bool]]:
        with shown_on_stderr("judging and learning", len(judged)) as done:
            seen = prequential.seen(snapshot.rows, scorers, beside=beside)
            for place, (row, post) in enumerate(zip(snapshot.rows, seen, strict=True)):
                if post is not None:
                    judged[place] = True
                    yield prequential.from_scratch(post) if from_scratch else post, row.spam
                done(place + 1)

    return prequential.follow(posts(), labels), judged


def _lines(found: dict[str, Any]) -> list[str]:
    plain = {key: value for key, value in found.items() if not isinstance(value, dict | list)}
    plain = told(plain)
    plain |= {
        f"without labels: {key}": value for key, value in told(found["without_labels"]).items()
    }
    plain |= {f"threshold: {key}": value for key, value in told(found["threshold"]).items()}
    width = max(map(len, plain))
    lines = [f"{key:<{width}}  {value}" for key, value in plain.items()]
    columns = ("labels", "posts", "error", "one_minus_roca_percent", "log_loss", "excess_log_loss")
    lines += ["", "  ".join(f"{name:>{max(9, len(name))}}" for name in columns)]
    for part in found["curve"]:
        cells = (f"{shown(part[name]):>{max(9, len(name))}}" for name in columns)
        lines.append("  ".join(cells))
    return lines
