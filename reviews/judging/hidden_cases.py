"""Whom the open cases about hidden posts, and about copies of their words, are meant for.

Copies may be a campaign of many thousands, so that one statement takes MOST of their cases at
most, and none that somebody else has locked; `readdress` goes on with the rest.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from django.db import connection
from django.utils import timezone

from moderation import hidden_words
from moderation.models import Post
from reviews.models import LegalHold
from reviews.people.permissions import addressed_of_hidden
from reviews.states import HoldAct

MOST: Final = 1000
SHOWN: Final = timedelta(days=1)
"""For so long it is looked whether cases wait with those who were named for what is shown again."""

# Read once, post by post, and no further than enough are found, however many copies there are.
FOUND: Final = """
SELECT c.id FROM moderation_post p JOIN reviews_case c ON c.post_id = p.id
WHERE c.state = 'open' AND c.lane <> 'look' AND p.site_id = %(site)s AND {which}
LIMIT %(most)s FOR NO KEY UPDATE OF c SKIP LOCKED
"""
ADDRESS: Final = """
UPDATE reviews_case SET meant_for = %(named)s, language = '',
    holder_id = CASE WHEN holder_id = ANY(%(named)s) THEN holder_id END,
    lease_until = CASE WHEN holder_id = ANY(%(named)s) THEN lease_until END
WHERE id = ANY(ARRAY({found}))
"""
NOT_THEIRS: Final = "c.meant_for <> %(named)s::bigint[]"
COPIES: Final = ADDRESS.format(
    found=FOUND.format(which=f"{NOT_THEIRS} AND p.fingerprint = %(words)s::bytea")
)
HIDDEN: Final = ADDRESS.format(
    found=FOUND.format(which=f"{NOT_THEIRS} AND p.hidden_at IS NOT NULL")
)
RELEASE: Final = """
UPDATE reviews_case SET meant_for = '{{}}', compared = false WHERE id = ANY(ARRAY({found}))
""".format(
    found=FOUND.format(
        which="c.meant_for = %(named)s::bigint[] AND p.hidden_at IS NULL"
        " AND p.fingerprint = %(words)s::bytea"
    )
)


def address_copies(post: Post) -> None:
    """Give the open cases about copies of a hidden post to who was named for such posts."""
    if post.fingerprint is not None:
        _update(COPIES, post.site_id, post.fingerprint)


def release_copies(post: Post) -> int:
    """Give them to everybody again, unless another hidden post says the same; how many."""
    if post.fingerprint is None or hidden_words.is_said(post.site_id, post.fingerprint):
        return 0
    return _update(RELEASE, post.site_id, post.fingerprint)


def readdress(*, now: datetime | None = None) -> int:
    """Give open cases about hidden posts and copies to those who are named now; how many changed.

    Those of copies of what was shown again are for everybody.
    """
    hidden = Post.objects.filter(hidden_at__isnull=False).order_by()
    changed = sum(_update(HIDDEN, site) for (site,) in hidden.values_list("site").distinct())
    said = hidden.exclude(fingerprint=None).values_list("site", "fingerprint").distinct()
    changed += sum(_update(COPIES, site, words) for site, words in said)
    since = (now or timezone.now()) - SHOWN
    shown = LegalHold.objects.filter(act=HoldAct.SHOWN, created_at__gte=since)
    posts = Post.objects.filter(pk__in=shown.values("post"), hidden_at=None)
    return changed + sum(release_copies(post) for post in posts)


def _update(statement: str, site_id: int, words: bytes | memoryview | None = None) -> int:
    asked: dict[str, Any] = {
        "site": site_id, "words": words, "named": addressed_of_hidden(site_id), "most": MOST,
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(statement, asked)
        return int(cursor.rowcount)
