"""Copies of a hidden post that are out already: found, counted, hidden and shown again."""

import random
import re
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from moderation.judging.history import fingerprint_of
from moderation.models import Post, PostRevision, Site
from moderation.types import Outcome
from reviews.exceptions import BulkRefused, NotPermitted
from reviews.judging import copies
from reviews.models import Case, LegalHold, LookPlan, Membership
from reviews.queue.intake import follow_decisions
from reviews.search import copied, indexing
from reviews.states import HoldAct, VerdictKind
from tests.integration.reviews.world import make_case, make_post
from tests.integration.world import answer, browser_of, decide, make_moderator

WORDS = "How to make the terrible thing at home, told step by step for everybody"
NEARLY = "How to make the terrible thing at home!! told step by step for everyone"
OTHERWISE = "How to bake a birthday cake at home, explained by somebody who does it daily"


@pytest.fixture
def named(site: Site) -> User:
    user = make_moderator(site, username="named")
    Membership.objects.filter(user=user).update(sees_hidden=True)
    return user


@pytest.fixture(autouse=True)
def no_looks(site: Site) -> None:
    LookPlan.objects.create(site=site, second_share=0.0, gold_share=0.0)


def say(site: Site, text: str, outcome: Outcome = Outcome.ALLOW) -> Post:
    """A post that was judged, and can be found."""
    post = make_post(site, text)
    decide(post, outcome)
    words = PostRevision.objects.get(post=post)
    Post.objects.filter(pk=post.pk).update(fingerprint=fingerprint_of(words))
    indexing.follow(seconds=60)
    post.refresh_from_db()
    return post


def long_text(seed: int, characters: int) -> str:
    drawn = random.Random(seed)
    words = ("".join(drawn.choices("abcdefghijklmnop", k=drawn.randint(3, 9))) for _ in range(9999))
    return " ".join(words)[:characters]


@pytest.fixture
def hidden(site: Site, moderator: User) -> Post:
    case = make_case(site, WORDS)
    Post.objects.filter(pk=case.post_id).update(
        fingerprint=fingerprint_of(PostRevision.objects.get(post=case.post))
    )
    answer(case, moderator, VerdictKind.DANGER, now=None)
    return Post.objects.get(pk=case.post_id)


def how(post: Post) -> tuple[bool, str, bool]:
    post.refresh_from_db()
    return post.hidden_at is not None, str(post.outcome), post.decision.published


def test_copies_are_found_hidden_and_shown_again_as_they_stood(site, other_site, named, hidden):
    exact, blocked = say(site, WORDS), say(site, WORDS.upper(), Outcome.BLOCK)
    nearly = say(site, NEARLY)
    apart = [say(site, OTHERWISE), say(other_site, WORDS)]
    found = copies.of(hidden, named)
    assert {copy.post_id: (copy.exact, copy.shown) for copy in found.copies} == {
        exact.pk: (True, True), nearly.pk: (False, True), blocked.pk: (True, False),
    }  # fmt: skip
    assert (found.exact, found.shown, found.complete, found.hidden) == (2, 2, True, 0)
    assert copies.still_shown([hidden]) == {hidden.pk: 1}
    with pytest.raises(BulkRefused):
        copies.hide(post_id=hidden.pk, user=named, nearly=True, expected=2)

    assert copies.hide(post_id=hidden.pk, user=named, nearly=False, expected=2) == 2
    assert how(exact) == how(blocked) == (True, "block", False)
    assert how(nearly) == (False, "allow", True)
    assert copies.still_shown([hidden]) == {hidden.pk: 0}
    held = LegalHold.objects.get(post=exact)
    assert (held.act, held.user, held.copy_of) == (HoldAct.HIDDEN, named, hidden.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        PostRevision.objects.filter(post=exact).update(text="")
    assert copies.hide(post_id=hidden.pk, user=named, nearly=True, expected=1) == 1
    assert how(nearly) == (True, "block", False)
    found = copies.of(hidden, named)
    assert (found.copies, found.hidden) == ([], 3)

    assert copies.show(post_id=hidden.pk, user=named) == (3, 0)
    assert how(exact) == how(nearly) == (False, "allow", True)
    assert how(blocked) == (False, "block", False)
    assert all(how(post) == (False, "allow", True) for post in apart)
    assert how(hidden)[0]
    assert copies.show(post_id=hidden.pk, user=named) == (0, 0)


def test_only_who_was_named_does_either(site, moderator, named, hidden):
    exact = say(site, WORDS)
    with pytest.raises(NotPermitted):
        copies.hide(post_id=hidden.pk, user=moderator, nearly=True, expected=1)
    copies.hide(post_id=hidden.pk, user=named, nearly=True, expected=1)
    with pytest.raises(NotPermitted):
        copies.show(post_id=hidden.pk, user=moderator)
    Membership.objects.filter(user=named).update(role="auditor")
    with pytest.raises(NotPermitted):
        copies.show(post_id=hidden.pk, user=named)
    assert how(exact)[0]
    for name in ("hide-copies", "show-copies"):
        path = f"/review/hidden/{hidden.pk}/copies" + ("/show" if name == "show-copies" else "")
        assert browser_of(moderator).post(path, {"expected": "1"}).status_code == 404


def test_what_was_found_dangerous_itself_since_stays_hidden(site, named, hidden):
    exact = say(site, WORDS)
    copies.hide(post_id=hidden.pk, user=named, nearly=False, expected=1)
    LegalHold.objects.create(
        post=exact, site=site, act=HoldAct.HIDDEN, user=named, created_at=timezone.now()
    )
    assert copies.show(post_id=hidden.pk, user=named) == (0, 0)
    assert how(exact)[0]


def test_what_is_to_be_judged_blind_is_no_copy_yet(site, named, hidden):
    post = make_post(site, WORDS)
    decide(post, audit=0.5, outcome=Outcome.ALLOW)
    Post.objects.filter(pk=post.pk).update(fingerprint=hidden.fingerprint)
    follow_decisions(post_ids=[post.pk])
    case = Case.objects.get(post=post)
    assert copies.of(hidden, named).copies == []
    answer(case, named, VerdictKind.NOT_SPAM, now=timezone.now() - timedelta(minutes=11))
    assert [copy.post_id for copy in copies.of(hidden, named).copies] == [post.pk]


def test_few_letters_are_nobodys_copy(site, named, moderator):
    case = make_case(site, "no")
    answer(case, moderator, VerdictKind.DANGER, now=None)
    say(site, "no")
    post = Post.objects.get(pk=case.post_id)
    assert post.fingerprint is None
    assert copies.of(post, named).copies == []


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"Read this, friends! {WORDS}", id="words before"),
        pytest.param(WORDS.replace("terrible", "terible"), id="a letter less"),
        pytest.param(WORDS.replace("e", "\u0435", 3), id="look-alikes"),
        pytest.param(WORDS.replace(" ", "  ").upper(), id="spaces and capitals"),
    ],
)
def test_small_changes_make_no_other_post(site, named, hidden, text):
    post = say(site, text)
    assert [copy.post_id for copy in copies.of(hidden, named).copies] == [post.pk]


