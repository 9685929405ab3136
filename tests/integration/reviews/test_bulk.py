"""One answer to many posts: what it is about, what it leaves, and that it can be taken back."""

from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from moderation.deciding import feedback
from moderation.deciding.appeal_links import show_statement
from moderation.models import Author, Decision, Post, Site
from moderation.sites import change_policy
from moderation.types import Outcome, StatementsFor, Status
from reviews.bulk_states import BulkState, ItemReason, ItemState, Standing
from reviews.exceptions import BulkRefused, NotPermitted
from reviews.judging import bulk, danger, scopes, undoing, verdicts
from reviews.judging.scopes import Scope
from reviews.labels import looks
from reviews.labels.blind import EVER, withheld_from
from reviews.labels.looks import PAUSE
from reviews.models import (
    BulkAction,
    BulkItem,
    Case,
    Label,
    Likeness,
    Look,
    LookPlan,
    Membership,
    Verdict,
)
from reviews.queue.intake import follow_decisions
from reviews.roles import Role
from reviews.search import indexing
from reviews.states import CaseState, Lane, VerdictKind
from tests.integration.console.factory import decide, make_case, make_post
from tests.integration.reviews.world import forget
from tests.integration.world import answer, make_moderator

SPAM, HAM, REMOVE = VerdictKind.SPAM, VerdictKind.NOT_SPAM, VerdictKind.REMOVE
ALLOWED: dict[str, Any] = {
    "outcome": Outcome.ALLOW,
    "published": True,
    "would_be": Outcome.REVIEW,
}
BLOCKED: dict[str, Any] = {"outcome": Outcome.BLOCK, "would_be": Outcome.REVIEW}


