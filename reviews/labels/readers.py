"""Who knows already what is told of a post: they are no second pair of eyes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from django.db.models import Q

from moderation.models import Post
from reviews.models import Appeal, Case, PageView, Verdict
from reviews.people.permissions import judges_of
from reviews.people.watching import CASE
from reviews.states import PASSING, VerdictKind

POST: Final = "console:post"
ANSWERED: Final = ~Q(kind__in=sorted({*PASSING, VerdictKind.UNDO}))


def fresh_eyes(post: Post, besides: Iterable[int | None]) -> list[int]:
    """Ids of those besides these who may judge the post blind.

    Neither who has answered about it, nor who answered an appeal of it, passed it on, or was shown
    it. Who passed on or was shown another of its pages is asked where nobody else is left: they
    know what the machine made of it, and that somebody is asked again.
    """
    cases = set(Case.objects.filter(post=post).values_list("pk", flat=True))
    appeals = set(Appeal.objects.filter(post=post).values_list("case", flat=True))
    said = set(Verdict.objects.filter(ANSWERED, case__in=cases).values_list("user", flat=True))
    asked = set(judges_of(post.site_id, of=post)) - {*besides} - said - _met(appeals)
    shown = PageView.objects.filter(page=POST, subject=str(post.pk)).values_list("user", flat=True)
    return sorted(asked - _met(cases) - {*shown} or asked)


def _met(cases: set[int]) -> set[int]:
    """Ids of those who answered or passed on one of these cases, or were shown it."""
    if not cases:
        return set()
    said = Verdict.objects.filter(case__in=cases).values_list("user", flat=True)
    seen = PageView.objects.filter(subject__in=map(str, cases), page__startswith=CASE)
    return {*said, *seen.values_list("user", flat=True)}
