"""What who leads a site reads of promises is what the draws say."""

import csv
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.db import connection

from classifiers.guarantees import sequences
from classifiers.guarantees.promise import IF_UNLIKE
from moderation import sites
from moderation.models import Author, Certificate, Post, Site
from moderation.types import Mode
from reviews.console.leading.promises import BLOCKED, LET_THROUGH, WRONG_OF_WEEK
from reviews.measuring import draws, mistaken, promises, site_figures, slices
from reviews.models import Case, Look, Measured, Membership, Role, Verdict
from reviews.operating import facts, findings
from reviews.operating.types import Database, Finding, State
from reviews.states import CaseState, Lane, LookKind, LookReason
from tests.integration.reviews.promised import (
    DAY,
    FOUR_DAYS,
    NOW,
    certified,
    judge,
    judged,
    look,
    reviewed,
    send,
)
from tests.integration.world import make_moderator, make_site

HOSTILE = "<b>Forum\u202e"


@pytest.fixture
def site(db):
    made = make_site()
    Site.objects.filter(pk=made.pk).update(created_at=NOW - 10 * DAY, name=HOSTILE)
    made.refresh_from_db()
    sites.change_policy(site=made, mode=Mode.CERTIFIED, promise=0.05, block_from=0.9)
    made.user = make_moderator(made)
    return made


@pytest.fixture
def page(client):
    client.force_login(User.objects.create_superuser("ops"))
    return lambda **asked: " ".join(client.get("/review/promises/", asked).content.decode().split())


def promised(database: Database) -> Finding:
    told = findings.report(facts.Facts(NOW, database)).findings
    return next(each for each in told if each.part == "Promises")


def test_before_the_first_verdict_nothing_is_said_of_how_many_it_takes(site, page):
    reviewed(site, blocks=3, allowed=5, drawn=0, at=NOW - DAY / 2)
    site_figures.measure_due(now=NOW)
    said = page()
    assert "Nothing that counts for a certificate was judged yet." in said
    assert "it takes at least" in said
    assert "No number of verdicts" not in said


def test_without_an_allowed_post_that_counts_no_number_of_verdicts_is_said_to_be_in_vain(
    site, page
):
    spam, _ = reviewed(site, blocks=12, allowed=40, drawn=0)
    judge(site, spam, "spam")
    found = site_figures.measure(site=site, now=NOW).figures["promise"]
    assert (found["judged"], found["still"], found["allowed_drawn"]) == (12, None, 0)
    said = page()
    assert "No number of verdicts" not in said
    assert "cannot be told before a drawn allowed post counts" in said


def test_under_certified_it_is_said_from_nothing_on_what_a_certificate_takes(site, page):
    """380 posts at 1 %: of a quiet site, whose days are few, and of one that sends nothing."""
    sites.change_policy(site=site, promise=0.01)
    site_figures.measure(site=site, now=NOW)
    takes = "Where 15 % of the allowed posts are judged, and honest, and each would-be block is "
    takes += (
        "judged, it takes at least 375 allowed posts with no wrong would-be block, 755 with one"
    )
    assert f"{takes} (promised: 1 %)." in page()
    sites.change_policy(site=site, mode=Mode.OBSERVE)
    judged(site, blocks=14, allowed=350)
    sites.change_policy(site=site, mode=Mode.CERTIFIED)
    site_figures.measure(site=site, now=NOW)
    assert f"{takes} (promised: 1 %): at the present pace 71 verdicts, 7.5 days." in page()


def test_what_counts_for_no_certificate_is_not_counted_down(site, page):
    sites.change_policy(site=site, mode=Mode.PROVISIONAL)
    judged(site)
    found = site_figures.measure(site=site, now=NOW).figures["promise"]
    said = page()
    assert found["still"] and "would-be blocks wrong or unanswered" in said
    assert "The draws carry the promise" not in said and "more verdicts" not in said
    assert "does not count for a certificate: in mode <i>certified</i> it begins anew" in said
    assert "it takes at least" in said
    sites.change_policy(site=site, mode=Mode.CERTIFIED)
    said = page()
    assert "The draws carry the promise" not in said
    assert "it takes at least" in said, "until it is measured again, too"
    judged(site)
    site_figures.measure(site=site, now=NOW)
    said = page()
    assert "The draws carry the promise" in said and "it takes at least" not in said


