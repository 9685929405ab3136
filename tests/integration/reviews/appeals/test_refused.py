"""What cannot be appealed, and what the database refuses."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from moderation.models import Decision, Post
from moderation.sites import change_policy, policy_of
from moderation.submitting import posts
from moderation.types import Ground, Outcome, Source
from reviews.exceptions import AlreadyAppealed, AppealRefused
from reviews.judging import appeals
from reviews.models import Appeal, Case
from reviews.states import VerdictKind
from tests.integration.reviews.appeals.appealed import LATER, appeal, blocked, reply
from tests.integration.reviews.world import edit, make_post
from tests.integration.world import NOW, decide


def test_it_is_refused_where_there_is_nothing_to_appeal(site, as_owner):
    fresh = make_post(site)
    with pytest.raises(AppealRefused, match="not decided yet"):
        appeal(fresh)
    decide(fresh, Outcome.ALLOW)
    with pytest.raises(AppealRefused, match="not blocked"):
        appeal(fresh)
    edited = blocked(site)
    edit(edited)
    with pytest.raises(AppealRefused, match="was changed"):
        appeal(edited)
    withdrawn = blocked(site)
    posts.withdraw(post=withdrawn)
    with pytest.raises(AppealRefused, match="withdrawn"):
        appeal(withdrawn)
    pruned = blocked(site)
    with as_owner():
        Post.objects.filter(pk=pruned.pk).update(pruned_at=NOW)
    with pytest.raises(AppealRefused, match="deleted"):
        appeal(pruned)
    assert not Appeal.objects.exists()
    assert not Case.objects.exists()


def test_it_is_refused_when_the_days_are_over(site):
    post = blocked(site)
    change_policy(site=site, appeal_days=0)
    with pytest.raises(AppealRefused, match="until 01 April 2026"):
        appeal(post, now=NOW + timedelta(days=30, seconds=1))
    assert appeal(post, now=NOW + timedelta(days=30)), "what the statement promised holds"
    with pytest.raises(AppealRefused, match="takes no appeals"):
        appeal(blocked(site))


def test_one_appeal_a_decision(site, moderator):
    post = blocked(site)
    filed = appeal(post)
    with pytest.raises(AlreadyAppealed):
        appeal(post)
    reply(filed.case, moderator, VerdictKind.NOT_SPAM)
    post.refresh_from_db()
    with pytest.raises(AlreadyAppealed):
        appeal(post, decision_id=filed.decision_id)
    with pytest.raises(AppealRefused, match="not blocked"):
        appeal(post)
    twin = {"post": post, "site": site, "revision": 1, "case": filed.case, "created_at": NOW}
    with pytest.raises(IntegrityError), transaction.atomic():
        Appeal.objects.create(decision=filed.decision, **twin)


def test_the_application_cannot_delete_an_appeal(site):
    filed = appeal(blocked(site))
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        Appeal.objects.filter(pk=filed.pk).delete()


@pytest.mark.parametrize(
    "wrong",
    [
        {"state": "upheld"},
        {"state": "open", "resolved_at": NOW},
        {"state": "closed", "resolved_at": NOW},
        {"state": "open", "ended": "edited"},
    ],
)
def test_the_database_refuses_half_an_end(site, wrong):
    filed = appeal(blocked(site))
    with pytest.raises(IntegrityError, match="appeal_end_is_whole"), transaction.atomic():
        Appeal.objects.filter(pk=filed.pk).update(**wrong)


def test_one_open_appeal_a_post(site):
    filed = appeal(blocked(site))
    other = Case.objects.create(
        post=filed.post, site=site, revision=1, decision=filed.decision, lane="appeal",
        state="closed", priority=0.0, opened_at=NOW, closed_at=NOW,
    )  # fmt: skip
    block = Decision.objects.create(
        post=filed.post, site=site, revision=1, outcome="block", published=False,
        source=Source.MODERATOR, by=Ground.PERSON, mode="provisional", policy=policy_of(site),
        supersedes=filed.decision, created_at=LATER,
    )  # fmt: skip
    with pytest.raises(IntegrityError, match="appeal_one_open_a_post"), transaction.atomic():
        Appeal.objects.create(
            post=filed.post, site=site, revision=1, decision=block, case=other, created_at=NOW
        )


def test_words_are_bounded(site):
    assert len(appeal(blocked(site), words="x" * 5_000).words) == appeals.WORDS_LENGTH
