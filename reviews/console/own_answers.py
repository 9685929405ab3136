"""A person's own answers: their own word and the beginning of what they read, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from django.db.models.functions import Left

from moderation.models import PostRevision
from reviews.console.case.standing import stands
from reviews.labels.blind import AT_ONCE, why_it_stands, withheld_from
from reviews.models import Verdict
from reviews.people.permissions import sites_of
from reviews.roles import Act
from reviews.states import CaseState, VerdictKind

if TYPE_CHECKING:
    from django.contrib.auth.models import User

EXCERPT: Final = 160
PAGE: Final = 50


@dataclass(frozen=True, slots=True)
class Recent:
    """A verdict of one's own, and whether it can be taken back from here."""

    verdict: Verdict
    excerpt: str
    undone: bool
    can_undo: bool
    decides_anew: bool = False
    """Whether what the answer hid, and only that, can be decided anew from here: no case is shown
    of it."""


def recent(
    *, user: User, now: datetime, most: int, before: int | None = None
) -> tuple[list[Recent], int | None]:
    """Return so many of this person's answers, the newest first, of those `before` a verdict.

    One whose post they may still have to judge blind is left out, and tells nothing by that: as
    many are shown without it.
    """
    older = {"pk__lt": before} if before else {}
    given = list(
        Verdict.objects.filter(user=user, undoes=None)
        .filter(case__site__in=sites_of(user, Act.SEE), **older)
        .select_related("case__post", "case__look__dispute", "case__checks__dispute", "undone_by")
        .select_related("case__site__look_plan", "case__disputed_by", "case__settles_check")
        .order_by("-pk")[: 2 * most]
    )
    asked = {verdict.case.post_id for verdict in given}
    withheld = withheld_from(user, asked, answered=AT_ONCE)
    verdicts = [
        verdict
        for verdict in given
        # A case that was passed on waits still, and tells no more than it did.
        if verdict.case.post_id not in withheld or verdict.case.state == CaseState.OPEN
    ][:most]
    excerpts = _excerpts(verdicts)
    settles = set(sites_of(user, Act.SETTLE).values_list("pk", flat=True))
    full = len(verdicts) == most
    last = verdicts[-1].pk if full else given[-1].pk if len(given) == 2 * most else None
    shown = [
        Recent(
            verdict=verdict,
            excerpt=excerpts.get((verdict.case.post_id, verdict.case.revision), ""),
            undone=hasattr(verdict, "undone_by"),
            can_undo=stands(verdict) and not why_it_stands(verdict, verdict.case, user, now),
            decides_anew=verdict.kind == VerdictKind.DANGER
            and verdict.case.post.hidden_at is not None
            and verdict.case.site_id in settles
            and bool(why_it_stands(verdict, verdict.case, user, now)),
        )
        for verdict in verdicts
    ]
    return shown, last


def _excerpts(verdicts: Sequence[Verdict]) -> dict[tuple[object, int], str]:
    shown = {verdict.case.post_id for verdict in verdicts if not verdict.case.post.hidden_at}
    rows = PostRevision.objects.filter(post__in=shown)
    starts = rows.annotate(start=Left("text", EXCERPT)).values_list("post", "revision", "start")
    return {(post, revision): start for post, revision, start in starts}
