"""Promises are watched, told of, and ended, by one process at a time.

What speaks against one is in `test_breaches.py`.
"""

from datetime import timedelta

import pytest
from django.db import InterfaceError, OperationalError

from classifiers.guarantees import watch
from moderation import leases, sites
from moderation.exceptions import LeaseLost
from moderation.models import Certificate, Event, Site
from moderation.models.certificate import WATCHED_WITHIN
from moderation.types import EventKind, Mode, Outcome
from reviews import tasks
from reviews.labels import reports, sources
from reviews.measuring import breaches, pooled, promises, site_figures
from reviews.notices import alerts
from reviews.operating import facts
from tests.integration.reviews.promised import (
    DAY,
    NOW,
    allow,
    appeal,
    certified,
    certifying_site,
    judge,
    send,
)
from tests.integration.world import make_site

LATER = NOW + 2 * DAY


@pytest.fixture
def site(db):
    return certifying_site()


@pytest.fixture
def certificate(site) -> Certificate:
    return certified(site)


def test_a_broken_promise_ends_and_is_told(site):
    certificate = certified(site)
    at = NOW + DAY
    allow(site, 250, at=at)
    blocks = send(site, 60, probability=0.97, at=at + timedelta(hours=1), blocks=True)
    judge(site, blocks[:24], "spam")
    judge(site, blocks[24:54], "ham")
    later = NOW + 2 * DAY
    assert not promises.check(site=site, now=later)
    certificate.refresh_from_db()
    assert certificate.doubted and certificate.ended_at is None
    judge(site, blocks[54:], "ham")
    more = send(site, 40, probability=0.97, at=at + timedelta(hours=2), blocks=True)
    judge(site, more, "ham")
    assert promises.check(site=site, now=later)
    certificate.refresh_from_db()
    assert certificate.broken and certificate.ended_at == later
    told = Event.objects.get(kind=EventKind.PROMISE_BROKEN)
    assert "honest" in told.payload["because"]
    assert promises.certify(site=site, now=later) is None, "what came before its end is void"


def test_after_a_long_weekend_a_certificate_waits_for_answers_and_goes_on(site, admin_client):
    """Silence says that nobody watches, not that the model was wrong: it ends nothing."""
    certificate = certified(site)
    judge(site, send(site, 60, probability=0.97, at=NOW + DAY, blocks=True), "spam")
    silent = send(site, 20, probability=0.97, at=NOW + 2 * DAY, blocks=True)
    assert not promises.check(site=site, now=NOW + 3 * DAY), "there is time to answer yet"
    waits = NOW + 6 * DAY
    assert promises.check(site=site, now=waits)
    certificate.refresh_from_db()
    assert certificate.ended_at is None and not certificate.doubted
    assert "20 blocks drawn since had no answer" in certificate.unwatched_because
    assert not Certificate.objects.in_force(waits).exists()
    assert not certificate.is_watched(waits)
    assert [one.because for one in facts._promises_unwatched(waits)] == [
        certificate.unwatched_because
    ]
    page = admin_client.get("/review/promises/").content.decode()
    assert "covers nothing now" in page and "20 blocks drawn since had no answer" in page
    [trouble] = alerts._promises(waits)
    assert certificate.unwatched_because in trouble.sentence
    # What comes while it blocks nothing proves nothing for it.
    allow(site, 4_000, at=NOW + 7 * DAY)
    assert promises.check(site=site, now=NOW + 8 * DAY)
    told = Event.objects.exclude(kind=EventKind.PROMISE_CERTIFIED).get()
    assert told.kind == EventKind.PROMISE_UNWATCHED, "and once"
    judge(site, silent[:17], "spam")
    assert not promises.check(site=site, now=NOW + 8 * DAY)
    assert Certificate.objects.in_force(NOW + 8 * DAY).get() == certificate
    assert alerts._promises(NOW + 8 * DAY) == []
    again = Event.objects.filter(kind=EventKind.PROMISE_CERTIFIED).latest("pk")
    assert again.payload["certificate"] == certificate.pk and "again" in again.payload["because"]
    certificate.refresh_from_db()
    assert certificate.unwatched_because == ""
    against = breaches.evidence_against(certificate, NOW + 8 * DAY)
    assert "Of 80 posts that" in against.sentence, "nor later"


def test_answers_that_were_waited_for_may_break_a_promise(site):
    certificate = certified(site)
    allow(site, 250, at=NOW + DAY)
    silent = send(site, 80, probability=0.97, at=NOW + DAY, blocks=True)
    assert promises.check(site=site, now=NOW + 5 * DAY)
    judge(site, silent, "ham")
    assert promises.check(site=site, now=NOW + 5 * DAY)
    certificate.refresh_from_db()
    assert certificate.broken and certificate.ended_at == NOW + 5 * DAY


