"""Automation has a ceiling: above a site's cap of automatic blocks an hour, people decide.

So has caution: of what the model allows, people are asked about so much a day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence, Set
from datetime import datetime, timedelta
from typing import Final

from moderation import outbox
from moderation.models import Caution, Decision, Event, Policy, Site
from moderation.models.decision import CAPPED_GROUNDS
from moderation.policy import Ruling, hold_for_cap, let_through
from moderation.types import EventKind, Ground, Outcome, Source

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)


def limit(
    policies: Sequence[Policy],
    rulings: Sequence[Ruling],
    cautions: Mapping[int, Caution],
    *,
    now: datetime,
) -> list[Ruling]:
    """Return the rulings without what exceeds a site's limits of blocks and of questions.

    `policies[i]` is that of `rulings[i]`, `cautions` are those in force by site. Belongs to the
    transaction that records the rulings: the sites are locked until then, all of them in one
    order, so that two workers neither count up to a limit both nor wait for each other.
    """
    limited = list(rulings)
    blocks, asked = defaultdict[int, list[int]](list), defaultdict[int, list[int]](list)
    for i, ruling in enumerate(rulings):
        if ruling.outcome is Outcome.BLOCK and ruling.by in CAPPED_GROUNDS:
            blocks[policies[i].site_id].append(i)
        elif ruling.by is Ground.CAUTION:
            asked[policies[i].site_id].append(i)
    for site in _locked(blocks.keys() | asked.keys()):
        if site.pk in blocks:
            _limit_blocks(site, policies[blocks[site.pk][0]], limited, blocks[site.pk], now)
        if site.pk in asked:
            _limit_questions(cautions[site.pk], limited, asked[site.pk], now)
    return limited


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
