"""Who knows what an appeal says of a post: they are no second pair of eyes."""

from __future__ import annotations

from uuid import UUID

from reviews.models import Appeal, PageView, Verdict
from reviews.people.watching import CASE


def met(post: UUID) -> set[int]:
    """Ids of those who answered an appeal of this post, passed it on, or were shown it."""
    appealed = [*Appeal.objects.filter(post=post).values_list("case", flat=True)]
    if not appealed:
        return set()
    said = Verdict.objects.filter(case__in=appealed).values_list("user", flat=True)
    seen = PageView.objects.filter(subject__in=map(str, appealed), page__startswith=CASE)
    return {*said, *seen.values_list("user", flat=True)}
