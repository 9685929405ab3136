"""From a block to what became of the appeal against it."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, IntegrityError, connection, transaction

from moderation import list_entries, outbox
from moderation.access import create_key
from moderation.deciding import feedback
from moderation.models import AuditDraw, Author, Decision, Event, ListEntry, Post, Site
from moderation.sites import change_policy, policy_of
from moderation.submitting import posts
from moderation.types import EventKind, Ground, ListKind, ListVerdict, Outcome, Source
from reviews.exceptions import AlreadyAppealed, AppealRefused, NotPermitted, UndoRefused
from reviews.judging import appeals, undoing
from reviews.labels import labelling, looks
from reviews.measuring.answers import About, answers, blind
from reviews.models import Appeal, Case, Label, LookPlan, Membership, PageView, Verdict
from reviews.queue import claiming
from reviews.queue.intake import follow_decisions
from reviews.states import AppealVia, CaseState, Lane, VerdictKind
from tests.integration.reviews.world import edit, make_post
from tests.integration.world import NOW, answer, decide, make_moderator

LATER = NOW + timedelta(hours=1)


def blocked(site: Site, **decision: Any) -> Post:
    post = make_post(site)
    decide(post, **{"outcome": Outcome.BLOCK, "probability": 0.97, **decision})
    return post


def appeal(post: Post, words: str = "It is my own shop.", **given: Any) -> Appeal:
    return appeals.file(post_id=post.pk, via=AppealVia.API, words=words, **{"now": LATER, **given})


def reply(case: Case, user: User, kind: VerdictKind = VerdictKind.NOT_SPAM) -> Verdict:
    return answer(case, user, kind, now=LATER)


def news() -> list[tuple[str, str]]:
    events = Event.objects.filter(kind__startswith="appeal.").order_by("pk")
    return [(event.kind, event.payload["state"]) for event in events]


def tell_all() -> None:
    """Let the subscribers hear of everything, as the relay does."""
    while outbox.deliver():
        pass


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


@pytest.fixture
def judged(site: Site, moderator: User) -> tuple[Case, Any]:
    """A case that the moderator answered with spam."""
    post = make_post(site)
    decide(post)
    follow_decisions(post_ids=[post.pk], now=NOW)
    case = Case.objects.get()
    return case, reply(case, moderator, VerdictKind.SPAM)


def test_a_colleague_judges_the_appeal(judged, moderator, colleague):
    filed = appeal(judged[0].post)
    assert filed.case.barred == moderator
    assert claiming.claim_next(user=moderator, now=LATER) is None
    with pytest.raises(NotPermitted, match="a colleague judges"):
        reply(filed.case, moderator)
    assert claiming.claim_next(user=colleague, now=LATER) == filed.case
    assert reply(filed.case, colleague).decision.outcome == Outcome.ALLOW


def test_who_denied_the_author_does_not_judge_the_appeal(site, moderator, colleague):
    author = Author.objects.create(site=site, external_id="anna")
    list_entries.put(
        site_id=site.pk, kind=ListKind.AUTHOR, value="anna", verdict=ListVerdict.DENY,
        user=moderator, note="",
    )  # fmt: skip
    post = blocked(site, by=Ground.LIST)
    Post.objects.filter(pk=post.pk).update(author=author)
    ListEntry.objects.update(created_at=NOW - timedelta(days=1))
    list_entries.put(
        site_id=site.pk, kind=ListKind.ADDRESS, value="203.0.113.0/24", verdict=ListVerdict.DENY,
        user=colleague, note="After the block.",
    )  # fmt: skip
    Post.objects.filter(pk=post.pk).update(ip="203.0.113.7")
    filed = appeal(post)
    assert claiming.claim_next(user=moderator, now=LATER) is None
    assert claiming.claim_next(user=colleague, now=LATER) == filed.case


def test_who_is_alone_judges_the_appeal_against_themselves(judged, site, moderator):
    User.objects.create_superuser("operator")
    gone = make_moderator(site)
    User.objects.filter(pk=gone.pk).update(is_active=False)
    filed = appeal(judged[0].post)
    assert claiming.claim_next(user=moderator, now=LATER) == filed.case
    assert reply(filed.case, moderator).decision.outcome == Outcome.ALLOW


def test_a_colleague_who_comes_takes_over_what_is_held(judged, site, moderator):
    filed = appeal(judged[0].post)
    assert claiming.claim_next(user=moderator, now=LATER) == filed.case
    newcomer = make_moderator(site)
    assert claiming.claim_next(user=moderator, now=LATER) is None
    with pytest.raises(NotPermitted):
        reply(filed.case, moderator)
    assert claiming.claim_next(user=newcomer, now=LATER + claiming.LEASE) == filed.case


def test_a_superuser_is_barred_by_any_moderator(site, other_site, moderator):
    root = User.objects.create_superuser("root")
    ours, theirs = (blocked(of, source=Source.MODERATOR, user=root) for of in (site, other_site))
    first, second = appeal(ours).case, appeal(theirs).case
    assert claiming.claim_next(user=root, now=LATER) == second
    claiming.release(case=second, user=root)
    assert claiming.claim_next(user=moderator, now=LATER) == first


def test_many_barred_cases_hide_no_other(site, moderator, colleague):
    for _ in range(6):
        appeal(blocked(site, source=Source.MODERATOR, user=moderator))
    other = appeal(blocked(site)).case
    assert claiming.claim_next(user=moderator, now=LATER) == other
    Membership.objects.filter(user=colleague).delete()
    claiming.release(case=other, user=moderator)
    assert claiming.claim_next(user=moderator, now=LATER) != other


def test_the_first_verdict_is_not_undone_while_it_is_appealed(judged, moderator):
    appeal(judged[0].post)
    with pytest.raises(UndoRefused, match="Another case"):
        undoing.undo(verdict_id=judged[1].pk, user=moderator, now=LATER)


def test_nobody_reopens_an_appeal_against_themselves(judged, moderator, colleague):
    filed = appeal(judged[0].post)
    given = reply(filed.case, colleague)
    User.objects.filter(pk=moderator.pk).update(is_superuser=True)
    moderator.refresh_from_db()
    with pytest.raises(NotPermitted):
        undoing.undo(verdict_id=given.pk, user=moderator, now=LATER)


# When there is none


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


def audited(site: Site) -> tuple[Post, Case]:
    """A block that was drawn, and its audit, which waits."""
    post = blocked(site, audit=0.5)
    follow_decisions(post_ids=[post.pk], now=NOW)
    return post, Case.objects.get(lane=Lane.AUDIT, post=post)


def about(audit: Case) -> About:
    return About(audit.audit_id, audit.decision_id, audit.post_id, audit.revision)


def test_an_appeal_is_never_an_audit(site, moderator):
    post, audit = audited(site)
    filed = appeal(post)
    audit.refresh_from_db()
    assert (audit.state, audit.closed_because) == ("closed", appeals.ASKED_ANEW)
    reply(filed.case, moderator)
    label = Label.objects.get()
    assert (label.audit, label.inclusion_probability) == (False, None)
    assert list(labelling.effective(Site.objects.filter(pk=site.pk))) == [label]
    # What an estimate needs to count the draw as answered, not as missing.
    assert AuditDraw.objects.get().decision.appeal.state == "overturned"
    with pytest.raises(IntegrityError, match="case_appeal_is_no_audit"), transaction.atomic():
        Case.objects.filter(pk=filed.case_id).update(audit=AuditDraw.objects.get())
    audit.refresh_from_db()
    assert audit.state == "closed"
    assert answers([about(audit)]) == {audit.audit_id: "ham"}


@pytest.mark.parametrize("how", ["upheld", "overturned", "undone", "edited", "hidden", "said"])
def test_however_an_appeal_ends_nobody_is_asked_for_the_audit_of_its_words(
    site, moderator, colleague, how
):
    """Who read the appeal, or met the post on any page meanwhile, would not answer it blind."""
    Membership.objects.filter(user=moderator).update(sees_hidden=True)
    post, audit = audited(site)
    filed = appeal(post)
    if how == "edited":
        edit(post)
        decide(post, Outcome.ALLOW, now=LATER)
        follow_decisions(post_ids=[post.pk], now=LATER)
    elif how == "said":
        key, _ = create_key(site=site, name="forum")
        feedback.receive(
            post=post, label="ham", actor_id="1", actor_role="owner", api_key=key, now=LATER
        )
        tell_all()
    elif how == "hidden":
        reply(filed.case, moderator, VerdictKind.DANGER)
    else:
        kind = VerdictKind.SPAM if how == "upheld" else VerdictKind.NOT_SPAM
        given = reply(filed.case, moderator, kind)
        if how == "undone":
            undoing.undo(verdict_id=given.pk, user=moderator, now=LATER)
            reply(filed.case, moderator, kind)
    filed.case.refresh_from_db()
    audit.refresh_from_db()
    assert filed.case.state != "open"
    assert (audit.state, audit.closed_because) == ("closed", appeals.ASKED_ANEW)
    for anybody in (moderator, colleague):
        assert claiming.claim_next(user=anybody, now=LATER) is None
    assert not Label.objects.filter(audit=True).exists()
    assert blind([audit.audit_id]) == {}, "a missing answer, which counts at its worst"
    told = answers([about(audit)])
    assert told == ({audit.audit_id: "ham"} if how in ("overturned", "undone", "said") else told)


def test_who_read_an_appeal_is_no_second_pair_of_eyes(site, moderator, colleague):
    reader = make_moderator(site)
    LookPlan.objects.update_or_create(site=site, defaults={"spam_share": 1.0, "gold_share": 0.0})
    post, audit = audited(site)
    reply(audit, moderator, VerdictKind.SPAM)
    post.refresh_from_db()
    filed = appeal(post)
    PageView.objects.create(
        user=reader, site=site, page="console:case ahead", subject=str(filed.case_id),
        sent=False, created_at=NOW,
    )  # fmt: skip
    looks.open_due(now=LATER + timedelta(days=1))
    assert Case.objects.get(lane=Lane.LOOK).meant_for == [colleague.pk]


def test_no_machine_blocks_again_what_a_person_allowed_on_appeal(site, moderator):
    filed = appeal(blocked(site))
    given = reply(filed.case, moderator)
    post = Post.objects.get(pk=filed.post_id)
    with pytest.raises(IntegrityError, match="does not supersede"), transaction.atomic():
        decide(post, Outcome.BLOCK)
    assert Post.objects.get(pk=post.pk).decision_id == given.decision_id


# What is kept


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


def test_a_batch_without_appeals_asks_nothing_more(site, django_assert_num_queries):
    from reviews.queue import appeal_closing

    with django_assert_num_queries(0):
        appeal_closing.settle([Case(lane=Lane.HELD), Case(lane=Lane.AUDIT)], NOW)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM moderation_event")
        assert cursor.fetchone() == (0,)
