"""From a block to what became of the appeal against it."""

import pytest
from django.db import IntegrityError, connection, transaction

from moderation.access import create_key
from moderation.deciding import feedback
from moderation.models import Event, Post
from moderation.submitting import posts
from moderation.types import EventKind, Outcome, Source
from reviews.exceptions import AlreadyAppealed, AppealRefused
from reviews.judging import appeals, undoing
from reviews.models import Case, Label
from reviews.queue import claiming
from reviews.queue.intake import follow_decisions
from reviews.states import CaseState, Lane, VerdictKind
from tests.integration.reviews.appeals.appealed import LATER, appeal, blocked, news, reply, tell_all
from tests.integration.reviews.world import edit, make_post
from tests.integration.world import NOW, decide


def test_an_appeal_opens_a_case_ahead_of_the_others(site, moderator):
    held = make_post(site)
    decide(held, probability=0.05)
    follow_decisions(post_ids=[held.pk], now=NOW)
    filed = appeal(blocked(site), now=NOW)
    assert (filed.state, filed.via, filed.words) == ("open", "api", "It is my own shop.")
    assert (filed.case.lane, filed.case.state, filed.case.audit) == ("appeal", "open", None)
    assert Post.objects.get(pk=filed.post_id).outcome == Outcome.BLOCK, "blocked meanwhile"
    assert claiming.claim_next(user=moderator, now=LATER) == filed.case
    assert [(w.lane, w.open.least) for w in claiming.waiting(sites=[site])] == [
        (Lane.HELD, 1),
        (Lane.APPEAL, 1),
    ]
    assert news() == [("appeal.filed", "open")]


@pytest.mark.parametrize(
    ("kind", "state", "outcome", "label"),
    [
        (VerdictKind.NOT_SPAM, "overturned", Outcome.ALLOW, "ham"),
        (VerdictKind.SPAM, "upheld", Outcome.BLOCK, "spam"),
        (VerdictKind.REMOVE, "upheld", Outcome.BLOCK, None),
    ],
)
def test_the_verdict_answers_it(site, moderator, kind, state, outcome, label):
    filed = appeal(blocked(site))
    given = reply(filed.case, moderator, kind)
    filed.refresh_from_db()
    assert (filed.state, filed.answer_id, filed.resolved_at) == (state, given.decision_id, LATER)
    assert Post.objects.get(pk=filed.post_id).outcome == outcome
    made = Label.objects.filter(post=filed.post_id).first()
    assert (made.label if made else None) == label
    assert news() == [("appeal.filed", "open"), ("appeal.resolved", state)]
    resolved = Event.objects.get(kind=EventKind.APPEAL_RESOLVED)
    assert resolved.payload["answer"] == given.decision_id
    assert filed.words not in str(resolved.payload)
    if state == "upheld":
        with pytest.raises(AppealRefused, match="last word"):
            appeal(Post.objects.get(pk=filed.post_id))


def test_who_cannot_tell_leaves_it_open(site, moderator, colleague):
    filed = appeal(blocked(site))
    reply(filed.case, moderator, VerdictKind.CANNOT_TELL)
    filed.refresh_from_db()
    assert filed.state == "open"
    assert claiming.claim_next(user=moderator, now=LATER) is None
    assert claiming.claim_next(user=colleague, now=LATER) == filed.case


def test_an_undone_verdict_leaves_the_appeal_as_it_was(site, moderator):
    post = blocked(site)
    filed = appeal(post)
    given = reply(filed.case, moderator)
    undoing.undo(verdict_id=given.pk, user=moderator, now=LATER)
    filed.refresh_from_db()
    post.refresh_from_db()
    assert (filed.state, filed.answer, filed.resolved_at) == ("open", None, None)
    assert (post.outcome, filed.case.state) == (Outcome.BLOCK, CaseState.OPEN)
    assert not Label.objects.in_force().exists()
    with pytest.raises(AlreadyAppealed):
        appeal(post)
    again = reply(filed.case, moderator, VerdictKind.SPAM)
    filed.refresh_from_db()
    assert (filed.state, filed.answer_id) == ("upheld", again.decision_id)
    assert [state for _, state in news()] == ["open", "overturned", "open", "upheld"]


