"""The day whose activity is shown, and what its page links to."""

from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from moderation.ids import first_id
from moderation.models import Post, Site
from moderation.types import Outcome
from reviews.states import VerdictKind
from tests.integration.console.factory import decide, make_case, make_post
from tests.integration.console.page import Page
from tests.integration.world import answer

NOW = timezone.now()
PAGE = "/review/activity/"


def machine(site: Site, outcome: Outcome, *, ago: timedelta) -> Post:
    post = make_post(site, now=NOW - ago)
    decide(post, now=NOW - ago, outcome=outcome, published=outcome == Outcome.ALLOW)
    return post


def answered(
    site: Site, user: User, kind: VerdictKind, *, opened: timedelta, ago: timedelta
) -> None:
    case = make_case(site, opened=timezone.now() - NOW + opened)
    answer(case, user, kind, now=NOW - ago)


def at(moment: datetime) -> UUID:
    """Return an id of that moment."""
    return UUID(int=first_id(moment).int + 1)


def links(page: Page) -> list[str]:
    return [each["href"] or "" for each in page.all("a")]


def lasts_a_day(link: str) -> bool:
    asked = parse_qs(urlsplit(link).query)
    since, until = (datetime.fromisoformat(asked[name][0]) for name in ("since", "until"))
    return until - since == timedelta(days=1)


def found_by(browser: Client, link: str) -> int:
    page = browser.get(link)
    assert page.status_code == 200, link
    return len(page.context["found"])
