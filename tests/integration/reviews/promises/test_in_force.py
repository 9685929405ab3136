"""A certificate in force: what follows it, whom it covers and what it shows."""

import math

import pytest
from django.db import IntegrityError, transaction

from classifiers.types import Content
from moderation import claims, pipeline, sites
from moderation.models import Certificate
from moderation.submitting import posts
from moderation.types import Draft, Mode
from reviews.learning import slots
from reviews.measuring import (
    breaches,
    draws,
    promises,
    volumes,
)
from reviews.measuring.draws import Question
from tests.integration.reviews.promised import (
    DAY,
    MODEL,
    NOW,
    certified,
    judge,
    judged,
    send,
)


def test_what_is_in_doubt_is_not_renewed(site):
    certificate = certified(site)
    Certificate.objects.update(doubted=True)
    judged(site, at=NOW + 15 * DAY, blocks=90)
    due = NOW + 25 * DAY
    assert promises.certify(site=site, now=due) is None
    Certificate.objects.update(doubted=False)
    assert promises.certify(site=site, now=due).pk > certificate.pk


def test_an_observing_site_counts_what_would_have_been_blocked(site):
    """The mode let the posts through; it is the model that would have blocked them."""
    sites.change_policy(site=site, mode=Mode.OBSERVE, block_from=0.02, review_from=0.01)
    drafts = [Draft(Content(text=f"claim your free prize, {number}")) for number in range(4)]
    posts.submit(site=site, drafts=drafts, now=NOW)
    made = pipeline.moderate(claims.claim(claims.FRESH, now=NOW), now=NOW, throw=lambda: 0.0)
    assert {(each.outcome, each.by) for each in made} == {("allow", "model")}
    asked = Question(site.pk, made[0].model, Mode.OBSERVE, None, NOW - DAY, NOW + DAY)
    assert (volumes.counted(asked).would_block(math.inf), len(draws.drawn(asked))) == (4, 4)


def test_another_follows_before_its_end_on_draws_of_its_own(site):
    first = certified(site)
    judged(site, allowed=320, at=NOW + 10 * DAY)
    assert promises.certify(site=site, now=NOW + 19 * DAY) is None, "it is not due"
    second = promises.certify(site=site, now=NOW + 21 * DAY)
    first.refresh_from_db()
    assert first.ended_because == "Another follows it."
    assert second.judged == 40 and second.period_from > first.period_to


def test_what_waited_when_a_certificate_was_issued_counts_for_the_next_and_only_there(site):
    """However late its answer comes: the first certificate's draws end where it begins."""
    judged(site)
    late = send(site, 3, probability=0.97, at=NOW - DAY / 2)
    first = promises.certify(site=site, now=NOW)
    assert (first.judged, first.unanswered) == (40, 0)
    assert first.period_to == late[0].created_at
    judge(site, late, "ham")
    assert breaches.evidence_against(first, NOW + DAY).logarithm <= 0.0, "none of it was blocked"
    first.refresh_from_db()
    assert first.wrong == 0
    judged(site, blocks=60, allowed=480, drawn=150, at=NOW + 10 * DAY)
    second = promises.certify(site=site, now=NOW + 21 * DAY)
    assert (second.judged, second.wrong) == (63, 3)
    assert second.period_from == first.period_to


def test_where_few_posts_came_earlier_draws_count_again_unless_a_promise_broke(site):
    first = certified(site)
    judged(site, blocks=10, allowed=60, drawn=15, at=NOW + 10 * DAY)
    Certificate.objects.update(broken=True, ended_at=NOW + DAY)
    assert promises.certify(site=site, now=NOW + 21 * DAY) is None, "these alone carry nothing"
    Certificate.objects.update(broken=False, ended_at=None)
    second = promises.certify(site=site, now=NOW + 21 * DAY)
    assert (second.judged, second.allowed) == (50, 300)
    assert second.period_from == first.period_from


def test_posts_of_a_canary_do_not_let_the_others_block_more(site):
    """Posts a block say how many wrong blocks are allowed: of posts that the model judged."""
    send(site, 30, probability=0.02, at=NOW)
    send(site, 10, probability=0.02, at=NOW, model="model-2", arm="canary")
    send(site, 5, probability=0.02, at=NOW, arm="control")
    assert promises.posts_between(site.pk, MODEL, NOW - DAY, NOW + DAY) == 35
    assert promises.posts_between(site.pk, "model-2", NOW - DAY, NOW + DAY) == 40


def test_a_certified_model_is_not_replaced_by_a_retraining(site):
    certified(site)
    assert slots.certified_by(MODEL) == [site]
    assert slots.certified_by("model-2") == []


def test_a_site_has_one_certificate_and_it_shows_what_it_promises(site):
    certificate = certified(site)
    for change in ({}, {"ended_at": NOW, "bound": 0.06}):
        copy = Certificate.objects.get(pk=certificate.pk)
        copy.pk = None
        for name, value in change.items():
            setattr(copy, name, value)
        with pytest.raises(IntegrityError), transaction.atomic():
            copy.save()
