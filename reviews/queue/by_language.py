"""Who is offered a case, by its language.

Somebody who has said which languages they read is offered these, posts whose language nobody
knows, and what would starve otherwise: languages that nobody reads who judges the site's cases,
and cases that have waited for PATIENCE, whatever kept those away who read them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from django.db.models.functions import Left

from moderation import hidden_words, statements
from moderation.models import PostRevision
from reviews.models import Case, Membership, Preferences
from reviews.people.permissions import addressed_of_hidden
from reviews.queue.languages import SEEN, language_of
from reviews.roles import Act, roles_that

if TYPE_CHECKING:
    from django.contrib.auth.models import User

PATIENCE: Final = timedelta(hours=6)
"""A quarter of the time that a post is held unless its site says otherwise."""

READ_BY: Final = """
(%(languages)s::text[] IS NULL OR language = '' OR language = ANY(%(languages)s)
 OR opened_at <= %(patience)s
 OR NOT (site_id = ANY(%(covered)s::bigint[]) OR (site_id, language) IN (
     SELECT * FROM unnest(%(read_sites)s::bigint[], %(read_languages)s::text[])
 )))
"""
# Each step looks up the next language in the index, so it costs nothing how many cases wait.
THERE: Final = """
WITH RECURSIVE there AS (
    SELECT site.id AS site, '' AS language FROM unnest(%(sites)s::bigint[]) AS site (id)
    UNION ALL
    SELECT site, (
        SELECT min(language) FROM reviews_case
        WHERE site_id = there.site AND state = 'open' AND holder_id IS NULL
          AND language > there.language
    ) FROM there WHERE language IS NOT NULL
)
SELECT site, language FROM there WHERE language <> ''
"""


@dataclass(frozen=True, slots=True)
class Reading:
    """What one person is offered on some sites, and what others there read."""

    languages: frozenset[str] | None = None
    """None for whoever has not said, and reads all."""
    since: datetime | None = None
    """What was opened until then waits too long to be anybody's alone."""
    covered: frozenset[int] = frozenset()
    """Sites where somebody else judges posts in all languages."""
    read: frozenset[tuple[int, str]] = frozenset()
    """(site, language) that somebody else reads."""
    places: frozenset[tuple[int, str]] = frozenset()
    """(site, language) that this person is offered of the cases that nobody holds."""

    @property
    def asked(self) -> dict[str, Any]:
        """The parameters of READ_BY, and the places."""
        read, places = sorted(self.read), sorted(self.places)
        return {
            "languages": None if self.languages is None else sorted(self.languages),
            "patience": self.since,
            "covered": sorted(self.covered),
            "read_sites": [site for site, _ in read],
            "read_languages": [language for _, language in read],
            "place_sites": [site for site, _ in places],
            "place_languages": [language for _, language in places],
        }


@dataclass(slots=True)
class Readers:
    """Who reads what among those who judge some sites."""

    by_site: dict[int, list[frozenset[str]]] = field(default_factory=lambda: defaultdict(list))
    """What each of them reads; an empty set for all."""

    def covered(self) -> frozenset[int]:
        return frozenset(site for site, all_of in self.by_site.items() if frozenset() in all_of)

    def read(self) -> frozenset[tuple[int, str]]:
        return frozenset(
            (site, code) for site, all_of in self.by_site.items() for one in all_of for code in one
        )


def languages_of(user: User) -> frozenset[str] | None:
    """Return what somebody said that they read; None for all."""
    rows = Preferences.objects.filter(user=user.pk)
    for codes in rows.values_list("languages", flat=True):
        return frozenset(codes) or None
    return None


def reading_of(user: User, sites: Sequence[int], now: datetime) -> Reading:
    """Return what this person is offered; one query, or three where they do not read all."""
    languages = languages_of(user)
    if languages is None:
        return Reading()
    others = _readers(sites, but=user)
    covered, read = others.covered(), others.read()
    places = {(site, code) for site in sites for code in (*languages, "")}
    places |= there([site for site in sites if site not in covered]) - read
    return Reading(languages, now - PATIENCE, covered, read, frozenset(places))


def unread(sites: Sequence[int]) -> set[tuple[int, str]]:
    """Return (site, language) of cases that wait and that nobody reads who judges the site.

    None of a site that nobody judges.
    """
    readers = _readers(sites)
    covered = readers.covered()
    return there([site for site in readers.by_site if site not in covered]) - readers.read()


def there(sites: Sequence[int]) -> set[tuple[int, str]]:
    """Return (site, language) of the cases of these sites that wait and that nobody holds."""
    if not sites:
        return set()
    return set(statements.rows(THERE, {"sites": list(sites)}))


def who_reads(language: str, among: Sequence[int]) -> list[int]:
    """Return those of these users who read a language; all of them if nobody does."""
    if not language or not among:
        return list(among)
    said = Preferences.objects.filter(user__in=among).exclude(languages=[])
    elsewhere = said.exclude(languages__contains=[language]).values_list("user", flat=True)
    other = set(elsewhere)
    return [user for user in among if user not in other] or list(among)


def stamp(cases: Iterable[Case]) -> None:
    """Write into these cases, without saving them, which language their words are in.

    Not where a case is meant for some people by name: they are offered it at once. What says the
    same as a hidden post is meant for who was named for those.
    """
    cases = [case for case in cases if not case.meant_for]
    rows = PostRevision.objects.filter(post__in={case.post_id for case in cases})
    words = rows.annotate(
        start=Left("text", SEEN), hidden=hidden_words.said("post__site", "post__fingerprint")
    ).values_list("post", "revision", "language", "start", "hidden")
    known = {(post, revision): (tag, start, hidden) for post, revision, tag, start, hidden in words}
    for case in cases:
        tag, start, hidden = known.get((case.post_id, case.revision), ("", "", False))
        if hidden:
            case.meant_for, case.language = addressed_of_hidden(case.site_id), ""
        else:
            case.language = language_of(tag, start)


def _readers(sites: Sequence[int], but: User | None = None) -> Readers:
    members = Membership.objects.filter(
        site__in=sites, role__in=sorted(roles_that(Act.JUDGE)), user__is_active=True
    )
    if but is not None:
        members = members.exclude(user=but)
    found = Readers()
    for site, codes in members.values_list("site", "user__preferences__languages"):
        found.by_site[site].append(frozenset(codes or ()))
    return found
