"""From a claimed post to its decision, with the real heuristics and, mostly, the real model."""

from datetime import timedelta

import pytest

from moderation import claims, pipeline, sites
from moderation.judging import scoring
from moderation.models import AuditDraw, Decision, Event, ListEntry, Post, Score
from moderation.submitting import posts
from moderation.types import EventKind, Ground, Mode, Outcome, Source, Status
from tests.integration.moderation.world import GTUBE, HAM, NOW, SPAM

LATER = NOW + timedelta(minutes=5)
ALLOW, REVIEW, BLOCK = Outcome.ALLOW, Outcome.REVIEW, Outcome.BLOCK


def test_the_shipped_model_tells_spam_from_ham(submit, decide):
    spam, ham = submit(SPAM), submit(HAM)
    decide()
    decided = {post.pk: post for post in Post.objects.select_related("decision")}
    assert decided[spam.pk].outcome == BLOCK
    assert decided[ham.pk].outcome == ALLOW
    assert decided[spam.pk].decision.probability > 0.95 > 0.3 > decided[ham.pk].decision.probability


def test_a_decision_says_all_that_it_rests_on(site, submit, decide, model_says):
    model_says({SPAM: 0.97})
    policy = sites.policy_of(site)
    post = submit(SPAM)
    [decision] = decide(at=LATER)
    assert (decision.post_id, decision.site_id, decision.revision) == (post.pk, site.pk, 1)
    assert (decision.outcome, decision.published, decision.would_be) == (BLOCK, False, BLOCK)
    assert (decision.source, decision.by) == (Source.MACHINE, Ground.MODEL)
    assert (decision.mode, decision.policy_id, decision.model) == (
        *(Mode.PROVISIONAL, policy.pk, "fixed-1"),
    )
    assert (decision.supersedes, decision.user, decision.failed) == (None, None, False)
    assert decision.reasons[0]["code"] == "model.block"
    assert "97 %" in decision.reasons[0]["sentence"]
    stored = Post.objects.get()
    assert (stored.status, stored.outcome, stored.decision_id) == (
        *(Status.DECIDED, BLOCK, decision.pk),
    )
    assert (stored.decided_at, stored.lease_until, stored.hold_until) == (LATER, None, None)
    score = Score.objects.get()
    assert (score.post_id, score.scorer, score.model, score.probability) == (
        *(post.pk, "fixed", "fixed-1", 0.97),
    )
    event = Event.objects.get()
    assert (event.kind, event.decision_id, event.post_id) == (
        *(EventKind.DECISION_RECORDED, decision.pk, post.pk),
    )
    assert (event.payload["outcome"], event.delivered_at) == ("block", None)


def test_a_batch_takes_no_more_statements_than_a_post(
    submit, decide, model_says, django_assert_max_num_queries
):
    model_says({SPAM: 0.5})
    for i in range(40):
        submit(SPAM if i % 2 else HAM, author_id=f"a{i}", ip=f"203.0.113.{i}")
    with django_assert_max_num_queries(32):
        assert len(decide()) == 40


def test_a_doubtful_post_is_held_for_as_long_as_the_site_says(site, submit, decide, model_says):
    model_says(otherwise=0.5)
    sites.change_policy(site=site, max_hold=timedelta(hours=3))
    submit()
    decide(at=LATER)
    post = Post.objects.get()
    assert (post.outcome, post.hold_until) == (REVIEW, LATER + timedelta(hours=3))


def test_a_doubtful_post_of_a_published_type_is_not_held(site, submit, decide, model_says):
    model_says(otherwise=0.5)
    sites.change_policy(site=site, published_types=["comment"])
    submit(type="comment")
    [decision] = decide()
    assert (decision.outcome, decision.published) == (REVIEW, True)
    assert Post.objects.get().hold_until is None


def test_a_broken_scorer_leads_to_review_and_is_stored(submit, decide, model_says):
    model_says({SPAM: RuntimeError("boom")})
    broken, fine = submit(SPAM), submit(HAM)
    decide()
    decision = Decision.objects.get(post=broken)
    assert (decision.outcome, decision.published, decision.failed) == (REVIEW, False, True)
    assert decision.probability is None
    assert [reason["code"] for reason in decision.reasons[:2]] == [
        "judging.failed",
        "scorer.failed",
    ]
    assert Score.objects.get(post=broken).probability is None
    assert Post.objects.get(pk=fine.pk).outcome == ALLOW


