"""What one answer to many posts leaves as it is."""

from datetime import timedelta
from unittest.mock import patch

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from moderation.deciding import feedback
from moderation.models import Decision, Post
from moderation.types import Outcome, Status
from reviews.bulk_states import Eligibility, ItemReason, ItemState
from reviews.judging import bulk, bulk_progress, danger, scopes
from reviews.models import (
    BulkItem,
    Case,
    Label,
    Look,
    Membership,
)
from reviews.roles import Role
from reviews.states import CaseState, Lane
from tests.integration.console.factory import decide, make_case
from tests.integration.reviews.bulk.orders import (
    ALLOWED,
    BLOCKED,
    HAM,
    SPAM,
    of_author,
    order_for_all,
    reread,
    snapshot,
)
from tests.integration.world import answer, make_moderator


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
    assert bulk_progress.progress_of(action).decided == 3
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


def test_what_others_said_is_left_unless_it_is_asked_for(site, author, case, moderator, colleague):
    theirs = make_case(site, author=author)
    answer(theirs, colleague, HAM, now=None)
    mine = make_case(site, author=author)
    answer(mine, moderator, HAM, now=None)
    run = scopes.dry_run(of_author(case), user=moderator)
    assert run.counted(Eligibility.SAID) == 1
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
    progress = bulk_progress.progress_of(action)
    assert (progress.restored, progress.kept) == (1, 2)
    assert bulk_progress.reasons_of(action) == {
        ItemReason.DECIDED_SINCE: 1,
        ItemReason.WITHDRAWN: 1,
    }
    assert reread(let_through).decision.source == "feedback"


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


def test_a_senior_takes_nothing_back_that_was_said_of_their_own_post(site, author, case, moderator):
    other = make_case(site, post={"fingerprint": b"a" * 32})
    Post.objects.filter(pk=case.post_id).update(fingerprint=b"a" * 32)
    action = order_for_all(case, moderator, scope=scopes.alike(case_id=case.pk, post=case.post))
    senior = make_moderator(site)
    Membership.objects.filter(user=senior).update(role=Role.SENIOR, writes_as=author.external_id)
    bulk.take_back(action_id=action.pk, user=senior)
    assert (reread(case.post).outcome, reread(other.post).outcome) == ("block", "review")
    assert bulk_progress.reasons_of(action) == {ItemReason.SINGLE: 1}
