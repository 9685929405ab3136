"""Automation has a ceiling: above a site's cap of automatic blocks an hour, people decide.

Under a certificate so they do of an author's further posts: it lets the model block one of them in
a week, so that what it promises does not stand on the few who send much. And so has caution: of
what the model allows, people are asked about so much a day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from classifiers.guarantees import watch
from classifiers.sighting import MOST
from moderation import outbox, statements
from moderation.models import Caution, Decision, Event, Policy, Post, Site
from moderation.models.decision import CAPPED_GROUNDS
from moderation.policy import Ruling, hold_again, hold_for_cap, let_through
from moderation.types import EventKind, Ground, Mode, Outcome, Source

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
# Of the author's newest posts, read once an author; who sent so many within the time that earlier
# ones are not looked at is not blocked either.
AGAIN: Final = f"""
WITH asked AS (SELECT * FROM unnest(%s::uuid[], %s::bigint[]) AS each (id, author_id)),
seen AS (
    SELECT asking.author_id, count(*) AS n, min(newest.created_at) AS oldest,
        array_agg(newest.id) FILTER (WHERE EXISTS (
            SELECT FROM moderation_decision made
            WHERE made.post_id = newest.id AND made.by = 'model' AND made.outcome = 'block'
                AND made.mode = 'certified' AND made.source = 'machine' AND made.created_at > %s
        )) AS blocked
    FROM (SELECT DISTINCT author_id FROM asked) AS asking
    CROSS JOIN LATERAL (
        SELECT p.id, p.created_at FROM moderation_post p
        WHERE p.author_id = asking.author_id
        ORDER BY p.created_at DESC LIMIT {MOST}
    ) AS newest
    GROUP BY asking.author_id
)
SELECT asked.id FROM asked JOIN seen USING (author_id)
WHERE asked.id <> ANY (seen.blocked) OR (seen.n = {MOST} AND seen.oldest > %s)
"""  # noqa: S608 - nothing of it comes from outside


def limit(
    posts: Sequence[Post],
    policies: Sequence[Policy],
    rulings: Sequence[Ruling],
    cautions: Mapping[int, Caution],
    *,
    now: datetime,
) -> list[Ruling]:
    """Return the rulings without what exceeds a site's limits of blocks and of questions.

    `rulings[i]` is on `posts[i]` under `policies[i]`, `cautions` are those in force by site.
    Belongs to the transaction that records the rulings: the sites are locked until then, all of
    them in one order, so that two workers neither count up to a limit both nor wait for each other.
    """
    limited = list(rulings)
    blocks, asked = defaultdict[int, list[int]](list), defaultdict[int, list[int]](list)
    for i, ruling in enumerate(rulings):
        if ruling.outcome is Outcome.BLOCK and ruling.by in CAPPED_GROUNDS:
            blocks[policies[i].site_id].append(i)
        elif ruling.by is Ground.CAUTION:
            asked[policies[i].site_id].append(i)
    sites = _locked(blocks.keys() | asked.keys())
    for i in _of_authors_again(posts, policies, rulings, now):
        limited[i] = hold_again(limited[i], watch.ONCE_DAYS)
    for site in sites:
        which = [i for i in blocks[site.pk] if limited[i].outcome is Outcome.BLOCK]
        if which:
            _limit_blocks(site, policies[which[0]], limited, which, now)
        if site.pk in asked:
            _limit_questions(cautions[site.pk], limited, asked[site.pk], now)
    return limited


def _of_authors_again(
    posts: Sequence[Post], policies: Sequence[Policy], rulings: Sequence[Ruling], now: datetime
) -> Iterator[int]:
    """Yield which would be an author's second block by certificate, among these or lately."""
    promised = {
        i: posts[i].author_id
        for i, ruling in enumerate(rulings)
        if ruling.outcome is Outcome.BLOCK
        and ruling.by is Ground.MODEL
        and policies[i].mode == Mode.CERTIFIED
        and posts[i].author_id is not None
    }
    if not promised:
        return
    asked = [posts[i].pk for i in promised], [*promised.values()]
    since = now - watch.ONCE_DAYS * DAY
    again = {post for (post,) in statements.run(AGAIN, [*asked, since, since])}
    first: dict[int | None, UUID] = {}
    for i, author in promised.items():
        if posts[i].pk in again or first.setdefault(author, posts[i].pk) != posts[i].pk:
            yield i


def _limit_blocks(
    site: Site, policy: Policy, limited: list[Ruling], which: list[int], now: datetime
) -> None:
    """Hold the overflow of blocks instead, and tell about it.

    Only blocks by model or copy count, never the test string, the honeypot or a deny list.
    """
    left = max(policy.blocks_per_hour - _blocked(site, policy.blocks_per_hour, now), 0)
    for i in which[left:]:
        limited[i] = hold_for_cap(limited[i], policy.blocks_per_hour)
    if len(which) > left:
        _tell(site, policy, now)


def _limit_questions(
    caution: Caution, limited: list[Ruling], which: list[int], now: datetime
) -> None:
    """Allow, as without the caution, what a site gave no people for."""
    rows = Decision.objects.filter(
        site=caution.site_id, by=Ground.CAUTION, created_at__gt=now - DAY
    ).values_list("pk")
    for i in which[max(caution.a_day - len(rows[: caution.a_day]), 0) :]:
        limited[i] = let_through(limited[i])


def _locked(site_ids: Set[int]) -> list[Site]:
    if not site_ids:
        return []
    return list(Site.objects.filter(pk__in=site_ids).order_by("pk").select_for_update(no_key=True))


def _blocked(site: Site, most: int, now: datetime) -> int:
    """Machine blocks of the last hour, counted no further than needed."""
    rows = Decision.objects.filter(
        site=site,
        source=Source.MACHINE,
        outcome=Outcome.BLOCK,
        by__in=CAPPED_GROUNDS,
        created_at__gt=now - HOUR,
    )
    return len(rows.order_by("-created_at").values_list("pk")[:most])


def _tell(site: Site, policy: Policy, now: datetime) -> None:
    told = Event.objects.filter(
        site=site, kind=EventKind.BLOCK_CAP_REACHED, created_at__gt=now - HOUR
    )
    if told.exists():
        return
    event = Event(
        kind=EventKind.BLOCK_CAP_REACHED,
        site=site,
        payload={"blocks_per_hour": policy.blocks_per_hour},
        next_attempt_at=now,
        created_at=now,
    )
    outbox.publish([event])