def test_from_nothing_to_a_broken_promise(site, page, monkeypatch):
    assert "Not measured yet" in page() and "<b>Forum" not in page()
    spam, honest = reviewed(site, blocks=40, allowed=160, drawn=40)
    judge(site, spam[:39], "spam")
    judge(site, honest[:38], "ham")
    judge(site, honest[38:39], "spam")
    site_figures.measure_due(now=NOW)
    said = page()
    assert "People judge what the model would block" in said
    assert "1 of 40 would-be blocks wrong or unanswered: at most 18 %" in said
    assert "more verdicts" in said
    assert "also on what people answered to posts that were held, many at once" in said
    assert "Not watched here: this site has set no" in said
    sites.change_policy(site=site, missed_limit=0.02)
    assert "Not watched here" not in page()
    assert "1 would-be block and 1 drawn allowed post had none within three days" in said
    assert "Of 160 allowed, 40 were drawn: 1 spam, 38 honest, 1 unanswered" in said
    assert "Wrong of 100 blocks and would-be blocks</th><td>0</td><td>5</td>" in said
    file = page(**{"as": "csv"})
    assert ",Wrong of 100 blocks and would-be blocks,0.0,5.0,,," in file

    more, others = reviewed(site, at=NOW - FOUR_DAYS + DAY / 2)
    judge(site, more, "spam")
    judge(site, others, "ham")
    assert promises.certify(site=site, now=NOW)
    revision = site.policies.latest("revision").revision
    sites.change_policy(site=site, blocks_per_hour=201)
    assert f"(promised: 5 %, 95 % confidence; under revision {revision} of the policy)" in page()
    told = promised(facts._measure_database(NOW + DAY / 8))
    assert told.state is State.WELL
    told = promised(facts._measure_database(NOW + DAY / 4))
    assert told.state is State.WATCH and "1 not watched" in told.figure
    assert told.since == NOW

    judge(site, send(site, 60, probability=0.97, at=NOW + DAY, blocks=True), "ham")
    promises.follow(now=NOW + 2 * DAY)
    assert "<strong>The last promise was broken</strong>" in page()
    told = promised(facts.measure().database)
    assert told.state is State.WATCH and "too many honest posts" in told.sentence
    Certificate.objects.update(broken=False)
    told = promised(facts.measure().database)
    assert told.state is State.WATCH and "Nobody can tell how many" in told.sentence


def test_a_certificate_that_stored_draws_carried_says_what_it_rests_on(site, page, as_owner):
    certified(site)
    assert "It rests on 40 would-be blocks and 60 allowed posts" in page()
    assert (
        IF_UNLIKE == 0.2 and "would-be blocks were drawn (checked with 80 % confidence)" in page()
    )
    with as_owner():
        Certificate.objects.update(replayed=True, judged=43, wrong=3)
    said = page()
    assert "It rests on" not in said and "on were wrong or unanswered" not in said
    assert (
        "Another model decided what it rests on" in said
        and "days of which fewer" not in (said.partition("Another model")[2].partition("</li>")[0])
    )
    assert "40 drawn posts that had been held or were would-be blocks, and the allowed" in said
    assert "Of all these 3 count as honest and blocked" in said
    assert "that posts nearly like those that trained it come as often later, ends on" in said


def test_a_certificate_says_from_where_on_so_few_were_wrong(site, page):
    """Those below its threshold, which would not carry the promise, are among what was judged."""
    sites.change_policy(site=site, promise=0.01)
    judge(site, send(site, 10, probability=0.96, at=NOW - FOUR_DAYS), "ham")
    judged(site, blocks=110, allowed=1_500, drawn=220, score=0.995)
    made = promises.certify(site=site, now=NOW)
    assert (made.judged, made.wrong) == (120, 0) and made.threshold > 0.96
    share = f"{100 * made.threshold:.0f} %"
    said = page()
    assert "It rests on 120 would-be blocks and 220 allowed posts" in said
    assert f"of the would-be blocks, 0 from {share} on were wrong or unanswered" in said


