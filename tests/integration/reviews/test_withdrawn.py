"""Whoever takes a post back takes no draw back."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from moderation import sites
from moderation.models import AuditDraw, Author, Certificate, Decision, Post, PostRevision, Site
from moderation.submitting import posts
from moderation.types import Mode, Outcome, Status
from reviews import retention
from reviews.console.case.standing import decision_token
from reviews.exceptions import NotPermitted, StaleCase, UndoRefused
from reviews.judging.undoing import undo
from reviews.measuring import promises
from reviews.measuring.answers import blind
from reviews.models import Case, Label, LegalHold, Retention, Verdict
from reviews.queue import withdrawn
from reviews.queue.intake import follow_decisions
from reviews.queue.priority import DEADLINE
from reviews.states import CaseState, Lane, VerdictKind
from tests.integration.reviews.promised import DAY, certified, judge, judged, send
from tests.integration.reviews.promised import NOW as START
from tests.integration.reviews.world import make_post
from tests.integration.world import NOW, answer, decide, make_moderator, make_site

SOON = NOW + timedelta(hours=1)


def follow(post: Post) -> None:
    follow_decisions(post_ids=[post.pk], now=SOON)


def drawn(site: Site, **decision: object) -> Post:
    """A post that the model blocked, or would have, and that was drawn."""
    post = make_post(site)
    decide(post, **{"outcome": Outcome.BLOCK, "audit": 0.5, **decision})
    follow(post)
    return post


def taken_back(post: Post) -> Case:
    posts.withdraw(post=post, now=SOON)
    follow(post)
    return Case.objects.get(post=post)


@pytest.mark.parametrize(
    "decision", [{}, {"outcome": Outcome.REVIEW, "would_be": Outcome.BLOCK}], ids=["block", "held"]
)
def test_a_draw_is_answered_whoever_takes_the_post_back(site, moderator, decision):
    case = taken_back(drawn(site, **decision))
    assert (case.state, case.lane, case.reported) == ("open", "audit", None)
    before = Decision.objects.count()
    answer(case, moderator, now=SOON)
    assert blind([case.audit_id]) == {case.audit_id: "spam"}
    post = Post.objects.get()
    assert (post.status, Decision.objects.count()) == (Status.WITHDRAWN, before)
    assert Label.objects.get().audit


def test_a_draw_is_asked_about_whose_post_was_taken_back_at_once(site):
    post = make_post(site)
    decide(post, Outcome.BLOCK, audit=0.5)
    case = taken_back(post)
    assert (case.lane, case.audit) == ("audit", AuditDraw.objects.get())
    follow(post)
    assert Case.objects.get() == case, "told twice"


def test_the_case_looks_and_is_answered_like_any_other(site, moderator, client):
    case = taken_back(drawn(site))
    client.force_login(moderator)
    page = client.get(reverse("console:case", args=[case.pk]))
    assert page.status_code == 200
    assert b"Is this still for sale?" in page.content
    assert b"ithdrawn" not in page.content


def test_an_answer_is_taken_back_and_given_anew(site, moderator):
    case = taken_back(drawn(site))
    first = answer(case, moderator, now=SOON)
    undo(verdict_id=first.pk, user=moderator, now=SOON)
    assert blind([case.audit_id]) == {}
    answer(case, moderator, VerdictKind.NOT_SPAM, now=SOON)
    assert blind([case.audit_id]) == {case.audit_id: "ham"}


def test_what_decided_before_the_post_was_taken_back_stands(site, moderator):
    post = drawn(site, outcome=Outcome.REVIEW, would_be=Outcome.BLOCK)
    first = answer(Case.objects.get(), moderator, now=SOON)
    taken_back(post)
    with pytest.raises(UndoRefused, match="withdrawn"):
        undo(verdict_id=first.pk, user=moderator, now=SOON)


def test_nobody_is_asked_after_the_deadline(site, moderator):
    case, kept = taken_back(drawn(site)), drawn(site)
    assert withdrawn.close_late(now=NOW + DEADLINE - timedelta(minutes=1)) == 0
    assert withdrawn.close_late(now=NOW + DEADLINE) == 1
    case.refresh_from_db()
    assert (case.state, case.closed_because) == ("closed", "The post was withdrawn.")
    assert Case.objects.get(post=kept).state == "open"
    with pytest.raises(StaleCase, match="withdrawn"):
        answer(case, moderator, now=NOW + DEADLINE)


def test_a_flood_that_is_taken_back_can_be_answered_while_a_certificate_waits_for_it(db):
    """Else whoever sends blocked spam and takes it back ends any certificate."""
    site = make_site()
    sites.change_policy(site=site, mode=Mode.CERTIFIED, promise=0.05, block_from=0.9)
    Site.objects.filter(pk=site.pk).update(created_at=START - 10 * DAY)
    site.refresh_from_db()
    site.user = make_moderator(site)
    certificate = certified(site)
    judge(site, send(site, 60, probability=0.97, at=START + DAY, blocks=True), "spam")
    silent = send(site, 20, probability=0.97, at=START + 2 * DAY, blocks=True)
    cases = Case.objects.bulk_create(
        Case(
            post_id=draw.decision.post_id, site=site, revision=1, decision=draw.decision,
            audit=draw, lane=Lane.AUDIT, priority=0.0, opened_at=draw.created_at,
        )
        for draw in silent
    )  # fmt: skip
    theirs = Post.objects.filter(pk__in=[case.post_id for case in cases])
    theirs.update(status=Status.WITHDRAWN)
    waits = START + 5 * DAY + DAY / 24
    assert withdrawn.close_late(now=waits) == 0, "the look may come a moment later"
    assert promises.check(site=site, now=waits)
    assert withdrawn.close_late(now=START + 9 * DAY) == 0
    certificate.refresh_from_db()
    assert "can have none any more" not in certificate.unwatched_because
    forgotten = [case.pk for case in cases[:5]]
    Case.objects.filter(pk__in=forgotten).update(state=CaseState.CLOSED, closed_at=waits)
    assert promises.check(site=site, now=START + 9 * DAY)
    certificate.refresh_from_db()
    assert "5 of them can have none any more: if" in certificate.unwatched_because
    judged(site, at=START + 6 * DAY, allowed=2400, drawn=240)
    soon = START + 12 * DAY
    assert promises.certify(site=site, now=soon) is None, "it may still cover blocks"
    Certificate.objects.update(ended_at=soon)
    assert withdrawn.close_late(now=soon) == 15
    # Of the rest nobody can say anything any more.
    Certificate.objects.update(ended_at=None)
    assert promises.check(site=site, now=soon)
    Certificate.objects.update(doubted=True)
    assert promises.certify(site=site, now=soon) is None, "what speaks against it is not left"
    Certificate.objects.update(doubted=False)
    followed = promises.certify(site=site, now=soon)
    assert followed is not None and followed.wrong == 20


def test_the_law_takes_words_away_at_once(site, as_owner):
    """Who must be forgotten is, whatever was drawn; the draw has no answer then."""
    post = drawn(site)
    author = Author.objects.create(site=site, external_id="7")
    Post.objects.filter(pk=post.pk).update(author=author)
    case = taken_back(post)
    with as_owner(), CaptureQueriesContext(connection) as asked:
        gone = retention.forget_author(site=site, author_id="7")
    firsts = [each["sql"].split("WHERE")[0] for each in asked]
    [closes] = [number for number, sql in enumerate(firsts) if 'UPDATE "reviews_case"' in sql]
    locks = [each for each in list(asked)[:closes] if "FOR UPDATE" in each["sql"]]
    assert "moderation_post" in locks[0]["sql"], "posts before their cases, as everywhere"
    assert (gone.words, gone.kept) == (1, 0)
    assert PostRevision.objects.get(post=post).text == ""
    case.refresh_from_db()
    assert case.state == "closed" and blind([case.audit_id]) == {}


@pytest.mark.parametrize("told", [False, True], ids=["before the event", "after it"])
def test_what_is_dangerous_is_preserved_although_it_was_taken_back(site, moderator, client, told):
    post = make_post(site)
    decide(post)
    follow(post)
    case = Case.objects.get(post=post)
    client.force_login(moderator)
    seen = decision_token(case, case.decision_id)
    posts.withdraw(post=post, now=SOON)
    if told:
        follow(post)
    state, decided = Case.objects.get().state, Decision.objects.count()
    with pytest.raises(StaleCase):
        answer(case, moderator, now=SOON)
    address = reverse("console:verdict", args=[case.pk])
    assert client.post(address, {"kind": "danger", "seen": seen})["Location"] == "/review/hidden/"
    post.refresh_from_db()
    assert (post.hidden_at is not None, post.status) == (True, Status.WITHDRAWN)
    assert LegalHold.objects.get().verdict.kind == VerdictKind.DANGER
    assert (Case.objects.get().state, Decision.objects.count()) == (state, decided)
    assert client.get(reverse("console:case", args=[case.pk])).status_code == 404
    Retention.objects.create(site=site, words_days=1)
    retention.prune(seconds=60, rest=0)
    assert "sale" in PostRevision.objects.get().text
    with pytest.raises((UndoRefused, NotPermitted)):
        undo(verdict_id=Verdict.objects.get().pk, user=moderator, now=SOON)


def test_of_words_that_are_gone_nothing_is_preserved(site, moderator, as_owner):
    post = make_post(site)
    decide(post)
    follow(post)
    case = taken_back(post)
    with as_owner():
        Post.objects.update(pruned_at=SOON)
    with pytest.raises(StaleCase):
        answer(case, moderator, VerdictKind.DANGER, now=SOON)
    assert not LegalHold.objects.exists()
