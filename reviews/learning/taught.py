"""Words of stored draws that a candidate may have learnt from: of them it answers too well.

A draw's own label never trains, but a word of the site's on the same post may, and so may the
answer to a dispute about it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from classifiers.models import ModelVersion
from reviews.learning.rescoring import Words
from reviews.models import Label, LabelSource, RetrainRun


def taught(version: ModelVersion, words: Sequence[Words], *, but_spam: bool = False) -> set[Words]:
    """Those that people said something of that may have trained it; `but_spam`: other than spam.

    Or the models that it was trained from: each begins where its parent stood, and stays near it.
    Of a post that was audited before it was trained a model learnt nothing; see
    `labelling.effective`.
    """
    said = Label.objects.filter(post__in={post for post, _ in words}, retracts=None)
    rows = said.filter(audit=False).exclude(source=LabelSource.HISTORICAL)
    rows = rows.exclude(label="spam") if but_spam else rows
    told = list(rows.values_list("pk", "created_at", "post", "revision"))
    if not told:
        return set()
    audits = said.filter(audit=True, retracted_by=None).order_by("-pk")
    first = dict(audits.values_list("post", "pk"))
    found: set[Words] = set()
    for each in _lineage(version, since=min(at for _, at, *_ in told)):
        runs = RetrainRun.objects.filter(model=each).order_by("-pk")
        last = runs.values_list("last_label_id", flat=True).first()
        for pk, at, post, revision in told:
            # A model that was trained elsewhere does not say of what.
            if pk <= last < first.get(post, last + 1) if last else at <= each.created_at:
                found.add((post, revision))
    return found


def _lineage(version: ModelVersion, *, since: datetime) -> Iterator[ModelVersion]:
    """The model and those that it comes from; of these none older than `since`, nor the shipped."""
    yield version
    parent = version.parent
    while parent is not None and parent.created_at >= since:
        if not parent.manifest.get("starter"):
            yield parent
        parent = parent.parent
