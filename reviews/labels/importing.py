"""Bringing a file of posts in, exactly once, however often it is killed on the way.

A chunk of rows and the note of how far the file has come are one transaction: what is noted
is stored, and what is not noted is not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Final

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from classifiers.tables.columns import NEEDED
from moderation.deciding.historical import HistoricalDraft, store_historical
from moderation.models import Site
from moderation.submitting.posts import submit
from reviews.exceptions import FileRefused, ImportRunning
from reviews.labels import files
from reviews.labels.labelling import label_history
from reviews.models import ImportRun

CHUNK: Final = 500
LONGEST_READING: Final = 400


@dataclass(frozen=True, slots=True)
class Progress:
    """Where an import stands after a chunk."""

    line: int
    stored: int
    skipped: int


@dataclass(frozen=True, slots=True)
class Imported:
    """How an import ended. Counts are of the whole file, over all attempts."""

    stored: int
    skipped: int
    resumed_at: int
    """Rows that an earlier attempt had done; 0 for a fresh file."""
    finished_before: datetime | None
    """Set when there was nothing to do."""


def import_file(
    *,
    path: Path,
    site: Site,
    labelled: bool,
    facts: files.Shape,
    on_bad: Callable[[files.BadRow], None] = lambda row: None,
    on_progress: Callable[[Progress], None] = lambda progress: None,
    chunk: int = CHUNK,
) -> Imported:
    """Store the rows that no earlier import of this file into this site has stored.


    Unlabelled rows are submitted as over the API and judged by the workers; labelled rows
    become decided posts with historical labels. `facts` come from `files.inspect`. Raises
    ImportRunning when another process imports the same file, FileRefused when an import of it
    read other columns, or another encoding.
    """
    read_as = _read_as(facts)
    run, _ = ImportRun.objects.get_or_create(
        site=site,
        file_digest=facts.digest,
        labelled=labelled,
        defaults={
            "file_name": path.name[-255:],
            "started_at": timezone.now(),
            "read_as": read_as,
        },
    )
    if run.read_as not in ("", read_as):
        raise FileRefused(
            f"{path}: an import of this file began as {run.read_as}; this one would be {read_as}. "
            "Ask for the same, or save what you need of it as another file."
        )
    done = run.rows_done + run.rows_skipped
    if run.finished_at is not None:
        return Imported(run.rows_done, run.rows_skipped, done, run.finished_at)
    rows = islice(files.read(path, facts, labelled=labelled), done, None)
    while part := list(islice(rows, chunk)):
        bad = _store(run, part)
        for row in bad:
            on_bad(row)
        on_progress(Progress(part[-1].line, run.rows_done, run.rows_skipped))
    ImportRun.objects.filter(pk=run.pk).update(finished_at=timezone.now())
    return Imported(run.rows_done, run.rows_skipped, done, None)


def _read_as(facts: files.Shape) -> str:
    """Which columns the posts come from, and in which encoding."""
    found = [f"{role}: {facts.form.roles[role]}" for role in NEEDED if role in facts.form.roles]
    return ", ".join([facts.form.encoding, *found])[:LONGEST_READING]


def _store(run: ImportRun, part: Sequence[files.Row | files.BadRow]) -> list[files.BadRow]:
    """One transaction: the rows and the note of them; the rows that were skipped."""
    bad = [row for row in part if isinstance(row, files.BadRow)]
    good = [row for row in part if isinstance(row, files.Row)]
    with transaction.atomic():
        unmoved = ImportRun.objects.filter(
            pk=run.pk, rows_done=run.rows_done, rows_skipped=run.rows_skipped, finished_at=None
        )
        # The first statement, so that of two processes the second waits, and then finds it moved.
        if not unmoved.update(
            rows_done=F("rows_done") + len(good), rows_skipped=F("rows_skipped") + len(bad)
        ):
            raise ImportRunning()
        if run.labelled:
            known = _store_labelled(run.site, good)
            bad += known
            ImportRun.objects.filter(pk=run.pk).update(
                rows_done=F("rows_done") - len(known), rows_skipped=F("rows_skipped") + len(known)
            )
        elif good:
            submit(site=run.site, drafts=[row.draft for row in good])
    run.refresh_from_db(fields=["rows_done", "rows_skipped"])
    return sorted(bad, key=lambda row: row.line)


def _store_labelled(site: Site, good: Sequence[files.Row]) -> list[files.BadRow]:
    """Store posts and labels; the rows whose external id the site has already."""
    now = timezone.now()
    drafts = [HistoricalDraft(row.draft, row.label) for row in good if row.label is not None]
    made = store_historical(site=site, drafts=drafts, now=now)
    label_history(decisions=[decision for decision in made if decision is not None], now=now)
    return [
        files.BadRow(row.line, f"the site has a post {row.draft.external_id!r} already")
        for row, decision in zip(good, made, strict=True)
        if decision is None
    ]