@pytest.mark.parametrize("mode", Mode)
def test_the_standard_string_blocks_on_every_site(mode, submit, decide, db):
    submit(f"Look: {GTUBE}", to=sites.create_site(name=f"{mode} site", mode=mode))
    [decision] = decide()
    assert (decision.outcome, decision.by) == (BLOCK, Ground.STANDARD_STRING)


@pytest.mark.parametrize(
    "given", [{"metadata": {"honeypot": "http://x.example"}}, {"honeypot": "filled"}]
)
def test_the_honeypot_blocks_however_it_comes(given, submit, decide):
    submit(**given)
    [decision] = decide()
    assert (decision.outcome, decision.by) == (BLOCK, Ground.HONEYPOT)


def test_a_site_names_its_own_honeypot(site, submit, decide):
    sites.change_policy(site=site, honeypot_field="website")
    submit(metadata={"honeypot": "not the field", "website": ""})
    assert decide()[0].outcome == ALLOW
    submit(metadata={"website": "filled"})
    assert decide()[0].by == Ground.HONEYPOT


def test_deny_lists_block_and_allow_lists_allow(site, submit, decide, model_says):
    model_says({SPAM: 0.97})
    for value, verdict in (("bad", "deny"), ("good", "allow")):
        ListEntry.objects.create(site=site, kind="author", value=value, verdict=verdict)
    denied, allowed = submit(HAM, author_id="bad"), submit(SPAM, author_id="good")
    decide()
    assert {row.post_id: (row.outcome, row.by) for row in Decision.objects.all()} == {
        denied.pk: (BLOCK, Ground.LIST),
        allowed.pk: (ALLOW, Ground.LIST),
    }
    assert "deny list" in Decision.objects.get(post=denied).reasons[0]["sentence"]


def test_each_edit_is_decided_anew_and_named_in_the_chain(submit, decide, model_says):
    model_says({SPAM: 0.97})
    submit(HAM, external_id="1")
    [first] = decide()
    submit(SPAM, external_id="1", at=LATER)
    [second] = decide(at=LATER)
    assert (first.outcome, second.outcome) == (ALLOW, BLOCK)
    assert (second.revision, second.supersedes_id) == (2, first.pk)
    assert Post.objects.get().decision_id == second.pk


def edit_and_claim(post, submit):
    """Another worker has the edited post, with as many attempts as we counted."""
    submit("Edited meanwhile", external_id="1")
    assert len(claims.claim(claims.FRESH)) == 1


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (edit_and_claim, "edited"),
        (lambda post, submit: submit("Edited meanwhile", external_id="1"), "edited"),
        (lambda post, submit: posts.withdraw(post=post), "withdrawn"),
        (lambda post, submit: Post.objects.update(attempts=2), "claimed by another worker"),
    ],
    ids=["edited and claimed", "edited", "withdrawn", "claimed again"],
)
def test_a_ruling_on_a_post_that_changed_meanwhile_is_dropped(
    submit, model_says, change, what, monkeypatch
):
    model_says({SPAM: 0.97})
    post = submit(SPAM, external_id="1")
    other = submit(HAM)
    judge = scoring.judge

    def slowly(claimed, **when):
        judged = judge(claimed, **when)
        change(post, submit)
        return judged

    monkeypatch.setattr(scoring, "judge", slowly)
    decided = pipeline.moderate(claims.claim(claims.FRESH))
    assert [decision.post_id for decision in decided if decision.post_id == post.pk] == []
    assert not Decision.objects.filter(post=post).exists()
    assert not AuditDraw.objects.filter(decision__post=post).exists()
    assert Post.objects.get(pk=post.pk).status != Status.DECIDED
    if what != "claimed by another worker":
        assert [decision.post_id for decision in decided] == [other.pk]


def test_words_that_changed_before_they_were_read_are_not_judged(submit, decide):
    submit(HAM, external_id="1")
    claimed = claims.claim(claims.FRESH)
    submit(SPAM, external_id="1", at=LATER)
    assert pipeline.moderate(claimed) == []
    [decision] = decide(at=LATER)
    assert decision.revision == 2
