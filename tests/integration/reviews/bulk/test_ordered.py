"""One answer to many posts: what it is about, what it leaves, and that it can be taken back."""

from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from moderation.deciding.appeal_links import show_statement
from moderation.models import Decision, Post
from moderation.sites import change_policy
from moderation.types import Outcome, StatementsFor, Status
from reviews.bulk_states import BulkState, Eligibility, ItemReason, ItemState
from reviews.exceptions import BulkRefused, NotPermitted
from reviews.judging import bulk, bulk_progress, scopes, undoing, verdicts
from reviews.labels import looks
from reviews.labels.blind import EVER, withheld_from
from reviews.labels.looks import PAUSE
from reviews.models import (
    BulkAction,
    Case,
    Label,
    Likeness,
    Look,
    Membership,
    Verdict,
)
from reviews.queue.intake import follow_decisions
from reviews.roles import Role
from reviews.search import indexing
from reviews.states import CaseState, VerdictKind
from tests.integration.console.factory import decide, make_case, make_post
from tests.integration.reviews.bulk.orders import (
    ALLOWED,
    BLOCKED,
    HAM,
    REMOVE,
    SPAM,
    of_author,
    order_for_all,
    reread,
    snapshot,
)
from tests.integration.reviews.world import forget
from tests.integration.world import answer, make_moderator


def test_all_of_an_author_is_counted_decided_and_taken_back(
    site, author, case, let_through, moderator
):
    blocked = make_post(site, author=author)
    decide(blocked, **BLOCKED)
    elsewhere = make_case(site)
    run = scopes.dry_run(of_author(case), user=moderator)
    assert (run.total, run.would_decide(SPAM), run.would_decide(HAM)) == (3, 2, 2)
    assert {row.excerpt for row in run.listed} >= {"let through"}
    before = snapshot(case.post, let_through, blocked)
    change_policy(site=site, statements=StatementsFor.NO_COPIES)
    answer(case, make_moderator(site), VerdictKind.CANNOT_TELL, now=None)

    action = order_for_all(case, moderator)
    assert (action.state, bulk_progress.progress_of(action).decided) == (BulkState.DONE, 2)
    assert snapshot(case.post, let_through) == [("block", "decided", False, "spam", True)] * 2
    assert reread(blocked).decision.source == "machine"
    told = [each.decision for each in map(reread, (case.post, let_through))]
    assert all(show_statement(each, each.policy) for each in told if each), "no campaign"
    case.refresh_from_db()
    author.refresh_from_db()
    assert (case.state, author.spam_verdicts) == (CaseState.JUDGED, 2)
    assert Label.objects.in_force().filter(audit=False, label="spam", user=moderator).count() == 2
    elsewhere.refresh_from_db()
    assert elsewhere.state == CaseState.OPEN

    bulk.take_back(action_id=action.pk, user=moderator)
    action.refresh_from_db()
    author.refresh_from_db()
    case.refresh_from_db()
    assert (action.state, action.undone_by) == (BulkState.UNDONE, moderator)
    assert snapshot(case.post, let_through, blocked) == before
    assert (case.state, case.holder, author.spam_verdicts) == (CaseState.OPEN, None, 0)
    assert not case.passed, "a round of its own"
    assert not Case.objects.filter(post=let_through, state=CaseState.OPEN).exists()
    assert not Label.objects.in_force().exists()
    again = scopes.dry_run(of_author(case), user=make_moderator(site))
    assert again.counted(Eligibility.SAID) == 0, "what was taken back nobody has said"
    with pytest.raises(BulkRefused):
        bulk.take_back(action_id=action.pk, user=moderator)


@pytest.mark.parametrize("scope", ["alike", "domain"])
def test_a_campaign_is_several_posts_that_say_or_link_to_the_same(site, moderator, scope):
    change_policy(site=site, statements=StatementsFor.NO_COPIES)
    case, other = (make_case(site, text=f"{n} at https://shop.example.com/x") for n in range(2))
    if scope == "alike":
        Likeness.objects.create(post=case.post, other=other.post, similarity=0.97)
        common = scopes.alike(case_id=case.pk, post=case.post)
    else:
        assert indexing.follow(seconds=60) == 2
        common = scopes.by_domain(case_id=case.pk, post=case.post, domain="example.com")

    def told() -> list[bool]:
        decisions = [reread(each.post).decision for each in (case, other)]
        return [show_statement(one, one.policy) is not None for one in decisions if one]

    action = order_for_all(case, moderator, scope=common)
    assert (bulk_progress.progress_of(action).decided, told()) == (2, [False, False])
    bulk.take_back(action_id=action.pk, user=moderator)
    Post.objects.filter(pk=other.post_id).update(status=Status.WITHDRAWN)
    action = order_for_all(case, moderator, scope=common)
    assert (bulk_progress.progress_of(action).decided, told()[0]) == (1, True)


