"""What happened: each figure against posts whose fate is known."""

from __future__ import annotations

import csv
import re
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from moderation.ids import id_at
from moderation.models import Post, Site
from moderation.sites import change_policy
from moderation.types import Outcome
from reviews.console.leading.charts import Chart, Row, Series
from reviews.judging import appeals
from reviews.labels import looks
from reviews.measuring import activity, work
from reviews.measuring.activity import Deed, Fate, Span
from reviews.models import Look, Membership, QueueDepth
from reviews.queue import depth
from reviews.search import behind
from reviews.search.behind import Behind
from reviews.states import AppealVia, VerdictKind
from tests.integration.console.activity import day
from tests.integration.console.activity.day import PAGE
from tests.integration.console.factory import decide, make_case, make_post
from tests.integration.console.page import read
from tests.integration.world import answer, make_site


def test_every_post_of_the_day_is_counted_once_as_it_stands(busy):
    found = activity.of_site(busy, now=timezone.now())[Span.DAY]
    assert found.counts == {
        Fate.ALLOWED: 3,
        Fate.BLOCKED: 1,
        Fate.PASSED: 2,
        Fate.STOPPED: 2,
        Fate.WAITS: 2,
        Fate.RAN_OUT: 1,
        Fate.WITHDRAWN: 1,
    }
    assert [
        bucket.counts[Fate.ALLOWED] for bucket in found.buckets if bucket.counts[Fate.ALLOWED]
    ] == [3]
    assert found.automated == 4 / 9
    assert (found.held, found.held_share) == (3, 3 / 6)
    assert found.median_wait is not None
    assert round(found.median_wait.total_seconds()) == 30 * 60
    assert found.answers == 4
    assert activity.of_site(busy, now=timezone.now())[Span.HOUR].counts[Fate.ALLOWED] == 0
    assert activity.of_site(busy, now=timezone.now())[Span.WEEK].counts[Fate.ALLOWED] == 4


def test_work_is_told_from_answers_that_follow_each_other_and_not_from_too_few(
    busy, their_browser, monkeypatch
):
    def told() -> tuple[str, float | None]:
        words = read(their_browser.get(f"{PAGE}?span=day")).words
        row = words.partition("Minutes of work per 1,000 posts")[2].partition("Appeals")[0]
        return row.strip(), activity.of_site(busy, now=timezone.now())[Span.DAY].minutes

    assert told() == ("– – –", None)
    monkeypatch.setattr(work, "ENOUGH", 1)
    # Mara took 2 minutes between the first two; the other three answers came after a break each,
    # and count as much: Lea's too, who alone gave one.
    row, minutes = told()
    assert minutes is not None and round(minutes, 3) == 8.0
    assert row.split()[1] == "667", "of 12 posts"
    found = activity.of_site(busy, now=timezone.now())[Span.DAY]
    assert round(sum(bucket.minutes or 0 for bucket in found.buckets), 3) == 8.0


def test_the_page_reads_the_posts_of_the_week_once(busy, their_browser):
    their_browser.get(PAGE)  # What is looked up once a process.
    for span in Span:
        with CaptureQueriesContext(connection) as captured:
            their_browser.get(f"{PAGE}?span={span}")
        read_posts = [each for each in captured if "post.status = 'withdrawn'" in each["sql"]]
        assert len(read_posts) == 1
        assert len(captured) <= 28


def test_charts_name_what_they_count(busy, their_browser):
    depth.take(now=day.NOW)
    words = read(their_browser.get(f"{PAGE}?span=day")).words.replace("\xa0", " ")
    for said in ("highest: 4 answers", "highest: 3 hours", "highest: 1 case", "highest: 100 %"):
        assert said in words, said


def test_large_figures_are_read_at_a_glance():
    chart = Chart(
        key="work", title="Work", series=[Series("work", "Minutes")], unit="minutes", summed=False,
        rows=[Row(timezone.now(), [value]) for value in (8215.9, 90)],
    )  # fmt: skip
    says = [said.replace("\xa0", " ") for _, said in chart.bars]
    assert says == ["8,215.9 minutes (5 days)", "90 minutes"]


