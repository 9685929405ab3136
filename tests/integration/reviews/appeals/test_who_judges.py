"""Who judges an appeal: nobody against themselves where somebody else is there."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User

from moderation import list_entries
from moderation.models import Author, ListEntry, Post, Site
from moderation.types import Ground, ListKind, ListVerdict, Outcome, Source
from reviews.exceptions import NotPermitted, UndoRefused
from reviews.judging import undoing
from reviews.models import Case, Membership
from reviews.queue import claiming
from reviews.queue.intake import follow_decisions
from reviews.states import VerdictKind
from tests.integration.reviews.appeals.appealed import LATER, appeal, blocked, reply
from tests.integration.reviews.world import make_post
from tests.integration.world import NOW, decide, make_moderator


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
