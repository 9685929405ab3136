"""People's decisions, the chain, and holds that end."""

from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction

from moderation import sites
from moderation.access import create_key
from moderation.deciding import decisions, feedback, holds
from moderation.exceptions import StaleDecision
from moderation.models import Author, Decision, Event, Feedback, Post
from moderation.submitting import posts
from moderation.types import EventKind, Ground, Outcome, Source, Status
from tests.integration.moderation.world import HAM, NOW, SPAM

LATER = NOW + timedelta(minutes=5)
ALLOW, REVIEW, BLOCK = Outcome.ALLOW, Outcome.REVIEW, Outcome.BLOCK
WHY = [{"code": "verdict.spam", "sentence": "A moderator said so.", "weight": 0.0}]


@pytest.fixture
def held(submit, decide, model_says):
    """A post by author `a` that waits for a moderator."""
    model_says(otherwise=0.5)
    submit(SPAM, external_id="1", author_id="a")
    [decision] = decide()
    return Post.objects.get(pk=decision.post_id)


@pytest.fixture
def person(held):
    """Decide on the post as a moderator."""

    def decide(outcome=BLOCK, **given):
        given = {"label": "spam" if outcome == BLOCK else "ham", "revision": 1, **given}
        return decisions.override(
            post_id=held.pk,
            outcome=outcome,
            source=Source.MODERATOR,
            reasons=WHY,
            now=LATER,
            **given,
        )

    return decide


def verdicts():
    return Author.objects.values_list("spam_verdicts", "ham_verdicts").get(external_id="a")


def test_a_persons_decision_supersedes_the_machines(held, person):
    user = get_user_model().objects.create_user("mo")
    decision = person(user=user, expected_decision_id=held.decision_id)
    assert (decision.supersedes_id, decision.outcome, decision.source) == (
        *(held.decision_id, BLOCK, Source.MODERATOR),
    )
    assert (decision.user, decision.by, decision.reasons) == (user, Ground.PERSON, WHY)
    post = Post.objects.get()
    assert (post.decision_id, post.status, post.outcome) == (decision.pk, Status.DECIDED, BLOCK)
    assert (post.hold_until, post.decided_at) == (None, LATER)
    event = Event.objects.get(decision=decision)
    assert (event.kind, event.payload["source"]) == (EventKind.DECISION_RECORDED, "moderator")


def test_who_answers_an_earlier_decision_is_told_of_the_present_one(held, person):
    first = person(expected_decision_id=held.decision_id)
    with pytest.raises(StaleDecision) as caught:
        person(ALLOW, expected_decision_id=held.decision_id)
    assert caught.value.present == first
    assert Post.objects.get().decision_id == first.pk
    assert verdicts() == (1, 0)


def test_a_label_counts_for_the_author_once(person):
    person(BLOCK)
    assert verdicts() == (1, 0)
    person(BLOCK)
    assert verdicts() == (1, 0)
    person(ALLOW)
    assert verdicts() == (0, 1)
    undone = person(REVIEW, label=None)
    assert verdicts() == (0, 0)
    post = Post.objects.get()
    assert (post.outcome, post.decision_id) == (REVIEW, undone.pk)
    assert post.hold_until == LATER + timedelta(hours=24)


def test_a_removal_for_another_reason_says_nothing_of_spam(person):
    decision = person(BLOCK, label=None)
    assert (decision.label, decision.fingerprint) == ("", None)
    assert verdicts() == (0, 0)


def test_review_may_stay_published(person):
    decision = person(REVIEW, label=None, published=True)
    assert decision.published
    assert Post.objects.get().hold_until is None


def test_a_machine_is_no_person(held):
    with pytest.raises(ValueError, match="machine"):
        decisions.override(post_id=held.pk, outcome=BLOCK, source="machine", revision=1)


def test_a_person_decides_before_the_machine_does(submit, decide):
    post = submit(HAM)
    decision = decisions.override(
        post_id=post.pk, outcome=BLOCK, source=Source.FEEDBACK, revision=1, actor="7"
    )
    assert (decision.supersedes, decision.actor) == (None, "7")
    assert Post.objects.get().status == Status.DECIDED
    assert decide() == []


def test_a_person_who_decides_during_scoring_wins(submit, monkeypatch):
    from moderation import claims, pipeline
    from moderation.judging import scoring

    post = submit(SPAM)
    judge = scoring.judge

    def slowly(claimed, **when):
        judged = judge(claimed, **when)
        decisions.override(
            post_id=post.pk, outcome=ALLOW, source=Source.MODERATOR, revision=1, label="ham"
        )
        return judged

    monkeypatch.setattr(scoring, "judge", slowly)
    assert pipeline.moderate(claims.claim(claims.FRESH)) == []
    assert Post.objects.get().outcome == ALLOW
    assert Decision.objects.count() == 1


