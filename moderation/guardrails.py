"""Automation has a ceiling: above a site's cap of automatic blocks an hour, people decide."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from moderation import outbox
from moderation.models import Caution, Decision, Event, Policy, Site
from moderation.models.decision import CAPPED_GROUNDS
from moderation.policy import Ruling, hold_for_cap, let_through
from moderation.types import EventKind, Ground, Outcome, Source

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)


def limit_blocks(
    policies: Sequence[Policy], rulings: Sequence[Ruling], *, now: datetime
) -> list[Ruling]:
    """Return the rulings with each site's overflow of blocks held instead, and tell about it.

    `policies[i]` is that of `rulings[i]`. Belongs to the transaction that records them: the
    sites are locked until then, so that two workers do not both count up to the cap. Only
    blocks by model or copy count, never the test string, the honeypot or a deny list.
    """
    blocks: defaultdict[int, list[int]] = defaultdict(list)
    for i, ruling in enumerate(rulings):
        if ruling.outcome is Outcome.BLOCK and ruling.by in CAPPED_GROUNDS:
            blocks[policies[i].site_id].append(i)
    limited = list(rulings)
    for site in _locked(sorted(blocks)):
        which = blocks[site.pk]
        policy = policies[which[0]]
        left = max(policy.blocks_per_hour - _blocked(site, policy.blocks_per_hour, now), 0)
        for i in which[left:]:
            limited[i] = hold_for_cap(rulings[i], policy.blocks_per_hour)
        if len(which) > left:
            _tell(site, policy, now)
    return limited


def limit_questions(
    cautions: Mapping[int, Caution],
    policies: Sequence[Policy],
    rulings: Sequence[Ruling],
    *,
    now: datetime,
) -> list[Ruling]:
    """Return the rulings with no more asked about out of caution than a site gave people for.

    What is too much is allowed, as it would be without the caution. As `limit_blocks`, it belongs
    to the transaction that records them.
    """
    asked: defaultdict[int, list[int]] = defaultdict(list)
    for i, ruling in enumerate(rulings):
        if ruling.by is Ground.CAUTION:
            asked[policies[i].site_id].append(i)
    limited = list(rulings)
    for site in _locked(sorted(asked)):
        most = cautions[site.pk].a_day
        rows = Decision.objects.filter(
            site=site, by=Ground.CAUTION, created_at__gt=now - DAY
        ).values_list("pk")
        for i in asked[site.pk][max(most - len(rows[:most]), 0) :]:
            limited[i] = let_through(rulings[i])
    return limited


def _locked(site_ids: list[int]) -> list[Site]:
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
