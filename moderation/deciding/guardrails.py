"""Automation has a ceiling: above a site's cap of automatic blocks an hour, people decide.

Under a certificate so they do of an author's further posts, and of the same one edited: it lets the
model block an author once in a week, so that what it promises does not stand on the few who send
much. And so has caution: of what the model allows, people are asked about so much a day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence, Set
from datetime import datetime, timedelta
from itertools import chain
from typing import Final

from classifiers.guarantees import watch
from moderation import outbox, statements
from moderation.models import Caution, Decision, Event, Policy, Post, Site
from moderation.models.decision import CAPPED_GROUNDS
from moderation.policy import Ruling, hold_again, hold_for_cap, let_through
from moderation.types import EventKind, Ground, Mode, Outcome, Source

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)
# From the week's blocks on, which are few, and not from the authors' posts, which may be many:
# OFFSET 0 keeps the planner, which supposes that authors send few, from turning it round.
BLOCKED_LATELY: Final = """
SELECT DISTINCT post.author_id
FROM moderation_decision made CROSS JOIN LATERAL (
    SELECT author_id FROM moderation_post WHERE id = made.post_id OFFSET 0
) post
WHERE made.site_id = ANY(%s) AND made.source = 'machine' AND made.outcome = 'block'
    AND made.by = 'model' AND made.mode = 'certified' AND made.created_at > %s
    AND post.author_id = ANY(%s)
"""


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
    promised = {
        i: author
        for i in chain.from_iterable(blocks.values())
        if rulings[i].by is Ground.MODEL
        and policies[i].mode == Mode.CERTIFIED
        and (author := posts[i].author_id) is not None
    }
    blocked = _blocked_lately(sites, promised.values(), now)
    for site in sites:
        if site.pk in blocks:
            which = blocks[site.pk]
            _limit_blocks(site, policies[which[0]], limited, which, promised, blocked, now)
        if site.pk in asked:
            _limit_questions(cautions[site.pk], limited, asked[site.pk], now)
    return limited


def _blocked_lately(sites: Sequence[Site], authors: Collection[int], now: datetime) -> set[int]:
    """Those of the authors of whom the model blocked a post by certificate lately."""
    if not authors:
        return set()
    since = now - watch.ONCE_DAYS * DAY
    asked = [site.pk for site in sites], since, [*{*authors}]
    return {author for (author,) in statements.rows(BLOCKED_LATELY, asked)}


def _limit_blocks(
    site: Site,
    policy: Policy,
    limited: list[Ruling],
    which: list[int],
    promised: Mapping[int, int],
    blocked: set[int],
    now: datetime,
) -> None:
    """Hold the overflow of blocks instead, and tell about it; and an author's second by
    certificate.

    `promised` has the authors of blocks by certificate, `blocked` those of whom there is one, to
    which what stays a block adds. Of the cap only blocks by model or copy count, never the test
    string, the honeypot or a deny list.
    """
    left = max(policy.blocks_per_hour - _blocked(site, policy.blocks_per_hour, now), 0)
    for i in which:
        author = promised.get(i)
        if author in blocked:
            limited[i] = hold_again(limited[i], watch.ONCE_DAYS)
            continue
        left -= 1
        if left < 0:
            limited[i] = hold_for_cap(limited[i], policy.blocks_per_hour)
        elif author is not None:
            blocked.add(author)
    if left < 0:
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
