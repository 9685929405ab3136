"""What becomes of a certificate whose answers are corrected."""

from datetime import timedelta

import pytest

from moderation.models import AuditDraw, Certificate, Event
from moderation.types import EventKind, Stratum
from reviews.measuring import promises
from reviews.queue.priority import DEADLINE
from tests.integration.reviews.promised import DAY, NOW, certified, certifying_site, judged, look

HONEST = "not_spam"


@pytest.fixture
def site(db):
    return certifying_site()


@pytest.fixture
def certificate(site) -> Certificate:
    judged(site)
    return certified(site)


def blocks(site):
    return AuditDraw.objects.filter(site=site, stratum=Stratum.BLOCK).order_by("pk")


def test_a_certificate_ends_with_the_answers_that_it_stood_on(site, certificate):
    look(site, blocks(site)[:24], HONEST, settled=HONEST)
    soon, later = certificate.period_to + DAY, certificate.period_to + DEADLINE
    assert not promises.check(site=site, now=soon), "who differs has time to be settled"
    assert promises.check(site=site, now=later)
    certificate.refresh_from_db()
    assert (certificate.ended_at, certificate.broken) == (later, False)
    assert certificate.ended_because.startswith("24 answers that it stood on were corrected since")
    told = Event.objects.get(kind=EventKind.PROMISE_BROKEN)
    assert told.payload["because"] == certificate.ended_because


def test_it_stays_where_the_promise_would_be_shown_all_the_same(site, certificate):
    look(site, blocks(site)[:4], HONEST, settled=HONEST)
    assert not promises.check(site=site, now=certificate.period_to + DEADLINE)
    certificate.refresh_from_db()
    assert certificate.ended_at is None and not certificate.doubted


def test_answers_are_counted_again_once_a_day(site, certificate):
    Certificate.objects.update(watched_at=NOW + DEADLINE + DAY)
    look(site, blocks(site)[:24], HONEST, settled=HONEST)
    assert not promises.check(site=site, now=NOW + DEADLINE + DAY + timedelta(seconds=600))
    assert promises.check(site=site, now=NOW + DEADLINE + 2 * DAY)
