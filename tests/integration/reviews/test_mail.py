"""Digests and alerts: written once, without a word of any post, and sent off every hot path."""

import smtplib
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail as outbox
from django.db.models import F
from django.utils import timezone

from moderation import sites
from moderation.models import Certificate, Post, Site
from moderation.types import Mode, Outcome
from reviews import tasks
from reviews.console import queue_page
from reviews.judging.undoing import undo
from reviews.labels import looks
from reviews.models import Case, Incident, Look, LookPlan, Mail, MailKind, MailState, Membership
from reviews.models.alarm import AlarmKind
from reviews.notices import alarms, alerts, digests, mailing
from reviews.people import countable, preferences
from reviews.queue.claiming import claim_next
from reviews.queue.intake import follow_decisions
from reviews.roles import Role
from reviews.states import VerdictKind
from tests.integration.moderation.world import make_certificate
from tests.integration.reviews.world import CANARY, make_case, make_post
from tests.integration.world import NOW, answer, browser_of, decide, make_moderator

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def sends(settings: Any) -> None:
    settings.WINNOW_MAIL = True
    settings.WINNOW_ALERT_WAIT = 8 * HOUR
    settings.WINNOW_ALERT_HOLD = 2 * HOUR
    settings.WINNOW_PUBLIC_URL = "https://winnow.example"


@pytest.fixture
def lead(site: Site) -> User:
    user = make_moderator(site)
    Membership.objects.filter(user=user).update(role=Role.SENIOR)
    User.objects.filter(pk=user.pk).update(email="lead@example.org")
    user.refresh_from_db()
    return user


def subjects() -> list[str]:
    return [mail.subject.partition(": ")[2] for mail in Mail.objects.order_by("pk")]


def test_a_long_wait_is_told_once_and_so_is_its_end(site, lead, moderator):
    User.objects.filter(pk=moderator.pk).update(email="moderator@example.org")
    case = make_case(site, CANARY)
    alerts.look(now=NOW + 8 * HOUR - timedelta(seconds=1))
    assert not Incident.objects.exists()
    for minutes in range(3):
        alerts.look(now=NOW + 8 * HOUR + timedelta(minutes=minutes))
    assert subjects() == ["cases wait too long"]
    told = Mail.objects.get()
    assert (told.user, told.site) == (lead, site)
    assert "The oldest case has waited 8 hours." in told.text
    assert "https://winnow.example/review/" in told.text
    assert CANARY not in told.text + told.subject

    Case.objects.filter(pk=case.pk).update(state="closed", closed_at=NOW)
    later = NOW + 9 * HOUR
    alerts.look(now=NOW + 8 * HOUR + timedelta(minutes=10))
    assert Mail.objects.count() == 1, "it may come back at once"
    alerts.look(now=later)
    alerts.look(now=later + HOUR)
    assert subjects() == ["cases wait too long", "cases no longer wait too long"]
    # The next one is another incident.
    Case.objects.filter(pk=case.pk).update(state="open", closed_at=None)
    alerts.look(now=later + 2 * HOUR)
    assert len(subjects()) == 3


def test_a_promise_that_ended_before_its_time_is_told_until_another_is_in_force(site, lead):
    sites.change_policy(site=site, mode=Mode.CERTIFIED)
    held = make_certificate(site, NOW)
    alerts.look(now=NOW)
    assert subjects() == []
    Certificate.objects.filter(pk=held.pk).update(ended_at=NOW, ended_because="Not so.")
    for minutes in range(2):
        alerts.look(now=NOW + timedelta(minutes=minutes))
    assert subjects() == ["the promise ended before its time"]
    assert "Not so. The model blocks no more" in Mail.objects.get().text
    make_certificate(site, NOW)
    alerts.look(now=NOW + HOUR)
    assert subjects()[1:] == ["a promise is in force again, or none is wanted"]