def test_a_verdict_on_earlier_words_leaves_the_new_ones_pending(held, person, submit, decide):
    submit("Rewritten", external_id="1", at=LATER)
    verdict = person(BLOCK, revision=1, expected_decision_id=held.decision_id)
    post = Post.objects.get()
    assert (post.status, post.outcome, post.decision_id) == (Status.PENDING, None, verdict.pk)
    [machine] = decide(at=LATER)
    assert (machine.revision, machine.supersedes_id) == (2, verdict.pk)


def test_a_verdict_on_earlier_words_is_stale_once_the_new_ones_are_decided(person, submit, decide):
    submit("Rewritten", external_id="1", at=LATER)
    [machine] = decide(at=LATER)
    with pytest.raises(StaleDecision) as caught:
        person(BLOCK, revision=1)
    assert caught.value.present == machine
    with pytest.raises(StaleDecision):
        person(BLOCK, revision=3)


def test_an_edit_after_a_persons_block_is_never_let_through(person, submit, decide, model_says):
    person(BLOCK)
    model_says(otherwise=0.01)
    for revision, text in ((2, "Harmless words"), (3, "Harmless words again")):
        submit(text, external_id="1", at=LATER)
        [decision] = decide(at=LATER)
        assert (decision.revision, decision.outcome, decision.published) == (
            *(revision, REVIEW, False),
        )
        assert decision.by == Ground.EARLIER_BLOCK
        assert decision.would_be == ALLOW


def test_an_edit_after_a_persons_allow_is_judged_like_any_other(person, submit, decide, model_says):
    person(BLOCK)
    person(ALLOW)
    model_says(otherwise=0.01)
    submit("Harmless words", external_id="1", at=LATER)
    assert decide(at=LATER)[0].outcome == ALLOW
    model_says(otherwise=0.99)
    submit("Spam after all", external_id="1", at=LATER)
    assert decide(at=LATER)[0].outcome == BLOCK


def test_a_withdrawn_post_stays_withdrawn(held, person):
    posts.withdraw(post=held)
    decision = person(BLOCK)
    post = Post.objects.get()
    assert (post.status, post.outcome, post.decision_id) == (
        *(Status.WITHDRAWN, None, decision.pk),
    )


# Holds


@pytest.mark.parametrize(("fallback", "published"), [("block", False), ("allow", True)])
def test_a_hold_that_nobody_answers_takes_the_sites_fallback(held, site, fallback, published):
    sites.change_policy(site=site, hold_fallback=fallback)
    assert holds.expire_holds(now=held.hold_until - timedelta(seconds=1)) == []
    [decision] = holds.expire_holds(now=held.hold_until)
    assert (decision.outcome, decision.published, decision.source) == (
        *(fallback, published, Source.EXPIRY),
    )
    assert (decision.supersedes_id, decision.by) == (held.decision_id, Ground.FALLBACK)
    assert "24 hours" in decision.reasons[0]["sentence"]
    post = Post.objects.get()
    assert (post.outcome, post.hold_until, post.decision_id) == (fallback, None, decision.pk)
    event = Event.objects.get(kind=EventKind.HOLD_EXPIRED)
    assert event.decision_id == decision.pk
    assert holds.expire_holds(now=held.hold_until + timedelta(days=9)) == []


def test_what_could_not_be_judged_is_never_published_by_waiting(site, submit, decide, model_says):
    sites.change_policy(site=site, hold_fallback="allow")
    model_says({SPAM: RuntimeError()})
    submit(SPAM)
    decide()
    [decision] = holds.expire_holds(now=NOW + timedelta(days=2))
    assert (decision.outcome, decision.published, decision.failed) == (BLOCK, False, True)


def test_new_words_of_a_hidden_post_are_never_published_by_waiting(
    site, held, person, submit, decide
):
    sites.change_policy(site=site, hold_fallback="allow")
    person(BLOCK)
    Post.objects.update(hidden_at=LATER)
    # Whoever edits it is somebody else now: the post stays with whom it was hidden.
    submit("Rewritten", external_id="1", author_id="b", at=LATER)
    assert Post.objects.get().author.external_id == "a"
    decide(at=LATER)
    assert Post.objects.get().outcome == REVIEW
    [decision] = holds.expire_holds(now=LATER + timedelta(days=2))
    assert (decision.outcome, decision.published) == (BLOCK, False)
    with pytest.raises(IntegrityError, match="not published"), transaction.atomic():
        decision.pk, decision.published = None, True
        decision.save()


def test_what_is_hidden_while_it_is_judged_is_not_published(
    submit, decide, model_says, monkeypatch
):
    from moderation.judging import scoring

    model_says(otherwise=0.01)
    submit(HAM)
    judge = scoring.judge

    def slowly(claimed, **when):
        Post.objects.update(hidden_at=LATER)
        return judge(claimed, **when)

    monkeypatch.setattr(scoring, "judge", slowly)
    [decision] = decide()
    assert (decision.outcome, decision.published) == (REVIEW, False)
    assert decision.by == Ground.EARLIER_BLOCK


