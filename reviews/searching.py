"""Search over the posts of a person's sites, newest first, whose price their number does not set.

A question is answered from one of two ends. Walking: the newest posts along one index (of the
site, of the site and outcome, of the author), as many as WALK, from which those are picked that
fit; what many posts answer is found so at once. Looking up: the posts that have the words, or the
pieces of words, or the domain, from an index of those; what few posts answer is found so. Which
of the two is seen from the first posts walked by: words that more than one post in fifty has are
not looked up.

So a page may end before it is full: it says down to when it looked, and where to go on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection

from classifiers.text.normalize import normalize
from moderation.api.filters import first_id
from moderation.models import Author, Post
from moderation.types import ListKind, Outcome, Status
from reviews.blind import JUDGED_SINGLY, plain_among
from reviews.grams import IDEOGRAPHS, grams, read_as
from reviews.indexing import key_of

PAGE: Final = 30
WALK: Final = 4_000
"""Posts that one page walks by."""
TASTE: Final = 1_000
"""After so many it is decided whether to go on walking or to look up."""
COMMON: Final = 20
"""Of so many of those, more of which have the words, the words are common."""
CHUNK: Final = 250
READ: Final = 1_000
"""Posts that one page reads again, for what stands inside words."""
EXCERPT: Final = 280
LAST: Final = UUID(int=2**128 - 1)

OF_SITES: Final = """
SELECT p.id FROM unnest(%(sites)s::bigint[]) AS site (id), LATERAL (
    SELECT id FROM moderation_post
    WHERE site_id = site.id AND id < %(before)s AND id >= %(since)s {outcome}
    ORDER BY id DESC LIMIT %(each)s
) AS p
"""
OF_AUTHORS: Final = """
SELECT p.id FROM unnest(%(authors)s::bigint[]) AS author (id), LATERAL (
    SELECT id FROM moderation_post
    WHERE author_id = author.id AND id < %(before)s AND id >= %(since)s
    ORDER BY id DESC LIMIT %(each)s
) AS p
"""
# Materialized, so that the order does not tempt the planner to walk along the posts after all.
LOOKED_UP: Final = """
WITH found AS MATERIALIZED (
    SELECT post_id FROM reviews_searchentry WHERE {found} AND site_id = ANY(%(sites)s)
)
SELECT post_id FROM found WHERE post_id < %(before)s AND post_id >= %(since)s
ORDER BY post_id DESC LIMIT %(each)s
"""
WORDS: Final = "words @@ websearch_to_tsquery('simple', %(words)s)"
GRAMS: Final = "(grams @> %(grams)s::int[] OR grams @> %(plain_grams)s::int[])"
KEYS: Final = "keys && %(keys)s::bigint[]"

# What has the words and what fits besides are told apart: how common words are goes by the first.
FITTING: Final = """
SELECT id, has_words, fits, CASE WHEN has_words AND fits THEN title END,
    CASE WHEN has_words AND fits THEN text END