def test_a_promise_that_expired_or_that_nobody_wants_any_more_troubles_nobody(site, lead):
    sites.change_policy(site=site, mode=Mode.CERTIFIED)
    held = make_certificate(site, NOW)
    ended = Certificate.objects.filter(pk=held.pk)
    ended.update(ended_at=F("expires_at"), ended_because="It expired.")
    alerts.look(now=held.expires_at)
    ended.update(ended_at=NOW)
    sites.change_policy(site=site, mode=Mode.REVIEW_ONLY)
    alerts.look(now=held.expires_at)
    assert subjects() == []


def test_what_somebody_is_to_look_at_is_told_without_what_it_says(site, lead):
    about: dict[str, Any] = {"facts": {}, "now": NOW, "site_id": site.pk, "sentence": CANARY}
    for kind in (AlarmKind.DRIFT, AlarmKind.DRIFT, AlarmKind.MISSED):
        alarms.sound(kind=kind, subject="length", **about)
    assert subjects() == [
        "something about drift waits for a person",
        "something about missed spam waits for a person",
    ]
    assert not any(CANARY in mail.text + mail.subject for mail in Mail.objects.all())


def test_held_posts_are_told_of_before_their_time_runs_out(site, lead):
    case = make_case(site)
    Post.objects.filter(pk=case.post_id).update(hold_until=NOW + 3 * HOUR)
    alerts.look(now=NOW)
    assert subjects() == []
    alerts.look(now=NOW + HOUR)
    alerts.look(now=NOW + 2 * HOUR)
    assert subjects() == ["held posts are near the end of their time"]
    said = "The time of 1 held post runs out within 2 hours. Then it stays unpublished, unread."
    assert said in Mail.objects.get().text
    sites.change_policy(site=site, hold_fallback=Outcome.ALLOW)
    (ending,) = alerts.ending_holds(NOW + 2 * HOUR)
    assert (ending.posts, ending.then) == (1, "is published")


def test_audits_that_are_late_are_told_of_to_who_leads_and_not_to_who_judges(site, lead, moderator):
    post = make_post(site)
    decide(post, Outcome.ALLOW, audit=0.05)
    follow_decisions(post_ids=[post.pk], now=NOW)
    alerts.look(now=NOW + 24 * HOUR - timedelta(seconds=1))
    assert subjects() == ["cases wait too long"]
    alerts.look(now=NOW + 24 * HOUR)
    assert subjects() == ["cases wait too long", "audits are not answered in time"]
    assert "An audit has waited 24 hours." in Mail.objects.last().text
    assert [one.says for one in queue_page._troubles([site], [], NOW)] == ["cases wait too long"]
    Case.objects.update(state="closed", closed_at=NOW)
    alerts.look(now=NOW + 25 * HOUR)
    passed = {"cases no longer wait too long", "no audit waits too long"}
    assert set(subjects()[2:]) == passed


def test_a_second_look_that_is_late_is_told_to_who_leads_and_not_to_who_judges(
    site, lead, moderator
):
    first = make_case(site, now=NOW)
    LookPlan.objects.create(site=site, second_share=1.0, gold_share=0.0)
    answer(first, moderator)
    assert looks.open_due(now=NOW + HOUR) == 1
    alerts.look(now=NOW + 25 * HOUR - timedelta(seconds=1))
    assert subjects() == []
    alerts.look(now=NOW + 25 * HOUR)
    assert subjects() == ["second looks are not answered in time"]
    assert "A second look has waited 24 hours." in Mail.objects.get().text
    assert queue_page._troubles([site], [], NOW) == []
    Case.objects.filter(lane="look").update(state="closed", closed_at=NOW)
    alerts.look(now=NOW + 26 * HOUR)
    assert subjects()[1:] == ["no second look waits too long"]


def test_who_does_not_ask_for_waits_hears_of_audits_that_are_late_all_the_same(
    site, lead, settings
):
    settings.WINNOW_ALERT_WAIT = 0 * HOUR
    post = make_post(site)
    decide(post, Outcome.ALLOW, audit=0.05)
    follow_decisions(post_ids=[post.pk], now=NOW)
    alerts.look(now=NOW + 24 * HOUR)
    assert subjects() == ["audits are not answered in time"]


