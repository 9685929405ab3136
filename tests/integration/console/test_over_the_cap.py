"""One answer to all that the cap on automatic blocks held, as a moderator's browser sees it."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from moderation.models import Post, Site
from moderation.types import Outcome
from reviews.models import BulkAction, Case
from reviews.states import CaseState, Lane
from tests.integration.console.answering import post_form
from tests.integration.console.factory import make_case
from tests.integration.console.page import read
from tests.integration.world import make_moderator, make_site

CAPPED: dict[str, Any] = {
    "outcome": Outcome.REVIEW,
    "would_be": Outcome.BLOCK,
    "capped": True,
    "published": False,
}


def over(site: Site, text: str, probability: float = 0.97, **more: Any) -> Case:
    decision = {**CAPPED, "probability": probability}
    return make_case(site, text=text, lane=Lane.OVERFLOW, decision=decision, **more)


@pytest.fixture
def flood(site: Site) -> list[Case]:
    """Posts that have nothing in common but that the machine would have blocked them."""
    return [over(site, f"{word} for {word} people") for word in ("pills", "coins", "loans")]


def outcomes(cases: list[Case]) -> set[str]:
    return set(Post.objects.filter(cases__in=cases).values_list("outcome", flat=True))


def test_what_waits_over_the_cap_is_answered_and_taken_back_at_once(browser, site, flood):
    held, elsewhere = make_case(site), over(make_site(), "of another site")
    shown = browser.get(f"/review/cases/{flood[0].pk}/").content.decode()
    assert f"/review/cases/{flood[0].pk}/all?about=capped" in shown
    url = f"/review/cases/{flood[0].pk}/all?about=capped"
    page = read(browser.get(url))
    assert "3 posts" in page.words and "loans for loans people" in page.words

    done = read(post_form(browser, url, page, "spam"))
    assert "3 posts were decided." in done.words and "held over the hourly cap" in done.words
    assert outcomes(flood) == {"block"}
    assert outcomes([held, elsewhere]) == {"review"}

    action = BulkAction.objects.get()
    assert (
        "3 posts stand as before."
        in read(browser.post(f"/review/many/{action.pk}/undo", follow=True)).words
    )
    again = Case.objects.filter(pk__in=[case.pk for case in flood])
    assert set(again.values_list("state", "lane")) == {(CaseState.OPEN, Lane.OVERFLOW)}


def test_those_in_most_doubt_are_shown(browser, site, flood, monkeypatch):
    doubtful = over(site, "perhaps a fine offer", probability=0.91)
    over(site, "surely no fine offer", probability=0.99)
    monkeypatch.setattr("reviews.judging.scopes.LISTED", 1)
    page = read(browser.get(f"/review/cases/{flood[0].pk}/all?about=capped"))
    listed = [str(one["href"]) for one in page.all("a", **{"class": "grow excerpt"})]
    assert listed[0] == f"/review/posts/{doubtful.post_id}/"


def test_what_a_colleague_looks_at_is_left(browser, site, flood):
    kim = make_moderator(site, username="kim")
    kept = over(site, "with kim just now")
    until = timezone.now() + timedelta(minutes=5)
    Case.objects.filter(pk=kept.pk).update(holder=kim, lease_until=until)
    page = read(browser.get(f"/review/cases/{flood[0].pk}/all?about=capped"))
    assert "With somebody else just now 1" in " ".join(page.words.split())
    post_form(browser, f"/review/cases/{flood[0].pk}/all?about=capped", page, "spam")
    assert outcomes([kept]) == {"review"} and outcomes(flood) == {"block"}


def test_other_cases_do_not_offer_it_and_no_other_posts_are_answered_instead(browser, site, flood):
    held = make_case(site)
    url = f"/review/cases/{held.pk}/all"
    assert "about=capped" not in browser.get(f"/review/cases/{held.pk}/").content.decode()
    page = read(browser.get(f"{url}?about=author"))
    refused = post_form(browser, f"{url}?about=capped", page, "spam")
    assert refused.status_code == 409
    assert "Nothing was answered" in read(refused).words
    assert not BulkAction.objects.exists() and outcomes([held, *flood]) == {"review"}
