"""What a certificate of stored draws becomes when their answers are corrected."""

from datetime import timedelta

import pytest

from moderation.models import Certificate, Score, Site
from reviews.learning import rolling, upholding
from reviews.queue.priority import DEADLINE
from tests.integration.reviews.promised import DAY, NOW, look
from tests.integration.reviews.rolling.candidates import audited, follow

SERVES = NOW + timedelta(hours=49) + 14 * DAY


@pytest.fixture
def taken_along(site, rollout, monkeypatch):
    """A candidate's certificate in force, and the draws of would-be blocks that it stands on."""
    monkeypatch.setattr(rolling, "MARGIN", 0.06)
    spam, _ = audited(site)
    for now in (NOW, NOW + timedelta(hours=49), SERVES):
        follow(rollout, now)
    assert Certificate.objects.in_force(SERVES).get().replayed
    return spam


def asked(now=SERVES) -> Certificate:
    upholding.follow(now=now)
    return Certificate.objects.latest("pk")


def corrected(site: Site, draws) -> None:
    look(site, draws, "not_spam", settled="not_spam")


def test_it_ends_when_so_many_are_corrected_that_it_would_not_be_issued(site, taken_along):
    assert NOW + DEADLINE < SERVES
    assert asked().ended_at is None
    corrected(site, taken_along[:30])
    ended = asked()
    assert ended.ended_at == SERVES
    assert ended.ended_because == (
        "30 answers that it stood on were corrected since: on what is said now it would not be "
        "issued."
    )


def test_it_stays_while_it_would_still_be_issued(site, taken_along):
    corrected(site, taken_along[:1])
    assert asked().ended_at is None


def test_it_stays_until_those_who_differ_can_be_settled(site, taken_along):
    corrected(site, taken_along[:30])
    assert asked(now=NOW + DEADLINE - DAY).ended_at is None


def test_scores_that_were_forgotten_end_nothing(site, taken_along):
    Score.objects.all().delete()
    corrected(site, taken_along[:30])
    assert asked().ended_at is None


def test_it_is_asked_once_a_day(site, taken_along):
    corrected(site, taken_along[:30])
    Certificate.objects.update(watched_at=SERVES)
    assert asked(now=SERVES + timedelta(minutes=1)).ended_at is None
