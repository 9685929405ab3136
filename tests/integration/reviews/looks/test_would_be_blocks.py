"""What the machine would block and people let through, on appeal too, is looked at again."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from moderation.models import Site
from moderation.types import Outcome, Source
from reviews.judging import appeals
from reviews.judging.undoing import undo
from reviews.labels import looks
from reviews.labels.blind import withheld_from
from reviews.measuring.differing import differing
from reviews.models import (
    Case,
    Look,
    Membership,
    PageView,
    Verdict,
)
from reviews.queue.intake import follow_decisions
from reviews.states import AppealVia, VerdictKind
from tests.integration.reviews.looks.second import LATER, NOT_SPAM, SPAM, look_at, plan
from tests.integration.reviews.world import make_case, make_post
from tests.integration.world import NOW, answer, decide, make_moderator


@pytest.mark.parametrize(
    ("kind", "stratum", "shares", "drawn"),
    [
        (NOT_SPAM, Outcome.BLOCK, {}, ("honest", 1.0)),
        (SPAM, Outcome.BLOCK, {"spam_share": 0.25}, ("spam", 0.25)),
        (SPAM, Outcome.BLOCK, {}, None),
        (NOT_SPAM, Outcome.ALLOW, {}, None),
        (SPAM, Outcome.ALLOW, {}, ("missed", 1.0)),
    ],
)
def test_apparent_honest_posts_among_would_be_blocks_are_always_looked_at_again(
    site, open_case, moderator, colleague, monkeypatch,
    kind, stratum, shares, drawn,
):  # fmt: skip
    plan(site, **shares)
    monkeypatch.setattr(looks, "throw", lambda: 0.2)
    answer(open_case(outcome=stratum, audit=0.5), moderator, kind)
    assert [(x.why, x.probability) for x in Look.objects.all()] == ([drawn] if drawn else [])


@pytest.mark.parametrize(
    ("kind", "would_be", "thrown", "drawn"),
    [
        (NOT_SPAM, Outcome.BLOCK, 0.2, ("honest", 1.0)),
        (NOT_SPAM, Outcome.BLOCK, 0.1, ("sample", 0.2)),
        (NOT_SPAM, Outcome.REVIEW, 0.2, None),
        (VerdictKind.REMOVE, Outcome.BLOCK, 0.2, None),
        (SPAM, Outcome.BLOCK, 0.2, None),
    ],
)
@pytest.mark.parametrize("expired", [True, False])
def test_so_are_those_that_no_audit_was_drawn_from(
    site, open_case, moderator, monkeypatch, kind,
    would_be, thrown, drawn, expired,
):  # fmt: skip
    plan(site, second_share=0.2)
    monkeypatch.setattr(looks, "throw", lambda: thrown)
    case = open_case(would_be=would_be)
    if expired:
        decide(case.post, Outcome.BLOCK, source=Source.EXPIRY)
        follow_decisions(post_ids=[case.post_id], now=NOW)
    answer(case, moderator, kind)
    assert [(x.why, x.probability) for x in Look.objects.all()] == ([drawn] if drawn else [])


def test_a_third_opinion_on_an_audit_is_told_to_whoever_measures(
    site, open_case, moderator, colleague, senior
):
    plan(site)
    audit = open_case(outcome=Outcome.BLOCK, audit=0.5)
    first = answer(audit, moderator, NOT_SPAM)
    answer(look_at(first), colleague, SPAM, now=LATER)
    (found,) = differing([audit.audit_id])
    assert (found.audit, found.third) == (audit.audit_id, None)
    given = answer(Look.objects.get().dispute, senior, SPAM, now=LATER)
    (found,) = differing([audit.audit_id])
    assert (found.third.kind, found.third.user) == (SPAM, senior.pk)
    undo(verdict_id=given.pk, user=senior, now=LATER)
    (found,) = differing([audit.audit_id])
    assert found.third is None and (found.second.kind, found.second.user) == (SPAM, colleague.pk)


def let_through_on_appeal(site: Site, first: User, second: User, **decision: Any) -> Verdict:
    """What the one called spam and the other, on appeal, not spam; nothing else is looked at."""
    plan(site)
    case = make_case(site, **{"would_be": Outcome.BLOCK, **decision})
    answer(case, first, SPAM)
    appeal = appeals.file(post_id=case.post_id, via=AppealVia.API, now=NOW).case
    return answer(appeal, second, NOT_SPAM)


def test_a_would_be_block_that_is_let_through_on_appeal_is_looked_at_again(
    site, moderator, colleague, senior
):
    fresh, reader = make_moderator(site), make_moderator(site)
    Membership.objects.filter(user=moderator).update(role="senior")
    given = let_through_on_appeal(site, moderator, colleague)
    look = Look.objects.get()
    assert (look.verdict, look.why, look.probability, look.own) == (given, "honest", 1.0, False)
    post = given.case.post
    assert withheld_from(fresh, [post.pk]) == {post.pk}
    PageView.objects.create(
        user=reader, site=site, page="console:case", subject=str(given.case_id), sent=False,
        created_at=NOW,
    )  # fmt: skip
    case = look_at(given)
    assert case.meant_for == sorted([fresh.pk, senior.pk]), "neither who blocked it nor who read"
    assert withheld_from(fresh, [post.pk]) == {post.pk}
    answer(case, fresh, SPAM, now=LATER)
    look.refresh_from_db()
    assert look.dispute.meant_for == [senior.pk], "not the senior who blocked it"
    answer(look.dispute, senior, SPAM, now=LATER)
    post.refresh_from_db()
    assert (post.outcome, Look.objects.count()) == ("block", 1)


@pytest.mark.parametrize("leaves", [False, True])
def test_an_appeal_that_nobody_fresh_could_look_at_is_looked_at_by_nobody(
    site, moderator, colleague, leaves
):
    fresh = make_moderator(site) if leaves else None
    given = let_through_on_appeal(site, moderator, colleague)
    Membership.objects.filter(user=fresh).delete()
    assert looks.open_due(now=LATER + timedelta(days=2)) == 0
    assert [look.ended != "" for look in Look.objects.all()] == [True] * leaves
    assert not Case.objects.exclude(pk=given.case_id).filter(state="open").exists()


def test_who_is_alone_looks_again_at_what_they_let_through_on_appeal(site, moderator):
    given = let_through_on_appeal(site, moderator, moderator)
    assert looks.open_due(now=LATER) == 0
    case = look_at(given, NOW + timedelta(days=1, minutes=1))
    assert (case.meant_for, Look.objects.get().own) == ([moderator.pk], True)


def test_an_appeal_is_looked_at_again_only_where_a_would_be_block_is_let_through(
    site, moderator, colleague
):
    make_moderator(site)
    let_through_on_appeal(site, moderator, colleague, would_be=Outcome.REVIEW)
    post = make_post(site)
    decide(post, Outcome.BLOCK)
    appeal = appeals.file(post_id=post.pk, via=AppealVia.API, now=NOW).case
    answer(appeal, colleague, SPAM)
    assert not Look.objects.exists()
