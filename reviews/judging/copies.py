"""What says the same as a hidden post, or nearly, and is not hidden: found, and hidden as it is.

Nobody but who was named for hidden posts asks, and sees each before it is hidden. What they may yet
have to judge blind is left to that. Each copy is hidden as a post of its own, with a legal hold of
its own that names the post it is a copy of, so that all are shown again by one word.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db import transaction
from django.db.models import F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Left
from django.utils import timezone

from moderation import statements
from moderation.models import Post, PostRevision
from moderation.types import Status
from reviews.exceptions import BulkRefused, NotPermitted
from reviews.judging import danger
from reviews.labels.blind import withheld_from
from reviews.models import LegalHold
from reviews.people.permissions import check_may, sees_hidden
from reviews.queue.intake import lock_posts
from reviews.roles import Act
from reviews.search.copied import copied
from reviews.states import HoldAct

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MOST: Final = 200
"""Copies that are found, and hidden, at once: the newest; whoever asks again gets the next."""
LISTED: Final = 20
EXCERPT: Final = 200
STILL_SHOWN: Final = """
SELECT said.site, said.word, count(*) FROM (
    SELECT DISTINCT * FROM unnest(%(sites)s::bigint[], %(words)s::bytea[]) AS s (site, word)
) AS said
JOIN moderation_post p ON p.site_id = said.site AND p.fingerprint = said.word
JOIN moderation_decision d ON d.id = p.decision_id
WHERE p.hidden_at IS NULL AND p.status <> 'withdrawn' AND d.published GROUP BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class Copy:
    """A post that is not hidden."""

    post_id: UUID
    exact: bool
    """Word for word."""
    shown: bool
    """Readers see it."""
    excerpt: str = ""


@dataclass(frozen=True, slots=True)
class FoundCopies:
    """The copies of one hidden post."""

    copies: list[Copy]
    complete: bool
    """Whether these are all."""
    hidden: int
    """Those that were hidden along with it, and are."""

    @property
    def exact(self) -> int:
        return sum(copy.exact for copy in self.copies)

    @property
    def shown(self) -> int:
        return sum(copy.shown for copy in self.copies)


def of(post: Post, user: User) -> FoundCopies:
    """Return what says the same as a hidden post, those that readers see first."""
    # With too few letters copies cannot be told.
    alike = [] if post.fingerprint is None else copied(danger.words_found(post), post.site_id)
    said = Post.objects.filter(site=post.site_id, hidden_at=None, pruned_at=None)
    said = said.exclude(status=Status.WITHDRAWN).select_related("decision")
    exact = [] if post.fingerprint is None else list(
        said.filter(fingerprint=post.fingerprint).order_by("-created_at")[: MOST + 1]
    )  # fmt: skip
    nearly = list(said.filter(pk__in=set(alike) - {one.pk for one in exact}))
    posts = [*exact, *nearly]
    withheld = withheld_from(user, [one.pk for one in posts])
    same = {one.pk for one in exact}
    copies = [
        Copy(one.pk, one.pk in same, one.decision is not None and one.decision.published)
        for one in posts
        if one.pk not in withheld
    ]
    copies.sort(key=lambda copy: (not copy.shown, not copy.exact))
    return FoundCopies(
        _with_words(copies[:MOST]), len(copies) <= MOST, _taken_along(post.pk).count()
    )


def hide(
    *, post_id: UUID, user: User, nearly: bool, expected: int, now: datetime | None = None
) -> int:
    """Hide the copies of a hidden post, with `nearly` also those that differ a little; how many.

    `expected` is the number that the person was shown. Raises NotPermitted, or BulkRefused where
    there are more, or none.
    """
    now = now or timezone.now()
    original = Post.objects.filter(pk=post_id, hidden_at__isnull=False).first()
    if original is None:
        raise BulkRefused("The post is not hidden any more.")
    _check_may(user, original.site_id)
    found = [copy.post_id for copy in of(original, user).copies if copy.exact or nearly]
    if not found or len(found) > expected:
        raise BulkRefused("There are other copies now. Look at them again.")
    return sum(_hide(copy, original, user, now) for copy in found)


@transaction.atomic
def _hide(copy: UUID, original: Post, user: User, now: datetime) -> bool:
    (post,) = lock_posts([copy])
    if post.hidden_at is not None or post.status == Status.WITHDRAWN or post.pruned_at is not None:
        return False
    danger.hide(post=post, user=user, verdict=None, now=now, copy_of=original.pk)
    return True


def show(*, post_id: UUID, user: User, now: datetime | None = None) -> tuple[int, int]:
    """Show again what was hidden as a copy of a post, as it stood before; how many, and how many
    stay, since this person may not show them or they were found dangerous themselves.

    Raises NotPermitted.
    """
    posts = list(_taken_along(post_id))
    for site in {one.site_id for one in posts}:
        _check_may(user, site)
    shown = 0
    for one in posts:
        try:
            danger.lift(post_id=one.pk, user=user, now=now)
        except NotPermitted:
            continue
        shown += 1
    return shown, len(posts) - shown


def still_shown(posts: list[Post]) -> dict[UUID, int]:
    """How many posts that readers see say, word for word, what each of these hidden ones says."""
    sites = [post.site_id for post in posts if post.fingerprint is not None]
    words = [bytes(post.fingerprint) for post in posts if post.fingerprint is not None]
    rows = statements.rows(STILL_SHOWN, {"sites": sites, "words": words})
    counts = {(site, bytes(word)): count for site, word, count in rows}
    return {
        post.pk: counts.get((post.site_id, bytes(post.fingerprint)), 0)
        for post in posts
        if post.fingerprint is not None
    }


def _check_may(user: User, site_id: int) -> None:
    if not sees_hidden(user, site_id):
        raise NotPermitted("Only those who were named for hidden posts may do this.")
    check_may(user, Act.JUDGE, site_id)


def _taken_along(post_id: UUID) -> QuerySet[Post]:
    """What is hidden as a copy of this post, and for nothing else that was said since."""
    last = LegalHold.objects.filter(post=OuterRef("pk")).order_by("-pk").values("copy_of")[:1]
    along = LegalHold.objects.filter(copy_of=post_id, act=HoldAct.HIDDEN).values("post")
    hidden = Post.objects.filter(pk__in=along, hidden_at__isnull=False)
    return hidden.annotate(of=Subquery(last)).filter(of=post_id).order_by("pk")


def _with_words(copies: list[Copy]) -> list[Copy]:
    listed = [copy.post_id for copy in copies[:LISTED]]
    rows = PostRevision.objects.filter(post__in=listed, revision=F("post__revision"))
    starts = dict(rows.annotate(start=Left("text", EXCERPT)).values_list("post", "start"))
    return [
        Copy(copy.post_id, copy.exact, copy.shown, starts.get(copy.post_id, "")) for copy in copies
    ]
