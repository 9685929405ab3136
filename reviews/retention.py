"""Forgetting in time: first a post's words and all that is personal, later the whole post.

How long a site remembers stands in its row of `Retention`; no row, no end. A post about which
something is open (a case, a hold, a judgement) is kept until that is closed. What is deleted:

- words: texts, titles, links, metadata, names and addresses of authors, IP addresses, the site's
  own ids, what decisions quote as reasons, moderators' notes. Left are facts: when, how long,
  which outcome by whom, probability, audit draw, verdict, label. Labels without words train
  nothing any more; a model keeps what it learned from them.
- facts: the post and all rows about it.
- who was shown which page, and which key took out data: after WINNOW_TRAIL_DAYS.

The application may not delete history, so functions of the database's owner do; they look up in
`Retention` themselves how far they may go. Oldest first by id, in slices of a moment each: an
index's end is all that is read, nobody waits for a slice, and autovacuum gives the space back to
new posts while it goes on.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from moderation import leases, statements
from moderation.alone import alone
from moderation.ids import first_id
from moderation.leases import Hold
from moderation.models import (
    Author,
    DataRead,
    Event,
    Feedback,
    ListEntry,
    Post,
    Score,
    Site,
)
from moderation.types import ListKind, Status
from reviews.lanes import Lane
from reviews.models import Case, PageView, Retention
from reviews.states import CaseState

SLICE: Final = 500
EVENTS_KEPT: Final = timedelta(days=7)
SCORES_KEPT: Final = timedelta(days=90)
WATCHED_DAYS: Final = 90
"""As the functions of the database have it."""
TRAIL: Final = ("reviews_forget_views", "reviews_forget_reads")
"""Pages shown to people, and data taken out by keys and commands."""
START: Final = UUID(int=0)

OLD_ROWS: Final = """
WITH old AS (
    SELECT id, created_at FROM {table} WHERE id > %(after)s ORDER BY id LIMIT %(slice)s
), gone AS (
    DELETE FROM {table} row USING old
    WHERE row.id = old.id AND row.created_at < %(before)s AND {unneeded}
    RETURNING row.id
)
SELECT (SELECT count(*) FROM gone), max(id), max(created_at) < %(before)s FROM old
"""


@dataclass(slots=True)
class Forgotten:
    """How many posts lost their words, how many are gone, and what else went."""

    words: int = 0
    posts: int = 0
    events: int = 0
    scores: int = 0
    trail: int = 0
    """Rows that said who was shown a page, or took out data."""
    finished: bool = True
    """Whether all that is due was reached in the time given."""


def prune(
    *, seconds: float, rest: float = 1.0, clock: Callable[[], float] = time.monotonic
) -> Forgotten:
    """Forget what is due, for so long at most, and rest after each slice `rest` times as long.

    Raises LeaseTaken when another process is at it.
    """
    forgotten = Forgotten()
    end = clock() + seconds
    with leases.hold("retention") as lease:
        turn = _Turn(lease, end, rest, clock)
        for site in Retention.objects.order_by("ran_at", "pk"):
            reached = False
            with alone(f"forgetting the posts of site {site.site_id}"):
                _prune_site(site, turn, forgotten)
                reached = True
            forgotten.finished &= reached
        _prune_rows(turn, forgotten)
        forgotten.finished &= not turn.is_over
    return forgotten


@dataclass(slots=True)
class _Turn:
    lease: Hold
    end: float
    rest: float
    clock: Callable[[], float]

    @property
    def is_over(self) -> bool:
        return self.clock() >= self.end

    def take(self, statement: str, values: Any) -> tuple[Any, ...]:
        """Run one slice, a transaction of its own, and return its row."""
        self.lease.keep()
        began = self.clock()
        (row,) = statements.rows(statement, values)
        time.sleep((self.clock() - began) * self.rest)
        return row


def _prune_site(site: Retention, turn: _Turn, forgotten: Forgotten) -> None:
    if site.facts_days is not None:
        after: UUID | None = START
        while after and not turn.is_over:
            _kept, pruned, after = _slice("reviews_forget_posts", site, after, turn)
            forgotten.posts += pruned
    if site.words_days is not None:
        after, advance = site.words_to or START, True
        while after and not turn.is_over:
            kept, pruned, after = _slice("reviews_forget_words", site, after, turn)
            forgotten.words += pruned
            # The next run starts where this one met the first post that had to be kept.
            advance = advance and not kept
            if advance and after:
                Retention.objects.filter(pk=site.pk).update(words_to=after)
    Retention.objects.filter(pk=site.pk).update(ran_at=timezone.now())


def _slice(
    function: str, site: Retention, after: UUID, turn: _Turn
) -> tuple[int, int, UUID | None]:
    """Return how many posts were kept and pruned, and the last one; None when none is left."""
    seen, kept, pruned, last = turn.take(
        f"SELECT seen, kept, pruned, last FROM {function}(%s, %s, %s)",  # noqa: S608
        [site.site_id, after, SLICE],
    )
    return kept, pruned, last if seen else None


def _prune_rows(turn: _Turn, forgotten: Forgotten) -> None:
    """What was told, watched or noted, of all sites, by age alone."""
    forgotten.events += _old_rows(turn, "moderation_event", "row.delivered_at < now()", EVENTS_KEPT)
    forgotten.scores += _old_rows(turn, "moderation_score", "true", SCORES_KEPT)
    if settings.WINNOW_TRAIL_DAYS:
        forgotten.trail += sum(_old_trail(turn, function) for function in TRAIL)


def _old_rows(turn: _Turn, table: str, unneeded: str, kept: timedelta) -> int:
    statement = OLD_ROWS.format(table=table, unneeded=unneeded)
    asked = {"before": timezone.now() - kept, "slice": SLICE, "after": 0}
    total, more = 0, True
    while more and not turn.is_over:
        gone, asked["after"], more = turn.take(statement, asked)
        total += gone
    return total


def _old_trail(turn: _Turn, function: str) -> int:
    statement = f"SELECT gone, last, more FROM {function}(%s, %s, %s)"  # noqa: S608 - constants
    total, after, more = 0, 0, True
    while more and not turn.is_over:
        gone, after, more = turn.take(statement, [settings.WINNOW_TRAIL_DAYS, after or 0, SLICE])
        total += gone
    return total


@dataclass(frozen=True, slots=True)
class ForgottenAuthor:
    """What became of one author's posts."""

    words: int
    """Posts whose words and all that is personal went."""
    kept: int
    """Posts that stay as they are: something about them is open, or they are hidden and held."""
    listed: bool
    """A list of the site names them still."""
    known: bool
    """Whether anything of the site named them before."""


