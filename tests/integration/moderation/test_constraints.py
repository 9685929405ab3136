"""The database keeps what the code must not break: each test tries to break it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from moderation import bulk, sites
from moderation.deciding import decisions
from moderation.models import (
    ApiKey,
    AuditDraw,
    Author,
    Decision,
    IdempotencyKey,
    ListEntry,
    Policy,
    Post,
    PostRevision,
    Site,
)
from moderation.types import Outcome, Source
from tests.integration.moderation.world import HAM, NOW


@pytest.fixture
def post(submit, decide, model_says) -> Post:
    """A decided post, as the machine left it."""
    model_says(otherwise=0.5)
    post = submit(HAM, external_id="1", author_id="a")
    decide()
    post.refresh_from_db()
    return post


@pytest.fixture
def another(post: Post) -> Callable[..., Decision]:
    """Insert a decision past all code: one that supersedes that in force, unless told."""

    def insert(**given: Any) -> Decision:
        values = {
            "post": post,
            "site_id": post.site_id,
            "revision": 1,
            "outcome": "block",
            "published": False,
            "source": "machine",
            "mode": "observe",
            "policy": sites.policy_of(post.site),
            "supersedes": post.decision,
            "created_at": NOW,
        }
        return Decision.objects.create(**{**values, **given})

    return insert


def refused(name: str) -> Any:
    return pytest.raises(DatabaseError, match=name)


def test_one_external_id_a_site(post):
    with refused("post_external_id_once_a_site"):
        Post.objects.create(site=post.site, external_id="1", created_at=NOW, submitted_at=NOW)


def test_one_author_a_site(post):
    with refused("author_once_a_site"):
        Author.objects.create(site=post.site, external_id="a")


def test_one_text_a_revision(post):
    with refused("revision_once_a_post"):
        PostRevision.objects.create(post=post, revision=1, text="x", digest="", created_at=NOW)


def test_decided_means_that_there_is_a_decision(post):
    with refused("post_decided_has_decision"):
        Post.objects.filter(pk=post.pk).update(outcome=None)


def test_one_decision_is_the_first(another):
    with refused("decision_one_first_a_post"):
        another(supersedes=None)


def test_a_decision_is_superseded_once(another):
    another()
    with refused("supersedes"):
        another()


def test_a_decision_supersedes_only_one_on_the_same_post(post, another, submit, decide):
    submit("Another post")
    [other] = decide()
    with refused("same post"):
        another(supersedes=other)


def test_a_decision_is_in_force_for_one_post(post, submit):
    other = submit("Another post")
    with refused("decision_id"):
        Post.objects.filter(pk=other.pk).update(decision=post.decision)


@pytest.mark.parametrize("source", [Source.MACHINE, Source.EXPIRY])
@pytest.mark.parametrize("outcome", [Outcome.ALLOW, Outcome.BLOCK])
def test_no_machine_overrules_a_person(post, another, source, outcome):
    said = decisions.override(post_id=post.pk, outcome=outcome, source=Source.MODERATOR, revision=1)
    with refused("a person's decision"):
        another(supersedes=said, source=source)


def test_new_words_and_undone_verdicts_are_open_to_the_machine(post, another):
    said = decisions.override(
        post_id=post.pk, outcome=Outcome.BLOCK, source=Source.MODERATOR, revision=1
    )
    with transaction.atomic():
        another(supersedes=said, revision=2)
        transaction.set_rollback(True)
    undone = decisions.override(
        post_id=post.pk, outcome=Outcome.REVIEW, source=Source.MODERATOR, revision=1
    )
    assert another(supersedes=undone, source=Source.EXPIRY).pk


@pytest.mark.parametrize(("outcome", "published"), [(Outcome.BLOCK, True), (Outcome.ALLOW, False)])
def test_blocked_is_unpublished_and_allowed_is_published(another, outcome, published):
    with refused("decision_outcome_agrees_with_published"):
        another(outcome=outcome, published=published)


@pytest.mark.parametrize("probability", [-0.01, 1.01, float("nan")])
def test_a_probability_is_one(another, probability):
    with refused("decision_probability_is_one"):
        another(probability=probability)


def test_only_people_say_what_words_are(another):
    with refused("decision_label_is_a_persons"):
        another(label="spam")


@pytest.mark.parametrize(
    ("probability", "draw", "selected", "name"),
    [
        (1.1, 0.5, True, "audit_draw_in_range"),
        (0.5, 1.0, False, "audit_draw_in_range"),
        (0.5, 0.4, False, "audit_selected_by_draw"),
        (0.5, 0.5, True, "audit_selected_by_draw"),
    ],
)
def test_a_draw_is_what_the_dice_said(another, probability, draw, selected, name):
    decision = another()
    with refused(name):
        AuditDraw.objects.create(
            decision=decision,
            site_id=decision.site_id,
            stratum="block",
            probability=probability,
            draw=draw,
            selected=selected,
            created_at=NOW,
        )


def test_a_decision_is_drawn_once(another):
    decision = another()
    draw = {
        "decision": decision,
        "site_id": decision.site_id,
        "stratum": "block",
        "probability": 0.5,
        "draw": 0.7,
        "selected": False,
        "created_at": NOW,
    }
    AuditDraw.objects.create(**draw)
    with refused("decision_id"):
        AuditDraw.objects.create(**draw)


@pytest.mark.parametrize(
    "thresholds",
    [
        {"review_from": 0.9, "block_from": 0.5},
        {"review_from": -0.1, "block_from": 0.5},
        {"review_from": 0.1, "block_from": 1.5},
    ],
)
def test_thresholds_are_ordered_probabilities(site, thresholds):
    with refused("policy_thresholds_ordered"):
        Policy.objects.create(site=site, revision=9, **thresholds)


def test_one_policy_a_revision(site):
    with refused("policy_one_a_revision"):
        Policy.objects.create(site=site, revision=1)


def test_a_list_entry_says_one_thing(site):
    entry = {"site": site, "kind": "author", "value": "x"}
    ListEntry.objects.create(**entry, verdict="allow")
    with refused("list_entry_says_one_thing"):
        ListEntry.objects.create(**entry, verdict="deny")


def test_one_name_a_site_and_one_digest_a_key(site):
    with refused("name"), transaction.atomic():
        Site.objects.create(name="Forum")
    ApiKey.objects.create(site=site, name="a", prefix="p1", digest="d")
    with refused("digest"):
        ApiKey.objects.create(site=site, name="b", prefix="p2", digest="d")


def test_one_answer_an_idempotency_key(site):
    key = ApiKey.objects.create(site=site, name="a", prefix="p", digest="d")
    given = {"api_key": key, "key": "k", "digest": "d", "status": 202, "response": {}}
    IdempotencyKey.objects.create(**given)
    with pytest.raises(IntegrityError, match="idempotency_one_answer"):
        IdempotencyKey.objects.create(**given)


@pytest.mark.parametrize(
    "change",
    [
        lambda post: Decision.objects.filter(pk=post.decision_id).update(outcome="allow"),
        lambda post: Decision.objects.filter(pk=post.decision_id).update(reasons=[]),
        lambda post: Decision.objects.filter(pk=post.decision_id)._raw_delete("default"),
        lambda post: AuditDraw.objects.update(created_at=NOW - timedelta(days=1)),
        lambda post: AuditDraw.objects.all()._raw_delete("default"),
    ],
)
def test_the_application_cannot_rewrite_history(post, change):
    with refused("permission denied"):
        change(post)


def test_a_decision_is_of_the_site_of_its_post(post, another):
    elsewhere = sites.create_site(name="Elsewhere")
    wrong = Decision(
        post=post,
        site=elsewhere,
        revision=1,
        outcome="block",
        published=False,
        source="machine",
        mode="observe",
        policy=sites.policy_of(elsewhere),
        supersedes=post.decision,
        created_at=NOW,
    )
    for insert in (lambda: wrong.save(force_insert=True), lambda: bulk.insert([wrong])):
        with pytest.raises(IntegrityError, match="belongs to the site"), transaction.atomic():
            insert()
    assert another().site_id == post.site_id
