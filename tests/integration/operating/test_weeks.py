"""Week by week it is kept how wrong the machine was, and the page answers for the last one."""

import csv
from datetime import UTC, date, datetime, timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from moderation import sites
from moderation.models import Author, Post, Site
from moderation.types import Mode, Outcome
from reviews.measuring import mistaken, periods, site_figures, weeks
from reviews.models import Measured, MeasuredWeek
from tests.integration.reviews.promised import DAY, judge, send
from tests.integration.world import make_moderator, make_site

pytestmark = pytest.mark.django_db
MONDAY = datetime.combine(
    timezone.now().date() - timedelta(days=timezone.now().weekday()), datetime.min.time(), UTC
)
WEEK = 7 * DAY


@pytest.fixture
def site(db):
    made = make_site()
    Site.objects.filter(pk=made.pk).update(created_at=MONDAY - 3 * WEEK)
    made.refresh_from_db()
    sites.change_policy(site=made, mode=Mode.PROVISIONAL, block_from=0.9)
    made.user = make_moderator(made)
    return made


def measure(site, now):
    return weeks.measure_next(site=site, people=mistaken.people(site=site, now=now), now=now)


def test_a_week_is_measured_once_its_draws_were_answered_or_late(site):
    judge(site, send(site, 40, probability=0.97, at=MONDAY - WEEK + DAY), "spam")
    assert measure(site, MONDAY + 2 * DAY).start == (MONDAY - 2 * WEEK).date(), "the week before"
    week = measure(site, MONDAY + 3 * DAY)
    assert week.start == (MONDAY - WEEK).date()
    assert week.figures["blocked"] == {
        "posts": 40,
        "drawn": 40,
        "honest": 0,
        "spam": 40,
        "unanswered": 0,
        "worth": [0.0, 40.0],
    }
    low, high = week.figures["figures"]["per_week"]
    assert low == 0 and 0 < high < 40


def test_what_happened_in_hours_is_not_told_as_of_a_week(site):
    judge(site, send(site, 7, probability=0.97, at=MONDAY), "spam")
    people = mistaken.people(site=site, now=MONDAY + DAY)
    found = periods.measure(site=site, since=MONDAY, until=MONDAY + DAY, people=people)
    low, high = found["figures"]["so_far"]
    assert low == 0 and 0 < high <= 7
    assert "per_week" not in found["figures"]


def test_weeks_are_measured_newest_first_back_to_the_first_and_never_again(site):
    now = MONDAY + 4 * DAY
    found = [measure(site, now) for _ in range(4)]
    assert [each and each.start for each in found] == [
        *((MONDAY - number * WEEK).date() for number in (1, 2, 3)),
        None,
    ]
    judge(site, send(site, 5, probability=0.97, at=MONDAY - WEEK + DAY), "ham")
    assert measure(site, now) is None
    assert MeasuredWeek.objects.get(start=found[0].start).figures["blocked"]["posts"] == 0


def test_a_week_that_cannot_be_counted_keeps_no_other_from_being_measured(site, monkeypatch):
    now, newest = MONDAY + 4 * DAY, MONDAY - WEEK
    counts = periods.measure

    def too_slow(*, since, **more):
        if since == newest:
            connection.cursor().execute("SELECT 1 / 0")
        return counts(since=since, **more)

    monkeypatch.setattr(periods, "measure", too_slow)
    found = {measure(site, now).start for _ in range(2)}
    assert found == {(MONDAY - number * WEEK).date() for number in (2, 3)}
    assert measure(site, now) is None
    monkeypatch.undo()
    assert measure(site, now).start == newest.date()


def test_what_a_clock_that_was_ahead_measured_is_measured_anew(site):
    ahead = MONDAY + 10 * DAY
    assert measure(site, ahead).start == MONDAY.date()
    site_figures.measure(site=site, now=ahead)
    judge(site, send(site, 9, probability=0.97, at=MONDAY + DAY), "ham")
    site_figures.measure_due(now=MONDAY + 2 * DAY)
    assert Measured.objects.get(site=site).measured_at == MONDAY + 2 * DAY
    MeasuredWeek.objects.filter(site=site).update(measured_at=ahead + DAY)
    week = measure(site, ahead)
    assert week.start == MONDAY.date() and week.figures["blocked"]["honest"] == 9


def test_what_the_machine_blocked_is_counted_by_post_and_author(site):
    now = timezone.now()
    blocked = send(site, 6, probability=0.97, at=now, blocks=True)
    send(site, 2, probability=0.97, at=now)
    send(site, 3, probability=0.02, at=now)
    posts = [draw.decision.post_id for draw in blocked]
    writer = Author.objects.create(site=site, external_id="one")
    Post.objects.filter(pk__in=posts[:4]).update(author=writer)
    Post.objects.filter(pk=posts[0]).update(outcome=Outcome.ALLOW)
    send(make_site(), 5, probability=0.97, at=now, blocks=True)
    asked = {"site": site, "since": now - DAY, "until": now + DAY}
    assert periods.blocked_posts(**asked) == {"posts": 6, "authors": 3, "let_through": 1}
    assert not any(periods.blocked_posts(**asked | {"until": now - DAY / 2}).values())


def test_the_page_answers_for_the_last_week(site, client):
    now = timezone.now()
    # Until Thursday the draws of the week before still wait.
    last = MONDAY - (WEEK if now >= MONDAY + 3 * DAY else 2 * WEEK)
    judge(site, send(site, 30, probability=0.97, at=last + DAY), "spam")
    measure(site, now)
    site_figures.measure(site=site, now=now)
    client.force_login(User.objects.create_superuser("ops"))
    said = " ".join(client.get("/review/promises/").content.decode().split())
    week = MeasuredWeek.objects.get(start=last.date())
    low, high = week.figures["figures"]["per_week"]
    assert "the machine blocked" in said and "In the seven days until" in said
    assert f"random draws say that {low:g} to {high:g} honest posts were blocked" in said
    rows = csv.DictReader(StringIO(client.get("/review/promises/", {"as": "csv"}).content.decode()))
    of_week = next(
        row
        for row in rows
        if "in the week" in row["measure"] and date.fromisoformat(row["period_from"]) == week.start
    )
    assert float(of_week["high"]) == high and of_week["judged"] == "30"


def test_a_site_without_posts_is_told_no_figures(site, client):
    site_figures.measure(site=site)
    client.force_login(User.objects.create_superuser("ops"))
    said = " ".join(client.get("/review/promises/").content.decode().split())
    assert "Nothing was judged in these weeks" in said
    assert "honest posts a week" not in said
