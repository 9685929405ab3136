from datetime import timedelta
from typing import Any

import pytest

from moderation import outbox
from moderation.access import create_key
from moderation.deciding import feedback
from moderation.models import Decision, Feedback, Post, Site
from moderation.types import Outcome, Source
from reviews.exceptions import StaleCase
from reviews.labels import reports, weighing
from reviews.labels.feedback import on_feedback
from reviews.labels.labelling import effective
from reviews.models import Case, Label, ReportRecord
from reviews.queue.intake import follow_decisions
from reviews.states import VerdictKind
from tests.integration.reviews.world import edit, make_post
from tests.integration.world import NOW, answer, decide

SOON = NOW + timedelta(minutes=1)


def say(post: Post, label: str, role: str = "owner") -> Feedback:
    key, _ = create_key(site=post.site, name="test")
    return feedback.receive(
        post=post, label=label, actor_id="17", actor_role=role, api_key=key, now=NOW
    )


def deliver() -> None:
    assert outbox.deliver(now=NOW + timedelta(seconds=1))


@pytest.mark.parametrize("role", ["owner", "moderator"])
@pytest.mark.parametrize(("label", "outcome"), [("spam", "block"), ("ham", "allow")])
def test_a_trusted_word_closes_the_case_and_teaches(open_case, role, label, outcome):
    case = open_case()
    given = say(case.post, label, role)
    deliver()
    case.refresh_from_db()
    assert case.state == "closed"
    said = "spam" if label == "spam" else "not spam"
    assert case.closed_because == f"The site's {role} said: {said}."
    assert Post.objects.get(pk=case.post_id).outcome == outcome
    taught = Label.objects.get()
    assert (taught.label, taught.source, taught.feedback) == (label, "feedback", given)
    assert (taught.audit, taught.inclusion_probability) == (False, None)


def test_an_audit_outlives_the_word_that_it_checks(open_case, moderator, monkeypatch):
    """Where people judge here; its answer is a label, and the site's decision stands."""
    monkeypatch.setattr(weighing, "FEW", 0)
    case = open_case(outcome=Outcome.BLOCK, audit=0.05)
    say(case.post, "ham")
    deliver()
    case.refresh_from_db()
    assert (case.state, case.lane) == ("open", "audit")
    decided = Post.objects.get(pk=case.post_id).decision
    answer(case, moderator, now=SOON)
    assert Post.objects.get(pk=case.post_id).decision == decided
    assert Label.objects.get(audit=True).label == "spam"


def test_a_report_that_the_site_answered_does_not_come_back_with_its_audit(open_case, monkeypatch):
    monkeypatch.setattr(weighing, "FEW", 0)
    case = open_case(outcome=Outcome.ALLOW, audit=0.05)
    say(case.post, "spam", "member")
    deliver()
    case.refresh_from_db()
    assert case.reported is not None
    say(case.post, "ham")
    deliver()
    case.refresh_from_db()
    assert (case.state, case.reported) == ("open", None)
    edit(case.post)
    decide(Post.objects.get(pk=case.post_id), Outcome.ALLOW)
    follow_decisions(post_ids=[case.post_id], now=NOW + timedelta(minutes=5))
    assert list(Case.objects.filter(post=case.post_id, state="open")) == [case]


def test_an_audit_ended_by_the_site_is_no_audit_label(open_case):
    case = open_case(outcome=Outcome.BLOCK, audit=0.05)
    say(case.post, "ham")
    deliver()
    case.refresh_from_db()
    assert case.state == "closed"
    assert not Label.objects.filter(audit=True).exists()


def test_a_word_told_twice_is_one_label(open_case):
    case = open_case()
    say(case.post, "spam")
    events = list(outbox.Event.objects.filter(kind="feedback.received"))
    on_feedback(events + events)
    on_feedback(events)
    assert Label.objects.count() == 1


def test_the_last_of_two_words_holds(open_case, site):
    case = open_case()
    say(case.post, "spam")
    say(case.post, "ham", "moderator")
    deliver()
    assert [label.label for label in effective(Site.objects.filter(pk=site.pk))] == ["ham"]
    assert Post.objects.get(pk=case.post_id).outcome == "allow"


def test_a_moderator_hears_of_the_site_s_word(open_case, moderator, monkeypatch):
    monkeypatch.setattr("reviews.labels.looks.lot_of", lambda case: 1.0)
    case = open_case()
    say(case.post, "ham")
    with pytest.raises(StaleCase, match="The site itself allowed it"):
        answer(case, moderator, now=None)