def test_silence_asks_people_about_no_more(site):
    """Who floods a site would else have people judge all of it one by one."""
    certificate = certified(site)
    allow(site, 100, at=NOW + DAY)
    send(site, 15, probability=0.97, at=NOW + DAY, blocks=True)
    against = breaches.evidence_against(certificate, NOW + 5 * DAY)
    assert watch.DOUBTED < against.silent < against.broken
    promises.check(site=site, now=NOW + 5 * DAY)
    certificate.refresh_from_db()
    assert not certificate.doubted


def test_a_kept_promise_stands_whatever_is_looked_at(site):
    certificate = certified(site)
    blocks = send(site, 60, probability=0.97, at=NOW + DAY, blocks=True)
    judge(site, blocks[:59], "spam")
    judge(site, blocks[59:], "ham")
    promises.follow(now=NOW + 2 * DAY)
    certificate.refresh_from_db()
    assert certificate.ended_at is None and not certificate.doubted


def test_what_appeals_found_may_end_it(site):
    certificate = certified(site)
    for draw in send(site, 40, probability=0.97, at=NOW + DAY, blocks=True, selected=False):
        appeal(site, draw, Outcome.ALLOW)
    assert promises.check(site=site, now=NOW + 2 * DAY)
    certificate.refresh_from_db()
    assert "are known to have been blocked" in certificate.ended_because


@pytest.mark.parametrize(
    ("days", "mode", "because"),
    [(31, "certified", "It expired."), (1, "review_only", "The site's mode is review_only now.")],
)
def test_it_ends_with_its_time_and_with_the_mode(site, days, mode, because):
    certificate = certified(site)
    sites.change_policy(site=site, mode=mode)
    promises.follow(now=NOW + days * DAY)
    certificate.refresh_from_db()
    assert certificate.ended_because == because and not certificate.broken


def test_a_promise_that_cannot_be_worked_out_stops_and_stops_no_other(
    site, certificate, monkeypatch
):
    def fail(held: Certificate, now: object) -> None:
        raise ValueError("such counts cannot be")

    other = make_site()
    sites.change_policy(site=other, mode=Mode.CERTIFIED, promise=0.05, block_from=0.9)
    seen = []
    monkeypatch.setattr(promises, "evidence_against", fail)
    monkeypatch.setattr(promises, "certify", lambda *, site, now: seen.append(site))
    promises.follow(now=NOW + DAY)
    certificate.refresh_from_db()
    assert certificate.ended_at == NOW + DAY
    assert not certificate.broken
    assert seen == [other]


def test_a_promise_that_was_watched_outlives_a_failure_to_follow_it_up(
    site, certificate, monkeypatch
):
    def fail(*, site: Site, now: object) -> None:
        raise ValueError("such counts cannot be")

    monkeypatch.setattr(promises, "certify", fail)
    promises.follow(now=NOW + DAY)
    certificate.refresh_from_db()
    assert certificate.ended_at is None


def too_slow(*args: object) -> None:
    raise OperationalError("canceling statement due to statement timeout")


def test_a_promise_that_a_slow_database_leaves_unwatched_is_told_once_and_ends_not(
    site, certificate, monkeypatch
):
    told = Event.objects.filter(kind=EventKind.PROMISE_UNWATCHED)
    with monkeypatch.context() as slow:
        slow.setattr(promises, "evidence_against", too_slow)
        promises.follow(now=NOW + WATCHED_WITHIN / 2)
        assert not told.exists(), "a short trouble is none"
        for more in range(3):
            promises.follow(now=LATER + more * timedelta(minutes=10))
        assert told.get().payload["certificate"] == certificate.pk
        assert [one.site_id for one in alerts._promises(LATER)] == [site.pk]
        assert not Certificate.objects.in_force(LATER).exists()
        certificate.refresh_from_db()
        assert certificate.ended_at is None
    promises.follow(now=LATER + DAY / 24)
    assert Certificate.objects.in_force(LATER + DAY / 24).get() == certificate
    assert alerts._promises(LATER + DAY / 24) == []
    monkeypatch.setattr(promises, "evidence_against", too_slow)
    promises.follow(now=LATER + DAY)
    assert told.count() == 2, "the next trouble is another"


def test_a_lost_connection_while_one_is_watched_ends_nothing(site, certificate, monkeypatch):
    def lost(*args: object) -> None:
        raise InterfaceError("the connection is closed")

    monkeypatch.setattr(promises, "evidence_against", lost)
    promises.follow(now=NOW + DAY)
    certificate.refresh_from_db()
    assert certificate.ended_at is None


def test_what_nobody_wants_to_block_by_any_more_alerts_nobody(site, certificate):
    Certificate.objects.update(unwatched_at=LATER)
    assert len(alerts._promises(LATER)) == 1
    sites.change_policy(site=site, mode=Mode.REVIEW_ONLY)
    assert alerts._promises(LATER) == []