def test_where_most_drawn_allowed_posts_are_spam_wrong_blocks_are_said_to_be_found_late(site, page):
    certified(site)
    site_figures.measure(site=site, now=NOW)
    assert "found late" not in page()
    judge(site, send(site, 70, probability=0.02, at=NOW - FOUR_DAYS), "spam")
    site_figures.measure(site=site, now=NOW)
    assert "of 130 drawn allowed posts of four weeks 70 were spam" in page()


def test_for_whom_it_is_wrong(site, page):
    """Blocks of posts with links are right, of those without a link wrong; both are drawn."""
    right = send(site, 40, probability=0.97, at=NOW - FOUR_DAYS, text="look: https://x.example/")
    wrong = send(site, 40, probability=0.97, at=NOW - FOUR_DAYS, text="see you", language="DE-AT")
    allowed = send(site, 120, probability=0.02, at=NOW - FOUR_DAYS, text="thanks", language="en")
    for drawn, label in ((right, "spam"), (wrong, "ham"), (allowed, "ham")):
        judge(site, drawn, label)
    # All that was blocked wrongly is by one author.
    for number, draw in enumerate((*wrong, *right, *allowed)):
        name = "one" if number < len(wrong) else f"another {number}"
        author, _ = Author.objects.get_or_create(site=site, external_id=name)
        Post.objects.filter(pk=draw.decision.post_id).update(author=author)
    found = site_figures.measure(site=site, now=NOW)
    told = found.figures["slices"]["slices"]
    rows = {f"{row['trait']} {row['value']}": row for row in told}
    traits = {"language de", "language en", "language ", "link true", "link false"}
    assert rows.keys() == traits | {"author first"}
    assert (rows["author first"]["posts"], rows["author first"]["wrong"]) == (161, 1)
    assert rows["link true"]["wrong"] == 0 and rows["link false"]["wrong"] == 40
    assert rows["link false"]["per_1000_honest"][0] > 150.0
    assert rows["language en"]["per_1000_honest"][1] < rows["language de"]["per_1000_honest"][0]
    assert rows["language de"]["per_1000_honest"][1] == 1_000.0
    shown = page()
    assert "without a link" in shown and "language de" in shown and "author new" not in shown
    # Within a day they are kept.
    send(site, 30, probability=0.97, at=NOW - FOUR_DAYS, text="more")
    again = site_figures.measure(site=site, now=NOW + timedelta(hours=2))
    assert again.figures["slices"] == found.figures["slices"]


def test_a_post_whose_words_were_forgotten_is_in_no_slice_by_them(site, page, as_owner):
    sent = {"probability": 0.97, "at": NOW - FOUR_DAYS}
    linked = send(site, 60, text="look: https://x.example/", language="en", **sent)
    plain = send(site, 30, text="see you", language="de", **sent)
    judge(site, linked[:40], "ham")
    judge(site, [*linked[40:], *plain], "spam")
    posts = [draw.decision.post_id for draw in linked[:40]]
    author = Author.objects.create(site=site, external_id="one", created_at=NOW - FOUR_DAYS)
    Post.objects.filter(pk__in=posts).update(author=author)
    assert "deleted since" not in page()
    with as_owner(), connection.cursor() as cursor:
        cursor.execute("SELECT reviews_forget_words_of(%s::uuid[])", [posts])
    told = site_figures.measure(site=site, now=NOW).figures["slices"]
    rows = {
        f"{row['trait']} {row['value']}": (row["posts"], row["wrong"]) for row in told["slices"]
    }
    assert rows == {
        "language en": (20, 0),
        "language de": (30, 0),
        "link true": (20, 0),
        "link false": (30, 0),
    }
    assert told["forgotten"] == 40
    assert "40 posts whose words were deleted since are in no row of language, link" in page()


