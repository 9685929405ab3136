"""Spam that is let through, watched against the limit of a site that has set one.

Told once, beyond doubt, as an alarm that waits for a person; until somebody answers it, people are
asked about more posts, as many as the site's policy gives them. That takes nothing away: such posts
stay published until a person has looked (docs/STATISTICS.md).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from django.db import transaction
from django.utils import timezone

from classifiers.guarantees import missed
from classifiers.guarantees.certificates import Draw, Draws
from classifiers.guarantees.reviewers import Mistakes
from moderation import statements
from moderation.models import Caution, Policy, Site
from moderation.policy import percent
from moderation.types import FeedbackLabel, Mode
from reviews.measuring.answers import About, answers, confirmed, untold
from reviews.measuring.mistaken import People
from reviews.models import Alarm, AlarmKind, Measured
from reviews.notices import alarms
from reviews.queue.priority import DEADLINE

if TYPE_CHECKING:
    from django.contrib.auth.models import User

DAY: Final = timedelta(days=1)
WATCHED: Final = missed.WATCHED_DAYS * DAY
LOOKED_BACK: Final = 7 * DAY
"""From which posts it is reckoned how many a day lie above a probability."""
MOST: Final = 20_000
"""Of these, the newest."""
SUBJECT: Final = "missed"
AGAIN: Final = timedelta(hours=1)
"""So much is read again: what was judged then may have been stored since."""

DRAWN: Final = """
SELECT draw.id, decision.id, decision.post_id, decision.revision,
    extract(epoch FROM draw.created_at)::float, draw.draw
FROM moderation_auditdraw draw
JOIN moderation_decision decision ON decision.id = draw.decision_id
WHERE draw.selected AND draw.site_id = %(site)s AND draw.stratum = 'allow'
    AND draw.created_at >= %(since)s AND draw.created_at < %(until)s
ORDER BY draw.created_at, draw.id
"""
LEAST: Final = """
SELECT min(probability) FROM moderation_auditdraw
WHERE site_id = %(site)s AND stratum = 'allow' AND probability > 0
    AND created_at >= %(since)s AND created_at < %(until)s
"""
ALLOWED: Final = """
SELECT decision.probability, draw.created_at
FROM moderation_auditdraw draw
JOIN moderation_decision decision ON decision.id = draw.decision_id
WHERE draw.site_id = %(site)s AND draw.stratum = 'allow' AND draw.created_at >= %(since)s
    AND decision.by = 'model'
ORDER BY draw.created_at DESC LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True)
class Least:
    """The least chance with which an allowed post was drawn until a moment; None where none was.

    Posts that could not be drawn, as one judged by the policy before there was a limit, are left
    out: nothing is said of them.
    """

    chance: float | None
    until: datetime

    @classmethod
    def read(cls, site: Site, since: datetime, until: datetime) -> Least:
        """From what the last measuring noted, and the draws since: not a year of them each time."""
        noted = Measured.objects.filter(site=site).values_list("figures__missed", flat=True).first()
        before = cls(None, since)
        if noted and noted["since"] == since.isoformat() and noted.get("least"):
            before = cls(noted["least"]["chance"], datetime.fromisoformat(noted["least"]["until"]))
        asked = {
            "site": site.pk,
            "since": max(since, before.until - AGAIN),
            "until": until,
        }
        found = next(iter(statements.run(LEAST, asked)))[0]
        chances = [each for each in (before.chance, found) if each is not None]
        return cls(min(chances, default=None), max(until, before.until))


@dataclass(frozen=True, slots=True)
class WatchedDraws:
    """What the draws of one watch say."""

    since: datetime
    settled: Draws
    """Spam where two people say so."""
    seen: missed.AllowedDraws
    """The same draws, spam where anybody's word stands that says so."""
    even: missed.AllowedDraws
    """Of these, those that the least chance of the period would have drawn, too: a uniform sample
    of all posts, however many came on a day."""
    waiting: int
    """Later draws, that wait for an answer or for a second one."""
    least: Least
    """The chance of which `even` would have been drawn."""

    def doubt(self, limit: float, mistakes: Mistakes) -> float:
        days = np.floor((self.settled.at - self.since.timestamp()) / DAY.total_seconds())
        return missed.doubt(
            self.settled.answered & self.settled.spam, days, limit=limit, mistakes=mistakes
        )


def follow(*, site: Site, people: People, now: datetime | None = None) -> dict[str, Any] | None:
    """Watch one site, sound the alarm if it is due, and return what is known; None for no limit."""
    now = now or timezone.now()
    policy = Policy.objects.filter(site=site).latest("revision")
    if policy.missed_limit is None or not policy.missed_reviews_per_day:
        end(site, "The policy asks for nothing more.", now)
    if policy.missed_limit is None:
        return None
    mistakes, delta = people.for_certificates(missed.DELTA)
    alarm = -math.log(delta)
    known = know(site, begun(site, now), now)
    evidence = known.doubt(policy.missed_limit, mistakes)
    if evidence >= alarm:
        _sound(policy, known, now)
    days = max((now - known.since) / DAY, 1.0)
    needed = missed.needed(known.even, policy.missed_limit, mistakes, delta)
    more = None if needed is None else needed / known.even.drawn - 1.0
    caution = Caution.objects.in_force(now).filter(site=site).first()
    return {
        "limit": policy.missed_limit,
        "since": known.since.isoformat(),
        **asdict(known.seen),
        "twice": int((known.settled.answered & known.settled.spam).sum()),
        "waiting": known.waiting,
        "counted": known.even.drawn,
        "at_most": missed.at_most(known.even, mistakes, delta),
        "evidence": math.exp(min(evidence, math.log(999.0))),
        "alarm_at": math.exp(alarm),
        "still": more
        and {"draws": math.ceil(more * known.seen.drawn), "days": round(more * days, 1)},
        "asks_from": caution and caution.asks_from,
        "least": {"chance": known.least.chance, "until": known.least.until.isoformat()},
    }


