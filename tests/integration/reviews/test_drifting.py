"""Days are counted from rows, an alarm becomes a task, and a person's answer ends it."""

from datetime import date, timedelta

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError

from moderation import leases
from moderation.access import create_key
from moderation.ids import id_at
from moderation.models import Event, Post, PostRevision, Score, Site
from moderation.types import Outcome
from reviews import tasks
from reviews.measuring import drifting
from reviews.models import Alarm, DriftDay, DriftReport, Membership, ReportRecord
from reviews.notices import alarms
from tests.integration.reviews import promised
from tests.integration.world import NOW, decide, make_moderator

MIDNIGHT = NOW.replace(hour=0)
HOSTILE = "<b>en\u202e"


def posts(site: Site, days_ago: int, languages: dict[str, int]) -> None:
    """Decided posts of one day, by the language that the site said."""
    at = MIDNIGHT - timedelta(days=days_ago) + timedelta(hours=3)
    number = 0
    for language, count in languages.items():
        for _ in range(count):
            number += 1
            post = Post.objects.create(
                id=id_at(at, number),
                site=site, type="comment", created_at=at, submitted_at=at,
            )  # fmt: skip
            PostRevision.objects.create(
                post=post, revision=1, text="Hello", digest="-", language=language, created_at=at
            )
            decide(post, Outcome.ALLOW, probability=0.1, model="m1", now=at)
            Score.objects.create(
                post=post, revision=1, scorer="linear", model="m1", probability=0.1,
                unfamiliar=0.2, created_at=at,
            )  # fmt: skip


def quiet_days(site: Site, first: int, last: int) -> None:
    """Counted days as they always were."""
    for ago in range(first, last, -1):
        DriftDay.objects.create(
            site=site, day=(NOW - timedelta(days=ago)).date(), model="m1", posts=40,
            counts={"language": {"en": 30 + ago % 3, "de": 10 - ago % 3}, "type": {"comment": 40}},
        )  # fmt: skip


def test_a_day_is_counted_and_a_change_becomes_a_task(site, client):
    Site.objects.filter(pk=site.pk).update(created_at=NOW - timedelta(days=30))
    quiet_days(site, 30, 2)
    DriftReport.objects.create(
        site=site, figures={}, measured_at=NOW, counted_to=(NOW - timedelta(days=2)).date()
    )
    posts(site, 1, {"en": 2, HOSTILE: 58})
    assert drifting.follow(site=site, now=NOW) == 1
    assert drifting.follow(site=site, now=NOW) == 0, "once a day"
    row = DriftDay.objects.get(posts=60)
    assert row.counts["language"] == {"en": 2, HOSTILE: 58}
    assert row.counts["unfamiliar"] == {"3": 60}
    assert row.counts["author"] == {"not known": 60}
    figures = DriftReport.objects.get().figures
    assert figures["moved"][0]["feature"] == "language"
    alarm = Alarm.objects.get()
    assert alarm.sentence.startswith("Posts are no longer what they were when m1 began: language")
    assert "; other: 0 % of the posts, now 19 %)" in alarm.sentence
    assert drifting.bin_words("language", "") == "not said"
    assert Event.objects.get(kind="drift.found").payload["alarm"] == alarm.pk

    senior = User.objects.create_user("senior")
    Membership.objects.create(user=senior, site=site, role="senior")
    client.force_login(senior)
    page = client.get("/review/drift/").content.decode()
    assert "language, as the site says it" in page and "<polyline" in page
    assert "<b>en" not in page
    answered = client.post(f"/review/alarms/{alarm.pk}/answer", {"note": "A German forum joined."})
    assert answered.headers["Location"] == "/review/drift/"
    alarm.refresh_from_db()
    assert (alarm.answered_by, alarm.note) == (senior, "A German forum joined.")
    Alarm.objects.update(answered_at=NOW)
    assert drifting.compare(site).get("alarm") is False, "what is now is usual"


def test_the_reference_of_a_model_stays_as_long_as_it_serves(site):
    """Of one that moved with each day another alarm would come by chance every few months."""
    day = (NOW - timedelta(days=2)).date()
    kept = {"posts": 40, "counts": {"type": {"comment": 40}}}
    for model, ago in (("m0", 500), ("m0", 20), ("m1", 450), ("m1", 0)):
        DriftDay.objects.create(site=site, model=model, day=day - timedelta(days=ago), **kept)
    DriftReport.objects.create(site=site, figures={}, measured_at=NOW, counted_to=day)
    drifting.follow(site=site, now=NOW)
    left = [(row.model, (day - row.day).days) for row in DriftDay.objects.order_by("pk")]
    assert left == [("m0", 20), ("m1", 450), ("m1", 0)]


