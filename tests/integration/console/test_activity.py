"""What happened: each figure against posts whose fate is known."""

from __future__ import annotations

import csv
import re
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from moderation.ids import first_id, id_at
from moderation.models import Author, Post, Site
from moderation.sites import change_policy
from moderation.submitting.posts import withdraw
from moderation.types import Outcome, Source, Status
from reviews.judging import appeals, bulk, scopes, undoing, verdicts
from reviews.labels import looks
from reviews.measuring import activity, work
from reviews.measuring.activity import Deed, Fate, Span
from reviews.models import Case, Likeness, Look, LookPlan, Membership, QueueDepth
from reviews.queue import depth
from reviews.search import behind, indexing, prominent
from reviews.search.behind import Behind
from reviews.states import AppealVia, Lane, VerdictKind
from tests.integration.console.factory import decide, make_case, make_post
from tests.integration.console.page import Page, read
from tests.integration.world import answer, browser_of, make_moderator, make_site

if TYPE_CHECKING:
    from django.contrib.auth.models import User

NOW = timezone.now()
PAGE = "/review/activity/"


@pytest.fixture(autouse=True)
def moment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests of a run that began before midnight are of the day after."""
    monkeypatch.setitem(globals(), "NOW", timezone.now())


@pytest.fixture
def lead(site: Site) -> User:
    lead = make_moderator(username="lea")
    Membership.objects.create(user=lead, site=site, role="senior")
    return lead


@pytest.fixture
def their_browser(lead: User) -> Client:
    return browser_of(lead)


def machine(site: Site, outcome: Outcome, *, ago: timedelta) -> Post:
    post = make_post(site, now=NOW - ago)
    decide(post, now=NOW - ago, outcome=outcome, published=outcome == Outcome.ALLOW)
    return post


def answered(
    site: Site, user: User, kind: VerdictKind, *, opened: timedelta, ago: timedelta
) -> None:
    case = make_case(site, opened=timezone.now() - NOW + opened)
    answer(case, user, kind, now=NOW - ago)


@pytest.fixture
def busy(site: Site, mara: User, lead: User) -> Site:
    minute, hour = timedelta(minutes=1), timedelta(hours=1)
    for _ in range(3):
        machine(site, Outcome.ALLOW, ago=2 * hour + minute)
    machine(site, Outcome.BLOCK, ago=minute)
    # Two honest posts waited for 10 and 30 minutes, one until its time ran out.
    answered(site, mara, VerdictKind.NOT_SPAM, opened=20 * minute, ago=10 * minute)
    answered(site, mara, VerdictKind.NOT_SPAM, opened=38 * minute, ago=8 * minute)
    answered(site, mara, VerdictKind.SPAM, opened=70 * minute, ago=2 * minute)
    answered(site, lead, VerdictKind.REMOVE, opened=5 * minute, ago=minute)
    make_case(site)
    make_post(site, now=NOW - minute)
    Post.objects.filter(pk=machine(site, Outcome.ALLOW, ago=minute).pk).update(
        status=Status.WITHDRAWN
    )
    ran_out = machine(site, Outcome.REVIEW, ago=3 * hour)
    decide(ran_out, outcome=Outcome.ALLOW, published=True, source=Source.EXPIRY)
    machine(site, Outcome.ALLOW, ago=25 * hour)
    machine(make_site(), Outcome.BLOCK, ago=minute)
    return site


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
    assert [slot.counts[Fate.ALLOWED] for slot in found.slots if slot.counts[Fate.ALLOWED]] == [3]
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
    assert round(sum(slot.minutes or 0 for slot in found.slots), 3) == 8.0


def test_the_page_reads_the_posts_of_the_week_once(busy, their_browser):
    their_browser.get(PAGE)  # What is looked up once a process.
    for span in Span:
        with CaptureQueriesContext(connection) as captured:
            their_browser.get(f"{PAGE}?span={span}")
        read_posts = [each for each in captured if "post.status = 'withdrawn'" in each["sql"]]
        assert len(read_posts) == 1
        assert len(captured) <= 27


def test_charts_name_what_they_count(busy, their_browser):
    depth.take(now=NOW)
    words = read(their_browser.get(f"{PAGE}?span=day")).words.replace("\xa0", " ")
    for said in ("highest: 4 answers", "highest: 3 hours", "highest: 1 case", "highest: 100 %"):
        assert said in words, said


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
    assert depth.take(now=NOW) == Site.objects.count()
    assert depth.take(now=NOW) == 0, "several beats, one row"
    earlier = {"site": busy, "cases": 7, "oldest_seconds": 7200}
    QueueDepth.objects.create(taken_at=NOW - timedelta(hours=3), **earlier)
    QueueDepth.objects.create(taken_at=NOW - timedelta(days=9), **earlier)
    depth.take(now=NOW + depth.EVERY)
    assert QueueDepth.objects.filter(site=busy).count() == 3
    shown = depth.of_site(busy, start=NOW - timedelta(days=1), end=NOW, slots=24)
    assert next(each.cases for each in shown if each.cases is not None) == 7
    assert [each.oldest for each in shown].count(timedelta(hours=2)) == 1
    assert shown[0].oldest is None
    rows = their_browser.get(f"{PAGE}?span=day&as=csv&of=age").content.decode().splitlines()
    assert rows[0] == "start,oldest_hours" and sum(row.endswith(",2.0") for row in rows) == 1


def test_people_answer_appeal_and_look_again(busy, mara, lead, monkeypatch):
    case = make_case(busy, opened=timedelta(days=3))
    ago = NOW - timedelta(days=2)
    with monkeypatch.context() as drawn:
        drawn.setattr(looks, "throw", lambda: 0.0)
        first = answer(case, mara, now=ago)
    look = Look.objects.get(verdict=first)
    looks.open_due(now=ago + looks.PAUSE)
    look.refresh_from_db()
    assert look.case is not None
    answer(look.case, lead, VerdictKind.NOT_SPAM, now=NOW - timedelta(days=1, hours=1))
    # A third person is asked: until they have answered, no list tells which case it was.
    week: dict[str, Any] = {"since": NOW - timedelta(days=7), "until": NOW, "start": 0, "count": 9}
    look.refresh_from_db()
    assert look.dispute is not None and look.dispute.state == "open"
    assert not behind.items(busy, Behind.DIFFERED, **week)
    appeals.file(post_id=case.post_id, via=AppealVia.API, now=NOW - timedelta(hours=30))
    found = activity.of_site(busy, now=timezone.now())[Span.WEEK]
    assert (found.looked, found.deeds[Deed.DIFFERED], found.deeds[Deed.FILED]) == (1, 1, 1)
    assert found.answers == 6
    [slot] = [each for each in found.slots if each.deeds[Deed.FILED]]
    assert slot.start <= NOW - timedelta(hours=30) < slot.start + Span.WEEK.slot

    [differed] = behind.items(busy, Behind.DIFFERED, **week)
    assert (differed.post_id, differed.case_id) == (case.post_id, case.pk)
    [filed] = behind.items(busy, Behind.FILED, **week)
    assert filed.post_id == case.post_id
    Post.objects.filter(pk=case.post_id).update(hidden_at=NOW)
    assert not behind.items(busy, Behind.FILED, **week)
    found = activity.of_site(busy, now=timezone.now())[Span.WEEK]
    assert found.deeds[Deed.FILED] == 0
    Post.objects.filter(pk=case.post_id).update(hidden_at=None)
    assert case.pk in {each.case_id for each in behind.items(busy, Behind.ANSWERED, **week)}


def test_a_number_and_its_list_are_the_same_and_tell_no_open_second_look(site, mara, lead):
    LookPlan.objects.create(site=site, second_share=1.0, gold_share=0.0)
    kim, days = make_moderator(site), timedelta(days=1)
    yes, no, unsure = VerdictKind.NOT_SPAM, VerdictKind.SPAM, VerdictKind.CANNOT_TELL

    def give(case: Case, user: User, kind: VerdictKind, ago: timedelta = 2 * days) -> None:
        seen = Case.objects.get(pk=case.pk).decision_id
        verdicts.submit_verdict(
            case_id=case.pk, user=user, kind=kind, seen_decision_id=seen, now=NOW - ago
        )

    def told() -> list[int]:
        found = activity.of_site(site, now=timezone.now())[Span.WEEK]
        counted = {Behind.ANSWERED: found.answers, Behind.HELD: found.held}
        counted |= {of: found.deeds[Deed(of)] for of in (Behind.ALIKE, Behind.DIFFERED)}
        week: dict[str, Any] = {"since": NOW - 7 * days, "until": timezone.now()}
        lists = {of: behind.items(site, of, start=0, count=99, **week) for of in counted}
        assert counted == {of: len(items) for of, items in lists.items()}
        shown = {item.case_id for items in lists.values() for item in items}
        assert not Case.objects.filter(pk__in=shown - {None}, lane=Lane.LOOK).exists()
        assert None not in {item.case_id for item in lists[Behind.HELD]}
        return list(counted.values())

    for _ in range(4):
        give(make_case(site, opened=3 * days), mara, yes)
    withdraw(post=Post.objects.earliest("pk"))
    assert told() == [4, 3, 0, 0]
    looks.open_due(now=NOW)
    today, earlier, other = Case.objects.filter(lane=Lane.LOOK, state="open").order_by("pk")
    give(earlier, lead, unsure)
    give(today, kim, yes, ago=timedelta(0))
    give(other, kim, no)
    dispute = Case.objects.latest("pk")
    give(dispute, lead, unsure)
    assert told() == [4, 3, 0, 0], "open, answered today, asked about again"
    give(earlier, kim, yes, ago=days)
    assert told() == [6, 3, 1, 0]
    undoing.undo(verdict_id=dispute.verdicts.get().pk, user=lead)
    give(dispute, lead, no)
    assert told() == [9, 2, 1, 1]


def test_each_number_of_what_people_did_leads_to_its_cases(busy, their_browser, browser):
    page = read(their_browser.get(f"{PAGE}?span=day"))
    lists = {link for link in links(page) if link.startswith("/review/cases/?")}
    listed = {}
    for link in lists:
        if "of=waited" not in link and f"{NOW:%Y-%m-%dT}" in link.rpartition("until=")[2]:
            page = their_browser.get(link)
            of = link.partition("of=")[2].partition("&")[0]
            listed[of] = max(listed.get(of, 0), len(page.context["items"]))
            assert page.status_code == 200
    assert listed["answered"] == 4
    assert listed["held"] == 3
    assert listed["waits"] <= 1, "a case that is judged by itself is not listed"
    [link] = {link for link in lists if "of=held" in link and lasts_a_day(link)}
    assert browser.get(link).status_code == 403, "who does not lead"
    foreign = link.replace(f"site={busy.pk}", f"site={make_site().pk}")
    assert their_browser.get(foreign).status_code == 404
    assert their_browser.get(link.replace("of=held", "of=nonsense")).status_code == 404
    assert their_browser.get(f"{link}&page=9999&since=0001-01-01").status_code == 200


def test_answers_say_which_were_taken_back_or_given_along_with_others(
    busy, lead, mara, their_browser, monkeypatch
):
    monkeypatch.setattr(work, "ENOUGH", 1)
    before = activity.of_site(busy, now=timezone.now())[Span.DAY]
    author = Author.objects.create(site=busy, external_id="many")
    case = make_case(busy, author=author)
    for _ in range(2):
        decide(make_post(busy, author=author), outcome=Outcome.ALLOW, published=True)
    undoing.undo(verdict_id=answer(make_case(busy), mara, now=None).pk, user=mara)
    scope = scopes.by_author(case_id=case.pk, post=case.post, author=author)
    run = scopes.dry_run(scope, user=lead)
    bulk.start(scope, user=lead, kind=VerdictKind.SPAM, newest=run.newest, expected=run.total)
    found = activity.of_site(busy, now=timezone.now())[Span.DAY]
    assert found.answers == before.answers + run.total + 1
    assert before.minutes and found.minutes
    # Mara's took two minutes. Lea's took one, however many it answered, and so did her first, which
    # counted two as long as nothing else was known of her.
    assert round(found.minutes - before.minutes) == 2
    page = read(their_browser.get(f"{PAGE}?span=day"))
    assert "Of an answer to many each post counts" in page.words
    [link] = {each for each in links(page) if "of=answered" in each and lasts_a_day(each)}
    shown = read(their_browser.get(link)).words
    assert (shown.count(" undone "), shown.count(" with others ")) == (1, run.total)


def test_the_list_of_what_waits_says_how_many_it_does_not_list(site, lead, their_browser):
    case = make_case(site)
    for lane in (Lane.AUDIT, Lane.AUDIT, Lane.HELD):
        make_case(site, lane=lane)
    page = read(their_browser.get(f"{PAGE}?span=day"))
    assert "4 cases wait now" in page.words
    link = next(each for each in links(page) if "of=waits" in each)
    shown = read(their_browser.get(link))
    assert ", now: 2 of 4 are listed." in shown.words
    assert f"/review/cases/{case.pk}/" in links(shown)


def test_what_waited_once_is_listed_with_what_waits(site, mara):
    hour = timedelta(hours=1)
    answered(site, mara, VerdictKind.SPAM, opened=5 * hour, ago=3 * hour)

    def listed(since: timedelta, until: timedelta) -> int:
        stretch: dict[str, Any] = {
            "since": NOW - since,
            "until": NOW - until,
            "start": 0,
            "count": 9,
        }
        return len(behind.items(site, Behind.WAITED, **stretch))

    assert [listed(6 * hour, 5.5 * hour), listed(4 * hour, 3.5 * hour), listed(2 * hour, hour)] == [
        0,
        1,
        0,
    ]


def test_what_is_said_and_linked_to_again_and_again_leads_to_its_posts(site, their_browser):
    words = "=Lucky {} wins at https://www.jackpot.example.com/now, come and see it all today"
    for n in range(4):
        # Disguised copies count as well, and stand behind the number.
        said = words.format("you" if n % 2 else "y0u")
        like = {"fingerprint": b"same"}
        post = make_post(site, text=said, author_url="https://old.example.org", post=like)
        decide(post, outcome=Outcome.BLOCK if n else Outcome.REVIEW)
    for n in range(3):
        moment = timezone.now() - timedelta(hours=3, minutes=n)
        earlier = make_post(
            site, text="https://old.example.org", now=moment, post={"id": at(moment)}
        )
        decide(earlier, outcome=Outcome.ALLOW, published=True)
    Post.objects.filter(pk=earlier.pk).update(fingerprint=b"same")
    # Neither is what is hidden counted, nor a copy of it.
    for hidden_at in (NOW, None):
        hidden = make_post(site, text=words.format("nobody"))
        Post.objects.filter(pk=hidden.pk).update(fingerprint=b"hidden", hidden_at=hidden_at)
    indexing.follow(seconds=60)
    now = timezone.now()
    assert [
        (each.name, each.posts, each.before, each.authors, each.blocked)
        for each in prominent.domains(site, user=None, start=now - timedelta(hours=2), end=now)
    ] == [("www.jackpot.example.com", 4, 0, 4, 3)]
    page = read(their_browser.get(f"{PAGE}?span=hour"))
    assert "4 posts by 4 authors · 3 blocked · 1 waits" in page.words
    for asked in ("domain=www.jackpot.example.com", "like="):
        [link] = [link for link in links(page) if asked in link]
        assert found_by(their_browser, link) == 4, link
    table = their_browser.get(f"{PAGE}?span=hour&as=csv&of=campaigns").content.decode()
    assert table.splitlines()[1].startswith("\"'=Lucky you wins"), "no spreadsheet runs it"
    table = their_browser.get(f"{PAGE}?span=hour&as=csv&of=domains").content.decode()
    assert "www.jackpot.example.com,4,0,4,3" in table


def test_a_campaign_of_unlike_copies_is_one_row_that_leads_to_all_of_it(site, their_browser):
    def said(text: str, fingerprint: bytes | None, moment: datetime | None = None) -> Post:
        given = {"post": {"id": at(moment)}, "now": moment} if moment else {}
        post = decide(make_post(site, text=text, **given), outcome=Outcome.BLOCK).post
        Post.objects.filter(pk=post.pk).update(fingerprint=fingerprint)
        return post

    earlier = said("Win a prize today", b"earlier", timezone.now() - timedelta(hours=3))
    copies = [said(f"Win the prize {n % 2}", b"%d" % (n % 2)) for n in range(4)]
    short, alone = said("Win!", None), said("A prize of another kind", b"alone")
    # Two wordings that have a post of before in common, and one that is too short for a print.
    Likeness.objects.create(post=copies[0], other=earlier, similarity=0.97)
    Likeness.objects.create(post=earlier, other=copies[1], similarity=0.96)
    Likeness.objects.create(post=short, other=copies[3], similarity=0.95)
    Likeness.objects.create(post=alone, other=copies[3], similarity=0.94)
    indexing.follow(seconds=60)
    page = read(their_browser.get(f"{PAGE}?span=hour"))
    assert "5 posts by 5 authors in 3 wordings · 5 blocked" in page.words
    [link] = [link for link in links(page) if "like=" in link]
    assert found_by(their_browser, link) == 5
    day = read(their_browser.get(f"{PAGE}?span=day"))
    assert "6 posts by 6 authors in 4 wordings" in day.words


def test_no_campaign_and_no_domain_tells_what_is_still_to_be_judged_blind(
    site, lead, mara, monkeypatch
):
    monkeypatch.setattr(looks, "throw", lambda: 0.0)
    # Of more than are looked at, older ones do not stand in for those that are left out.
    monkeypatch.setattr(prominent, "LOOKED_AT", 3)
    for _ in range(6):
        case = make_case(site, text="Win at https://jackpot.example.com")
        Post.objects.filter(pk=case.post_id).update(fingerprint=b"same")
        answer(case, mara, now=None)
    indexing.follow(seconds=60)
    now = timezone.now()
    start = now - timedelta(hours=1)
    for user, told in ((lead, 0), (mara, 3), (None, 3)):
        said = prominent.campaigns(site, user=user, start=start)
        linked = prominent.domains(site, user=user, start=start, end=now)
        assert [each.posts for each in (*said, *linked)] == [told, told][: told and 2]


def at(moment: datetime) -> UUID:
    """Return an id of that moment."""
    return UUID(int=first_id(moment).int + 1)


def links(page: Page) -> list[str]:
    return [each["href"] or "" for each in page.all("a")]


def lasts_a_day(link: str) -> bool:
    asked = parse_qs(urlsplit(link).query)
    since, until = (datetime.fromisoformat(asked[name][0]) for name in ("since", "until"))
    return until - since == timedelta(days=1)


def found_by(browser: Client, link: str) -> int:
    page = browser.get(link)
    assert page.status_code == 200, link
    return len(page.context["found"])


def test_bars_and_their_searches_begin_and_end_with_the_same_minutes(busy, their_browser):
    end = activity.whole_minute(NOW)
    assert NOW <= end < NOW + timedelta(minutes=1) and end == activity.whole_minute(end)
    response = their_browser.get(f"{PAGE}?span=hour")
    starts = [slot.start for slot in response.context["found"].slots]
    assert {(start.second, start.microsecond) for start in starts} == {(0, 0)}
    [posts, *_] = response.context["charts"]
    asked = [parse_qs(urlsplit(row.link).query) for row in posts.rows]
    spans = [(one["since"][0], one["until"][0]) for one in asked]
    assert [since for since, _ in spans[1:]] == [until for _, until in spans[:-1]]


def test_each_number_leads_to_the_posts_behind_it(busy, their_browser):
    page = read(their_browser.get(f"{PAGE}?span=day"))
    searches = [link for link in links(page) if link.startswith("/review/search?")]
    for asked, count in (
        ("state=allow&by=machine", 3),
        ("state=allow&by=people", 2),
        ("state=block&by=people", 2),
        ("state=block&by=machine", 1),
        ("&by=expiry", 1),
    ):
        link = next(link for link in searches if link.endswith(asked))
        # Made just now, whatever they say, the posts of this module have ids of just now.
        assert found_by(their_browser, link) >= count, asked


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
    decide(make_post(other, post={"id": id_at(NOW - timedelta(days=2), 1)}))
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
    make_case(site, post={"hidden_at": NOW})
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