def test_what_an_answer_to_many_opened_never_counts_as_judged_alone(
    site, author, case, moderator, monkeypatch
):
    monkeypatch.setattr("reviews.labels.looks.lot_of", lambda one: float(one.pk == case.pk))
    posts = [make_post(site, author=author) for _ in range(20)]
    for post in posts:
        decide(post, **ALLOWED)
    ids = [case.post_id, *(post.pk for post in posts)]
    senior = make_moderator(site)
    Membership.objects.filter(user=senior).update(role=Role.SENIOR)
    action = order_for_all(case, moderator)
    assert bulk_progress.progress_of(action).decided == len(ids)
    assert withheld_from(moderator, ids, answered=EVER) == set()
    run = scopes.dry_run(of_author(case), user=moderator)
    assert (run.total, len(run.listed)) == (len(ids), scopes.LISTED)
    one, other = Verdict.objects.filter(case__of_many=True).order_by("pk")[:2]
    undoing.undo(verdict_id=one.pk, user=senior)
    assert not looks.is_plain(Case.objects.get(pk=one.case_id)), "whoever reopens it saw it whole"
    undoing.undo(verdict_id=other.pk, user=moderator, now=timezone.now() + 2 * PAUSE)

    bulk.take_back(action_id=action.pk, user=moderator)
    assert withheld_from(moderator, ids, answered=EVER) == set()
    # New words are a new question.
    reopened = Case.objects.get(pk=one.case_id)
    Post.objects.filter(pk=reopened.post_id).update(revision=F("revision") + 1)
    decide(Post.objects.get(pk=reopened.post_id), outcome=Outcome.REVIEW)
    follow_decisions(post_ids=[reopened.post_id])
    reopened.refresh_from_db()
    assert (reopened.state, looks.is_plain(reopened)) == (CaseState.OPEN, True)


def test_more_than_was_shown_or_nothing_is_refused(site, author, case, moderator):
    scope = of_author(case)
    newest = scopes.dry_run(scope, user=moderator).newest
    make_case(site, author=author)
    action = bulk.start(scope, user=moderator, kind=SPAM, newest=newest, expected=1)
    assert action.items.count() == 1, "what came after the dry run is not meant"
    run = scopes.dry_run(scope, user=moderator)
    with pytest.raises(BulkRefused, match="not 0"):
        bulk.start(scope, user=moderator, kind=SPAM, newest=run.newest, expected=0)
    with pytest.raises(BulkRefused, match="nothing"):
        bulk.start(scope, user=moderator, kind=SPAM, newest=newest, expected=9)
    with pytest.raises(NotPermitted):
        answer(case, make_moderator())
    assert BulkAction.objects.count() == 1


def test_a_worker_that_dies_leaves_the_rest_and_nothing_is_decided_twice(
    site, author, case, moderator
):
    for _ in range(4):
        make_case(site, author=author)
    with patch.object(bulk, "AT_ONCE", 1):
        action = order_for_all(case, moderator)

    class Killed(BaseException):
        pass

    given = 0
    label = verdicts.label_verdict

    def die(**values: Any) -> Any:
        nonlocal given
        given += 1
        if given == 2:
            raise Killed
        return label(**values)

    with patch.object(verdicts, "label_verdict", die), pytest.raises(Killed):
        bulk.work(seconds=60)
    assert (
        bulk_progress.progress_of(action).decided,
        bulk_progress.progress_of(action).waiting,
    ) == (2, 3)
    assert not bulk.work(seconds=60)
    action.refresh_from_db()
    assert (action.state, bulk_progress.progress_of(action).decided) == (BulkState.DONE, 5)
    assert action.note == ""
    assert Verdict.objects.count() == Label.objects.count() == 5
    assert not Look.objects.exists(), "nobody looked at each of them"
    assert Decision.objects.filter(source="moderator").count() == 5


def test_one_that_fails_holds_up_no_other_and_who_left_decides_nothing(
    site, author, case, let_through, moderator
):
    real = verdicts.answer

    def fail(**values: Any) -> Verdict:
        if values["post"].pk == case.post_id:
            raise ValueError("words of the post")
        return real(**values)

    with patch.object(verdicts, "answer", fail):
        action = order_for_all(case, moderator)
    assert dict(action.items.values_list("post", "reason")) == {
        case.post_id: ItemReason.FAILED,
        let_through.pk: "",
    }
    with patch.object(bulk, "AT_ONCE", 0):
        action = order_for_all(case, moderator)
    moderator.is_active = False
    moderator.save()
    assert not bulk.work(seconds=60)
    assert action.items.get().reason == ItemReason.FORBIDDEN


def test_an_undo_stops_what_is_still_at_work(site, author, case, moderator):
    make_case(site, author=author)
    with patch.object(bulk, "AT_ONCE", 1):
        action = order_for_all(case, moderator)
        bulk.take_back(action_id=action.pk, user=moderator)
    assert not bulk.work(seconds=60)
    progress = bulk_progress.progress_of(action)
    assert (progress.restored, progress.left) == (1, 1)
    assert Case.objects.filter(state=CaseState.OPEN).count() == 2