def test_whose_first_post_was_held_counts_with_that(site):
    held = send(site, 1, probability=0.97, at=NOW - FOUR_DAYS, stratum="review")[0].decision.post_id
    later = [each.decision.post_id for each in send(site, 2, probability=0.02, at=NOW - FOUR_DAYS)]
    for name, posts in (("one", [held, later[0]]), ("another", [later[1]])):
        author = Author.objects.create(site=site, external_id=name, created_at=NOW)
        Post.objects.filter(pk__in=posts).update(author=author)
    between = {"since": NOW - 10 * DAY, "until": NOW}
    drawn = draws.selected(site, **between)
    for said, counts in (({(held, 1): "ham"}, (1, 1)), ({}, (2, 0))):
        found = slices._firsts({"site": site.pk, **between}, drawn, said)
        assert (found[1].posts, found[2].honest, found[3]) == (*counts, 2)


def known(site, draw, *, truth, said):
    """A known case: two agreed on this draw's post, and a third was asked."""
    first = Verdict.objects.get(case__audit=draw)
    assert first.kind == truth
    looked = Case.objects.create(
        post_id=draw.decision.post_id,
        site=site,
        revision=1,
        decision=draw.decision,
        lane=Lane.HELD,
        state=CaseState.JUDGED,
        priority=0.0,
        opened_at=NOW,
        closed_at=NOW,
    )
    answer = Verdict.objects.create(
        case=looked, round=0, user=site.user, kind=said, seen=draw.decision, created_at=NOW
    )
    Look.objects.create(
        site=site,
        kind=LookKind.GOLD,
        why=LookReason.SAMPLE,
        verdict=first,
        case=looked,
        person=site.user,
        answer=answer,
        probability=1.0,
        due_at=NOW,
        created_at=NOW,
    )


def test_people_who_err_more_than_is_assumed_widen_what_is_said(site, page):
    spam, honest = reviewed(site, blocks=40, allowed=60, drawn=60)
    judge(site, spam[:20], "spam")
    judge(site, spam[20:], "ham")
    judge(site, honest, "ham")
    before = site_figures.measure(site=site, now=NOW).figures
    assert not before["people"]["honest"]["measured"]
    for number, draw in enumerate(spam[20:]):
        known(site, draw, truth="not_spam", said="spam" if number % 5 < 3 else "not_spam")
    known(site, spam[0], truth="spam", said="spam")
    after = site_figures.measure(site=site, now=NOW).figures
    assert after["people"]["honest"] | {"bound": 0.0} == {
        "wrong": 12,
        "of": 20,
        "looks_wrong": 0,
        "looks": 0,
        "bound": 0.0,
        "measured": True,
        "open": 0,
    }
    bound = sequences.upper(12, 20, mistaken.DELTA / mistaken.BOUNDS)
    assert after["people"]["honest"]["bound"] == pytest.approx(bound)
    assert (
        after["people"]["spam"] | {"wrong": 0, "of": 1, "bound": 0.02, "measured": False}
        == (after["people"]["spam"])
    )
    ends = [found["period"]["figures"]["per_100_blocks"] for found in (before, after)]
    assert ends[1][1] > ends[0][1] and ends[1][0] <= ends[0][0]
    assert "(measured: wrong 12 of 20 known cases and 0 of 0 second looks)" in page()
    assert after["promise"]["bound"] > before["promise"]["bound"], "and certificates know of it"


def test_second_looks_that_nobody_else_settled_are_told(site, page):
    spam, _ = judged(site)
    look(site, spam[:3], "not_spam", settled="spam", why="sample")
    site_figures.measure(site=site, now=NOW)
    assert "3 more second looks differed and no third person settled them: what may be" in page()
    look(site, spam[3:], "not_spam", settled="spam", why="sample")
    found = site_figures.measure(site=site, now=NOW).figures["people"]
    assert found["spam"]["measured"] and found["spam"]["bound"] > 0.3
    told = f"{len(spam)} more second looks differed and no third person settled them: where two"
    assert told in page()


