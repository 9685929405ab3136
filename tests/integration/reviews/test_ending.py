"""Held posts whose time runs out soon: what their site's fallback would get wrong comes first."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from moderation import sites
from moderation.deciding import holds
from moderation.models import Post, Site
from moderation.types import Outcome, Source
from reviews import tasks
from reviews.models import Case
from reviews.queue import ending
from reviews.queue.claiming import claim_next
from reviews.queue.intake import follow_decisions
from reviews.states import Lane
from tests.integration.reviews.world import make_post
from tests.integration.world import NOW, decide, make_moderator

HOUR = timedelta(hours=1)
LATE = NOW + 23 * HOUR


def held(site: Site, probability: float | None, *, until: datetime = NOW + 24 * HOUR) -> Case:
    return waits(site, probability=probability, now=until - 24 * HOUR, until=until)


def waits(site: Site, *, now: datetime, until: datetime | None = None, **decision: Any) -> Case:
    post = make_post(site)
    decide(post, now=now, **decision)
    Post.objects.filter(pk=post.pk).update(hold_until=until)
    follow_decisions(post_ids=[post.pk], now=now)
    return Case.objects.get(post=post)


def order(site: Site, now: datetime) -> list[int]:
    """The cases as a moderator gets them, who answers none."""
    user, found = make_moderator(site), []
    while case := claim_next(user=user, site=site, now=now):
        found.append(case.pk)
        Case.objects.filter(pk=case.pk).update(state="closed", closed_at=now, holder=None,
                                               lease_until=None)  # fmt: skip
    return found


def test_what_is_likely_honest_comes_first_before_it_would_be_blocked(site):
    live = waits(site, now=NOW, probability=0.99, published=True)
    doubted, unjudged, spam = held(site, 0.4), held(site, None), held(site, 0.51)
    later = held(site, 0.0, until=LATE + 3 * HOUR)
    assert ending.hurry(now=LATE) == 2
    assert order(site, LATE) == [doubted.pk, unjudged.pk, live.pk, later.pk, spam.pk]


def test_nothing_is_hurried_sooner_than_two_hours_or_the_last_quarter_before_the_end(site):
    sites.change_policy(site=site, max_hold=4 * HOUR)
    case = waits(site, now=NOW, until=NOW + 4 * HOUR, probability=0.1)
    assert ending.hurry(now=NOW + 3 * HOUR - timedelta(seconds=1)) == 0
    assert ending.hurry(now=NOW + 3 * HOUR) == 1
    raised = Case.objects.get(pk=case.pk).priority
    assert raised > case.priority
    assert ending.hurry(now=NOW + 3 * HOUR) == 0, "only once"
    sites.change_policy(site=site, max_hold=24 * HOUR)
    other = waits(site, now=NOW, until=NOW + 24 * HOUR, probability=0.1)
    assert ending.hurry(now=NOW + 22 * HOUR - timedelta(seconds=1)) == 0
    assert ending.hurry(now=NOW + 22 * HOUR) == 1
    assert Case.objects.get(pk=other.pk).priority > other.priority


def test_where_holds_end_in_publishing_likely_spam_comes_as_if_it_were_out(site):
    sites.change_policy(site=site, hold_fallback=Outcome.ALLOW)
    spam, honest = held(site, 0.95), held(site, 0.05)
    broken = held(site, None)
    assert order_of(spam) < order_of(honest)
    ending.hurry(now=LATE)
    assert order_of(spam) > order_of(honest)
    live = waits(site, now=NOW, probability=0.95, published=True)
    assert order_of(spam) == pytest.approx(order_of(live))
    assert order_of(honest) == pytest.approx(honest.priority)
    assert order_of(broken) < order_of(spam)


def test_what_could_not_be_judged_is_never_published_by_the_end_of_its_hold(site):
    sites.change_policy(site=site, hold_fallback=Outcome.ALLOW)
    broken = waits(site, now=NOW, until=NOW + 24 * HOUR, probability=0.9, failed=True)
    assert ending.hurry(now=LATE) == 0
    assert order_of(broken) == broken.priority


def order_of(case: Case) -> float:
    return Case.objects.get(pk=case.pk).priority


def test_the_hurry_ends_with_the_hold(site):
    case = held(site, 0.2)
    ending.hurry(now=LATE)
    (decision,) = holds.expire_holds(now=NOW + 24 * HOUR)
    assert decision.source == Source.EXPIRY
    follow_decisions(post_ids=[case.post_id], now=NOW + 24 * HOUR)
    assert order_of(case) == pytest.approx(case.priority)
    assert ending.hurry(now=NOW + 24 * HOUR) == 0


@pytest.mark.parametrize("changed", [{"hidden_at": NOW}, {"hold_until": LATE - HOUR}])
def test_other_posts_stay_where_they_are(site, changed):
    case = held(site, 0.2)
    Post.objects.filter(pk=case.post_id).update(**changed)
    assert ending.hurry(now=LATE) == 0
    decided_since = held(site, 0.2)
    decide(decided_since.post, probability=0.1)
    assert ending.hurry(now=LATE) == 0, "its case follows first"
    answered = held(site, 0.2)
    Case.objects.filter(pk=answered.pk).update(state="closed", closed_at=LATE)
    appealed = held(site, 0.2)
    Case.objects.filter(pk=appealed.pk).update(lane=Lane.APPEAL)
    assert ending.hurry(now=LATE) == 0


def test_the_task_hurries_and_asks_as_much_of_many_as_of_one(site):
    now = datetime.now(NOW.tzinfo)
    held(site, 0.2, until=now + HOUR)
    with CaptureQueriesContext(connection) as one:
        assert ending.hurry() == 1
    more = [held(site, 0.2, until=now + HOUR) for _ in range(3)]
    with CaptureQueriesContext(connection) as many:
        assert ending.hurry() == 3
    assert len(one) == len(many) == 3
    Case.objects.update(priority=0.0)
    tasks.look()
    assert all(order_of(case) > case.priority for case in more)


def test_what_fails_in_the_task_keeps_nothing_after_it_from_running(site, monkeypatch):
    def fails() -> None:
        raise RuntimeError("not this one")

    ran: list[str] = []
    monkeypatch.setattr("reviews.labels.looks.open_due", fails)
    monkeypatch.setattr("reviews.labels.looks.tend", lambda: ran.append("tended"))
    monkeypatch.setattr("reviews.queue.unassigned.ask_again", lambda: ran.append("asked again"))
    with pytest.raises(RuntimeError, match="not this one"):
        tasks.look()
    assert ran == ["tended", "asked again"]
