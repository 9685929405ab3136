"""Claiming, crashing and trying again."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction

from moderation import claims, pipeline
from moderation.models import Decision, Post
from moderation.submitting import posts
from moderation.types import Ground, Outcome, Status
from tests.integration.moderation.world import HAM, NOW, SPAM, draft
from tests.integration.world import at_once

LEASE = timedelta(seconds=30)


def test_a_claim_counts_the_attempt_and_takes_a_lease(submit):
    post = submit()
    [claimed] = claims.claim(claims.FRESH, now=NOW)
    assert (claimed.pk, claimed.attempts) == (post.pk, 1)
    stored = Post.objects.get()
    assert (stored.attempts, stored.lease_until, stored.status) == (
        *(1, NOW + LEASE, Status.PENDING),
    )


def test_oldest_first_and_no_more_than_a_batch(site):
    late = posts.submit(site=site, drafts=[draft()] * 5, now=NOW)
    early = posts.submit(site=site, drafts=[draft()] * 70, now=NOW - timedelta(hours=1))
    first = claims.claim(claims.FRESH, now=NOW)
    assert len(first) == 64
    assert {post.pk for post in first} < {post.pk for post in early}
    second = claims.claim(claims.FRESH, now=NOW)
    assert len(second) == 11
    assert {post.pk for post in late} < {post.pk for post in second}
    assert claims.claim(claims.FRESH, now=NOW) == []


def test_what_is_leased_is_claimed_by_nobody_until_the_lease_ends(submit):
    submit()
    claims.claim(claims.FRESH, now=NOW)
    assert claims.claim(claims.FRESH, now=NOW + LEASE) == []
    assert claims.claim(claims.AGAIN, now=NOW + LEASE - timedelta(seconds=1)) == []
    [again] = claims.claim(claims.AGAIN, now=NOW + LEASE)
    assert again.attempts == 2


@pytest.mark.django_db(transaction=True)
def test_two_workers_never_claim_the_same_post(site):
    posts.submit(site=site, drafts=[draft()] * 100)
    with transaction.atomic():
        first = claims.claim(claims.FRESH)
        second: list[Post] = []

        def claim_beside() -> None:
            second.extend(claims.claim(claims.FRESH))
            connection.close()

        # The first claim is not committed yet: the second must neither wait nor share.
        thread = threading.Thread(target=claim_beside)
        thread.start()
        thread.join(timeout=60)
        assert not thread.is_alive()
    assert (len(first), len(second)) == (64, 36)
    assert not {post.pk for post in first} & {post.pk for post in second}


@pytest.mark.django_db(transaction=True)
def test_four_workers_decide_everything_once(site, model_says):
    model_says({SPAM: 0.97})
    drafts = [draft(SPAM if i % 3 else HAM, external_id=str(i)) for i in range(400)]
    posts.submit(site=site, drafts=drafts)

    at_once(lambda _: claims.drain(seconds=30), range(4))
    assert Post.objects.filter(status=Status.DECIDED).count() == 400
    assert Decision.objects.count() == 400


@pytest.mark.django_db(transaction=True)
def test_what_another_transaction_has_locked_for_a_moment_is_judged_in_the_same_turn(
    submit, model_says
):
    model_says()
    submit()
    locked, over = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Post.objects.select_for_update(no_key=True).get()
            locked.set()
            over.wait(timeout=60)
        connection.close()

    holder = threading.Thread(target=hold)
    holder.start()
    assert locked.wait(timeout=60)
    assert claims.claim(claims.FRESH) == []
    threading.Timer(claims.BETWEEN_LOOKS * 3, over.set).start()
    assert claims.drain(seconds=30) is False
    holder.join(timeout=60)
    assert Post.objects.get().status == Status.DECIDED


@pytest.fixture
def claim_and_die(eventually):
    """Claim what is fresh in a session of its own, which ends as with its process."""

    def claim_and_die() -> None:
        sessions = []

        def work() -> None:
            sessions.extend(post.session_pid for post in claims.claim(claims.FRESH))
            connection.close()

        thread = threading.Thread(target=work)
        thread.start()
        thread.join(timeout=60)
        eventually(lambda: not is_there(sessions[0]), what="the end of the session")

    return claim_and_die


def is_there(session: int) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE pid = %s)", [session])
        return cursor.fetchone()[0]


@pytest.mark.django_db(transaction=True)
def test_what_a_dead_session_held_is_free_at_once_and_no_more(site, claim_and_die):
    [held] = posts.submit(site=site, drafts=[draft()])
    assert len(claims.claim(claims.FRESH)) == 1
    posts.submit(site=site, drafts=[draft()] * 3)
    claim_and_die()
    free = claims.claim(claims.AGAIN)
    assert len(free) == 3
    assert {post.attempts for post in free} == {2}
    assert held.pk not in {post.pk for post in free}
    assert claims.claim(claims.AGAIN) == []


@pytest.mark.django_db(transaction=True)
def test_after_a_crash_a_batch_is_decided_in_one_turn(site, model_says, claim_and_die):
    model_says()
    posts.submit(site=site, drafts=[draft()] * 60)
    claim_and_die()
    assert claims.is_work_forgotten(older_than=timedelta(0))
    assert claims.drain() is False
    assert Post.objects.filter(status=Status.DECIDED, attempts=2).count() == 60
    assert Decision.objects.count() == 60


def test_after_a_crash_posts_are_tried_in_small_company_and_then_alone(site):
    posts.submit(site=site, drafts=[draft()] * 10, now=NOW)
    moment, sizes = NOW, []
    for stage in (claims.FRESH, claims.AGAIN, claims.ALONE, claims.ALONE):
        sizes.append(len(claims.claim(stage, now=moment)))
        moment += LEASE
    assert sizes == [10, 8, 1, 1]
    assert claims.claim(claims.FRESH, now=moment) == []


def test_a_post_that_kills_its_worker_goes_to_review_unread(submit, monkeypatch):
    submit()
    moment = NOW
    for stage in (claims.FRESH, claims.AGAIN, claims.ALONE, claims.ALONE):
        assert len(claims.claim(stage, now=moment)) == 1
        moment += LEASE
    monkeypatch.setattr(pipeline, "moderate", lambda posts: pytest.fail("read a fifth time"))
    monkeypatch.setattr("django.utils.timezone.now", lambda: moment)
    assert claims.drain() is False
    decision = Decision.objects.get()
    assert (decision.outcome, decision.published, decision.failed) == (Outcome.REVIEW, False, True)
    assert decision.by == Ground.FAILURE
    assert decision.reasons[1]["code"] == "judging.failed"
    assert "4 times" in decision.reasons[1]["sentence"]
    post = Post.objects.get()
    assert (post.status, post.outcome) == (Status.DECIDED, Outcome.REVIEW)
    assert post.hold_until is not None


def test_an_error_in_a_batch_spares_the_others(site, monkeypatch, caplog):
    """Deterministic trouble with one post: the others are decided in the same run."""
    secret = "the words of the post"
    good = posts.submit(site=site, drafts=[draft(HAM)] * 5)
    [bad] = posts.submit(site=site, drafts=[draft(secret)])
    moderate = pipeline.moderate

    def break_on_bad(claimed, **given):
        if any(post.pk == bad.pk for post in claimed):
            raise RuntimeError(secret)
        return moderate(claimed, **given)

    monkeypatch.setattr(pipeline, "moderate", break_on_bad)
    assert claims.drain() is False
    assert {row.post_id for row in Decision.objects.all()} == {post.pk for post in good}
    left = Post.objects.get(pk=bad.pk)
    assert (left.status, left.attempts) == (Status.PENDING, 3)
    assert left.lease_until is not None
    assert "RuntimeError at moderation/claims.py:" in caplog.text
    assert secret not in caplog.text


def test_an_error_that_stays_ends_in_review(submit, monkeypatch):
    submit()

    def broken(claimed, **given):
        raise RuntimeError

    moment = NOW
    monkeypatch.setattr(pipeline, "moderate", broken)
    monkeypatch.setattr("django.utils.timezone.now", lambda: moment)
    for _ in range(10):
        claims.drain()
        moment += timedelta(seconds=5)
    decision = Decision.objects.get()
    assert (decision.outcome, decision.failed) == (Outcome.REVIEW, True)
    assert Post.objects.get().attempts == 5


def test_draining_stops_in_time_and_says_that_work_is_left(site, model_says):
    model_says()
    posts.submit(site=site, drafts=[draft()] * 130)
    moments = iter([0.0, 0.0, 99.0])
    assert claims.drain(clock=lambda: next(moments)) is True
    assert Post.objects.filter(status=Status.PENDING).count() == 66
    assert claims.drain() is False
    assert not Post.objects.filter(status=Status.PENDING).exists()


def test_forgotten_work_is_noticed(submit):
    two = timedelta(seconds=2)
    assert not claims.is_work_forgotten(older_than=two, now=NOW)
    submit(at=NOW)
    assert not claims.is_work_forgotten(older_than=two, now=NOW + timedelta(seconds=1))
    assert claims.is_work_forgotten(older_than=two, now=NOW + timedelta(seconds=3))
    claims.claim(claims.FRESH, now=NOW + timedelta(seconds=3))
    assert not claims.is_work_forgotten(older_than=two, now=NOW + timedelta(seconds=20))
    assert claims.is_work_forgotten(older_than=two, now=NOW + timedelta(seconds=36))
