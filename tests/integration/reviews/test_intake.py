import math
from datetime import timedelta

import pytest

from moderation.models import Post
from moderation.submitting.weights import weigh
from moderation.types import EventKind, Outcome, Severity, Source, Status
from reviews.models import Case
from reviews.queue.claiming import claim_next
from reviews.queue.intake import follow_decisions, on_decision, on_weighed, on_withdrawn
from tests.integration.reviews.world import edit, event, make_post
from tests.integration.world import NOW, decide


def follow(post: Post) -> None:
    follow_decisions(post_ids=[post.pk], now=NOW)


@pytest.mark.parametrize(
    ("decision", "lane"),
    [
        ({"outcome": Outcome.REVIEW, "published": False}, "held"),
        ({"outcome": Outcome.REVIEW, "published": True}, "published"),
        ({"outcome": Outcome.REVIEW, "published": False, "capped": True}, "overflow"),
        ({"outcome": Outcome.BLOCK, "audit": 0.05}, "audit"),
        ({"outcome": Outcome.ALLOW, "audit": 0.05}, "audit"),
        ({"outcome": Outcome.REVIEW, "would_be": Outcome.BLOCK, "audit": 0.05}, "held"),
        ({"outcome": Outcome.BLOCK}, None),
        ({"outcome": Outcome.ALLOW}, None),
        ({"outcome": Outcome.BLOCK, "source": Source.MODERATOR}, None),
        ({"outcome": Outcome.REVIEW, "source": Source.MODERATOR}, None),
        ({"outcome": Outcome.ALLOW, "source": Source.FEEDBACK}, None),
    ],
)
def test_what_opens_a_case(site, decision, lane):
    post = make_post(site)
    made = decide(post, **decision)
    on_decision([event(post)])
    assert [(case.lane, case.decision_id) for case in Case.objects.filter(post=post)] == (
        [(lane, made.pk)] if lane else []
    )
    if "audit" in decision:
        assert Case.objects.get(post=post).audit == made.audit


def test_what_a_site_says_of_a_post_moves_its_case_and_those_to_come(site):
    def of(post: Post) -> float:
        return Case.objects.get(post=post, state="open").priority

    seen, hidden, later = (make_post(site) for _ in range(3))
    for post in (seen, hidden, later):
        decide(post, published=True)
    weigh(post=later, exposure=4.0)
    for post in (seen, hidden, later):
        follow(post)
    assert of(later) - of(hidden) == pytest.approx(math.log(4) * 12)
    weigh(post=seen, exposure=4.0, severity=Severity.HIGH)
    weigh(post=seen, exposure=2.1)
    on_weighed([event(seen, EventKind.POST_WEIGHED)])
    assert of(seen) - of(hidden) == pytest.approx(math.log(8) * 12)
    # The new words of a post are as exposed as the old ones.
    edit(seen)
    decide(seen, published=True)
    follow(seen)
    assert of(seen) - of(hidden) == pytest.approx(math.log(8) * 12)


def test_an_event_told_twice_opens_one_case(site):
    posts = [make_post(site) for _ in range(5)]
    for post in posts:
        decide(post)
    events = [event(post) for post in posts]
    on_decision(events + events)
    on_decision(events[:3])
    assert Case.objects.count() == 5


def test_many_cases_take_few_statements(site, django_assert_max_num_queries):
    posts = [make_post(site, f"post {number}") for number in range(50)]
    for post in posts:
        decide(post)
    events = [event(post) for post in posts]
    with django_assert_max_num_queries(8):
        on_decision(events)
    assert Case.objects.count() == 50


def test_a_decision_no_longer_in_force_opens_nothing(site, moderator):
    post = make_post(site)
    decide(post)
    late = event(post)
    decide(post, Outcome.BLOCK, source=Source.FEEDBACK)
    on_decision([late])
    assert not Case.objects.exists()


@pytest.mark.parametrize("outcome", [Outcome.ALLOW, Outcome.BLOCK])
def test_a_clear_judgement_of_new_words_closes_the_case(site, outcome):
    post = make_post(site)
    decide(post)
    follow(post)
    edit(post)
    decide(post, outcome)
    follow(post)
    case = Case.objects.get(post=post)
    assert case.state == "closed"
    assert case.closed_at == NOW
    assert case.closed_because.startswith("Superseded: the machine")


def test_a_doubtful_judgement_of_new_words_refreshes_the_case(site, moderator):
    post = make_post(site)
    decide(post, probability=0.9)
    follow(post)
    before = claim_next(user=moderator, now=NOW)
    edit(post)
    newer = decide(post, probability=0.31, capped=True)
    follow(post)
    case = Case.objects.get(post=post)
    assert (case.decision, case.revision, case.lane) == (newer, 2, "overflow")
    assert before is not None
    assert case.priority > before.priority
    assert (case.holder, case.opened_at) == (moderator, before.opened_at)


def test_an_audit_outlives_an_edit(site):
    """What was drawn is what is measured: the earlier words wait for an answer still."""
    post = make_post(site)
    drawn = decide(post, Outcome.BLOCK, audit=0.05)
    follow(post)
    edit(post)
    decide(post, Outcome.ALLOW)
    follow(post)
    case = Case.objects.get(post=post)
    assert (case.state, case.revision, case.decision) == ("open", 1, drawn)


def test_a_held_audit_and_its_edit_are_two_questions(site):
    post = make_post(site)
    decide(post, would_be=Outcome.BLOCK, audit=0.05)
    follow(post)
    edit(post)
    decide(post)
    follow(post)
    follow(post)
    first, second = Case.objects.filter(post=post, state="open").order_by("revision")
    assert (first.lane, first.revision, first.audit is None) == ("audit", 1, False)
    assert (second.lane, second.revision, second.audit is None) == ("held", 2, True)


def test_a_withdrawn_post_needs_nobody(site):
    post, kept = make_post(site), make_post(site)
    for each in (post, kept):
        decide(each)
        follow(each)
    Post.objects.filter(pk=post.pk).update(status=Status.WITHDRAWN, outcome=None)
    on_withdrawn([event(post, EventKind.POST_WITHDRAWN)])
    assert Case.objects.get(post=post).closed_because == "The post was withdrawn."
    assert Case.objects.get(post=kept).state == "open"


@pytest.mark.parametrize(
    ("fallback", "lane"), [(Outcome.BLOCK, "held"), (Outcome.ALLOW, "published")]
)
def test_a_hold_that_ran_out_still_waits_for_a_person(site, fallback, lane):
    post = make_post(site)
    decide(post, probability=0.9)
    follow(post)
    before = Case.objects.get(post=post)
    expired = decide(post, fallback, source=Source.EXPIRY, probability=0.9)
    on_decision([event(post, EventKind.HOLD_EXPIRED)])
    case = Case.objects.get(post=post)
    assert (case.state, case.lane, case.decision) == ("open", lane, expired)
    # Likely spam that readers see now is more urgent than likely spam that they do not.
    assert (case.priority > before.priority) == (fallback == Outcome.ALLOW)


def test_an_event_that_comes_late_does_not_close_a_reported_case(site):
    post = make_post(site)
    decision = decide(post, Outcome.ALLOW, audit=0.05)
    Case.objects.create(
        post=post,
        site=site,
        revision=1,
        decision=decision,
        lane="reported",
        priority=0,
        opened_at=NOW - timedelta(minutes=1),
    )
    follow(post)
    case = Case.objects.get(post=post)
    assert (case.state, case.lane, case.audit) == ("open", "reported", decision.audit)