FROM (
    SELECT p.id, {has_words} AS has_words, {fits} AS fits, r.title, r.text
    FROM moderation_post p
    JOIN moderation_postrevision r ON r.post_id = p.id AND r.revision = p.revision
    LEFT JOIN moderation_decision d ON d.id = p.decision_id
    {entry}
    WHERE p.id = ANY(%(ids)s) AND p.site_id = ANY(%(sites)s) AND p.pruned_at IS NULL
        AND p.hidden_at IS NULL
    OFFSET 0
) AS looked_at
ORDER BY id DESC
"""
ENTRY: Final = "LEFT JOIN reviews_searchentry e ON e.post_id = p.id"
# A person's decision has no probability; the machine's before it has.
SCORE: Final = """COALESCE(d.probability, (
    SELECT m.probability FROM moderation_decision m
    WHERE m.post_id = p.id AND m.source = 'machine' ORDER BY m.id DESC LIMIT 1
))"""


CASES: Final = f"""
SELECT DISTINCT ON (c.post_id) c.post_id, c.id, {JUDGED_SINGLY} FROM reviews_case c
WHERE c.post_id = ANY(%(posts)s) AND c.lane <> 'look' ORDER BY c.post_id, c.id DESC
"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked for; empty is whatever there is."""

    words: str = ""
    inside: bool = False
    """Also inside words: what was typed stands somewhere, as it was typed."""
    state: str = ""
    """allow, review, block, pending or withdrawn."""
    author: str = ""
    """The site's own id of them."""
    domain: str = ""
    language: str = ""
    since: datetime | None = None
    until: datetime | None = None
    score_from: float | None = None
    score_to: float | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Posts that answer a question, newest first."""

    ids: list[UUID] = field(default_factory=list)
    after: UUID | None = None
    """Where the next page begins; None when there is none."""
    complete: bool = True
    """False when the page ended before it was full, and there may be more."""


class TooShort(ValueError):
    """Inside words, three letters are the least that can be looked for."""


def search(
    question: Question, *, sites: Sequence[int], before: UUID | None = None, page: int = PAGE
) -> Page:
    """Return one page of the posts of these sites. Raises TooShort."""
    asked = _Asked(question, sites)
    if asked.is_hopeless:
        return Page()
    return asked.page(before or LAST, page)


class _Asked:
    """One question on its way to the database."""

    def __init__(self, question: Question, sites: Sequence[int]) -> None:
        self.question = question
        self.typed = read_as(question.words)
        self.inside = question.inside or _has_no_spaces(self.typed)
        self.plain = normalize(question.words) if self.inside else ""
        self.authors: list[int] = []
        self.values: dict[str, Any] = {
            "sites": list(sites),
            "since": first_id(question.since) if question.since else UUID(int=0),
            "words": question.words,
        }
        if question.author:
            found = Author.objects.filter(site__in=sites, external_id=question.author)
            self.authors = list(found.values_list("pk", flat=True))
        if question.domain:
            keys = [key_of(site, ListKind.DOMAIN, question.domain) for site in sites]
            self.values["keys"] = keys
        if self.typed and self.inside:
            pieces, plain = grams(self.typed), grams(self.plain)
            if not pieces:
                raise TooShort(TooShort.__doc__)
            self.values["grams"] = sorted(pieces)
            self.values["plain_grams"] = sorted(plain or pieces)
        self.seen = self.had = 0

    @property
    def is_hopeless(self) -> bool:
        return not self.values["sites"] or bool(self.question.author and not self.authors)

    def page(self, before: UUID, size: int) -> Page:
        if self.question.until:
            before = min(before, first_id(self.question.until))
        found: list[UUID] = []
        last, ended = before, True
        read = 0
        for chunk, ended in self._chunks(before):
            for post_id, title, text in self._fitting(chunk):
                last = post_id
                read += 1
                if self._stands_in(title, text):
                    found.append(post_id)
                    if len(found) == size:
                        return Page(found, post_id)
            last = chunk[-1] if chunk else last
            if self.inside and read >= READ:
                ended = False
                break
        return Page(found, None if ended else last, ended)

    def _chunks(self, before: UUID) -> Iterator[tuple[list[UUID], bool]]:
        """Yield posts to look at, newest first, and whether these are the last there are."""
        walked, more = self._walk(before, TASTE if self.found else WALK)
        yield from _cut(walked, last=not more)
        if not more:
            return
        before = walked[-1]
        if self.found and self.had * TASTE <= COMMON * max(self.seen, 1):
            looked_up = self._run(LOOKED_UP.format(found=self.found), before, WALK)
            yield from _cut(looked_up, last=len(looked_up) < WALK)
            return
        if self.found:
            walked, more = self._walk(before, WALK - TASTE)
            yield from _cut(walked, last=not more)

    @property
    def found(self) -> str:
        """What the index of entries is asked; empty where it has nothing to say."""
        parts = []
        if self.typed:
            parts.append(GRAMS if self.inside else WORDS)
        if self.question.domain:
            parts.append(KEYS)
        return " AND ".join(parts)

    def _walk(self, before: UUID, most: int) -> tuple[list[UUID], bool]:
        """Return the newest posts along an index, and whether there are more."""
        if self.authors:
            statement, ways = OF_AUTHORS, len(self.authors)
        else:
            by_outcome = self.question.state in set(Outcome)
            statement = OF_SITES.format(outcome="AND outcome = %(outcome)s" if by_outcome else "")
            ways = len(self.values["sites"])
        each = most if ways <= 4 else max(100, 4 * most // ways)
        rows = self._rows(statement, before, each)
        ids = sorted((row[0] for row in rows), reverse=True)
        if ways == 1 or len(ids) < each:
            return ids[:most], len(ids) >= each
        return self._above_horizon(ids, each, most)

    def _above_horizon(self, ids: list[UUID], each: int, most: int) -> tuple[list[UUID], bool]:
        """Of a way that was cut short nothing is known below its end: no way is looked at there."""
        column = "author_id" if self.authors else "site_id"
        of = dict(Post.objects.filter(pk__in=ids).values_list("pk", column))
        counted: dict[int, int] = {}
        for place, post_id in enumerate(ids):
            way = of[post_id]
            counted[way] = counted.get(way, 0) + 1
            if counted[way] == each or place + 1 == most:
                return ids[: place + 1], True
        return ids, False

    def _fitting(self, ids: list[UUID]) -> list[tuple[UUID, str, str]]:
        if not ids:
            return []
        statement, values = self._fits()
        with connection.cursor() as cursor:
            cursor.execute(statement, {**values, "ids": ids})
            rows = cursor.fetchall()
        self.seen += len(ids)
        self.had += sum(bool(row[1]) for row in rows)
        return [(row[0], row[3], row[4]) for row in rows if row[1] and row[2]]

    def _fits(self) -> tuple[str, dict[str, Any]]:
        asked, values, fits = self.question, dict(self.values), []
        if asked.state in set(Outcome):
            fits.append("p.status = 'decided' AND p.outcome = %(outcome)s")
            values["outcome"] = asked.state
        elif asked.state in (Status.PENDING, Status.WITHDRAWN):
            fits.append("p.status = %(status)s")
            values["status"] = asked.state
        if self.authors:
            fits.append("p.author_id = ANY(%(authors)s)")
            values["authors"] = self.authors
        if asked.language:
            fits.append(
                "(r.language = %(language)s OR starts_with(r.language, %(language)s || '-'))"
            )
            values["language"] = asked.language
        if asked.score_from is not None:
            fits.append(f"{SCORE} >= %(score_from)s")
            values["score_from"] = asked.score_from
        if asked.score_to is not None:
            fits.append(f"{SCORE} <= %(score_to)s")
            values["score_to"] = asked.score_to
        found = self.found
        statement = FITTING.format(
            has_words=f"COALESCE({found}, false)" if found else "true",
            entry=ENTRY if found else "",
            fits=f"COALESCE({' AND '.join(fits)}, false)" if fits else "true",
        )
        return statement, values

    def _stands_in(self, title: str, text: str) -> bool:
        if not (self.typed and self.inside):
            return True
        written = f"{title}\n{text}"
        return self.typed in read_as(written) or bool(
            self.plain and self.plain in normalize(written)
        )

    def _run(self, statement: str, before: UUID, each: int) -> list[UUID]:
        return [row[0] for row in self._rows(statement, before, each)]

    def _rows(self, statement: str, before: UUID, each: int) -> list[tuple[Any, ...]]:
        values = {
            **self.values,
            "authors": self.authors,
            "outcome": self.question.state,
            "before": before,
            "each": each,
        }
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall()


def _cut(ids: Sequence[UUID], *, last: bool) -> Iterator[tuple[list[UUID], bool]]:
    """Yield at least once, so that an end is told."""
    for first in range(0, max(len(ids), 1), CHUNK):
        yield list(ids[first : first + CHUNK]), last and first + CHUNK >= len(ids)


def _has_no_spaces(text: str) -> bool:
    """Return whether words of this script stand without spaces, so that none can be told."""
    return any(character >= IDEOGRAPHS or "฀" <= character <= "๿" for character in text)


def cases_of(posts: Sequence[UUID]) -> dict[UUID, int]:
    """Return the latest case of each post, but for those that are judged by themselves just now."""
    values = {"posts": list(posts)}
    plain = plain_among("SELECT unnest(%(posts)s::uuid[]) AS id", values)
    with connection.cursor() as cursor:
        cursor.execute(CASES, {**values, "plain": plain})
        return {post_id: pk for post_id, pk, singly in cursor.fetchall() if not singly}


def excerpt(text: str, words: Iterable[str]) -> str:
    """Return the stretch of a text around the first of these words, or its beginning."""
    lowered = text.casefold()
    places = [place for word in words if (place := lowered.find(word.casefold())) >= 0]
    start = max(min(places, default=0) - EXCERPT // 4, 0)
    cut = text[start : start + EXCERPT]
    return f"…{cut}" if start else cut
