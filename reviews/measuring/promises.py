"""Promises: certificates earned by random draws, watched while they are in force, and ended.

A site in mode `certified` lets the model block what a certificate covers. Its people judge every
would-be block until there is one; what they say becomes the certificate (docs/STATISTICS.md).
Called every few minutes, as often as one likes: each bound holds at all times at once.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import DatabaseError, InterfaceError, transaction
from django.utils import timezone

from classifiers.guarantees import certificates, thresholds, watch
from classifiers.guarantees.promise import DELTA
from classifiers.guarantees.reviewers import Mistakes
from moderation import outbox
from moderation.alone import alone
from moderation.ids import first_id
from moderation.models import Certificate, Decision, Event, Policy, Post, Site
from moderation.types import Arm, EventKind, Ground, Mode, Stratum
from reviews.measuring import draws, earned
from reviews.measuring.breaches import evidence_against
from reviews.measuring.earned import RENEWED, Standing
from reviews.measuring.mistaken import people
from reviews.measuring.upheld import withdrawn
from reviews.models import Case
from reviews.queue.priority import DEADLINE
from reviews.states import CaseState

LASTS: Final = timedelta(days=watch.LASTS_DAYS)
UNWATCHED: Final = "Whether it holds could not be worked out; the log says why."
AGAIN: Final = "It was found to hold and covers blocks again."


def follow(*, now: datetime | None = None, keep: Callable[[], None] = lambda: None) -> None:
    """Watch, end, certify and renew what is due; one site's failure is no other's.

    All sites are watched before any is certified: a broken promise does harm while it waits. The
    order is drawn anew each time, so that a slow site does not keep the same others waiting.
    `keep` is called before each site.
    """
    now = now or timezone.now()
    for certificate in Certificate.objects.filter(ended_at__isnull=True).select_related("site"):
        keep()
        with _alone(certificate.site_id):
            end_if_over(certificate, now=now)
    present = Policy.objects.in_force().select_related("site")
    certified = [policy.site for policy in present if policy.mode == Mode.CERTIFIED]
    watched = []
    for site in random.sample(certified, len(certified)):
        keep()
        with _alone(site.pk):
            _watch(site, now)
            watched.append(site)
    for site in watched:
        keep()
        with _alone(site.pk):
            certify(site=site, now=now)


def _watch(site: Site, now: datetime) -> None:
    """As `check`; ends what could not be watched because its counts make no sense."""
    try:
        check(site=site, now=now)
    except (DatabaseError, InterfaceError):
        with _alone(site.pk):
            _tell_unwatched(site, now)
        raise
    except Exception:
        _stop_unwatched(site, now)
        raise


def _alone(site: int) -> AbstractContextManager[None]:
    return alone(f"following the promise of site {site}")


@transaction.atomic
def _tell_unwatched(site: Site, now: datetime) -> None:
    """Tell once of what covers no blocks because the database was too slow for so long. A later
    look may find that it holds: nothing is ended.
    """
    for certificate in Certificate.objects.current(now).unwatched(now).filter(site=site):
        untold = Certificate.objects.filter(pk=certificate.pk, unwatched_at__isnull=True)
        if untold.update(unwatched_at=now):
            _tell(EventKind.PROMISE_UNWATCHED, certificate, now, because=UNWATCHED)


@transaction.atomic
def _stop_unwatched(site: Site, now: datetime) -> None:
    """What nobody can watch blocks nothing."""
    for certificate in Certificate.objects.current(now).filter(site=site):
        if _end(certificate, UNWATCHED, now):
            _tell(EventKind.PROMISE_UNWATCHED, certificate, now, because=UNWATCHED)


def end_if_over(certificate: Certificate, *, now: datetime) -> None:
    """End what expired, and what belongs to a site that blocks otherwise now."""
    policy = Policy.objects.filter(site=certificate.site_id).latest("revision")
    if certificate.expires_at <= now:
        _end(certificate, "It expired.", now)
    elif policy.mode != Mode.CERTIFIED:
        _end(certificate, f"The site's mode is {policy.mode} now.", now)


@transaction.atomic
def certify(*, site: Site, now: datetime | None = None) -> Certificate | None:
    """The site's next certificate, if one is due and the draws carry it."""
    now = now or timezone.now()
    Site.objects.select_for_update(no_key=True).get(pk=site.pk)
    policy = Policy.objects.filter(site=site).latest("revision")
    model = draws.newest_model(site.pk, policy.mode)
    if policy.mode != Mode.CERTIFIED or model is None:
        return None
    present = Certificate.objects.current(now).filter(site=site).first()
    if (
        present is not None
        and present.covers(model=model, policy=policy)
        and (
            present.doubted
            or (present.expires_at - now > RENEWED and not _waits_for_nobody(present, now))
        )
    ):
        return None
    mistakes, delta = people(site=site, now=now).for_certificates(DELTA)
    drawn = earned.read(site, policy, now)
    if drawn is None:
        return None
    ways = [(_certified(way, policy, mistakes, delta), way) for way in drawn.ways(now)]
    certified = [(found, way) for found, way in ways if found is not None]
    if not certified:
        return None
    found, known = min(certified, key=lambda each: each[0].threshold)
    if not found.is_worth:
        return None
    for former in Certificate.objects.filter(site=site, ended_at__isnull=True):
        _end(former, "Another follows it.", now)
    return _issue(policy, known, found, mistakes, now)


