"""How wrong the machine is for some posts and not for others: by kind, language, link and author.

Each slice is a period of its own with the same draws, so its interval is wider; all that is shown
of a site holds together, because the chance of error is split between the slices. One of them has
a single post of each author, the first that was decided, even if it was held: there who writes much
weighs no more than who writes once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from classifiers.guarantees.figures import DELTA, Held, Sampled, figures
from classifiers.guarantees.reviewers import Mistakes
from moderation import statements
from moderation.models import Site
from moderation.types import Stratum
from reviews.measuring import draws
from reviews.measuring.mistaken import People

LANGUAGES: Final = 4
"""That are shown by themselves: those with most posts."""
TYPES: Final = 4
FEWEST: Final = 20
"""Posts of a slice, to be shown."""
MOST: Final = 200_000
"""Decisions that are counted, the newest."""
NEW: Final = timedelta(days=7)
"""Since an author was first met."""

# Language, link and author go with a post's words: of those that were forgotten nobody can say.
KEPT: Final = "CASE WHEN post.pruned_at IS NULL THEN"
TRAITS: Final = rf"""
post.type, {KEPT} coalesce(lower(split_part(words.language, '-', 1)), '') END,
{KEPT} coalesce(words.text ~* '(://|\mwww\.)', false) END,
{KEPT} coalesce(author.created_at > post.created_at - %(new)s::interval, false) END
"""
JOINED: Final = """
LEFT JOIN moderation_postrevision words
    ON words.post_id = post.id AND words.revision = said.revision
LEFT JOIN moderation_author author ON author.id = post.author_id
"""
COUNTED: Final = f"""
SELECT said.stratum, {TRAITS}, count(*), min(said.probability), max(said.probability)
FROM (
    SELECT draw.stratum, draw.probability, decision.post_id, decision.revision
    FROM moderation_auditdraw draw
    JOIN moderation_decision decision ON decision.id = draw.decision_id
    WHERE draw.site_id = %(site)s AND draw.stratum IN ('allow', 'block')
        AND draw.created_at >= %(since)s AND draw.created_at < %(until)s AND {draws.ONCE}
) AS said
JOIN moderation_post post ON post.id = said.post_id
{JOINED} GROUP BY 1, 2, 3, 4, 5
"""  # noqa: S608 - constants
NAMED: Final = f"""
SELECT said.post_id, said.revision, {TRAITS}
FROM unnest(%(posts)s::uuid[], %(revisions)s::int[]) AS said(post_id, revision)
JOIN moderation_post post ON post.id = said.post_id
{JOINED}
"""  # noqa: S608 - constants
# Ids of posts begin with time. Held posts are no sample: all of them are asked about. Of an edited
# post the first throw counts, as in what was drawn (`draws.ONCE`).
FIRSTS: Final = """
SELECT stratum, count(*), min(probability), max(probability),
    coalesce(array_agg(draw) FILTER (WHERE selected), '{}'),
    array_agg(post_id) FILTER (WHERE stratum = 'held')
FROM (
    SELECT DISTINCT ON (author_id) * FROM (
        SELECT post.author_id, post.id AS post_id, draw.id AS draw, draw.stratum,
            draw.probability, draw.selected
        FROM moderation_auditdraw draw
        JOIN moderation_decision decision ON decision.id = draw.decision_id
        JOIN moderation_post post ON post.id = decision.post_id
        WHERE draw.site_id = %(site)s AND draw.stratum IN ('allow', 'block')
            AND draw.created_at >= %(since)s AND draw.created_at < %(until)s
            AND post.author_id IS NOT NULL
        UNION ALL
        SELECT post.author_id, post.id, NULL, 'held', NULL, false
        FROM unnest(%(held)s::uuid[]) AS asked(post_id)
        JOIN moderation_post post ON post.id = asked.post_id
        WHERE post.author_id IS NOT NULL
    ) AS decided ORDER BY author_id, post_id, draw NULLS FIRST
) AS first GROUP BY stratum
"""
OLDEST: Final = """
SELECT created_at FROM moderation_auditdraw
WHERE site_id = %(site)s AND stratum IN ('allow', 'block')
    AND created_at >= %(since)s AND created_at < %(until)s
ORDER BY created_at DESC OFFSET %(most)s LIMIT 1
"""

Words = tuple[UUID, int]


@dataclass(frozen=True, slots=True)
class Traits:
    """What slices are made by; None where the post's words were forgotten."""

    type: str
    language: str | None
    link: bool | None
    new: bool | None


@dataclass(frozen=True, slots=True)
class Slice:
    """Some of a site's posts."""

    trait: str
    value: str

    def holds(self, traits: Traits) -> bool:
        """Whether a post with these traits is one of them."""
        return _value(traits, self.trait) == self.value


def tally(rows: Iterable[tuple[Traits, int]]) -> dict[str, Counter[str]]:
    """By trait, how many posts have each value that is known."""
    posts: dict[str, Counter[str]] = {
        trait: Counter() for trait in ("type", "language", "link", "new")
    }
    for traits, count in rows:
        for trait, values in posts.items():
            if (value := _value(traits, trait)) is not None:
                values[value] += count
    return posts


