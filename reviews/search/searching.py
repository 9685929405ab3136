"""Search over the posts of a person's sites, newest first, whose price their number does not set.

A question is answered from one of two ends. Looking up: the posts that have the words, or the
pieces of words, or the domain, from an index that knows when posts came in, too: it is asked for
one stretch of time after the other, the newest first, each longer than the one before while few
are found, so that common words are found in a short stretch and rare ones after some steps.
Walking: where there is nothing to look up, or an author has been named, the newest posts along one
index (of the site, of the site and outcome, of the author), or those that say the same as one, of
which those are picked that fit.

At most WALK posts are looked at for one page. So a page may end before it is full: it says down
to when it looked, and where to go on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.db import connection, transaction

from classifiers.text.normalize import normalize
from moderation import hidden_words
from moderation.ids import first_id
from moderation.models import Author, Post
from moderation.types import ListKind, Outcome, Status
from reviews.evidence.similar import say_the_same
from reviews.labels.blind import ANSWERED_SINGLY, EVER, judged_by, plain_among, withheld_among
from reviews.search.grams import grams, has_no_spaces, read_as
from reviews.search.indexing import key_of
from reviews.search.question import LAST, PAGE, SOURCES, By, Page, Question, TooShort
from reviews.search.windows import FIRST, SHORTEST, Window, milliseconds, site_key, window

if TYPE_CHECKING:
    from django.contrib.auth.models import User

WALK: Final = 2_000
"""Posts that one page looks at."""
CHUNKS: Final = (60, 250)
"""Posts that are looked at together: first, and then."""
TASTE: Final = 500
"""As many of the newest posts lie in the first stretch of time that is looked up."""
MANY: Final = 1_000
"""More than this in one stretch of time, and a shorter one is taken."""
WIDER: Final = 16
READ: Final = 1_000
"""Posts that one page reads again, for what stands inside words."""
FEW: Final = 20
"""Posts of each of many sites or authors that one look along the index asks for, at least."""
SAME: Final = 10_000
"""Posts that are found by one that says the same, at least, where there are so many."""

ALONG: Final = """
SELECT p.id, way.id FROM unnest(%(ways)s::bigint[], %(each)s::bigint[]) AS way (id, most), LATERAL (
    SELECT id FROM moderation_post
    WHERE {column} = way.id AND id < %(before)s AND id >= %(since)s {only}
    ORDER BY id DESC LIMIT way.most
) AS p
"""
OLDEST: Final = """
SELECT p.id FROM unnest(%(sites)s::bigint[]) AS site (id), LATERAL (
    SELECT id FROM moderation_post WHERE site_id = site.id AND id >= %(since)s ORDER BY id LIMIT 1
) AS p ORDER BY p.id LIMIT 1
"""
# The limit stands by itself, so that no order tempts the planner to walk along the posts.
LOOKED_UP: Final = """
SELECT post_id FROM reviews_searchentry
WHERE {found} AND places && %(of_sites)s::bigint[] {within} AND site_id = ANY(%(sites)s)
    AND post_id < %(before)s AND post_id >= %(since)s