def test_the_pages_say_how_many_are_out_and_lead_to_both(site, named, hidden):
    say(site, WORDS)
    say(site, NEARLY)
    client = browser_of(named)

    def words(page: Any) -> str:
        return " ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split())

    assert "1 copy is shown to readers" in words(client.get("/review/hidden/"))
    address = f"/review/hidden/{hidden.pk}"
    page = words(client.post(f"{address}/words"))
    assert "2 other posts say the same, 1 of them word for word. Readers see 2." in page
    assert "Hide 1 word for word" in page and "Hide all 2" in page
    late = client.post(f"{address}/copies", {"expected": "1", "nearly": "on"})
    assert late.status_code == 409 and "Look at them again" in words(late)
    told = client.post(f"{address}/copies", {"expected": "2", "nearly": "on"}, follow=True)
    assert "2 copies are hidden, too." in words(told)
    assert f'action="{address}/copies/show"' in told.content.decode()
    assert words(told).count("a copy of another") == 2
    assert "2 copies were hidden along with it" in words(client.post(f"{address}/words"))
    told = client.post(f"{address}/copies/show", follow=True)
    assert "2 copies are no longer hidden." in words(told)
    assert client.post(f"{address}/copies", {"expected": "x"}).status_code == 409


def test_the_page_asks_as_much_of_many_copies_as_of_few(site, named, hidden):
    client = browser_of(named)

    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.post(f"/review/hidden/{hidden.pk}/words")
        return len(captured)

    asked()
    say(site, WORDS)
    few = asked()
    for _ in range(4):
        say(site, WORDS)
    assert asked() == few <= 30


@pytest.mark.parametrize("most", [1, 20])
def test_long_posts_that_begin_alike_are_copies_only_if_they_go_on_so(site, most):
    start, end, other = long_text(1, 10_000), long_text(2, 8_000), long_text(3, 8_000)
    post = say(site, start + end)
    otherwise = say(site, start + other)
    cut = say(site, start[:9_990])
    alike = [say(site, f"{start}{end[:4_000]}{word}{end[4_000:]}") for word in ("now", "then")]
    with patch.object(copied, "LONG_ONES", most), CaptureQueriesContext(connection) as asked:
        found = copied.copied(PostRevision.objects.get(post=post), site.pk)
    assert found == sorted(one.pk for one in alike[-most:])
    assert len(asked) == 3, "its words as well"
    assert copied.copied(PostRevision.objects.get(post=cut), site.pk) == []
    assert copied.copied(PostRevision.objects.get(post=otherwise), site.pk) == []