@pytest.fixture(autouse=True)
def no_lot(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ordinary cases may be answered with others, unless a test lets the lot fall on them."""
    monkeypatch.setattr("reviews.labels.looks.lot_of", lambda case: 1.0)


@pytest.fixture
def author(site: Site) -> Author:
    return Author.objects.create(site=site, external_id="u-7", name="Robin")


@pytest.fixture
def case(site: Site, author: Author) -> Case:
    """Where it begins: a held post of the author."""
    return make_case(site, author=author)


@pytest.fixture
def let_through(site: Site, author: Author) -> Post:
    post = make_post(site, author=author, text="let through")
    decide(post, **ALLOWED)
    return post


def of_author(case: Case) -> Scope:
    assert case.post.author is not None
    return scopes.by_author(case_id=case.pk, post=case.post, author=case.post.author)


def order_for_all(case: Case, user: User, kind: VerdictKind = SPAM, **more: Any) -> BulkAction:
    scope = more.pop("scope", None) or of_author(case)
    run = scopes.dry_run(scope, user=user)
    over = more.get("over_people", False)
    return bulk.start(
        scope,
        user=user,
        kind=kind,
        newest=run.newest,
        expected=run.would_decide(kind, over_people=over),
        **more,
    )


def reread(post: Post) -> Post:
    return Post.objects.select_related("decision").get(pk=post.pk)


def snapshot(*posts: Post) -> list[tuple[Any, ...]]:
    """How posts stand, to compare with how they stand later."""
    return [
        (p.outcome, p.status, p.decision.published, p.decision.label, p.hold_until is None)
        for p in map(reread, posts)
        if p.decision is not None
    ]


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
    assert (action.state, bulk.progress_of(action).decided) == (BulkState.DONE, 2)
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
    assert again.counted(Standing.SAID) == 0, "what was taken back nobody has said"
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
    assert (bulk.progress_of(action).decided, told()) == (2, [False, False])
    bulk.take_back(action_id=action.pk, user=moderator)
    Post.objects.filter(pk=other.post_id).update(status=Status.WITHDRAWN)
    action = order_for_all(case, moderator, scope=common)
    assert (bulk.progress_of(action).decided, told()[0]) == (1, True)


def test_audits_and_cases_that_look_like_one_are_never_swept_up(
    site, author, case, moderator, monkeypatch
):
    undrawn = [
        make_case(site, author=author, decision={"would_be": Outcome.BLOCK}),
        make_case(site, author=author, lane=Lane.REPORTED,
                  decision=ALLOWED | {"would_be": Outcome.ALLOW}),
    ]  # fmt: skip
    single = [make_case(site, author=author, lane=Lane.AUDIT, decision=ALLOWED)]
    by_lot = make_case(site, author=author)
    fallen = {by_lot.pk}
    monkeypatch.setattr("reviews.labels.looks.lot_of", lambda case: 1.0 - (case.pk in fallen))
    single.append(by_lot)
    run = scopes.dry_run(of_author(case), user=moderator)
    swept = {one.post_id for one in (case, *undrawn)}
    assert run.total == 3
    assert {row.post_id for row in run.listed} == swept
    action = order_for_all(case, moderator)
    assert bulk.progress_of(action).decided == 3
    assert {item.post_id for item in action.items.all()} == swept
    for one in single:
        one.refresh_from_db()
        assert one.state == CaseState.OPEN
    # Also where a case was opened between the order and its turn, and if our own code is wrong.
    late = make_case(site, author=author)
    with patch.object(bulk, "AT_ONCE", 0):
        action = order_for_all(late, moderator)
    Decision.objects.get(pk=late.decision_id)
    audited = make_case(site, author=author, lane=Lane.AUDIT, decision=ALLOWED)
    BulkItem.objects.create(action=action, post=audited.post, decision_id=audited.decision_id)
    assert not bulk.work(seconds=60)
    assert dict(action.items.values_list("post", "reason")) == {
        late.post_id: "",
        audited.post_id: ItemReason.SINGLE,
    }
    verdict = answer(audited, moderator, SPAM, now=None)
    with pytest.raises(IntegrityError, match="by itself"), transaction.atomic():
        BulkItem.objects.filter(post=audited.post).update(verdict=verdict)
    assert Label.objects.get(audit=True).verdict == verdict


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
    assert bulk.progress_of(action).decided == len(ids)
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


def test_what_others_said_is_left_unless_it_is_asked_for(site, author, case, moderator, colleague):
    theirs = make_case(site, author=author)
    answer(theirs, colleague, HAM, now=None)
    mine = make_case(site, author=author)
    answer(mine, moderator, HAM, now=None)
    run = scopes.dry_run(of_author(case), user=moderator)
    assert run.counted(Standing.SAID) == 1
    assert (run.would_decide(SPAM), run.would_decide(SPAM, over_people=True)) == (2, 3)
    bulk.take_back(action_id=order_for_all(case, moderator).pk, user=moderator)
    assert reread(theirs.post).outcome == Outcome.ALLOW
    before = snapshot(theirs.post, mine.post)
    action = order_for_all(case, moderator, over_people=True)
    assert reread(theirs.post).outcome == Outcome.BLOCK
    bulk.take_back(action_id=action.pk, user=moderator)
    assert snapshot(theirs.post, mine.post) == before
    said = Label.objects.in_force().get(post=theirs.post)
    assert (said.user, said.label) == (colleague, "ham")


def test_undo_leaves_what_somebody_decided_since(site, author, case, let_through, moderator):
    from moderation.access import create_key

    withdrawn = make_case(site, author=author)
    action = order_for_all(case, moderator)
    key, _ = create_key(site=site, name="k")
    feedback.receive(post=let_through, label="ham", actor_id="o", actor_role="owner", api_key=key)
    Post.objects.filter(pk=withdrawn.post_id).update(status=Status.WITHDRAWN, outcome=None)
    bulk.take_back(action_id=action.pk, user=moderator)
    progress = bulk.progress_of(action)
    assert (progress.restored, progress.kept) == (1, 2)
    assert bulk.reasons_of(action) == {ItemReason.DECIDED_SINCE: 1, ItemReason.WITHDRAWN: 1}
    assert reread(let_through).decision.source == "feedback"


@pytest.fixture
def drawn(site: Site, author: Author, colleague: User) -> Post:
    """A would-be block that a colleague let through: to be looked at again, and not due yet."""
    LookPlan.objects.create(site=site, second_share=0.0, gold_share=0.0)
    would_be = make_case(site, author=author, decision={"would_be": Outcome.BLOCK})
    answer(would_be, colleague, HAM, now=None)
    assert Look.objects.get().case is None
    return would_be.post


def test_what_is_drawn_for_a_second_look_is_told_of_nowhere(
    site, case, drawn, moderator, colleague
):
    scope = of_author(case)
    run = scopes.dry_run(scope, user=moderator)
    assert scopes.states_in_words(run.groups) == {"Waits, held back": 1}
    assert drawn.pk not in {row.post_id for row in run.listed}
    action = order_for_all(case, moderator, over_people=True)
    assert [item.post_id for item in action.items.all()] == [case.post_id]
    run = scopes.dry_run(scope, user=colleague)
    assert drawn.pk in {row.post_id for row in run.listed}, "it is their own answer"
    auditor = make_moderator(site)
    Membership.objects.filter(user=auditor).update(role="auditor")
    assert scopes.dry_run(scope, user=auditor).total == 2


def test_what_is_drawn_since_the_order_is_left(case, let_through, moderator, colleague):
    with patch.object(bulk, "AT_ONCE", 0):
        action = order_for_all(case, moderator)
    other = make_case(case.site)
    given = answer(other, colleague, HAM, now=None)
    Case.objects.filter(pk=other.pk).update(post=let_through)
    now = timezone.now()
    Look.objects.create(
        site=case.site, kind="second", why="sample", verdict=given, probability=1.0,
        due_at=now, created_at=now,
    )  # fmt: skip
    assert not bulk.work(seconds=60)
    assert dict(action.items.values_list("post", "reason")) == {
        case.post_id: "", let_through.pk: ItemReason.SINGLE,
    }  # fmt: skip


def test_undo_leaves_what_was_hidden_since(author, case, moderator):
    action = order_for_all(case, moderator)
    with transaction.atomic():
        danger.hide(post=reread(case.post), user=moderator, verdict=None, now=timezone.now())
    bulk.take_back(action_id=action.pk, user=moderator)
    item = action.items.get(post=case.post)
    assert (item.state, item.reason) == (ItemState.KEPT, ItemReason.SINGLE)
    assert reread(case.post).outcome == Outcome.BLOCK


def test_what_changed_since_the_order_is_left(
    site, author, case, let_through, moderator, colleague
):
    held, escalated = make_case(site, author=author), make_case(site, author=author)
    meant = make_case(site, author=author)
    Case.objects.filter(pk=meant.pk).update(meant_for=[colleague.pk])
    run = [scopes.dry_run(of_author(case), user=user) for user in (moderator, colleague)]
    assert [each.total for each in run] == [4, 5], "what is meant for others is told of nowhere"
    with patch.object(bulk, "AT_ONCE", 0):
        action = order_for_all(case, moderator)
    decide(reread(let_through), **BLOCKED)
    Case.objects.filter(pk=escalated.pk).update(meant_for=[colleague.pk])
    until = timezone.now() + timedelta(minutes=5)
    Case.objects.filter(pk=held.pk).update(holder=colleague, lease_until=until)
    assert not bulk.work(seconds=60)
    assert dict(action.items.values_list("post", "reason")) == {
        case.post_id: "",
        let_through.pk: ItemReason.DECIDED_SINCE,
        held.post_id: ItemReason.HELD,
        escalated.post_id: ItemReason.SINGLE,
    }


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
    assert (bulk.progress_of(action).decided, bulk.progress_of(action).waiting) == (2, 3)
    assert not bulk.work(seconds=60)
    action.refresh_from_db()
    assert (action.state, bulk.progress_of(action).decided) == (BulkState.DONE, 5)
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
    progress = bulk.progress_of(action)
    assert (progress.restored, progress.left) == (1, 1)
    assert Case.objects.filter(state=CaseState.OPEN).count() == 2


def test_a_senior_takes_nothing_back_that_was_said_of_their_own_post(site, author, case, moderator):
    other = make_case(site, post={"fingerprint": b"a" * 32})
    Post.objects.filter(pk=case.post_id).update(fingerprint=b"a" * 32)
    action = order_for_all(case, moderator, scope=scopes.alike(case_id=case.pk, post=case.post))
    senior = make_moderator(site)
    Membership.objects.filter(user=senior).update(role=Role.SENIOR, writes_as=author.external_id)
    bulk.take_back(action_id=action.pk, user=senior)
    assert (reread(case.post).outcome, reread(other.post).outcome) == ("block", "review")
    assert bulk.reasons_of(action) == {ItemReason.SINGLE: 1}


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
    assert bulk.progress_of(action).decided == 5
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
    post = old_post(40)
    scope = scopes.by_author(case_id=1, post=post, author=post.author)
    action = bulk.start(scope, user=moderator, kind=SPAM, newest=post.pk, expected=1)
    forget(site, words_days=30)
    action.refresh_from_db()
    assert (action.value, action.items.count()) == ("", 1)
    forget(site, words_days=30, facts_days=35)
    action.refresh_from_db()
    assert (action.kind, action.items.count()) == (SPAM, 0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_table_privilege('reviews_bulkitem', 'DELETE')")
        assert cursor.fetchone() == (False,)


def test_states_are_told_apart_in_words(site, case, let_through):
    run = scopes.dry_run(of_author(case), user=None)
    assert scopes.states_in_words(run.groups) == {"Waits, held back": 1, "Allowed": 1}
    assert ItemState.WAITING in set(ItemState)