def test_a_word_about_new_words_ends_the_question_about_the_old(open_case):
    case = open_case()
    audit = open_case(would_be=Outcome.BLOCK, audit=0.1)
    for each in (case, audit):
        edit(each.post)
        say(each.post, "spam")
    deliver()
    case.refresh_from_db()
    audit.refresh_from_db()
    assert case.state == "closed"
    assert (audit.state, audit.lane, audit.revision) == ("open", "audit", 1)


def test_a_report_opens_a_case_about_a_published_post(site):
    post = make_post(site)
    decision = decide(post, Outcome.ALLOW, probability=0.1)
    say(post, "spam", "member")
    deliver()
    case = Case.objects.get(post=post)
    assert (case.lane, case.state, case.decision) == ("reported", "open", decision)
    assert not Label.objects.exists()
    assert Post.objects.get(pk=post.pk).decision == decision
    follow_decisions(post_ids=[post.pk])
    say(post, "spam", "member")
    deliver()
    assert Case.objects.get(post=post).state == "open"


@pytest.mark.parametrize(
    ("outcome", "source", "label"),
    [
        (Outcome.BLOCK, Source.MACHINE, "spam"),
        (Outcome.REVIEW, Source.MACHINE, "spam"),
        (Outcome.ALLOW, Source.MODERATOR, "spam"),
        (Outcome.ALLOW, Source.MACHINE, "ham"),
    ],
)
def test_reports_that_ask_nothing(site, outcome, source, label):
    post = make_post(site)
    decide(post, outcome, source=source)
    follow_decisions(post_ids=[post.pk])
    asked = list(Case.objects.values_list("decision", "lane", "priority"))
    say(post, label, "member")
    deliver()
    assert list(Case.objects.values_list("decision", "lane", "priority")) == asked
    assert Decision.objects.count() == 1


def test_a_report_told_before_the_decision_on_new_words(open_case):
    """Events come in any order; a post has one open case at most."""
    case = open_case()
    edit(case.post)
    decision = decide(case.post, Outcome.ALLOW)
    say(case.post, "spam", "member")
    deliver()
    case.refresh_from_db()
    assert case.state == "closed"
    reported = Case.objects.get(post=case.post, state="open")
    assert (reported.lane, reported.revision, reported.decision) == ("reported", 2, decision)


def test_a_report_is_worth_what_moderators_found_such_reports_to_be(
    site, moderator, monkeypatch, django_assert_num_queries
):
    monkeypatch.setattr(reports, "MOST_A_DAY", 7)
    key, _ = create_key(site=site, name="app")

    def report(actor: str) -> Case:
        post = make_post(site, text=f"Post {Post.objects.count()}")
        decide(post, Outcome.ALLOW, probability=0.01)
        feedback.receive(
            post=post, label="spam", actor_id=actor, actor_role="member", api_key=key, now=NOW
        )
        deliver()
        return Case.objects.get(post=post)

    def judged(case: Case, kind: VerdictKind) -> None:
        answer(case, moderator, kind, now=SOON)

    def same(one: Case, other: Case) -> bool:
        """But for the seconds between them."""
        return one.priority == pytest.approx(other.priority, abs=0.05)

    first = report("wrong")
    assert same(report("right"), first), "nobody is known yet"
    for _ in range(6):
        judged(report("right"), VerdictKind.REMOVE)
        judged(report("wrong"), VerdictKind.NOT_SPAM)
    reports.follow(now=SOON)
    records = ReportRecord.objects.values_list("actor_id", "judged", "right").order_by("actor_id")
    assert list(records) == [("", 12, 6), ("right", 6, 6), ("wrong", 6, 0)]
    assert same(report("stranger"), first), "as the members of the key: half right"
    after_six = Feedback.objects.filter(actor_id="wrong").order_by("-pk")[:1]
    assert reports.worth(after_six) == {after_six[0].pk: pytest.approx(0.2)}
    monkeypatch.setattr(reports, "MOST_A_DAY", 20)
    assert report("right").priority - 1.0 > first.priority > report("wrong").priority + 1.0
    monkeypatch.setattr(reports, "MOST_A_DAY", 7)
    flood = report("right")
    assert flood.lane == "reported" and flood.priority < report("stranger").priority - 1.0
    told = list(Feedback.objects.order_by("pk"))
    with django_assert_num_queries(2):
        worth = reports.worth(told)
    assert [worth[each.pk] > 0.0 for each in told[-2:]] == [False, True]
    judged(first, VerdictKind.SPAM)
    Feedback.objects.filter(post=first.post).update(created_at=SOON)
    reports.follow(now=SOON)
    assert ReportRecord.objects.get(actor_id="wrong").right == 0, "a word after the answer is none"