def test_of_a_very_busy_site_the_newest_are_counted_and_it_says_so(
    busy, their_browser, monkeypatch
):
    monkeypatch.setattr(activity, "MOST", 4)
    assert activity.of_site(busy, now=timezone.now())[Span.WEEK].posts <= 4
    assert "only the newest are counted" in read(their_browser.get(f"{PAGE}?span=week")).words


def test_the_page_and_its_table_say_the_same(busy, their_browser):
    page = read(their_browser.get(f"{PAGE}?site={busy.pk}&span=day"))
    assert "12 posts came in" in page.words
    assert "44 %" in page.words
    assert len(page.all("rect")) >= 7
    sheet = their_browser.get(f"{PAGE}?site={busy.pk}&span=day&as=csv")
    rows = list(csv.DictReader(StringIO(sheet.content.decode())))
    assert len(rows) == 24
    assert sum(int(row["let_through_by_people"]) for row in rows) == 2
    assert sum(int(number) for row in rows for name, number in row.items() if name != "start") == 12
    for of, column in {
        "wait": "median_wait_hours",
        "looks": "agreed",
        "ends": "held_posts",
    }.items():
        first = their_browser.get(f"{PAGE}?as=csv&of={of}").content.decode().splitlines()[0]
        assert first.startswith(f"start,{column}"), "it says what is counted, and in which unit"


def test_what_waits_is_noted_once_in_five_minutes_and_forgotten(busy, their_browser):
    assert depth.take(now=day.NOW) == Site.objects.count()
    assert depth.take(now=day.NOW) == 0, "several beats, one row"
    earlier = {"site": busy, "cases": 7, "oldest_seconds": 7200}
    QueueDepth.objects.create(taken_at=day.NOW - timedelta(hours=3), **earlier)
    QueueDepth.objects.create(taken_at=day.NOW - timedelta(days=9), **earlier)
    depth.take(now=day.NOW + depth.EVERY)
    assert QueueDepth.objects.filter(site=busy).count() == 3
    shown = depth.of_site(busy, start=day.NOW - timedelta(days=1), end=day.NOW, buckets=24)
    assert next(each.cases for each in shown if each.cases is not None) == 7
    assert [each.oldest for each in shown].count(timedelta(hours=2)) == 1
    assert shown[0].oldest is None
    rows = their_browser.get(f"{PAGE}?span=day&as=csv&of=age").content.decode().splitlines()
    assert rows[0] == "start,oldest_hours" and sum(row.endswith(",2.0") for row in rows) == 1


def test_people_answer_appeal_and_look_again(busy, mara, lead, monkeypatch):
    case = make_case(busy, opened=timedelta(days=3))
    ago = day.NOW - timedelta(days=2)
    with monkeypatch.context() as drawn:
        drawn.setattr(looks, "throw", lambda: 0.0)
        first = answer(case, mara, now=ago)
    look = Look.objects.get(verdict=first)
    looks.open_due(now=ago + looks.PAUSE)
    look.refresh_from_db()
    assert look.case is not None
    answer(look.case, lead, VerdictKind.NOT_SPAM, now=day.NOW - timedelta(days=1, hours=1))
    # A third person is asked: until they have answered, no list tells which case it was.
    week: dict[str, Any] = {
        "since": day.NOW - timedelta(days=7),
        "until": day.NOW,
        "start": 0,
        "count": 9,
    }
    look.refresh_from_db()
    assert look.dispute is not None and look.dispute.state == "open"
    assert not behind.items(busy, Behind.DIFFERED, **week)
    appeals.file(post_id=case.post_id, via=AppealVia.API, now=day.NOW - timedelta(hours=30))
    found = activity.of_site(busy, now=timezone.now())[Span.WEEK]
    assert (found.looked, found.deeds[Deed.DIFFERED], found.deeds[Deed.FILED]) == (1, 1, 1)
    assert found.answers == 6
    [bucket] = [each for each in found.buckets if each.deeds[Deed.FILED]]
    assert bucket.start <= day.NOW - timedelta(hours=30) < bucket.start + Span.WEEK.bucket

    [differed] = behind.items(busy, Behind.DIFFERED, **week)
    assert (differed.post_id, differed.case_id) == (case.post_id, case.pk)
    [filed] = behind.items(busy, Behind.FILED, **week)
    assert filed.post_id == case.post_id
    Post.objects.filter(pk=case.post_id).update(hidden_at=day.NOW)
    assert not behind.items(busy, Behind.FILED, **week)
    found = activity.of_site(busy, now=timezone.now())[Span.WEEK]
    assert found.deeds[Deed.FILED] == 0
    Post.objects.filter(pk=case.post_id).update(hidden_at=None)
    assert case.pk in {each.case_id for each in behind.items(busy, Behind.ANSWERED, **week)}