@transaction.atomic
def check(*, site: Site, now: datetime | None = None) -> bool:
    """Whether the site's certificate was found to cover nothing: broken, waiting for answers, or
    issued on answers that were corrected since.

    One that nobody watched for a while covers blocks again once it is found to hold: what it
    blocked before that, and was drawn, counts as ever. So does one that waits for answers once
    they have come: whoever floods a site ends no certificate, and proves none.
    """
    now = now or timezone.now()
    held = Certificate.objects.current(now).filter(site=site)
    certificate = held.select_for_update().first()
    if certificate is None:
        return False
    against = evidence_against(certificate, now)
    if against.logarithm >= against.broken:
        _end(certificate, against.sentence, now, broken=True)
        _tell(EventKind.PROMISE_BROKEN, certificate, now, because=against.sentence)
        return True
    if against.silent >= against.broken:
        _wait_for_answers(certificate, against.unanswered, now)
        return True
    if is_first_today(certificate, now) and (because := withdrawn(certificate, now)):
        withdraw(certificate, because, now)
        return True
    # Silence is no doubt: to draw more of what people do not get round to would make it worse.
    certificate.doubted = against.logarithm >= watch.DOUBTED
    if certificate.covered_until < now:
        waited = [certificate.covered_until.isoformat(), now.isoformat()]
        certificate.waited = [*(certificate.waited or ()), waited]
    if certificate.unwatched_at:
        _tell(EventKind.PROMISE_CERTIFIED, certificate, now, because=AGAIN)
    certificate.watched_at, certificate.unwatched_at = now, None
    certificate.unwatched_because = ""
    certificate.save(
        update_fields=["doubted", "watched_at", "unwatched_at", "unwatched_because", "waited"]
    )
    return False


@transaction.atomic
def withdraw(certificate: Certificate, because: str, now: datetime) -> None:
    """End what would not be issued any more, and tell of it."""
    if _end(certificate, because, now):
        _tell(EventKind.PROMISE_BROKEN, certificate, now, because=because)


def is_first_today(certificate: Certificate, now: datetime) -> bool:
    """Whether nobody has looked today yet at whether it holds."""
    return certificate.watched_at is None or certificate.watched_at.date() < now.date()


def _wait_for_answers(certificate: Certificate, unanswered: int, now: datetime) -> None:
    """Cover nothing until people have answered; told once."""
    because = f"{unanswered} blocks drawn since had no answer within {DEADLINE.days} days: until "
    because += "enough of them have one, nobody can tell whether it holds."
    # Cases of later words of the same posts, and of draws with an answer, may be open, too.
    if (lost := unanswered - _answerable(certificate, now)) > 0:
        because += f" {lost} of them can have none any more: if the others are too few, it waits "
        because += "until another follows, which counts them as wrong."
    if not certificate.unwatched_because:
        _tell(EventKind.PROMISE_UNWATCHED, certificate, now, because=because)
    certificate.unwatched_at = certificate.unwatched_at or now
    certificate.unwatched_because = because
    certificate.save(update_fields=["unwatched_at", "unwatched_because"])


def _waits_for_nobody(certificate: Certificate, now: datetime) -> bool:
    """Whether it covers nothing, and never will: the next one counts such draws as wrong blocks."""
    return bool(certificate.unwatched_because) and not _answerable(certificate, now)


def _answerable(certificate: Certificate, now: datetime) -> int:
    """How many of its late draws people can still answer."""
    return (
        Case.objects.filter(
            site=certificate.site_id,
            state=CaseState.OPEN,
            audit__stratum=Stratum.BLOCK,
            audit__created_at__range=(certificate.created_at, now - DEADLINE),
            audit__decision__model=certificate.model,
            audit__decision__by=Ground.MODEL,
        )
        .values("post")
        .distinct()
        .count()
    )