@pytest.mark.parametrize(("says", "outcome"), [(0.01, REVIEW), (0.5, REVIEW), (0.99, BLOCK)])
@pytest.mark.parametrize("edited", [False, True], ids=["", "edited"])
def test_no_machine_publishes_what_a_hidden_post_says(
    site, held, submit, decide, model_says, says, outcome, edited
):
    sites.change_policy(site=site, hold_fallback="allow")
    Post.objects.update(hidden_at=LATER)
    if edited:
        submit("Something else altogether, about the weather", external_id="1", at=LATER)
        decide(at=LATER)
    model_says(otherwise=says)
    copy = submit(SPAM, external_id="2", author_id="b", at=LATER)
    other = submit(HAM, external_id="3", author_id="c", at=LATER)
    decide(at=LATER)
    decision = Decision.objects.get(post=copy)
    codes = [reason["code"] for reason in decision.reasons]
    assert (decision.outcome, decision.published) == (outcome, False)
    assert ("copy.hidden" in codes) == (outcome == REVIEW)
    assert "copy.hidden" not in str(Decision.objects.get(post=other).reasons)
    expired = holds.expire_holds(now=LATER + timedelta(days=2))
    assert [one.outcome for one in expired if one.post_id == copy.pk] == [BLOCK] * (says < 0.9)
    told = Event.objects.filter(post=copy).values_list("payload__statement", flat=True)
    assert not any("dangerous" in str(statement) for statement in told)


def test_an_undone_verdict_is_held_anew_and_may_expire(person):
    person(ALLOW)
    person(REVIEW, label=None)
    assert holds.expire_holds(now=NOW + timedelta(hours=24)) == []
    [decision] = holds.expire_holds(now=LATER + timedelta(hours=24))
    assert decision.source == Source.EXPIRY


@pytest.mark.parametrize("happens", ["decided", "edited", "withdrawn"])
def test_a_hold_ends_when_the_question_does(held, person, submit, happens):
    match happens:
        case "decided":
            person(ALLOW)
        case "edited":
            submit("Rewritten", external_id="1", at=LATER)
        case "withdrawn":
            posts.withdraw(post=held)
    assert holds.expire_holds(now=NOW + timedelta(days=9)) == []


# Copies of confirmed spam


@pytest.fixture
def review_only(site):
    sites.change_policy(site=site, mode="review_only")


@pytest.mark.usefixtures("review_only")
def test_an_exact_copy_of_confirmed_spam_is_blocked(person, submit, decide):
    person(BLOCK)
    submit(SPAM.upper().replace(" ", "  ") + "!!", author_id="b")
    [copy] = decide()
    assert (copy.outcome, copy.by) == (BLOCK, Ground.COPY)
    submit(SPAM + " or else")
    assert decide()[0].by == Ground.MODEL


@pytest.mark.usefixtures("review_only")
@pytest.mark.parametrize(
    "last_word",
    [
        {"outcome": ALLOW},
        {"outcome": REVIEW, "label": None},
        {"outcome": BLOCK, "label": None},
    ],
    ids=["not spam", "undone", "removed for another reason"],
)
def test_a_word_taken_back_makes_no_copies(person, submit, decide, last_word):
    person(BLOCK)
    person(**last_word)
    submit(SPAM)
    assert decide()[0].by == Ground.MODEL


@pytest.mark.usefixtures("review_only")
def test_what_a_key_calls_spam_is_confirmed_once_somebody_vouches_for_it(
    held, site, submit, decide
):
    key, _ = create_key(site=site, name="app")
    said = feedback.receive(
        post=held, label="spam", actor_id="17", actor_role="owner", api_key=key, now=LATER
    )
    submit(SPAM)
    assert decide()[0].by == Ground.MODEL
    Feedback.objects.filter(pk=said.pk).update(vouched=True)
    submit(SPAM)
    assert decide()[0].by == Ground.COPY


@pytest.mark.usefixtures("review_only")
def test_words_that_somebody_called_honest_are_no_copy(person, submit, decide):
    person(BLOCK)
    submit(SPAM)
    [copy] = decide()
    decisions.override(
        post_id=copy.post_id, outcome=ALLOW, source=Source.FEEDBACK, revision=1, label="ham"
    )
    submit(SPAM)
    assert decide()[0].by == Ground.MODEL


@pytest.mark.usefixtures("review_only")
def test_an_edit_does_not_take_back_what_was_said_of_the_words(person, submit, decide):
    person(BLOCK)
    submit("Rewritten", external_id="1", at=LATER)
    decide(at=LATER)
    submit(SPAM)
    assert decide()[0].by == Ground.COPY


@pytest.mark.usefixtures("review_only")
def test_another_site_makes_up_its_own_mind(person, submit, decide):
    person(BLOCK)
    submit(SPAM, to=sites.create_site(name="Shop"))
    assert decide()[0].by == Ground.MODEL


@pytest.mark.usefixtures("review_only")
def test_short_words_are_nobodys_copy(submit, decide, model_says):
    model_says(otherwise=0.5)
    post = submit("buy now")
    decide()
    decisions.override(
        post_id=post.pk, outcome=BLOCK, source=Source.MODERATOR, revision=1, label="spam"
    )
    submit("buy now")
    assert decide()[0].by == Ground.MODEL