def _value(traits: Traits, trait: str) -> str | None:
    found = getattr(traits, trait)
    return None if found is None else str(found).lower()


AUTHORS: Final = Slice("author", "first")
"""One post of each author, the first that was decided."""


@dataclass(frozen=True, slots=True)
class _Counted:
    stratum: Stratum
    traits: Traits
    posts: int
    least: float
    greatest: float


def measure(
    *,
    site: Site,
    since: datetime,
    until: datetime,
    people: People,
    told_at: datetime | None = None,
) -> dict[str, Any]:
    """Measure the slices of a site; see `reviews.measuring.site_figures`."""
    asked: dict[str, Any] = {"site": site.pk, "since": since, "until": until}
    older = statements.run(OLDEST, {**asked, "most": MOST})
    since = older[0][0] if older else since
    asked |= {"since": since, "new": NEW}
    counted = [
        _Counted(Stratum(stratum), Traits(*traits), posts, least, greatest)
        for stratum, *traits, posts, least, greatest in statements.run(COUNTED, asked)
    ]
    selected = draws.selected(site, since=since, until=until, told_at=told_at)
    held = draws.held(site, since=since, until=until)
    named = _named([*((each.about.post, each.about.revision) for each in selected), *held])
    slices = _slices(counted)
    delta = (DELTA - people.delta) / (len(slices) + 1)
    shown = []
    for each in slices:
        inside = [row for row in counted if each.holds(row.traits)]
        drawn = [
            draw
            for draw in selected
            if (draw.about.post, draw.about.revision) in named
            and each.holds(named[draw.about.post, draw.about.revision])
        ]
        asked_people = [
            said for words, said in held.items() if words in named and each.holds(named[words])
        ]
        blocked = _sampled(Stratum.BLOCK, inside, drawn)
        allowed = _sampled(Stratum.ALLOW, inside, drawn)
        held_inside = draws.tally(asked_people)
        shown.append(_row(each, blocked, allowed, held_inside, people.mistakes, delta))
    blocked, allowed, held_firsts, posts = _firsts(asked, selected, held)
    if posts >= FEWEST:
        shown.append(_row(AUTHORS, blocked, allowed, held_firsts, people.mistakes, delta))
    forgotten = sum(row.posts for row in counted if row.traits.link is None)
    forgotten += sum(words in named and named[words].link is None for words in held)
    period = {"since": since.isoformat(), "until": until.isoformat()}
    return {**period, "slices": shown, "forgotten": forgotten}


def _firsts(
    asked: dict[str, Any], selected: Iterable[draws.Selected], held: Mapping[Words, str | None]
) -> tuple[Sampled, Sampled, Held, int]:
    """Of each author the first post that was decided: the two samples, those held, and all."""
    said = {post: label for (post, _), label in held.items()}
    samples, asked_people, count = {}, Held(), 0
    for name, posts, least, greatest, ids, of in statements.run(FIRSTS, {**asked, "held": [*said]}):
        count += posts
        if name == "held":
            asked_people = draws.tally(said[post] for post in of)
            continue
        known = {*ids}
        samples[name] = draws.sample(
            (draw for draw in selected if draw.about.draw in known),
            posts=posts,
            least=least,
            greatest=greatest,
        )
    blocked, allowed = (samples.get(name, Sampled()) for name in (Stratum.BLOCK, Stratum.ALLOW))
    return blocked, allowed, asked_people, count


def _row(
    each: Slice,
    blocked: Sampled,
    allowed: Sampled,
    held: Held,
    mistakes: Mistakes,
    delta: float,
) -> dict[str, Any]:
    """One slice as it is kept, rates in posts of 1,000."""
    found = figures(blocked, allowed, held, mistakes, delta)
    return {
        "trait": each.trait,
        "value": each.value,
        "posts": blocked.posts + allowed.posts + held.honest + held.spam + held.unanswered,
        "blocked": blocked.posts,
        "judged": len(blocked.honest) + len(blocked.spam),
        "wrong": len(blocked.honest),
        "per_1000_honest": found.wrong_of_honest.shown(1_000.0),
        "per_1000_allowed": found.missed_of_allowed.shown(1_000.0),
    }


def _slices(counted: Iterable[_Counted]) -> list[Slice]:
    posts = tally((row.traits, row.posts) for row in counted)
    most = {"type": TYPES, "language": LANGUAGES}
    return [
        Slice(trait, value)
        for trait, values in posts.items()
        for value, count in values.most_common(most.get(trait))
        if count >= FEWEST and len(values) > 1
    ]


def _sampled(
    stratum: Stratum, counted: Iterable[_Counted], drawn: Iterable[draws.Selected]
) -> Sampled:
    rows = [row for row in counted if row.stratum == stratum]
    return draws.sample(
        (each for each in drawn if each.stratum == stratum),
        posts=sum(row.posts for row in rows),
        least=min((row.least for row in rows), default=0.0),
        greatest=max((row.greatest for row in rows), default=0.0),
    )


def _named(words: list[Words]) -> Mapping[Words, Traits]:
    posts, revisions = [post for post, _ in words], [revision for _, revision in words]
    rows = statements.run(NAMED, {"posts": posts, "revisions": revisions, "new": NEW})
    return {(post, revision): Traits(*traits) for post, revision, *traits in rows}