def _certified(
    known: Standing, policy: Policy, mistakes: Mistakes, delta: float
) -> certificates.Certified | None:
    return certificates.certify(
        known.settled,
        known.volumes,
        block_from=policy.block_from,
        mistakes=mistakes,
        most=policy.promise,
        delta=delta,
    )


def posts_between(site_id: int, model: str, since: datetime, until: datetime) -> int:
    """How many posts came but for those that another model judged in a canary's trial, of which a
    certificate of this one says nothing; ids begin with time.
    """
    first, last = first_id(since), first_id(until)
    mine = Post.objects.filter(site=site_id, pk__gte=first, pk__lt=last)
    tried = Decision.objects.filter(
        site=site_id,
        created_at__gte=since,
        arm__in=(Arm.CANARY, Arm.CONTROL),
        post__gte=first,
        post__lt=last,
    ).exclude(model=model)
    return mine.count() - tried.values("post").distinct().count()


def _issue(
    policy: Policy,
    known: Standing,
    found: certificates.Certified,
    mistakes: Mistakes,
    now: datetime,
) -> Certificate:
    asked, seen = known.asked, found.seen
    would_block = draws.above(asked, found.threshold)
    posts = posts_between(policy.site_id, asked.model, asked.since, asked.until)
    certificate = Certificate.objects.create(
        site_id=policy.site_id,
        policy=policy,
        model=asked.model,
        promise=policy.promise,
        bound=found.bound,
        delta=DELTA,
        grid=list(thresholds.grid(policy.block_from)),
        threshold=found.threshold,
        posts=max(posts, seen.allowed + known.would_block),
        blocked=would_block,
        judged=int(known.settled.blocks.sum()),
        wrong=seen.wrong,
        wrong_authors=known.settled.wrong(found.threshold).of_authors,
        unanswered=known.settled.unanswered,
        allowed=seen.allowed,
        allowed_drawn=seen.drawn,
        allowed_spam=seen.spam,
        chance=known.least,
        mean_chance=seen.chance,
        part=seen.part,
        share=seen.share,
        together=seen.together,
        spam_of_honest=mistakes.spam_of_honest,
        honest_of_spam=mistakes.honest_of_spam,
        period_from=asked.since,
        period_to=asked.until,
        created_at=now,
        expires_at=now + LASTS,
    )
    _tell(EventKind.PROMISE_CERTIFIED, certificate, now)
    return certificate


def issue_replayed(policy: Policy, model: str, shown: Mapping[str, Any], now: datetime) -> None:
    """A certificate that stored draws carried, for a model that serves from this transaction on.

    `shown` has the fields that differ from one certificate to another. It lasts as long after those
    draws as any: a trial went by since. But another has its time to follow.
    """
    Site.objects.select_for_update(no_key=True).get(pk=policy.site_id)
    for former in Certificate.objects.filter(site=policy.site_id, ended_at__isnull=True):
        _end(former, "Another follows it.", now)
    moments = {name: datetime.fromisoformat(shown[name]) for name in ("period_from", "period_to")}
    certificate = Certificate.objects.create(
        **{**shown, **moments, "promise": policy.promise},
        site_id=policy.site_id,
        policy=policy,
        model=model,
        replayed=True,
        delta=DELTA,
        created_at=now,
        expires_at=max(moments["period_to"] + LASTS, now + RENEWED),
    )
    _tell(EventKind.PROMISE_CERTIFIED, certificate, now)


def _end(certificate: Certificate, because: str, now: datetime, *, broken: bool = False) -> bool:
    """End it, unless somebody else has meanwhile: then what they say of it stays."""
    ended = {"ended_at": now, "ended_because": because, "broken": broken}
    if not Certificate.objects.filter(pk=certificate.pk, ended_at__isnull=True).update(**ended):
        return False
    certificate.ended_at, certificate.ended_because, certificate.broken = now, because, broken
    return True


def _tell(kind: EventKind, certificate: Certificate, now: datetime, **more: str) -> None:
    event = Event(
        kind=kind,
        site_id=certificate.site_id,
        payload={
            "certificate": certificate.pk,
            "model": certificate.model,
            "threshold": certificate.threshold,
            "promise": certificate.promise,
            "bound": round(certificate.bound, 6),
            **more,
        },
        next_attempt_at=now,
        created_at=now,
    )
    outbox.publish([event])