def test_what_no_task_watches_covers_nothing_until_it_is_found_to_hold(site, certificate):
    soon, late = NOW + WATCHED_WITHIN / 2, NOW + 1.4 * WATCHED_WITHIN
    assert Certificate.objects.in_force(soon).get() == certificate
    promises.follow(now=soon)
    assert Certificate.objects.in_force(late).get() == certificate, "it was watched meanwhile"
    assert not Certificate.objects.in_force(LATER).exists()
    assert not Certificate.objects.under([certificate.policy], now=LATER)
    assert alerts._promises(LATER) == [], "the next look may find that it holds"
    promises.follow(now=LATER)
    assert Certificate.objects.in_force(LATER).get() == certificate


def test_who_ends_a_certificate_from_what_was_read_before_does_not_hide_that_it_was_broken(
    site, certificate
):
    read_before = Certificate.objects.get(pk=certificate.pk)
    assert promises._end(certificate, "Broken beyond doubt.", NOW + DAY, broken=True)
    sites.change_policy(site=site, mode=Mode.REVIEW_ONLY)
    promises.end_if_over(read_before, now=LATER)
    found = Certificate.objects.get(pk=certificate.pk)
    assert (found.broken, found.ended_at) == (True, NOW + DAY)
    assert found.ended_because == "Broken beyond doubt."


def test_all_sites_are_watched_before_any_is_certified(site, certificate, monkeypatch):
    other = make_site()
    sites.change_policy(site=other, mode=Mode.CERTIFIED, promise=0.05, block_from=0.9)
    done: list[tuple[str, int]] = []
    for name in ("check", "certify"):
        monkeypatch.setattr(
            promises, name, lambda *, site, now, name=name: done.append((name, site.pk))
        )
    promises.follow(now=NOW + DAY)
    assert [name for name, _ in done] == ["check", "check", "certify", "certify"]
    assert {pk for _, pk in done} == {site.pk, other.pk}


def test_promises_are_followed_by_one_process_at_a_time(site, certificate, monkeypatch):
    followed = []
    monkeypatch.setattr(promises, "follow", lambda **given: followed.append(given))
    with leases.hold("promise"):
        tasks.promise()
    assert followed == []
    tasks.promise()
    assert len(followed) == 1


def test_each_site_is_watched_first_some_time(site, certificate, monkeypatch):
    """Else one that takes a whole round would keep the same others from being watched."""
    for _ in range(2):
        sites.change_policy(site=make_site(), mode=Mode.CERTIFIED, promise=0.05, block_from=0.9)
    rounds: list[list[int]] = []
    monkeypatch.setattr(promises, "check", lambda *, site, now: rounds[-1].append(site.pk))
    monkeypatch.setattr(promises, "certify", lambda *, site, now: None)
    for _ in range(60):
        rounds.append([])
        promises.follow(now=NOW + DAY)
    assert {tuple(sorted(each)) for each in rounds} == {tuple(sorted(rounds[0]))}
    assert {first for first, *_ in rounds} == set(rounds[0])


def test_a_round_that_was_too_slow_says_so_and_the_figures_go_on(site, monkeypatch, caplog):
    def overtaken(**given):
        raise LeaseLost

    done = []
    monkeypatch.setattr(promises, "follow", overtaken)
    monkeypatch.setattr(pooled, "certify", lambda: done.append("pooled"))
    tasks.promise()
    assert "too slow" in caplog.text
    assert done == ["pooled"]


@pytest.fixture
def done_by_task(monkeypatch) -> list[str]:
    """What a round of the task does, by name."""
    done: list[str] = []
    for module, name in (
        (promises, "follow"),
        (sources, "follow"),
        (reports, "follow"),
        (site_figures, "measure_due"),
        (pooled, "certify"),
    ):
        called = module.__name__.rpartition(".")[2]
        monkeypatch.setattr(module, name, lambda called=called, **given: done.append(called))
    return done


def test_figures_of_several_rounds_do_not_pile_up(done_by_task):
    with leases.hold("figures"):
        tasks.promise()
    assert done_by_task == ["promises"]
    tasks.promise()
    assert done_by_task[1:] == ["promises", "sources", "reports", "site_figures", "pooled"]


def test_figures_that_the_database_is_too_slow_for_keep_no_others(
    site, done_by_task, monkeypatch, caplog
):
    monkeypatch.setattr(reports, "follow", lambda **given: too_slow())
    tasks.promise()
    assert done_by_task == ["promises", "sources", "site_figures", "pooled"]
    assert "what reports are worth" in caplog.text


def test_a_site_that_is_too_slow_to_measure_keeps_no_other(site, monkeypatch, caplog):
    other, done = make_site(), []

    def measure(*, site: Site, now: object) -> None:
        done.append(site.pk)
        too_slow()

    monkeypatch.setattr(site_figures, "measure", measure)
    site_figures.measure_due(now=NOW)
    assert {site.pk, other.pk} <= set(done)
    assert f"measuring site {other.pk}" in caplog.text
