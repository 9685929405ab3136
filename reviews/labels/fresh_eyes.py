"""Who knows already what is told of a post: they are no second pair of eyes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from moderation.models import Post
from reviews.models import Appeal, Case, PageView, Verdict
from reviews.people.permissions import judges_of
from reviews.people.watching import CASE
from reviews.states import PASSING, VerdictKind

POST: Final = "console:post"
NO_ANSWERS: Final = sorted({*PASSING, VerdictKind.UNDO})


def fresh_eyes(post: Post, revision: int, besides: Iterable[int | None]) -> list[int]:
    """Ids of those besides these who may judge a post blind, as it was in this revision.

    Neither who has answered about these words, nor who answered an appeal of the post, passed it
    on, or was shown it. Who answered, passed on or was shown another of its cases is asked where
    nobody else is left: they know what the machine made of it, and that somebody is asked again.
    """
    revisions = dict(Case.objects.filter(post=post).values_list("pk", "revision"))
    cases = set(revisions)
    appeals = set(Appeal.objects.filter(post=post).values_list("case", flat=True))
    same = [case for case in cases if revisions[case] == revision]
    answers = Verdict.objects.filter(case__in=same).exclude(kind__in=NO_ANSWERS)
    said = set(answers.values_list("user", flat=True))
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