def test_operators_are_told_where_nobody_leads(site, moderator):
    User.objects.create_superuser("root", email="root@example.org")
    make_case(site)
    alerts.look(now=NOW + 9 * HOUR)
    assert [mail.user.username for mail in Mail.objects.all()] == ["root"]


def test_without_a_server_nothing_is_written_and_incidents_are_known(site, lead, settings):
    settings.WINNOW_MAIL = False
    preferences.change(user=lead, digest=True)
    make_case(site)
    alerts.look(now=NOW + 9 * HOUR)
    digests.write_due(now=NOW + 9 * HOUR)
    assert not Mail.objects.exists()
    assert Incident.objects.filter(closed_at=None).count() == 1


def test_a_digest_comes_once_a_day_to_who_wants_it(site, moderator, lead):
    preferences.change(user=moderator, digest=True, email="m@example.org")
    make_case(site, CANARY, now=NOW)
    case = claim_next(user=moderator, now=NOW)
    assert case is not None
    for taken_back in (True, False):
        case.refresh_from_db()
        given = answer(case, moderator, note=CANARY)
        if taken_back:
            undo(verdict_id=given.pk, user=moderator, now=NOW)
    make_case(site, CANARY)
    early = NOW.replace(hour=5)
    assert digests.write_due(now=early) == 0
    morning = NOW + timedelta(hours=20)  # eight the next day
    assert digests.write_due(now=morning) == 1
    assert digests.write_due(now=morning + HOUR) == 0
    written = Mail.objects.get()
    assert written.user == moderator
    assert f"{site.name}\n  1 case waits for you, the oldest for 20 hours." in written.text
    assert "1 answer within the last 24 hours, by all." in written.text
    assert "1 of the answers was yours." in written.text
    assert CANARY not in written.text
    assert digests.write_due(now=morning + timedelta(days=1)) == 1


def test_to_who_only_looks_on_no_digest_says_that_cases_wait_for_them(site):
    make_case(site, now=NOW)
    auditor = make_moderator(site)
    Membership.objects.filter(user=auditor).update(role=Role.AUDITOR)
    told = digests.digest_of(auditor, NOW + HOUR)
    assert "1 case waits, the oldest for" in told and "for you" not in told


def test_a_digest_counts_neither_second_looks_of_today_nor_what_is_hidden(
    site, moderator, monkeypatch
):
    now, colleague = timezone.now(), make_moderator(site)
    preferences.change(user=moderator, digest=True, email="m@example.org")
    LookPlan.objects.create(site=site, second_share=1.0)
    monkeypatch.setattr("reviews.labels.looks.throw", lambda: 0.0)
    monkeypatch.setattr(countable, "midnight", lambda: now - 12 * HOUR)
    answer(make_case(site), colleague, now=now - HOUR)
    looks.open_due(now=now)
    look = Look.objects.get().case
    assert look is not None
    assert "1 answer within the last 24 hours" in digests.digest_of(moderator, now)
    answer(look, moderator, now=now - HOUR)
    answer(make_case(site), moderator, VerdictKind.DANGER, now=now - HOUR)
    told = digests.digest_of(moderator, now)
    assert "1 answer within the last 24 hours, by all." in told
    assert "yours" not in told


def test_a_name_that_was_given_before_such_were_refused_forges_no_line(site, moderator):
    make_case(site)
    Site.objects.update(name="Harbour\n  No case waits.\u202e\r\nBcc: x@example.org")
    text = digests.digest_of(moderator, timezone.now())
    assert text.splitlines()[0] == "Harbour No case waits. Bcc: x@example.org"


def test_where_nothing_waits_and_nothing_was_done_no_digest_is_sent(site, moderator):
    preferences.change(user=moderator, digest=True, email="m@example.org")
    assert digests.write_due(now=NOW) == 0
    assert not Mail.objects.exists()


