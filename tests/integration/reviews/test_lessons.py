"""A few doubtful allowed posts come into the queue, and never as draws."""

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import OperationalError
from django.utils import timezone

from moderation import leases
from moderation.ids import id_at
from moderation.models import AuditDraw, Post, PostRevision, Site
from moderation.types import Outcome
from reviews import tasks
from reviews.labels import lessons
from reviews.models import Case, Label, Lesson, LookPlan
from reviews.queue.intake import follow_decisions
from reviews.states import CaseState
from tests.integration.reviews.world import forget
from tests.integration.world import answer, decide, make_moderator

SURE, DOUBTFUL = 0.01, 0.28
TEXTS = (
    "Does anybody sell a used bicycle near the harbour?",
    "Does anybody sell a used bicycle near the harbour??",
    "Thank you all for the lovely evening at the concert",
    "Call me for a loan without questions tonight",
)


def allowed(site: Site, text: str, probability: float, ago: timedelta, audit: float | None = None):
    at = timezone.now() - ago
    made = id_at(at, Post.objects.count() + 1)
    post = Post.objects.create(id=made, site=site, type="comment", created_at=at, submitted_at=at)
    PostRevision.objects.create(post=post, revision=1, text=text, digest="-", created_at=at)
    decide(post, Outcome.ALLOW, probability=probability, audit=audit, now=at)
    return post


def test_doubtful_posts_that_differ_are_asked_about_and_measure_nothing(site, moderator):
    hour = timedelta(hours=1)
    LookPlan.objects.create(site=site, lessons_per_day=3, second_share=0, gold_share=0)
    alike = [allowed(site, text, DOUBTFUL, hour) for text in TEXTS[:2]]
    loan = allowed(site, TEXTS[3], DOUBTFUL, hour)
    concert = allowed(site, TEXTS[2], SURE, hour)
    drawn = allowed(site, "Win a phone, answer this message", DOUBTFUL, hour, audit=0.5)
    follow_decisions(post_ids=[drawn.pk])
    assert lessons.choose(site=site, now=timezone.now()) == 3
    chosen = list(Lesson.objects.order_by("pk").values_list("case__post", flat=True))
    assert set(chosen[:2]) == {loan.pk, *({post.pk for post in alike} & set(chosen))}
    assert chosen[2] == concert.pk, "what is like another comes after what is only surer"
    assert lessons.choose(site=site, now=timezone.now()) == 0, "the budget of a day"

    case = Case.objects.get(post=loan)
    assert case.audit is None
    answer(case, moderator, now=None)
    label = Label.objects.get(post=loan)
    assert (label.audit, label.inclusion_probability) == (False, None)
    assert not AuditDraw.objects.filter(decision__post=loan, selected=True).exists()

    lessons.choose_due(now=timezone.now() + timedelta(days=4))
    assert not Case.objects.filter(lesson__isnull=False, state=CaseState.OPEN).exists()
    assert Case.objects.get(post=drawn).state == CaseState.OPEN


def test_nothing_is_asked_where_nobody_answers_and_it_goes_with_the_post(site, moderator):
    old = timedelta(days=109)
    LookPlan.objects.create(site=site, lessons_per_day=1)
    post = allowed(site, TEXTS[3], DOUBTFUL, old)
    now = timezone.now() - old + timedelta(hours=1)
    User.objects.filter(pk=moderator.pk).update(is_active=False)
    assert lessons.choose(site=site, now=now) == 0
    User.objects.filter(pk=moderator.pk).update(is_active=True)
    assert lessons.choose(site=site, now=now) == 1
    lessons.choose_due(now=timezone.now())
    forget(site, words_days=5, facts_days=105)
    assert not Post.objects.filter(pk=post.pk).exists()
    assert not Lesson.objects.exists()


def test_a_site_that_fails_keeps_no_other_from_being_asked_and_two_rounds_are_one(
    site, other_site, monkeypatch
):
    make_moderator(other_site)
    hour = timedelta(hours=1)
    allowed(other_site, TEXTS[3], DOUBTFUL, hour)
    candidates = lessons._candidates

    def fails_once(of: Site, now: datetime):
        if of == site:
            raise OperationalError("canceling statement due to statement timeout")
        return candidates(of, now)

    make_moderator(site)
    monkeypatch.setattr(lessons, "_candidates", fails_once)
    with leases.hold("teach"):
        tasks.teach()
        assert not Lesson.objects.exists()
    tasks.teach()
    assert Lesson.objects.get().site == other_site
