"""The cases behind a number of the activity page: a list whose address says what was counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from moderation.models import PostRevision, Site
from reviews.console.search import EXCERPT
from reviews.console.views import WITHHELD, members_only, notice, person
from reviews.labels.blind import EVER, withheld_from
from reviews.people.permissions import sites_of
from reviews.queue import claiming
from reviews.queue.claiming import Counted
from reviews.roles import Act
from reviews.search import behind
from reviews.search.behind import Behind, Item

if TYPE_CHECKING:
    from django.contrib.auth.models import User

PAGE: Final = 50
PAGES: Final = {str(number): number for number in range(1, 41)}
"""How deep one may look; a shorter stretch of time shows the rest."""
TITLES: Final = {
    Behind.WAITS: "Cases that wait",
    Behind.WAITED: "Cases that waited",
    Behind.HELD: "Let through by people, after a hold",
    Behind.ANSWERED: "Answers",
    Behind.FILED: "Appeals filed",
    Behind.UPHELD: "Appeals upheld",
    Behind.OVERTURNED: "Appeals overturned",
    Behind.ALIKE: "Second looks that said the same",
    Behind.DIFFERED: "Second looks that differed",
}
NOTES: Final = {
    Behind.WAITS: "The longest wait first.",
    Behind.WAITED: "The longest wait first.",
    Behind.ANSWERED: "Of an answer to many each post counts, and so does what was taken back "
    "since. Second looks are listed from the next midnight on.",
    Behind.DIFFERED: "Those that a third person is asked about are listed once that is answered.",
}
EARLIEST, LATEST = 2000, 9999
"""Years that no post was written in."""
UNLISTED: Final = (
    "Cases that are judged by themselves are listed once they are answered, to those who did not "
    "judge them."
)


@dataclass(frozen=True, slots=True)
class Shown:
    item: Item
    title: str
    excerpt: str


def address(site: Site, of: Behind, *, since: datetime, until: datetime) -> str:
    """Return where the cases behind a number are listed."""
    asked = {"site": site.pk, "of": of, "since": _written(since), "until": _written(until)}
    return f"{reverse('console:cases')}?{urlencode(asked)}"


@require_safe
@members_only(Act.MEASURE)
def page(request: HttpRequest) -> HttpResponse:
    asked = request.GET
    user = person(request)
    sites = sites_of(user, Act.MEASURE)
    site = next((one for one in sites if str(one.pk) == asked.get("site")), None)
    of = asked.get("of", "")
    until = _moment(asked.get("until", "")) or timezone.now()
    since = _moment(asked.get("since", "")) or until - timedelta(days=1)
    if site is None or of not in list(Behind):
        return notice(request, "There is no such list", "Or it is not yours.", status=404)
    what = Behind(of)
    place = PAGES.get(asked.get("page", ""), 1)
    start = PAGE * (place - 1)
    found = behind.items(site, what, since=since, until=until, start=start, count=PAGE + 1)
    withheld = withheld_from(user, {item.post_id for item in found}, answered=EVER)
    here = address(site, what, since=since, until=until)
    shown = [item for item in found[:PAGE] if item.post_id not in withheld]
    context = {
        "title": TITLES[what],
        "note": NOTES.get(what, ""),
        "unlisted": UNLISTED if what in (Behind.WAITS, Behind.WAITED) else "",
        "site": site,
        "since": since,
        "until": until,
        "now": what is Behind.WAITS,
        "listed": _listed(site, user, until) if what is Behind.WAITS else None,
        "items": _shown(shown),
        "withheld": len(found[:PAGE]) - len(shown),
        "why_withheld": WITHHELD,
        "following": f"{here}&page={place + 1}" if len(found) > PAGE and place < len(PAGES) else "",
        "here": "activity",
    }
    return render(request, "console/behind.html", context)


def _listed(site: Site, user: User, until: datetime) -> tuple[int, Counted]:
    """Return of how many cases that wait this person finds how many in the list, page by page."""
    every = behind.items(
        site, Behind.WAITS, since=until, until=until, start=0, count=PAGE * len(PAGES)
    )
    withheld = withheld_from(user, {item.post_id for item in every}, answered=EVER)
    shown = sum(item.post_id not in withheld for item in every)
    waiting = sum((part.open for part in claiming.waiting_as_told(site, user)), Counted())
    return shown, Counted(max(waiting.least, shown), waiting.exact)


def _shown(found: Sequence[Item]) -> list[Shown]:
    newest: dict[object, PostRevision] = {}
    of = {item.post_id for item in found}
    rows = PostRevision.objects.filter(post__in=of).order_by("post", "revision")
    for words in rows.only("post", "title", "text"):
        newest[words.post_id] = words
    return [
        Shown(item, newest[item.post_id].title[:EXCERPT], newest[item.post_id].text[:EXCERPT])
        for item in found
        if item.post_id in newest
    ]


def _written(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S.%f}"


def _moment(written: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return None
    if not EARLIEST < moment.year < LATEST:
        return None
    return moment if moment.tzinfo else timezone.make_aware(moment)