def test_nothing_is_said_before_two_weeks_and_nobody_else_answers(site, client, moderator):
    quiet_days(site, 12, 0)
    assert drifting.compare(site)["reference_to"] is None
    alarm = alarms.sound(
        site_id=site.pk, kind="drift", subject="model m1", sentence="It moved.", facts={}, now=NOW
    )
    assert alarm is not None
    again = alarms.sound(
        site_id=site.pk, kind="drift", subject="model m1", sentence="It moved.", facts={}, now=NOW
    )
    assert again is None, "one task, however often it is noticed"
    client.force_login(moderator)
    assert client.post(f"/review/alarms/{alarm.pk}/answer", {"note": "?"}).status_code == 403
    assert client.get("/review/drift/").status_code == 403
    assert client.get("/review/sources/").status_code == 403
    client.force_login(User.objects.create_superuser("ops"))
    assert "It moved." in client.get("/review/drift/").content.decode()
    key, _ = create_key(site=site, name="app")
    for actor, right in (("", 6), ("<b>17</b>", 0)):
        ReportRecord.objects.create(
            site=site,
            api_key=key,
            actor_id=actor,
            judged=6,
            right=right,
            told_judged=6,
            told_right=right,
            looked_at=NOW,
        )
    told = client.get("/review/sources/").content.decode()
    assert "Members who report posts" in told and "&lt;b&gt;17" in told
    assert "<td>6 of 6</td>" in told and "<td>0.32</td>" in told


def test_the_calibration_is_the_sites_and_not_that_of_what_was_drawn(site, moderator):
    """Blocks are drawn more often than allowed posts; lists have no probability to be right."""
    site.user = moderator
    at = MIDNIGHT - timedelta(days=4) + timedelta(hours=3)
    blocks = promised.send(site, 30, probability=0.97, at=at)
    allowed = promised.send(site, 32, probability=0.02, at=at)
    listed = promised.send(site, 3, probability=0.9, at=at, by="list")
    promised.judge(site, [*blocks[:25], *listed], "spam")
    promised.judge(site, blocks[25:], "ham")
    promised.judge(site, allowed[:30], "ham")
    site.senior = make_moderator(site)
    promised.look(site, blocks[25:], "spam", settled="spam")
    [row] = drifting.count(site=site, day=(MIDNIGHT - timedelta(days=1)).date())
    assert [0.97, 1.0, 1.0] in row.audits and [0.02, None, 0.25] in row.audits
    assert len(row.audits) == 62 and [0.97, 0.0, 1.0] not in row.audits
    DriftDay.objects.update(posts=1)
    found = drifting.compare(site)["calibration"]
    assert (found["audits"], found["drawn"]) == (60, 62)
    weighed = (30 * 0.03 + 30 * 4 * 0.02) / (30 + 30 * 4)
    assert found["ece"] == pytest.approx(weighed, abs=1e-4)


def test_what_is_answered_to_an_appeal_stands_in_for_the_audit_that_it_ends(site, moderator):
    site.user = moderator
    at = MIDNIGHT - timedelta(days=4) + timedelta(hours=3)
    upheld, overturned, _, judged = promised.send(site, 4, probability=0.97, at=at, blocks=True)
    promised.judge(site, [judged], "ham")
    promised.appeal(site, upheld, Outcome.BLOCK)
    promised.appeal(site, overturned, Outcome.ALLOW)
    promised.appeal(site, judged, Outcome.BLOCK)
    [row] = drifting.count(site=site, day=(MIDNIGHT - timedelta(days=1)).date())
    assert row.audits == [[0.97, 1.0, 1.0], [0.97, 0.0, 1.0], [0.97, None, 1.0], [0.97, 0.0, 1.0]]


def usual_days(site: Site, audits: list[list[list[float | None]]]) -> None:
    """Days as they always were, with these audits."""
    for number, said in enumerate(audits):
        DriftDay.objects.create(
            site=site, day=(NOW - timedelta(days=len(audits) - number)).date(), model="m1",
            posts=40, counts={"type": {"comment": 40}}, audits=said,
        )  # fmt: skip


def test_audits_that_were_counted_by_their_answers_too_are_not_counted_twice(site):
    """They were counted so before chances were kept; the same come again by their draws."""
    right: list[list[float | None]] = [[0.5, float(n % 2), 1.0] for n in range(10)]
    wrong: list[list[float | None]] = [[0.5, 1.0] for _ in range(10)]
    usual_days(site, [right] * 20 + [[*right, *wrong]])
    both = drifting.compare(site)
    DriftDay.objects.all().delete()
    usual_days(site, [right] * 21)
    once = drifting.compare(site)
    assert both == once and once["evidence_of_calibration"] > 0


def test_calibration_waits_where_what_was_usual_was_counted_otherwise(site):
    """Else what always was off would be an alarm on the day of an upgrade."""
    usual_days(site, [[[0.5, 1.0]] * 20] * 14 + [[[0.5, 1.0, 1.0]] * 20] * 7)
    found = drifting.compare(site)
    assert found["reference_to"] is not None and found["alarm"] is False


def test_a_site_that_fails_keeps_no_other_from_being_watched_and_two_rounds_are_one(
    site, other_site, monkeypatch
):
    Site.objects.update(created_at=NOW - timedelta(days=3))
    count = drifting.count

    def fails_once(*, site: Site, day: date) -> None:
        if site != other_site:
            raise OperationalError("canceling statement due to statement timeout")
        count(site=site, day=day)

    monkeypatch.setattr(drifting, "count", fails_once)
    with leases.hold("drift"):
        tasks.drift()
        assert not DriftReport.objects.exists()
    tasks.drift()
    assert DriftReport.objects.get().site == other_site