LIMIT %(many)s
"""
WITHIN: Final = "AND places && %(within)s::bigint[]"
WORDS: Final = "words @@ websearch_to_tsquery('simple', %(words)s)"
# The index knows no places of words: of each post that has those of a phrase it would read them
# all. So these are looked at like any others, up to so many a page.
OF_PHRASES: Final = """words @@ regexp_replace(
    websearch_to_tsquery('simple', %(words)s)::text, '<(-|[0-9]+)>', '&', 'g'
)::tsquery"""
GRAMS: Final = "(grams @> %(grams)s::int[] OR grams @> %(plain_grams)s::int[])"
ONE_GRAMS: Final = "grams @> %(grams)s::int[]"
KEYS: Final = "keys && %(keys)s::bigint[]"
EMAIL: Final = "keys && %(emails)s::bigint[]"

FITTING: Final = """
SELECT id{words} FROM (
    SELECT p.id, r.title, r.text, {fits} AS fits
    FROM moderation_post p
    JOIN moderation_postrevision r ON r.post_id = p.id AND r.revision = p.revision
    LEFT JOIN moderation_decision d ON d.id = p.decision_id
    {entry}
    WHERE p.id = ANY(%(ids)s) AND p.site_id = ANY(%(sites)s) AND p.pruned_at IS NULL
        AND p.hidden_at IS NULL AND NOT {as_hidden}
    OFFSET 0
) AS looked_at
WHERE fits ORDER BY id DESC
"""
AS_HIDDEN: Final = hidden_words.SAID.format(site="p.site_id", fingerprint="p.fingerprint")
HAVING: Final = "SELECT post_id FROM reviews_searchentry WHERE post_id = ANY(%(ids)s)"
ENTRY: Final = "LEFT JOIN reviews_searchentry e ON e.post_id = p.id"
# A person's decision has no probability; the machine's before it has.
SCORE: Final = """COALESCE(d.probability, (
    SELECT m.probability FROM moderation_decision m
    WHERE m.post_id = p.id AND m.source = 'machine' ORDER BY m.id DESC LIMIT 1
))"""


CASES: Final = f"""
SELECT DISTINCT ON (c.post_id) c.post_id, c.id FROM reviews_case c
WHERE c.post_id = ANY(%(posts)s) AND c.lane <> 'look' AND NOT {ANSWERED_SINGLY}
ORDER BY c.post_id, c.id DESC
"""  # noqa: S608 - constants


def search(
    question: Question,
    *,
    sites: Sequence[int],
    user: User | None = None,
    before: UUID | None = None,
    page: int = PAGE,
) -> Page:
    """Return one page of the posts of these sites, without those that are withheld from `user`.

    Raises TooShort.
    """
    asked = _Asked(question, user, sites)
    if asked.is_hopeless:
        return Page()
    return asked.page(before or LAST, page)


class _Asked:
    """One question on its way to the database."""

    def __init__(self, question: Question, user: User | None, sites: Sequence[int]) -> None:
        self.question = question
        self.judged = judged_by(user, answered=EVER)
        self.typed = read_as(question.words)
        self.inside = question.inside or has_no_spaces(self.typed)
        self.plain = normalize(question.words) if self.inside else ""
        self.authors: list[int] = []
        self.values: dict[str, Any] = {
            "sites": list(sites),
            "since": first_id(question.since) if question.since else FIRST,
            "words": question.words,
            "outcome": question.state,
        }
        if question.author:
            found = Author.objects.filter(site__in=sites, external_id=question.author)
            self.authors = list(found.values_list("pk", flat=True))
        if question.domain:
            keys = [key_of(site, ListKind.DOMAIN, question.domain) for site in sites]
            self.values["keys"] = keys
        if "@" in question.address:
            self.values["emails"] = [
                key_of(site, ListKind.ADDRESS, question.address) for site in sites
            ]
        elif question.address:
            self.values["ip"] = question.address
        self.same = self._same(question.like) if question.like else None
        if self.typed and self.inside:
            pieces, plain = grams(self.typed), grams(self.plain)
            if not pieces:
                raise TooShort(TooShort.__doc__)
            self.values["grams"] = sorted(pieces)
            self.values["plain_grams"] = sorted(plain or pieces)
        self.fitting = self._fitting_statement()

    @property
    def is_hopeless(self) -> bool:
        nobody = bool(self.question.author and not self.authors)
        return nobody or self.same == [] or not self.values["sites"]

    def page(self, before: UUID, size: int) -> Page:
        if self.question.until:
            before = min(before, first_id(self.question.until))
        found: list[UUID] = []
        last, looked_at, read = before, 0, 0
        for chunk, ended in self._chunks(before):
            for post_id, *written in self._fitting(chunk):
                last = post_id
                read += 1
                if self._stands_in(written):
                    found.append(post_id)
                    if len(found) == size:
                        return Page(found, post_id)
            if ended:
                break
            last = chunk[-1]
            looked_at += len(chunk)
            if looked_at >= WALK or (self.inside and read >= READ):
                return Page(found, last, complete=False)
        return Page(found)

    def _chunks(self, before: UUID) -> Iterator[tuple[list[UUID], bool]]:
        """Yield posts to look at, newest first, and whether these are the last there are."""
        ids = self._looked_up(before) if self.found and not self.is_near else self._walked(before)
        chunk: list[UUID] = []
        size = CHUNKS[0]
        for post_id in ids:
            if len(chunk) == size:
                yield chunk, False
                chunk, size = [], CHUNKS[1]
            chunk.append(post_id)
        yield chunk, True

    @property
    def is_near(self) -> bool:
        """Whether an index leads along few posts: of an author, from an IP address, alike."""
        return bool(self.authors or self.same or "ip" in self.values)

    @property
    def has_phrase(self) -> bool:
        """Whether words stand in quotes, and none that are to be missing might."""
        words = self.question.words
        return not self.inside and '"' in words and "-" not in words

    @property
    def found(self) -> str:
        """What the index of entries is asked; empty where it has nothing to say."""
        parts = []
        if self.typed:
            same = self.inside and self.values["grams"] == self.values["plain_grams"]
            words = OF_PHRASES if self.has_phrase else WORDS
            parts.append(ONE_GRAMS if same else GRAMS if self.inside else words)
        if self.question.domain:
            parts.append(KEYS)
        if "emails" in self.values:
            parts.append(EMAIL)
        return " AND ".join(parts)

    def _looked_up(self, before: UUID) -> Iterator[UUID]:
        """Yield the posts that the index of entries has, newest first."""
        newest, more, _ = self._along(before, self._evenly(TASTE))
        if not newest:
            return
        oldest = self._oldest() if more else newest[-1]
        before = min(before, UUID(int=newest[0].int + 1))
        length = milliseconds(before) - milliseconds(newest[-1])
        while before > oldest:
            there = window(before=before, length=max(length, SHORTEST))
            ids = self._within(there, before)
            if len(ids) <= MANY:
                before = there.start
                length *= WIDER if len(ids) * WIDER <= MANY else 1
                yield from ids
            elif length > SHORTEST:
                length //= WIDER
            else:
                # So common that those who walk come by it at once.
                walked, more, _ = self._along(before, self._evenly(TASTE))
                yield from self._having(walked)
                before = walked[-1] if more else FIRST

    def _within(self, there: Window, before: UUID) -> list[UUID]:
        statement = LOOKED_UP.format(found=self.found, within=WITHIN if there.keys else "")
        values = {
            **self.values,
            "of_sites": [site_key(site) for site in self.values["sites"]],
            "within": list(there.keys),
            "before": before,
            "since": max(there.start, self.values["since"]),
            "many": MANY + 1,
        }
        with transaction.atomic(), connection.cursor() as cursor:
            # A limit makes the planner hope for common words and read the table from its start.
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute(statement, values)
            return sorted((row[0] for row in cursor.fetchall()), reverse=True)

    def _having(self, ids: list[UUID]) -> list[UUID]:
        values = {**self.values, "ids": ids}
        rows = self._rows(f"{HAVING} AND {self.found}", values)
        return sorted((row[0] for row in rows), reverse=True)

    def _oldest(self) -> UUID:
        rows = self._rows(OLDEST, self.values)
        return rows[0][0] if rows else LAST

    def _same(self, post: UUID) -> list[UUID]:
        """Return the posts that say the same as this one, and it, newest first."""
        seed = Post.objects.filter(pk=post, site__in=self.values["sites"], hidden_at=None).first()
        return say_the_same(post_id=post, site_id=seed.site_id, most=SAME) if seed else []

    def _walked(self, before: UUID) -> Iterator[UUID]:
        """Yield the newest posts along an index, or of those that say the same."""
        if self.same is not None:
            since = self.values["since"]
            yield from (post_id for post_id in self.same if since <= post_id < before)
            return
        each, more = self._evenly(2 * CHUNKS[0]), True
        while more:
            ids, more, shares = self._along(before, each)
            yield from ids
            if more:
                before = ids[-1]
                # As much of each as it had of the last ones.
                each = {way: FEW + 2 * CHUNKS[1] * shares[way] // len(ids) for way in each}

    def _evenly(self, most: int) -> dict[int, int]:
        ways = self.authors or self.values["sites"]
        return dict.fromkeys(ways, max(FEW, most // len(ways)))

    def _along(self, before: UUID, each: dict[int, int]) -> tuple[list[UUID], bool, Counter[int]]:
        """Return posts, newest first, whether there are more, and how many are of each.

        Of a way that ended before its last post nothing is known below: nothing is taken there.
        """
        by_outcome = not self.authors and self.question.state in set(Outcome)
        statement = ALONG.format(
            column="author_id" if self.authors else "site_id",
            only=("AND outcome = %(outcome)s " if by_outcome else "")
            + ("AND ip = %(ip)s::inet " if "ip" in self.values else ""),
        )
        asked = {"before": before, "ways": list(each), "each": list(each.values())}
        ids: list[UUID] = []
        shares: Counter[int] = Counter()
        for post_id, way in sorted(self._rows(statement, {**self.values, **asked}), reverse=True):
            ids.append(post_id)
            shares[way] += 1
            if shares[way] == each[way]:
                return ids, True, shares
        return ids, False, shares

    def _fitting(self, ids: list[UUID]) -> list[tuple[Any, ...]]:
        """Return those that fit, with title and text where these are read again."""
        if not ids:
            return []
        statement, values = self.fitting
        rows = self._rows(statement, {**values, "ids": ids})
        withheld = withheld_among([row[0] for row in rows], self.judged)
        return [row for row in rows if row[0] not in withheld]

    def _fitting_statement(self) -> tuple[str, dict[str, Any]]:
        asked, values, fits = self.question, dict(self.values), []
        if asked.state in set(Outcome):
            fits.append("p.status = 'decided' AND p.outcome = %(outcome)s")
        elif asked.state in (Status.PENDING, Status.WITHDRAWN):
            fits.append("p.status = %(status)s")
            values["status"] = asked.state
        if self.authors:
            fits.append("p.author_id = ANY(%(authors)s)")
            values["authors"] = self.authors
        if "ip" in values:
            fits.append("p.ip = %(ip)s::inet")
        if asked.by:
            fits.append("p.status = 'decided' AND d.source = ANY(%(sources)s)")
            values["sources"] = SOURCES[By(asked.by)]
        if asked.language:
            said = "replace(lower(r.language), '_', '-')"
            fits.append(f"starts_with({said} || '-', %(language)s || '-')")
            values["language"] = asked.language.lower().replace("_", "-")
        if asked.score_from is not None:
            fits.append(f"{SCORE} >= %(score_from)s")
            values["score_from"] = asked.score_from
        if asked.score_to is not None:
            fits.append(f"{SCORE} <= %(score_to)s")
            values["score_to"] = asked.score_to
        unseen = [self.found] if self.is_near and self.found else []
        if self.has_phrase:
            unseen.append(WORDS)
        fits += unseen
        statement = FITTING.format(
            as_hidden=AS_HIDDEN,
            words=", title, text" if self.typed and self.inside else "",
            entry=ENTRY if unseen else "",
            fits=" AND ".join(fits) or "true",
        )
        return statement, values

    def _stands_in(self, written: Sequence[str]) -> bool:
        if not written:
            return True
        text = "\n".join(written)
        return self.typed in read_as(text) or bool(self.plain and self.plain in normalize(text))

    @staticmethod
    def _rows(statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall()


def cases_of(posts: Sequence[UUID]) -> dict[UUID, int]:
    """Return the latest case of each post that is not judged by itself just now."""
    values = {"posts": list(posts)}
    plain = plain_among("SELECT unnest(%(posts)s::uuid[]) AS id", values)
    with connection.cursor() as cursor:
        cursor.execute(CASES, {**values, "plain": plain})
        return dict(cursor.fetchall())