def test_second_looks_that_nobody_took_are_told(site, page):
    spam, _ = judged(site)
    look(site, spam[:3], None, why="sample")
    late = NOW - timedelta(days=3)
    Look.objects.filter(verdict__case__audit=spam[0]).update(due_at=late)
    Look.objects.filter(verdict__case__audit=spam[1]).update(ended="The post was edited.")
    assert site_figures.measure(site=site, now=NOW).figures["people"]["unanswered"] == 2
    assert "2 second looks had no answer within three days, or ended without one" in page()


def test_few_blocks_lean_on_other_sites_and_say_so(site, page):
    judge(site, send(site, 4, probability=0.97, at=NOW - FOUR_DAYS), "spam")
    assert site_figures.measure(site=site, now=NOW).figures["estimate"] is None
    for _ in range(3):
        blocked = {"worth": [3.0, 100.0]}
        Measured.objects.create(
            site=make_site(),
            period_from=NOW - DAY,
            period_to=NOW,
            measured_at=NOW,
            figures={"period": {"blocked": blocked}},
        )
    found = site_figures.measure(site=site, now=NOW).figures["estimate"]
    assert 1.0 < found["mean"] < 4.0 and found["low"] < found["mean"] < found["high"]
    Measured.objects.exclude(site=site).delete()
    assert "estimate, not a promise" in page()


def test_posts_that_count_as_one_are_told(site, page):
    spam, honest = reviewed(site)
    judge(site, [*spam, *honest], "spam")
    site_figures.measure_due(now=NOW)
    assert "count as one" not in page()
    measured = Measured.objects.get()
    measured.figures["promise"]["together"] = 2.5
    measured.save(update_fields=["figures"])
    assert "2.5 count as one" in page()


def test_what_is_wrong_mainly_on_days_of_waves_is_told(site, page):
    judged(site, blocks=20, allowed=500, drawn=120)
    wave = send(site, 20, probability=0.97, at=NOW - 2 * DAY, chance=0.1, thrown=0.05)
    judge(site, wave[:3], "ham")
    judge(site, wave[3:], "spam")
    site_figures.measure_due(now=NOW)
    said = page()
    assert "would carry the promise if days were alike" in said
    assert "The draws carry the promise" not in said


def test_the_file_says_of_which_days_its_figures_are_and_how_sure(site, page, client):
    judge(site, send(site, 30, probability=0.97, at=NOW - FOUR_DAYS, text="look"), "spam")
    judge(site, send(site, 30, probability=0.02, at=NOW - FOUR_DAYS, text="www.x.example"), "ham")
    site_figures.measure_due(now=NOW)
    page()
    said = client.get("/review/promises/", {"as": "csv"}).content.decode()
    rows = list(csv.DictReader(StringIO(said)))
    assert {row["slice"] for row in rows} == {"", "with a link", "without a link"}
    counts = {
        (row["measure"], *(row[name] for name in ("posts", "blocks", "judged", "wrong")))
        for row in rows
        if row["slice"] == "with a link"
    }
    assert counts == {(BLOCKED, "30", "0", "0", "0"), (LET_THROUGH, "", "", "", "")}
    weeks = [row for row in rows if row["measure"] == WRONG_OF_WEEK]
    assert all((row["posts"], row["wrong"]) == ("", "") and row["blocks"] for row in weeks)
    since, until = (NOW - days for days in (10 * DAY, 3 * DAY))
    whole = (row for row in rows if "in the week" not in row["measure"])
    assert {(row["period_from"], row["period_to"], row["confidence"]) for row in whole} >= {
        (since.isoformat(), until.isoformat(), "0.95")
    }


def test_measuring_again_waits_an_hour(site):
    site_figures.measure_due(now=NOW)
    site_figures.measure_due(now=NOW + timedelta(minutes=30))
    assert Measured.objects.get().measured_at == NOW
    site_figures.measure_due(now=NOW + timedelta(minutes=61))
    assert Measured.objects.get().measured_at > NOW


def test_it_is_for_who_leads_the_site(client, site):
    client.force_login(site.user)
    assert client.get("/review/promises/").status_code == 403
    Membership.objects.filter(user=site.user).update(role=Role.OWNER)
    another = make_site()
    said = client.get("/review/promises/").content.decode()
    assert "Forum" in said and another.name not in said
