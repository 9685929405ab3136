"""Which posts of a site have something in common with one, and how they stand: the dry run.

What a bulk action would do is counted and shown by the statements that then order it. Posts
whose cases are answered singly (`reviews.labels.blind`) or meant for others, what is withheld from
whoever asks and what they wrote themselves are told of nowhere. What they answered singly before is
counted and not listed: how it stands would tell which of them was a second look.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import F
from django.utils import timezone

from moderation.models import Author, Post, PostRevision
from moderation.types import ListKind, Outcome
from reviews.bulk_states import BulkScope, Eligibility
from reviews.evidence.similar import say_the_same
from reviews.judging.verdicts import OUTCOME_OF, VerdictKind
from reviews.labels.blind import (
    ANSWERED_SINGLY,
    EVER,
    answered_among,
    judged_on,
    plain_among,
    withheld_of,
)
from reviews.people.permissions import Given, authors_of
from reviews.search.copied import copied
from reviews.search.indexing import key_of

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MOST: Final = 10_000
"""Posts that one action is about: the newest."""
LISTED: Final = 20
EXCERPT: Final = 160
LAST: Final = UUID(int=2**128 - 1)

# What was decided just now has no entry yet, but the post that it begins at is meant anyway.
KEYED: Final = """
SELECT post_id AS id FROM reviews_searchentry WHERE keys @> ARRAY[%(key)s]::bigint[]
UNION SELECT %(post)s::uuid
"""
FOUND: Final[dict[BulkScope, str]] = {
    BulkScope.ALIKE: "SELECT unnest(%(same)s::uuid[]) AS id",
    BulkScope.AUTHOR: "SELECT id FROM moderation_post WHERE author_id = %(author)s",
    BulkScope.IP: """
        SELECT id FROM moderation_post WHERE site_id = %(site)s AND ip = %(ip)s::inet
    """,
    BulkScope.EMAIL: KEYED,
    BulkScope.DOMAIN: KEYED,
    BulkScope.CAPPED: """
        SELECT post_id AS id FROM reviews_case
        WHERE site_id = %(site)s AND lane = 'overflow' AND state = 'open'
    """,
}
NEWEST_FOUND: Final = """
SELECT id FROM ({found}) AS f WHERE id <= %(newest)s ORDER BY id DESC LIMIT %(most)s + 1
"""
CANDIDATES: Final = f"""
WITH found AS MATERIALIZED ({NEWEST_FOUND}), candidates AS MATERIALIZED (
    SELECT p.id, p.revision, p.decision_id, p.outcome, d.published, d.source, d.probability, CASE
        WHEN p.status = 'pending' OR d.id IS NULL OR d.revision <> p.revision THEN 'pending'
        WHEN p.author_id = ANY(%(own)s::bigint[]) OR p.id = ANY(%(withheld)s::uuid[])
            THEN 'single'
        WHEN EXISTS (
                SELECT FROM reviews_case c WHERE c.post_id = p.id AND ({ANSWERED_SINGLY} OR (
                    c.state = 'open' AND c.lane <> 'look' AND c.meant_for <> '{{{{}}}}'
                    AND %(user)s <> ALL(c.meant_for)
                ))
            ) OR EXISTS (
                SELECT FROM moderation_auditdraw a WHERE a.decision_id = d.id AND a.selected
                AND NOT EXISTS (SELECT FROM reviews_case c WHERE c.audit_id = a.id)
            ) THEN 'single'
        WHEN EXISTS (
            SELECT FROM reviews_case c WHERE c.post_id = p.id AND c.state = 'open'
            AND c.lane <> 'look' AND c.holder_id <> %(user)s AND c.lease_until > %(now)s
        ) THEN 'held'
        WHEN d.source NOT IN ('machine', 'expiry') AND d.outcome <> 'review'
            AND d.user_id IS DISTINCT FROM %(user)s
            -- An undo puts a machine's decision in force again, in a person's name.
            AND (d.label <> '' OR NOT d.reasons @> '[{{{{"code": "verdict.undo"}}}}]'
                OR d.reasons @> '[{{{{"code": "verdict.remove"}}}}]') THEN 'said'
        ELSE 'fit' END AS eligibility
    FROM (SELECT id FROM found ORDER BY id DESC LIMIT %(most)s) AS f
    JOIN moderation_post p USING (id) LEFT JOIN moderation_decision d ON d.id = p.decision_id
    WHERE p.site_id = %(site)s AND p.status <> 'withdrawn' AND p.pruned_at IS NULL
        AND p.hidden_at IS NULL
)
"""  # noqa: S608 - constants
COUNTS: Final = """
SELECT eligibility, outcome, published, count(*), (SELECT count(*) FROM found)
FROM candidates GROUP BY eligibility, outcome, published
"""
SHOWN: Final = f"""
SELECT s.id, s.outcome, s.published, s.source, r.title, left(r.text, {EXCERPT})
FROM (
    SELECT * FROM candidates AS s
    WHERE eligibility = ANY(%(wanted)s) AND id <> ALL(%(unlisted)s::uuid[])
    ORDER BY {{order}} LIMIT {LISTED}
) AS s
JOIN moderation_postrevision r ON r.post_id = s.id AND r.revision = s.revision
ORDER BY {{order}}
"""  # noqa: S608 - constants
FIRST: Final = {BulkScope.CAPPED: "probability NULLS FIRST, s.id"}
"""Which posts are shown, where it is not the newest: of those that have only the cap in common the
ones in most doubt."""
ORDER: Final = """
INSERT INTO reviews_bulkitem (action_id, post_id, decision_id, state, reason, opened)
SELECT %(action)s, id, decision_id, 'waiting', '', false FROM candidates
WHERE eligibility = ANY(%(wanted)s) AND outcome <> %(outcome)s ORDER BY id
"""


@dataclass(frozen=True, slots=True)
class Scope:
    """Posts of one site, by what they have in common with the post that it begins at."""

    kind: BulkScope
    site_id: int
    case_id: int
    post_id: UUID
    value: str
    """The author's id, address or domain, as it is kept and shown; empty for like posts."""
    given: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Group:
    """Posts that stand alike."""

    eligibility: Eligibility
    outcome: str
    """Empty for posts that are not decided yet."""
    published: bool
    count: int