# Who judges it


def test_an_address_serves_the_decision_that_it_was_made_for(site):
    post = blocked(site)
    first = post.decision_id
    decide(post, Outcome.BLOCK, source=Source.MODERATOR)
    with pytest.raises(AppealRefused, match="decided anew"):
        appeal(post, decision_id=first)
    assert appeal(post, decision_id=post.decision_id)


# What happens to the post meanwhile


def test_a_withdrawn_post_ends_it(site):
    filed = appeal(blocked(site))
    posts.withdraw(post=filed.post, now=LATER)
    tell_all()
    filed.refresh_from_db()
    assert (filed.state, filed.ended, filed.case.state) == ("closed", "withdrawn", "closed")
    assert news()[-1] == ("appeal.resolved", "closed")


@pytest.mark.parametrize("outcome", list(Outcome))
def test_an_edit_ends_it_and_the_new_words_stand_for_themselves(site, outcome):
    filed = appeal(blocked(site))
    edit(filed.post)
    follow_decisions(post_ids=[filed.post_id], now=LATER)
    filed.refresh_from_db()
    assert filed.state == "open", "until the new words are decided"
    decide(filed.post, outcome)
    follow_decisions(post_ids=[filed.post_id], now=LATER)
    filed.refresh_from_db()
    assert (filed.state, filed.ended, filed.case.state) == ("closed", "edited", "closed")
    waiting = Case.objects.filter(state="open")
    assert [case.lane for case in waiting] == ["held"] * (outcome == Outcome.REVIEW)
    if outcome == Outcome.BLOCK:
        assert appeal(filed.post).revision == 2, "a new block, a new appeal"


@pytest.mark.parametrize(("said", "state"), [("ham", "overturned"), ("spam", "upheld")])
def test_the_sites_own_word_answers_it(site, said, state):
    filed = appeal(blocked(site))
    key, _ = create_key(site=site, name="k")
    given = {"actor_id": "m1", "actor_role": "moderator", "api_key": key, "now": LATER}
    feedback.receive(post=filed.post, label=said, **given)
    tell_all()
    filed.refresh_from_db()
    assert (filed.state, filed.case.state) == (state, "closed")
    assert filed.answer.source == Source.FEEDBACK


def test_the_news_of_the_block_may_come_after_the_appeal(site):
    post = blocked(site, audit=0.5)
    filed = appeal(post)
    follow_decisions(post_ids=[post.pk], now=LATER)
    assert list(Case.objects.filter(state="open")) == [filed.case]
    filed.case.refresh_from_db()
    assert filed.case.audit is None


def test_a_hold_that_expired_can_be_appealed(site, moderator):
    post = make_post(site)
    decide(post)
    follow_decisions(post_ids=[post.pk], now=NOW)
    decide(post, Outcome.BLOCK, source=Source.EXPIRY)
    filed = appeal(post)
    held = Case.objects.exclude(pk=filed.case_id).get()
    assert (held.state, held.closed_because) == ("closed", appeals.ASKED_ANEW)
    reply(filed.case, moderator)
    filed.refresh_from_db()
    assert filed.state == "overturned"


# What it teaches


def test_no_machine_blocks_again_what_a_person_allowed_on_appeal(site, moderator):
    filed = appeal(blocked(site))
    given = reply(filed.case, moderator)
    post = Post.objects.get(pk=filed.post_id)
    with pytest.raises(IntegrityError, match="does not supersede"), transaction.atomic():
        decide(post, Outcome.BLOCK)
    assert Post.objects.get(pk=post.pk).decision_id == given.decision_id


# What is kept


def test_a_batch_without_appeals_asks_nothing_more(site, django_assert_num_queries):
    from reviews.queue import appeal_closing

    with django_assert_num_queries(0):
        appeal_closing.settle([Case(lane=Lane.HELD), Case(lane=Lane.AUDIT)], NOW)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM moderation_event")
        assert cursor.fetchone() == (0,)