def test_a_report_moves_a_waiting_case_up(site):
    post = make_post(site)
    decide(post, Outcome.ALLOW, probability=0.01, audit=0.02)
    follow_decisions(post_ids=[post.pk], now=NOW)
    before = Case.objects.get(post=post)
    say(post, "spam", "member")
    deliver()
    after = Case.objects.get(post=post)
    assert after.priority > before.priority
    assert after.audit == before.audit


def reported_case(site: Site, **decision: Any) -> Case:
    post = make_post(site)
    decide(post, Outcome.ALLOW, probability=0.1, **decision)
    say(post, "spam", "member")
    deliver()
    return Case.objects.get(post=post)


@pytest.mark.parametrize("edited", [True, False])
@pytest.mark.parametrize(
    ("outcome", "lane"), [(Outcome.ALLOW, "reported"), (Outcome.REVIEW, "published")]
)
def test_no_new_judgement_shakes_off_a_report(site, edited, outcome, lane):
    before = reported_case(site)
    if edited:
        edit(before.post)
    newer = decide(before.post, outcome, published=True, probability=0.02)
    follow_decisions(post_ids=[before.post_id])
    after = Case.objects.get(post=before.post)
    assert (after.state, after.lane, after.decision) == ("open", lane, newer)
    assert after.revision == (2 if edited else 1)
    assert (after.priority, after.opened_at) == (before.priority, before.opened_at)


def test_a_report_says_nothing_more_of_what_is_blocked(site):
    case = reported_case(site)
    edit(case.post)
    decide(case.post, Outcome.BLOCK)
    follow_decisions(post_ids=[case.post_id])
    assert Case.objects.get(post=case.post).closed_because.startswith("Superseded")


@pytest.mark.parametrize("audit", [None, 0.05])
def test_two_edits_shake_off_no_report(site, audit, django_assert_max_num_queries):
    before = reported_case(site, audit=audit)
    for outcome in (Outcome.BLOCK, Outcome.BLOCK, Outcome.ALLOW):
        edit(before.post)
        newest = decide(before.post, outcome, probability=0.02)
        with django_assert_max_num_queries(13):
            follow_decisions(post_ids=[before.post_id])
    after = Case.objects.get(post=before.post, state="open", revision=4)
    assert (after.lane, after.decision, after.audit) == ("reported", newest, None)
    assert after.reported == before.reported
    follow_decisions(post_ids=[before.post_id])
    assert Case.objects.filter(post=before.post, state="open").count() == (2 if audit else 1)


@pytest.mark.parametrize("by", ["verdict", "owner", "nobody"])
def test_what_was_answered_after_the_first_edit_is_shaken_off(site, moderator, by):
    post = reported_case(site).post
    edit(post)
    decide(post, Outcome.BLOCK)
    follow_decisions(post_ids=[post.pk])
    if by == "owner":
        say(post, "ham", by)
        deliver()
    elif by == "verdict":
        decide(post, Outcome.ALLOW, source=Source.MODERATOR, user=moderator)
    edit(post)
    decide(post, Outcome.ALLOW)
    follow_decisions(post_ids=[post.pk])
    assert Case.objects.filter(post=post, state="open").exists() == (by == "nobody")


@pytest.mark.parametrize("by", ["verdict", "owner"])
def test_a_report_that_was_answered_does_not_come_back(site, moderator, by):
    case = reported_case(site)
    if by == "owner":
        say(case.post, "ham", by)
        deliver()
    else:
        answer(case, moderator, VerdictKind.NOT_SPAM)
    edit(case.post)
    decide(case.post, Outcome.ALLOW)
    follow_decisions(post_ids=[case.post_id])
    assert not Case.objects.filter(post=case.post, state="open").exists()


def test_a_report_leaves_an_audit_of_the_earlier_words_for_the_new_ones(site, moderator):
    audit = reported_case(site, audit=0.05)
    assert audit.audit is not None
    edit(audit.post)
    decide(audit.post, Outcome.ALLOW)
    follow_decisions(post_ids=[audit.post_id])
    audit.refresh_from_db()
    case = Case.objects.get(post=audit.post, revision=2)
    assert (audit.state, audit.lane, audit.revision) == ("open", "audit", 1)
    assert (case.state, case.lane, case.audit) == ("open", "reported", None)

    answer(case, moderator, VerdictKind.NOT_SPAM)
    edit(audit.post)
    decide(audit.post, Outcome.ALLOW)
    follow_decisions(post_ids=[audit.post_id])
    assert list(Case.objects.filter(post=audit.post, state="open")) == [audit]