@dataclass(frozen=True, slots=True)
class Listed:
    """One of the posts, as it stands."""

    post_id: UUID
    outcome: str
    published: bool
    source: str
    title: str
    excerpt: str


@dataclass(frozen=True, slots=True)
class DryRun:
    """What an action would find."""

    groups: tuple[Group, ...]
    newest: UUID
    """It is about posts up to this one."""
    complete: bool
    """False when there are more than were counted, of which these are the newest."""
    listed: tuple[Listed, ...]

    def would_decide(self, kind: VerdictKind, *, over_people: bool = False) -> int:
        wanted = wanted_of(over_people=over_people)
        return sum(
            group.count
            for group in self.groups
            if group.eligibility in wanted and group.outcome != OUTCOME_OF[kind]
        )

    @property
    def total(self) -> int:
        """Posts that are told of."""
        return sum(group.count for group in self.groups)

    def counted(self, eligibility: Eligibility) -> int:
        return sum(group.count for group in self.groups if group.eligibility is eligibility)


def wanted_of(*, over_people: bool) -> tuple[Eligibility, ...]:
    return (Eligibility.FIT, Eligibility.SAID) if over_people else (Eligibility.FIT,)


def alike(*, case_id: int, post: Post) -> Scope:
    """Posts with the same words, or nearly, and those that say the same as these.

    Those that waited for a person are compared by what they mean; the others by their words.
    """
    return Scope(BulkScope.ALIKE, post.site_id, case_id, post.pk, "")


def by_author(*, case_id: int, post: Post, author: Author) -> Scope:
    given = {"author": author.pk}
    return Scope(BulkScope.AUTHOR, post.site_id, case_id, post.pk, author.external_id, given)


def by_ip(*, case_id: int, post: Post) -> Scope:
    ip = str(post.ip)
    return Scope(BulkScope.IP, post.site_id, case_id, post.pk, ip, {"ip": ip})


def by_email(*, case_id: int, post: Post, email: str) -> Scope:
    return _keyed(BulkScope.EMAIL, case_id, post, ListKind.ADDRESS, email.strip().lower())


def by_domain(*, case_id: int, post: Post, domain: str) -> Scope:
    return _keyed(BulkScope.DOMAIN, case_id, post, ListKind.DOMAIN, domain)


def _keyed(scope: BulkScope, case_id: int, post: Post, kind: ListKind, value: str) -> Scope:
    given = {"key": key_of(post.site_id, kind, value), "post": post.pk}
    return Scope(scope, post.site_id, case_id, post.pk, value, given)


def over_the_cap(*, case_id: int, post: Post) -> Scope:
    """Posts of the site that the cap on automatic blocks held and nobody has answered yet."""
    return Scope(BulkScope.CAPPED, post.site_id, case_id, post.pk, "")