def begun(site: Site, now: datetime) -> datetime:
    """When the watch began: with the limit, with the answer to the last alarm, or a year on."""
    since = site.created_at
    limits = Policy.objects.filter(site=site).order_by("-revision")
    present: float | None = None
    for number, (limit, created_at) in enumerate(limits.values_list("missed_limit", "created_at")):
        present = limit if number == 0 else present
        if limit != present:
            break
        since = created_at
    answered = Alarm.objects.filter(site=site, kind=AlarmKind.MISSED, answered_at__isnull=False)
    last = answered.order_by("-answered_at").values_list("answered_at", flat=True).first()
    since = max(since, last) if last else since
    return since + max((now - since) // WATCHED, 0) * WATCHED


def know(site: Site, since: datetime, now: datetime) -> WatchedDraws:
    """What people say of the allowed posts that were drawn, in draw order."""
    asked = {"site": site.pk, "since": since}
    rows = list(statements.run(DRAWN, {**asked, "until": now}))
    about = {About(*row[:4]): float(row[4]) for row in rows}
    said = answers(list(about))
    for draw in untold(said, now):
        del said[draw]
    twice = confirmed(said, FeedbackLabel.SPAM)
    every = Draws.of(
        Draw(at, blocks=False, score=0.0, spam=_settled(said.get(each.draw), twice, each.draw))
        for each, at in about.items()
    )
    moment = every.settled_at(now.timestamp(), DEADLINE.total_seconds())
    settled = every.before(moment)
    until = min(datetime.fromtimestamp(moment, now.tzinfo), now)
    least = Least.read(site, since, until)
    words = [(said.get(draw), thrown) for draw, *_, at, thrown in rows if at < moment]
    return WatchedDraws(
        since,
        settled,
        _seen(word for word, _ in words),
        _seen(word for word, thrown in words if thrown < (least.chance or 0.0)),
        len(every.at) - len(settled.at),
        least,
    )


def _seen(words: Iterable[str | None]) -> missed.AllowedDraws:
    counts = Counter(words)
    return missed.AllowedDraws(counts.total(), counts[FeedbackLabel.SPAM.value], counts[None])


def _settled(said: str | None, twice: dict[int, bool | None], draw: int) -> bool | None:
    """Whether a draw counts as spam; None while an answer is waited for."""
    if said is None:
        return None
    return said == FeedbackLabel.SPAM and twice.get(draw, False)


@transaction.atomic
def _sound(policy: Policy, known: WatchedDraws, now: datetime) -> None:
    limit = policy.missed_limit or 0.0
    twice = int((known.settled.answered & known.settled.spam).sum())
    sentence = (
        f"Of {len(known.settled.at)} allowed posts drawn since {known.since:%d %B %Y}, {twice} "
        f"are spam, as two people say; this site allows {1_000 * limit:g} of 1,000."
    )
    asks_from, a_day = None, policy.missed_reviews_per_day
    if a_day and policy.mode != Mode.OBSERVE:
        asks_from = asked_from(policy.site_id, a_day, now)
        sentence += (
            f" People are asked about up to {a_day} more posts a day, from {percent(asks_from)} "
            "on, which stay published meanwhile, until somebody answers this."
        )
    sounded = alarms.sound(
        site_id=policy.site_id,
        kind=AlarmKind.MISSED,
        subject=SUBJECT,
        sentence=sentence,
        facts={"limit": limit, "drawn": len(known.settled.at), "spam": twice},
        now=now,
    )
    present = Caution.objects.in_force(now).filter(site=policy.site_id)
    if sounded is not None and asks_from is not None and not present.exists():
        Caution.objects.create(
            site_id=policy.site_id, limit=limit, asks_from=asks_from, a_day=a_day, created_at=now
        )


def asked_from(site_id: int, a_day: int, now: datetime) -> float:
    """The probability above which about so many posts a day lie of those that the model allows."""
    asked = {"site": site_id, "since": now - LOOKED_BACK, "most": MOST}
    rows: list[tuple[float, datetime]] = list(statements.run(ALLOWED, asked))
    if not rows:
        return 0.0
    days = (now - rows[-1][1]) / DAY
    # All of a short time are those of a day; the newest of many are not.
    days = days if len(rows) == MOST else max(days, 1.0)
    highest = sorted((probability for probability, _ in rows), reverse=True)
    place = max(math.floor(a_day * days), 1)
    return highest[place - 1] if place <= len(highest) else 0.0


def end(site: Site, because: str, now: datetime) -> None:
    """Ask as before."""
    Caution.objects.filter(site=site, ended_at__isnull=True).update(
        ended_at=now, ended_because=because
    )


@transaction.atomic
def answer(*, alarm_id: int, user: User, note: str, now: datetime | None = None) -> None:
    """Note that a person has looked: people are asked as before, and the watch begins anew.

    Raises AlarmMissing, NotPermitted.
    """
    now = now or timezone.now()
    alarm = alarms.answer(alarm_id=alarm_id, user=user, note=note, now=now)
    if alarm is not None and alarm.site is not None and alarm.kind == AlarmKind.MISSED:
        end(alarm.site, "The alarm was answered.", now)