def test_the_page_asks_so_much_however_much_there_is(
    busy, their_browser, django_assert_max_num_queries
):
    their_browser.get(PAGE)
    with django_assert_max_num_queries(45):
        their_browser.get(f"{PAGE}?span=week")


def test_who_does_not_lead_sees_none_of_it(browser, their_browser, busy):
    assert browser.get(PAGE).status_code == 403
    assert PAGE not in browser.get("/review/").content.decode()
    assert PAGE in their_browser.get("/review/").content.decode()
    foreign = make_site("Somebody else's")
    assert "Somebody else" not in read(their_browser.get(f"{PAGE}?site={foreign.pk}")).words


def test_the_page_opens_on_the_site_with_the_latest_post(busy, lead, their_browser):
    empty, other = make_site("An empty one"), make_site("Before the busy one")
    for each in (empty, other):
        Membership.objects.create(user=lead, site=each, role="senior")
    decide(make_post(other, post={"id": id_at(day.NOW - timedelta(days=2), 1)}))
    assert f"came in on {busy.name}" in read(their_browser.get(PAGE)).words
    chosen = read(their_browser.get(f"{PAGE}?site={other.pk}"))
    assert "came in on Before the busy one" in chosen.words


def test_an_empty_site_has_a_page(site, their_browser):
    page = read(their_browser.get(f"{PAGE}?span=nonsense"))
    assert "0 posts came in" in page.words
    assert "Nothing waits now." in page.words


def test_the_page_shows_how_many_holds_end_in_each_hour_to_come_and_what_then(site, their_browser):
    for hours in (0.5, 2.2, 2.7, 23.9, 24.1):
        post = make_case(site).post
        Post.objects.filter(pk=post.pk).update(hold_until=timezone.now() + timedelta(hours=hours))
    other = make_case(make_site()).post
    Post.objects.filter(pk=other.pk).update(hold_until=timezone.now() + timedelta(hours=1))
    make_case(site, post={"hidden_at": day.NOW})
    rows = their_browser.get(f"{PAGE}?span=hour&as=csv&of=ends").content.decode().splitlines()
    counts = [int(row.partition(",")[2]) for row in rows[1:]]
    assert len(counts) == 24
    assert {hour: count for hour, count in enumerate(counts) if count} == {0: 1, 2: 2, 23: 1}
    page = read(their_browser.get(PAGE))
    assert "Holds that end within a day" in page.words
    assert "What nobody has answered by then stays unpublished, unread." in page.words
    sheet = Path("reviews/console/static/console/console.css").read_text(encoding="utf-8")
    for bar in filter(None, (each.get("class") for each in page.all("rect"))):
        assert re.search(rf"\.{bar}\b", sheet), f"{bar} would be black"
    change_policy(site=site, hold_fallback=Outcome.ALLOW)
    page = read(their_browser.get(PAGE))
    assert "What nobody has answered by then is published, unread." in page.words
