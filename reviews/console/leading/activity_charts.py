"""The charts of the activity page, each number with the way to what is behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import urlencode

from django.urls import reverse

from moderation.models import Site
from moderation.types import Outcome, Status
from reviews.console.leading import behind
from reviews.console.leading.charts import Chart, Row, Series
from reviews.measuring.activity import Activity, Bucket, Deed, Fate
from reviews.queue import depth, ending
from reviews.search.behind import Behind
from reviews.search.question import By

WORDS: Final = {
    Fate.ALLOWED: "Let through automatically",
    Fate.PASSED: "Let through by people",
    Fate.WAITS: "Waits",
    Fate.RAN_OUT: "Nobody answered in time",
    Fate.STOPPED: "Stopped by people",
    Fate.BLOCKED: "Blocked automatically",
    Fate.WITHDRAWN: "Withdrawn",
}
"""In the order in which they are stacked, the lowest first."""
FOUND_BY: Final[dict[Fate, dict[str, str]]] = {
    Fate.ALLOWED: {"state": Outcome.ALLOW, "by": By.MACHINE},
    Fate.PASSED: {"state": Outcome.ALLOW, "by": By.PEOPLE},
    Fate.WAITS: {"state": Outcome.REVIEW},
    Fate.RAN_OUT: {"by": By.EXPIRY},
    Fate.STOPPED: {"state": Outcome.BLOCK, "by": By.PEOPLE},
    Fate.BLOCKED: {"state": Outcome.BLOCK, "by": By.MACHINE},
    Fate.WITHDRAWN: {"state": Status.WITHDRAWN},
}
"""What search is asked for the posts behind a number."""
DEEDS: Final = {
    "appeals": (
        "Appeals",
        "appeals",
        {Deed.FILED: "Filed", Deed.UPHELD: "Upheld", Deed.OVERTURNED: "Overturned"},
    ),
    "looks": (
        "Agreement of second looks",
        "second looks",
        {Deed.ALIKE: "Agreed", Deed.DIFFERED: "Differed"},
    ),
    "answers": ("Answers", "answers", {Deed.ANSWERED: "Answers"}),
}
"""Title, unit, and what is stacked."""
DEED_NOTES: Final = {
    "looks": "Counted up to the last midnight.",
    "answers": "Of an answer to many each post counts, and so does what was taken back since.",
}
COUNTED: Final = {
    Deed.ANSWERED: Behind.ANSWERED,
    Deed.FILED: Behind.FILED,
    Deed.UPHELD: Behind.UPHELD,
    Deed.OVERTURNED: Behind.OVERTURNED,
    Deed.ALIKE: Behind.ALIKE,
    Deed.DIFFERED: Behind.DIFFERED,
}
"""The list of what people did."""


@dataclass(frozen=True, slots=True)
class LinksTo:
    """Addresses of what was counted on this site in this stretch of time, or in a part of it.

    Both begin and end with whole minutes, as search is asked for them.
    """

    site: Site
    found: Activity

    def posts(self, since: datetime | None = None, /, **asked: str) -> str:
        """Return where search lists posts; with `since`, those of one bucket."""
        start, end = self._part(since)
        question = {
            "site": str(self.site.pk),
            "since": _minute(start),
            "until": _minute(end),
            **asked,
        }
        return f"{reverse('console:search')}?{urlencode(question)}"

    def cases(self, of: Behind, *, since: datetime | None = None) -> str:
        """Return where cases are listed; with `since`, those of one bucket."""
        start, end = self._part(since)
        return behind.address(self.site, of, since=start, until=end)

    def _part(self, since: datetime | None) -> tuple[datetime, datetime]:
        if since is None:
            return self.found.start, self.found.end
        return since, since + self.found.span.bucket

    # What the table at a glance asks for, which can give no arguments.

    @property
    def all_posts(self) -> str:
        return self.posts()

    @property
    def automated(self) -> str:
        return self.posts(by=By.MACHINE)

    @property
    def held(self) -> str:
        return self.cases(Behind.HELD)

    @property
    def answered(self) -> str:
        return self.cases(Behind.ANSWERED)

    @property
    def filed(self) -> str:
        return self.cases(Behind.FILED)

    @property
    def overturned(self) -> str:
        return self.cases(Behind.OVERTURNED)

    @property
    def alike(self) -> str:
        return self.cases(Behind.ALIKE)

    @property
    def differed(self) -> str:
        return self.cases(Behind.DIFFERED)


def charts(found: Activity, site: Site, links: LinksTo) -> Iterator[Chart]:
    """Yield what the page shows, in its order."""
    yield Chart(
        key="posts",
        title="What became of the posts",
        unit="posts",
        series=[
            Series(fate, words, links.posts(**FOUND_BY[fate])) for fate, words in WORDS.items()
        ],
        rows=[
            Row(
                each.start,
                [each.counts[fate] for fate in WORDS],
                links.posts(each.start),
                [links.posts(each.start, **FOUND_BY[fate]) for fate in WORDS],
            )
            for each in found.buckets
        ],
        note="Posts are counted as they stand now.",
    )
    yield from _queue(found, site, links)
    yield _ends(found, site)
    for key, (title, unit, deeds) in DEEDS.items():
        yield Chart(
            key=key,
            title=title,
            unit=unit,
            series=[
                Series(deed, words, links.cases(COUNTED[deed])) for deed, words in deeds.items()
            ],
            rows=[
                Row(
                    each.start,
                    [each.deeds[deed] for deed in deeds],
                    links=[links.cases(COUNTED[deed], since=each.start) for deed in deeds],
                )
                for each in found.buckets
            ],
            note=DEED_NOTES.get(key, ""),
        )
    yield from _shares(found, links)


def _queue(found: Activity, site: Site, links: LinksTo) -> Iterator[Chart]:
    depths = depth.of_site(site, start=found.start, end=found.end, buckets=len(found.buckets))
    now = links.cases(Behind.WAITS)
    waited = [[links.cases(Behind.WAITED, since=each.start)] for each in depths]
    yield Chart(
        key="queue",
        title="Cases that wait",
        unit="cases",
        series=[Series("waits", "Cases", now, "most_cases")],
        rows=[
            Row(each.start, [each.cases], links=link)
            for each, link in zip(depths, waited, strict=True)
        ],
        note="Counted every five minutes; each bar shows the highest count of its time.",
        summed=False,
    )
    yield Chart(
        key="age",
        title="How long the oldest waits",
        unit="hours",
        series=[Series("age", "Hours", now, "oldest_hours")],
        rows=[
            Row(each.start, [None if each.oldest is None else _hours(each.oldest)], links=link)
            for each, link in zip(depths, waited, strict=True)
        ],
        summed=False,
    )


def _ends(found: Activity, site: Site) -> Chart:
    """What is to come: it is the same whatever stretch of time was asked for."""
    held = f"{reverse('console:search')}?{urlencode({'site': site.pk, 'state': Outcome.REVIEW})}"
    coming = ending.coming(site, now=found.end)
    then = "is published" if coming.becomes is Outcome.ALLOW else "stays unpublished"
    return Chart(
        key="ends",
        title="Holds that end within a day",
        unit="posts",
        series=[Series("ends", "Held posts", held)],
        rows=[Row(start, [count]) for start, count in coming.hours],
        note=f"What nobody has answered by then {then}, unread.",
    )


@dataclass(frozen=True, slots=True)
class Share:
    """A figure that is no count: what it is of one bucket, and what it was counted from."""

    title: str
    unit: str
    words: str
    value: Callable[[Bucket], float | None]
    behind: Callable[[LinksTo, datetime | None], str]
    note: str
    missing: str
    column: str
    lists: str = "cases"


SHARES: Final = {
    "automated": Share(
        "Decided automatically",
        "%",
        "Percent",
        lambda bucket: _percent(bucket.automated),
        lambda links, since: links.posts(since, by=By.MACHINE),
        "Of all posts that are decided, as they stand now: what people overturned since, one by "
        "one or in one answer, they decided.",
        "No post is decided yet.",
        "decided_automatically_percent",
        lists="posts",
    ),
    "held": Share(
        "Held back first, then let through",
        "%",
        "Percent",
        lambda bucket: _percent(bucket.held_share),
        lambda links, since: links.cases(Behind.HELD, since=since),
        "Of all posts that were let through.",
        "No post was let through yet.",
        "held_back_first_percent",
    ),
    "wait": Share(
        "Wait of posts held back, then let through",
        "hours",
        "Hours",
        lambda bucket: None if bucket.median_wait is None else _hours(bucket.median_wait),
        lambda links, since: links.cases(Behind.HELD, since=since),
        "The median: half of them waited longer.",
        "No post was held back and then let through.",
        "median_wait_hours",
    ),
    "work": Share(
        "Minutes of work per 1,000 posts",
        "minutes",
        "Minutes",
        lambda bucket: _rounded(bucket.minutes_per_thousand),
        lambda links, since: links.cases(Behind.ANSWERED, since=since),
        "An answer takes the time since the one before; one to many is one. The first "
        "after a break of five minutes counts as long as that person’s median answer of the "
        "last week.",
        "Not known: too few answers of the last week came within five minutes of another.",
        "minutes_per_1000_posts",
    ),
}


def _shares(found: Activity, links: LinksTo) -> Iterator[Chart]:
    for key, one in SHARES.items():
        yield Chart(
            key=key,
            title=one.title,
            unit=one.unit,
            series=[Series(key, one.words, one.behind(links, None), one.column)],
            rows=[
                Row(each.start, [one.value(each)], links=[one.behind(links, each.start)])
                for each in found.buckets
            ],
            note=one.note,
            missing=one.missing,
            behind=one.lists,
            summed=False,
        )


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 1)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)


def _hours(length: timedelta) -> float:
    return round(length / timedelta(hours=1), 1)


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M}"
