from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from moderation import feedback, outbox
from moderation.access import create_key
from moderation.models import Decision, Feedback, Post, Site
from moderation.types import Outcome, Source
from reviews.exceptions import StaleCase
from reviews.judging.verdicts import submit_verdict
from reviews.labels.feedback import on_feedback
from reviews.labels.labelling import effective
from reviews.models import Case, Label
from reviews.queue.intake import follow_decisions
from reviews.states import VerdictKind
from tests.integration.reviews.world import NOW, decide, edit, make_post

pytestmark = pytest.mark.django_db

OpenCase = Callable[..., Case]


def say(post: Post, label: str, role: str = "owner") -> Feedback:
    key, _ = create_key(site=post.site, name="test")
    return feedback.receive(
        post=post, label=label, actor_id="17", actor_role=role, api_key=key, now=NOW
    )


def deliver() -> None:
    assert outbox.deliver(now=NOW + timedelta(seconds=1))


@pytest.mark.parametrize("role", ["owner", "moderator"])
@pytest.mark.parametrize(("label", "outcome"), [("spam", "block"), ("ham", "allow")])
def test_a_trusted_word_closes_the_case_and_teaches(
    open_case: OpenCase, role: str, label: str, outcome: str
):
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


def test_an_audit_ended_by_the_site_is_no_audit_label(open_case: OpenCase):
    case = open_case(outcome=Outcome.BLOCK, audit=0.05)
    say(case.post, "ham")
    deliver()
    case.refresh_from_db()
    assert case.state == "closed"
    assert not Label.objects.filter(audit=True).exists()


def test_a_word_told_twice_is_one_label(open_case: OpenCase):
    case = open_case()
    say(case.post, "spam")
    events = list(outbox.Event.objects.filter(kind="feedback.received"))
    on_feedback(events + events)
    on_feedback(events)
    assert Label.objects.count() == 1


def test_the_last_of_two_words_holds(open_case: OpenCase, site: Site):
    case = open_case()
    say(case.post, "spam")
    say(case.post, "ham", "moderator")
    deliver()
    assert [label.label for label in effective(Site.objects.filter(pk=site.pk))] == ["ham"]
    assert Post.objects.get(pk=case.post_id).outcome == "allow"


def test_a_moderator_hears_of_the_site_s_word(open_case: OpenCase, moderator: User):
    case = open_case()
    say(case.post, "ham")
    with pytest.raises(StaleCase, match="The site itself allowed it"):
        submit_verdict(
            case_id=case.pk,
            user=moderator,
            kind=VerdictKind.SPAM,
            seen_decision_id=case.decision_id,
        )


def test_a_word_about_new_words_ends_the_question_about_the_old(open_case: OpenCase):
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


def test_a_report_opens_a_case_about_a_published_post(site: Site):
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
def test_reports_that_ask_nothing(site: Site, outcome: Outcome, source: Source, label: str):
    post = make_post(site)
    decide(post, outcome, source=source)
    follow_decisions(post_ids=[post.pk])
    asked = list(Case.objects.values_list("decision", "lane", "priority"))
    say(post, label, "member")
    deliver()
    assert list(Case.objects.values_list("decision", "lane", "priority")) == asked
    assert Decision.objects.count() == 1


def test_a_report_told_before_the_decision_on_new_words(open_case: OpenCase):
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


def test_a_report_moves_a_waiting_case_up(site: Site):
    post = make_post(site)
    decide(post, Outcome.ALLOW, probability=0.01, audit=0.02)
    follow_decisions(post_ids=[post.pk], now=NOW)
    before = Case.objects.get(post=post)
    say(post, "spam", "member")
    deliver()
    after = Case.objects.get(post=post)
    assert after.priority > before.priority
    assert after.audit == before.audit