def dry_run(
    scope: Scope,
    *,
    user: User | None,
    given: Given | None = None,
    newest: UUID | None = None,
    listed: bool = True,
    most: int = MOST,
    now: datetime | None = None,
) -> DryRun:
    """Count how the newest posts stand; with `listed`, also show those that would be decided.

    With `listed` alone are posts looked for that only have nearly the same words: it takes longer.

    `given` is what `user` may do on the site, where that is known.
    """
    newest = newest or (_newest(scope) if listed else LAST)
    judged = judged_on(user, scope.site_id, given)
    values = _values(scope, judged, newest, most, now, wide=listed)
    with connection.cursor() as cursor:
        cursor.execute(_candidates(scope) + COUNTS, values)
        rows = cursor.fetchall()
        shown = []
        if listed and rows:
            wanted = [*wanted_of(over_people=True)]
            found = NEWEST_FOUND.format(found=FOUND[scope.kind])
            unlisted = answered_among(found, values, within=EVER)
            asked = {**values, "wanted": wanted, "unlisted": unlisted}
            order = FIRST.get(scope.kind, "s.id DESC")
            cursor.execute(_candidates(scope) + SHOWN.format(order=order), asked)
            shown = cursor.fetchall()
    groups = [
        Group(Eligibility(eligibility), outcome or "", bool(published), count)
        for eligibility, outcome, published, count, _ in rows
        if eligibility != Eligibility.SINGLE
    ]
    complete = not rows or rows[0][4] <= most
    return DryRun(tuple(groups), newest, complete, tuple(Listed(*row) for row in shown))


def order(
    scope: Scope,
    *,
    action_id: int,
    user: User,
    kind: VerdictKind,
    over_people: bool,
    newest: UUID,
    now: datetime,
) -> int:
    """Write one waiting row a post that the action is to decide; return how many."""
    values = _values(scope, judged_on(user, scope.site_id), newest, MOST, now) | {
        "action": action_id,
        "wanted": [*wanted_of(over_people=over_people)],
        "outcome": OUTCOME_OF[kind].value,
    }
    with connection.cursor() as cursor:
        cursor.execute(_candidates(scope) + ORDER, values)
        return int(cursor.rowcount)


def states_in_words(groups: Sequence[Group]) -> dict[str, int]:
    """Return how many posts stand in which way, by words for people."""
    counted: Counter[str] = Counter()
    for group in groups:
        counted[_in_words(group)] += group.count
    return dict(counted.most_common())


def _newest(scope: Scope) -> UUID:
    posts = Post.objects.filter(site=scope.site_id).order_by("-pk")
    return posts.values_list("pk", flat=True).first() or scope.post_id


def _in_words(group: Group) -> str:
    match group.eligibility:
        case Eligibility.PENDING:
            return "Not judged yet"
        case Eligibility.HELD:
            return "With somebody else just now"
    state = {
        Outcome.ALLOW: "Allowed",
        Outcome.BLOCK: "Blocked",
        Outcome.REVIEW: "Waits, published meanwhile" if group.published else "Waits, held back",
    }[Outcome(group.outcome)]
    return f"{state} by another person" if group.eligibility is Eligibility.SAID else state


def _candidates(scope: Scope) -> str:
    return CANDIDATES.format(found=FOUND[scope.kind])


def _values(
    scope: Scope,
    judged: Mapping[str, Any],
    newest: UUID,
    most: int,
    now: datetime | None,
    *,
    wide: bool = True,
) -> dict[str, Any]:
    values = _asked(scope, judged["user"], newest, most, now)
    if scope.kind is BulkScope.ALIKE:
        copies = _copies_of(scope) if wide else ()
        values["same"] = say_the_same(
            post_id=scope.post_id, site_id=scope.site_id, most=most, copies=copies
        )
    found = NEWEST_FOUND.format(found=FOUND[scope.kind])
    return values | {
        "plain": plain_among(found, values),
        "withheld": [*withheld_of(found, values, judged)],
    }


def _copies_of(scope: Scope) -> list[UUID]:
    """Posts with nearly all the words of the one that it begins at, also those without a case."""
    words = PostRevision.objects.filter(
        post=scope.post_id, revision=F("post__revision"), post__fingerprint__isnull=False
    ).first()
    return copied(words, scope.site_id) if words is not None else []


def _asked(
    scope: Scope, user_id: int, newest: UUID, most: int, now: datetime | None
) -> dict[str, Any]:
    return {
        "site": scope.site_id,
        "user": user_id,
        "own": authors_of(user_id),
        "newest": newest,
        "most": most,
        "now": now or timezone.now(),
        **scope.given,
    }