def waiting_mail(user: User, now: datetime = NOW) -> Mail:
    subject = "A site:\r\nBcc: x"
    mailing.write(kind=MailKind.ALERT, to=[user], subject=subject, text="Look.", now=now)
    return Mail.objects.latest("pk")


def test_what_waits_is_handed_over_once(lead):
    written = waiting_mail(lead)
    assert mailing.send_due(now=NOW) == 1
    assert mailing.send_due(now=NOW) == 0
    written.refresh_from_db()
    assert (written.state, written.sent_at) == (MailState.SENT, NOW)
    [sent] = outbox.outbox
    assert (sent.to, sent.subject) == (["lead@example.org"], "A site: Bcc: x")
    assert sent.extra_headers["Auto-Submitted"] == "auto-generated"
    mailing.send_due(now=NOW + timedelta(days=31))
    assert not Mail.objects.exists(), "old ones are forgotten"


def test_a_server_that_is_away_is_asked_ever_more_seldom_for_a_day(lead, monkeypatch):
    asked = []

    def away(self: Any) -> None:
        asked.append(1)
        raise ConnectionRefusedError("password and address of the server")

    monkeypatch.setattr("django.core.mail.backends.locmem.EmailBackend.open", away)
    written = waiting_mail(lead)
    moment = NOW
    while written.state == MailState.WAITING:
        moment = written.next_attempt_at
        assert mailing.send_due(now=moment - timedelta(seconds=1)) == 0
        mailing.send_due(now=moment)
        written.refresh_from_db()
    assert written.state == MailState.FAILED
    assert timedelta(days=1) <= moment - NOW < timedelta(days=1, hours=4)
    assert len(asked) == written.attempts < 20
    assert written.error == "ConnectionRefusedError"


def test_an_address_that_is_refused_is_not_tried_again_and_holds_up_no_other(
    lead, moderator, monkeypatch
):
    from django.core.mail.backends.locmem import EmailBackend

    send = EmailBackend.send_messages

    def picky(self: Any, messages: list[Any]) -> int:
        if messages[0].to == ["lead@example.org"]:
            raise smtplib.SMTPRecipientsRefused({"lead@example.org": (550, b"no such user")})
        return send(self, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", picky)
    preferences.change(user=moderator, email="m@example.org")
    refused, fine = waiting_mail(lead), waiting_mail(moderator)
    assert mailing.send_due(now=NOW) == 1
    refused.refresh_from_db()
    fine.refresh_from_db()
    assert (refused.state, fine.state) == (MailState.FAILED, MailState.SENT)
    assert refused.error == "SMTPRecipientsRefused"


def test_the_task_does_all_three_and_gives_way_to_another(site, lead, monkeypatch):
    make_case(site)
    tasks.mail()  # the case is months old by now
    assert [message.to for message in outbox.outbox] == [["lead@example.org"]]
    monkeypatch.setattr(
        "django.core.mail.backends.locmem.EmailBackend.send_messages",
        lambda self, messages: (_ for _ in ()).throw(TimeoutError),
    )
    written = waiting_mail(lead, timezone.now())
    tasks.mail()
    written.refresh_from_db()
    assert written.error == "TimeoutError"


def test_the_page_shows_ones_own_and_those_of_the_sites_one_leads(site, lead, moderator):
    for user in (lead, moderator):
        mailing.write(
            kind=MailKind.ALERT, to=[lead], site=site, subject=f"{user} <b>", text="", now=NOW
        )
    Mail.objects.filter(subject__startswith=str(moderator)).update(
        state=MailState.FAILED, error="SMTPServerDisconnected"
    )

    def seen_by(user: User) -> str:
        client = browser_of(user)
        return client.get("/review/mail/").content.decode()

    page = seen_by(lead)
    assert f"{lead} &lt;b&gt;" in page
    assert "SMTPServerDisconnected" in page
    assert "None yet." in seen_by(moderator)
