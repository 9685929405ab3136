"""Each number of what happened leads to the posts or cases behind it."""

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.contrib.auth.models import User
from django.utils import timezone

from moderation.models import Author, Post
from moderation.submitting.posts import withdraw
from moderation.types import Outcome
from reviews.judging import bulk, scopes, undoing, verdicts
from reviews.labels import looks
from reviews.measuring import activity, work
from reviews.measuring.activity import Deed, Span
from reviews.models import Case, Likeness, Look, LookPlan, Membership, QueueDepth
from reviews.queue import depth
from reviews.roles import Role
from reviews.search import behind, indexing, prominent
from reviews.search.behind import Behind
from reviews.states import Lane, VerdictKind
from tests.integration.console.activity import day
from tests.integration.console.activity.day import PAGE, answered, at, found_by, lasts_a_day, links
from tests.integration.console.factory import decide, make_case, make_post
from tests.integration.console.page import read
from tests.integration.world import answer, browser_of, make_moderator, make_site


def test_a_number_and_its_list_are_the_same_and_tell_no_open_second_look(site, mara, lead):
    LookPlan.objects.create(site=site, second_share=1.0, gold_share=0.0)
    kim, days = make_moderator(site), timedelta(days=1)
    yes, no, unsure = VerdictKind.NOT_SPAM, VerdictKind.SPAM, VerdictKind.CANNOT_TELL

    def give(case: Case, user: User, kind: VerdictKind, ago: timedelta = 2 * days) -> None:
        seen = Case.objects.get(pk=case.pk).decision_id
        verdicts.submit_verdict(
            case_id=case.pk, user=user, kind=kind, seen_decision_id=seen, now=day.NOW - ago
        )

    def told() -> list[int]:
        found = activity.of_site(site, now=timezone.now())[Span.WEEK]
        counted = {Behind.ANSWERED: found.answers, Behind.HELD: found.held}
        counted |= {of: found.deeds[Deed(of)] for of in (Behind.ALIKE, Behind.DIFFERED)}
        week: dict[str, Any] = {"since": day.NOW - 7 * days, "until": timezone.now()}
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
    looks.open_due(now=day.NOW)
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
        if "of=waited" not in link and f"{day.NOW:%Y-%m-%dT}" in link.rpartition("until=")[2]:
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


def test_no_number_that_moves_at_once_tells_whoever_looked_that_somebody_else_is_asked(
    site, lead, mara
):
    """Lea answers a second look otherwise than Mara did, and may answer anew for ten minutes."""
    LookPlan.objects.create(site=site, second_share=1.0, gold_share=0.0)
    auditor, settles = make_moderator(site, username="ada"), make_moderator(site, username="kim")
    Membership.objects.filter(user=auditor).update(role=Role.AUDITOR)
    Membership.objects.filter(user=settles).update(role=Role.SENIOR)
    make_case(site)
    answer(make_case(site), mara, VerdictKind.SPAM, now=None)
    looks.open_due(now=day.NOW + timedelta(hours=1))
    look = Look.objects.get()
    Case.objects.filter(look=look).update(meant_for=[lead.pk])

    def told(of: User) -> int:
        page = read(browser_of(of).get(f"{PAGE}?site={site.pk}"))
        waits = next(link for link in links(page) if "of=waits" in link)
        count = browser_of(of).get(waits).context["listed"][1]
        assert f"{count} case{'s wait' if count.least > 1 else ' waits'} now" in page.words
        return int(count.least)

    assert [told(each) for each in (lead, settles, auditor)] == [2, 1, 2]
    depth.take(now=timezone.now())
    assert look.case is not None
    answer(look.case, lead, VerdictKind.NOT_SPAM, now=None)
    assert Case.objects.filter(disputed_by=look, meant_for=[settles.pk]).exists()
    assert [told(each) for each in (lead, settles, auditor)] == [1, 2, 2]
    later = [timezone.now() + minutes * timedelta(minutes=1) for minutes in (5, 12, 20)]
    for moment in later:
        depth.take(now=moment)
    counted = QueueDepth.objects.filter(site=site).order_by("taken_at").values_list("cases")
    assert [count for (count,) in counted] == [2, 1, 1, 2]


def test_what_waited_once_is_listed_with_what_waits(site, mara):
    hour = timedelta(hours=1)
    answered(site, mara, VerdictKind.SPAM, opened=5 * hour, ago=3 * hour)

    def listed(since: timedelta, until: timedelta) -> int:
        stretch: dict[str, Any] = {
            "since": day.NOW - since,
            "until": day.NOW - until,
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
    for hidden_at in (day.NOW, None):
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


def test_bars_and_their_searches_begin_and_end_with_the_same_minutes(busy, their_browser):
    end = activity.whole_minute(day.NOW)
    assert day.NOW <= end < day.NOW + timedelta(minutes=1) and end == activity.whole_minute(end)
    response = their_browser.get(f"{PAGE}?span=hour")
    starts = [bucket.start for bucket in response.context["found"].buckets]
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
