"""The cases behind a number of `activity`: which posts waited, were answered, appealed, looked at.

No list tells which open case measures somebody: of what waits, those that only an answer of their
own may answer are left out, as search leaves them out; of what was answered and looked at, what
`reviews.people.countable` leaves out of the number, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q

from moderation import statements
from moderation.ids import first_id
from moderation.models import Decision, Post, Site
from moderation.types import PEOPLE, Outcome, Source
from reviews.labels.blind import ANSWERED_SINGLY, plain_among
from reviews.models import Case
from reviews.people import countable
from reviews.search.searching import cases_of
from reviews.states import AppealState, CaseState, Lane

MOST: Final = 2_000
"""Cases that are read of what waited; more than a person looks through."""
REACH: Final = 50_000
"""Closed cases that are searched for those that waited once, the newest of all sites."""


class Behind(StrEnum):
    """What a number counts."""

    WAITS = "waits"
    """Open now."""
    WAITED = "waited"
    """Open at some moment of the stretch of time."""
    HELD = "held"
    """Posts that readers could not see until people let them through, or nobody did in time."""
    ANSWERED = "answered"
    FILED = "filed"
    UPHELD = "upheld"
    OVERTURNED = "overturned"
    ALIKE = "alike"
    DIFFERED = "differed"


@dataclass(frozen=True, slots=True)
class Item:
    """One of those that were counted."""

    post_id: UUID
    case_id: int | None
    moment: datetime
    kind: str = ""
    """The verdict, where one is what was counted."""
    undone: bool = False
    """Whether that was taken back."""
    of_many: bool = False
    """Whether it was given along with others."""


def items(
    site: Site, of: Behind, *, since: datetime, until: datetime, start: int, count: int
) -> Sequence[Item]:
    """Return so many of them, from the `start`-th: the longest wait first, else the newest first.

    Posts that were hidden are not among them.
    """
    chosen = slice(start, start + count)
    if of in (Behind.WAITS, Behind.WAITED):
        return _waiting(site, of, since, until)[chosen]
    if of is Behind.HELD:
        return _held(site, since, until, chosen)
    if of is Behind.ANSWERED:
        return _answered(site, since, until, chosen)
    if of in (Behind.ALIKE, Behind.DIFFERED):
        return _looked(site, of, since, until, chosen)
    return _appealed(site, of, since, until, chosen)


def _waiting(site: Site, of: Behind, since: datetime, until: datetime) -> list[Item]:
    cases = Case.objects.filter(site=site, opened_at__lt=until, post__hidden_at=None)
    cases = cases.exclude(lane=Lane.LOOK).order_by("opened_at", "pk")
    rows = cases.values_list("post", "pk", "opened_at")
    found = list(rows.filter(state=CaseState.OPEN)[:MOST])
    singly = _judged_singly([pk for _, pk, _ in found])
    found = [row for row in found if row[1] not in singly]
    newest = Case.objects.order_by("-pk").values_list("pk", flat=True).first()
    if of is Behind.WAITED and newest is not None:
        gone = rows.filter(pk__gt=newest - REACH, closed_at__gte=since)
        found = sorted([*found, *gone[:MOST]], key=lambda row: row[2])
    return [Item(*row) for row in found]


def _judged_singly(cases: list[int]) -> set[int]:
    values = {"cases": cases}
    posts = "SELECT post_id AS id FROM reviews_case WHERE id = ANY(%(cases)s)"
    asked = {**values, "plain": plain_among(posts, values)}
    statement = f"SELECT c.id FROM reviews_case c WHERE c.id = ANY(%(cases)s) AND {ANSWERED_SINGLY}"  # noqa: S608 - constants
    return {case for (case,) in statements.rows(statement, asked)}


def _held(site: Site, since: datetime, until: datetime, chosen: slice) -> list[Item]:
    earlier = Decision.objects.filter(post=OuterRef("pk"), source=Source.MACHINE, published=False)
    posts = Post.objects.filter(
        Exists(earlier),
        site=site,
        # A post's id is made a moment before it is stored.
        pk__gte=first_id(since - timedelta(minutes=1)),
        created_at__gte=since,
        created_at__lt=until,
        outcome=Outcome.ALLOW,
        decision__source__in=[*sorted(PEOPLE), Source.EXPIRY],
        hidden_at=None,
    )
    rows = list(posts.order_by("-pk").values_list("pk", "created_at")[chosen])
    cases = cases_of([pk for pk, _ in rows])
    return [Item(pk, cases.get(pk), moment) for pk, moment in rows]


def _answered(site: Site, since: datetime, until: datetime, chosen: slice) -> list[Item]:
    given = countable.answers(site, since=since, until=until).order_by("-pk")
    rows = given.values_list(
        "case__post", "case", "created_at", "kind", "case__lane", "undone_by", "bulk_item"
    )[chosen]
    # The page of a second look is for whoever looked.
    return [
        Item(post, None if lane == Lane.LOOK else case, moment, kind, bool(undo), bool(many))
        for post, case, moment, kind, lane, undo, many in rows
    ]


def _looked(site: Site, of: Behind, since: datetime, until: datetime, chosen: slice) -> list[Item]:
    compared = countable.compared(site, since=since, until=until)
    same = Q(verdict__kind=F("answer__kind"))
    compared = compared.filter(same if of is Behind.ALIKE else ~same).order_by("-pk")
    rows = compared.values_list("verdict__case__post", "verdict__case", "answer__created_at")
    return [Item(post, case, moment) for post, case, moment in rows[chosen] if moment]


def _appealed(
    site: Site, of: Behind, since: datetime, until: datetime, chosen: slice
) -> list[Item]:
    filed = countable.appeals(site).order_by("-pk")
    if of is Behind.FILED:
        came = filed.filter(pk__gte=first_id(since), created_at__gte=since, created_at__lt=until)
        return [Item(*row) for row in came.values_list("post", "case", "created_at")[chosen]]
    state = AppealState.UPHELD if of is Behind.UPHELD else AppealState.OVERTURNED
    ended = filed.filter(state=state, resolved_at__gte=since, resolved_at__lt=until)
    rows = ended.values_list("post", "case", "resolved_at")
    return [Item(post, case, moment) for post, case, moment in rows[chosen] if moment]