def test_would_be_blocks_that_are_let_through_together_are_looked_at_again(
    site, case, moderator, monkeypatch
):
    make_moderator(site)
    print_of = {"fingerprint": b"a" * 32}
    Post.objects.filter(pk=case.post_id).update(**print_of)
    likely = [make_case(site, post=print_of, decision={"would_be": Outcome.BLOCK}) for _ in "abc"]
    scope = scopes.alike(case_id=case.pk, post=case.post)
    action = order_for_all(case, moderator, HAM, scope=scope)
    drawn = list(Look.objects.values_list("verdict__case", "why", "probability", "own"))
    assert sorted(drawn) == [(each.pk, "honest", 1.0, False) for each in likely]
    bulk.take_back(action_id=action.pk, user=moderator)
    assert looks.open_due(now=timezone.now() + timedelta(hours=1)) == 0, "it was taken back"
    monkeypatch.setattr(looks, "LOOKED_AT", 1)
    monkeypatch.setattr(looks, "throw", lambda: 0.3)
    order_for_all(case, moderator, HAM, scope=scope)
    assert Look.objects.count() == len(likely), "a quarter of four"


def test_the_posts_of_an_answer_are_counted_once_for_all(author, case, moderator, let_through):
    for _ in range(3):
        decide(make_post(case.site, author=author), **ALLOWED)
    with CaptureQueriesContext(connection) as asked:
        action = order_for_all(case, moderator)
    assert bulk_progress.progress_of(action).decided == 5
    counts = [sql for each in asked if "COUNT(*)" in (sql := each["sql"]) and "bulkitem" in sql]
    assert len(counts) == 1


def test_like_posts_are_those_with_the_same_words_or_nearly(site, other_site, moderator):
    case = make_case(site, post={"fingerprint": b"a" * 32})
    same = make_post(site, post={"fingerprint": b"a" * 32})
    decide(same, **ALLOWED)
    near, further = make_case(site, post={"fingerprint": b"b" * 32}), make_case(site)
    as_near = make_case(site, post={"fingerprint": b"b" * 32})
    blocked = make_post(site, post={"fingerprint": b"a" * 32})
    decide(blocked, **BLOCKED)
    make_case(other_site, post={"fingerprint": b"a" * 32})
    Likeness.objects.create(post=near.post, other=case.post, similarity=0.97)
    Likeness.objects.create(post=case.post, other=further.post, similarity=0.9)
    # Paired with none of them but a copy of one: the campaign goes on there.
    next_one = make_case(site)
    Likeness.objects.create(post=next_one.post, other=as_near.post, similarity=0.96)
    scope = scopes.alike(case_id=case.pk, post=case.post)
    action = order_for_all(case, moderator, REMOVE, scope=scope)
    decided = set(action.items.values_list("post", flat=True))
    found = (case.post_id, same.pk, near.post_id, as_near.post_id, next_one.post_id)
    assert decided == set(found), "blocked already"
    assert not Label.objects.exists()


def test_copies_that_were_blocked_by_mistake_are_let_through_with_one_answer(site, moderator, case):
    Post.objects.filter(pk=case.post_id).update(fingerprint=b"c" * 32)
    blocked = [make_post(site, post={"fingerprint": b"c" * 32}) for _ in range(3)]
    for post in blocked:
        decide(post, **BLOCKED)
    scope = scopes.alike(case_id=case.pk, post=case.post)
    run = scopes.dry_run(scope, user=moderator)
    assert (run.would_decide(SPAM), run.would_decide(HAM)) == (1, 4)
    assert scopes.states_in_words(run.groups) == {"Blocked": 3, "Waits, held back": 1}
    action = order_for_all(case, moderator, HAM, scope=scope)
    assert {reread(post).outcome for post in blocked} == {"allow"}
    bulk.take_back(action_id=action.pk, user=moderator)
    assert {reread(post).outcome for post in blocked} == {"block"}


def test_the_order_names_nobody_once_the_words_are_gone(site, moderator, old_post):
    post = old_post(140)
    scope = scopes.by_author(case_id=1, post=post, author=post.author)
    action = bulk.start(scope, user=moderator, kind=SPAM, newest=post.pk, expected=1)
    forget(site, words_days=30)
    action.refresh_from_db()
    assert (action.value, action.items.count()) == ("", 1)
    forget(site, words_days=30, facts_days=135)
    action.refresh_from_db()
    assert (action.kind, action.items.count()) == (SPAM, 0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_table_privilege('reviews_bulkitem', 'DELETE')")
        assert cursor.fetchone() == (False,)


def test_states_are_told_apart_in_words(site, case, let_through):
    run = scopes.dry_run(of_author(case), user=None)
    assert scopes.states_in_words(run.groups) == {"Waits, held back": 1, "Allowed": 1}
    assert ItemState.WAITING in set(ItemState)