@transaction.atomic
def forget_author(*, site: Site, author_id: str) -> ForgottenAuthor:
    """Forget one author now, whatever the site's terms say; takes the rights of the tables' owner.

    With the words goes what they reported under their name, and stored answers that name them.
    What is kept goes when this is asked again after it was closed. Audits of what was withdrawn
    are closed first, so that they keep nothing: they count as not answered.
    """
    reported = Feedback.objects.filter(api_key__site=site, actor_id=author_id)
    written = Author.objects.filter(site=site, external_id=author_id)
    known = written.exists() or reported.exists()
    # Locked as the function locks them, and before any case: whoever answers meanwhile locks the
    # post first, and would wait for this while this waits for them.
    posts = Post.objects.filter(author__in=written).order_by("pk").select_for_update()
    rows = posts.values_list("pk", "status")
    withdrawn = [pk for pk, status in rows if status == Status.WITHDRAWN]
    Case.objects.filter(post__in=withdrawn, lane=Lane.AUDIT, state=CaseState.OPEN).update(
        state=CaseState.CLOSED,
        closed_at=timezone.now(),
        closed_because="The author was forgotten.",
        holder=None,
        lease_until=None,
    )
    forget = "SELECT kept, pruned FROM reviews_forget_author(%s, %s)"
    ((kept, words),) = statements.rows(forget, [site.pk, author_id])
    listed = ListEntry.objects.filter(site=site, kind=ListKind.AUTHOR, value=author_id).exists()
    return ForgottenAuthor(words, kept, listed, known or listed)


def rows_due() -> tuple[int, int, int]:
    """Return how many events, scores and rows of who saw what are old enough to go, of all sites.

    What was watched is kept for WATCHED_DAYS at least, whatever WINNOW_TRAIL_DAYS says.
    """
    now = timezone.now()
    events = Event.objects.filter(created_at__lt=now - EVENTS_KEPT, delivered_at__lt=now)
    scores = Score.objects.filter(created_at__lt=now - SCORES_KEPT)
    trail = 0
    if settings.WINNOW_TRAIL_DAYS:
        days = max(settings.WINNOW_TRAIL_DAYS, WATCHED_DAYS)
        for watched in (PageView, DataRead):
            trail += watched.objects.filter(created_at__lt=now - timedelta(days=days)).count()
    return events.count(), scores.count(), trail


def due(site: Retention) -> tuple[int, int]:
    """Return how many posts are old enough to lose their words, and to go altogether."""
    posts = Post.objects.filter(site=site.site_id)
    now = timezone.now()
    words = facts = 0
    if site.words_days is not None:
        cut = first_id(now - timedelta(days=site.words_days))
        words = posts.filter(pk__lt=cut, pruned_at__isnull=True).count()
    if site.facts_days is not None:
        facts = posts.filter(pk__lt=first_id(now - timedelta(days=site.facts_days))).count()
    return words, facts
