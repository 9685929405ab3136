"""People, machine and site at the same posts at the same time."""

from __future__ import annotations

import random
import threading
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from classifiers.types import Content
from moderation import decisions, feedback, outbox, posts
from moderation.access import create_key
from moderation.exceptions import StaleDecision
from moderation.models import ApiKey, Decision, Event, Post, Site
from moderation.types import Draft, Outcome, Status
from reviews.exceptions import ReviewError
from reviews.models import Case, Label, Verdict
from reviews.queue import claim_next
from reviews.states import VerdictKind
from reviews.verdicts import submit_verdict, undo
from tests.integration.reviews.world import decide, event, make_moderator, make_post

pytestmark = pytest.mark.django_db(transaction=True)

POSTS, WORKERS, STEPS = 10, 6, 60
FAR = timedelta(days=400)
DECIDING = ("spam", "not_spam", "remove")


class Worker:
    """One client that does something at random, again and again."""

    def __init__(self, site: Site, key: ApiKey, user: User, seed: int) -> None:
        self.site, self.key, self.user = site, key, user
        self.chance = random.Random(seed)
        self.failures: list[BaseException] = []

    def run(self) -> None:
        steps = (
            [self.judge] * 3
            + [self.answer] * 4
            + [self.take_back] * 2
            + [self.edit, self.withdraw, self.say, self.expire]
            + [self.deliver] * 3
        )
        try:
            for _ in range(STEPS):
                try:
                    self.chance.choice(steps)()
                except (ReviewError, StaleDecision):
                    continue
        except BaseException as failure:
            self.failures.append(failure)
        finally:
            connection.close()

    def some_post(self) -> Post:
        return self.chance.choice(list(Post.objects.select_related("site")))

    def judge(self) -> None:
        """As the deciding flow does: lock, decide, tell."""
        from django.db import transaction

        with transaction.atomic():
            found = Post.objects.filter(status=Status.PENDING).select_for_update(
                no_key=True, skip_locked=True
            )
            post = found.order_by("?").first()
            if post is not None:
                outcome = self.chance.choice([Outcome.REVIEW, Outcome.REVIEW, *Outcome])
                audit = self.chance.choice([None, 0.5]) if outcome != Outcome.REVIEW else None
                decide(post, outcome, audit=audit, now=timezone.now())
                event(post)

    def answer(self) -> None:
        case = claim_next(user=self.user)
        if case is not None:
            kinds = [kind for kind in VerdictKind if kind != VerdictKind.UNDO]
            submit_verdict(
                case_id=case.pk,
                user=self.user,
                kind=self.chance.choice(kinds),
                seen_decision_id=case.decision_id,
            )

    def take_back(self) -> None:
        given = Verdict.objects.filter(user=self.user).exclude(kind=VerdictKind.UNDO).last()
        if given is not None:
            undo(verdict_id=given.pk, user=self.user)

    def edit(self) -> None:
        post = self.some_post()
        text = f"new words {self.chance.random()}"
        posts.submit(
            site=self.site, drafts=[Draft(Content(text=text), external_id=post.external_id)]
        )

    def withdraw(self) -> None:
        if self.chance.random() < 0.3:
            posts.withdraw(post=self.some_post())

    def say(self) -> None:
        feedback.receive(
            post=self.some_post(),
            label=self.chance.choice(["spam", "ham"]),
            actor_id="1",
            actor_role=self.chance.choice(["owner", "member", "member"]),
            api_key=self.key,
        )

    def expire(self) -> None:
        decisions.expire_holds(now=timezone.now() + FAR, limit=1)

    def deliver(self) -> None:
        outbox.deliver(now=timezone.now() + FAR)


@pytest.mark.parametrize("seed", [0, 100])
def test_whatever_happens_together_cases_and_labels_stay_true(site: Site, seed: int):
    key, _ = create_key(site=site, name="test")
    for number in range(POSTS):
        make_post(site, f"post {number}", external_id=f"x{number}")
    workers = [Worker(site, key, make_moderator(site), seed + n) for n in range(WORKERS)]
    threads = [threading.Thread(target=worker.run) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [failure for worker in workers for failure in worker.failures] == []
    while outbox.deliver(now=timezone.now() + FAR):
        pass
    assert not Event.objects.filter(delivered_at=None).exists()
    _check_cases()
    _check_labels()
    assert Verdict.objects.count() > 20


def _check_cases() -> None:
    """Every open case can be answered, and every post that needs a person has one."""
    for post in Post.objects.select_related("decision"):
        waiting = list(Case.objects.filter(post=post, state="open"))
        decision = post.decision
        if post.status == Status.WITHDRAWN or decision is None:
            assert waiting == []
            continue
        for case in waiting:
            earlier = case.lane == "audit" and case.revision < decision.revision
            assert earlier or case.decision == decision
        if post.status == Status.DECIDED and decision.outcome == Outcome.REVIEW:
            assert decision.pk in [case.decision_id for case in waiting]
    for case in Case.objects.filter(state="judged"):
        answers = case.verdicts.filter(round=case.round, kind__in=DECIDING)
        assert answers.count() == 1


def _check_labels() -> None:
    teaching = Verdict.objects.filter(kind__in=["spam", "not_spam"])
    standing = set(teaching.filter(undone_by=None).values_list("pk", flat=True))
    in_force = Label.objects.in_force().filter(source="verdict")
    assert set(in_force.values_list("verdict_id", flat=True)) == standing
    assert not Decision.objects.filter(superseded_by=None, in_force_for=None).exists()
