"""Posts that say, word for word, what a hidden post of their site was hidden for.

A hidden post keeps the fingerprint of the words that were found dangerous, whatever it was edited
into; an index on hidden posts alone makes looking for them cheap, however many copies there are.
"""

from __future__ import annotations

from typing import Final

from django.db.models import Exists, OuterRef

from moderation.models import Post

SAID: Final = """EXISTS (
    SELECT FROM moderation_post hidden WHERE hidden.site_id = {site}
        AND hidden.fingerprint = {fingerprint} AND hidden.hidden_at IS NOT NULL
)"""
"""SQL for whether a hidden post of the site says so."""


def said(site: str = "site", fingerprint: str = "fingerprint") -> Exists:
    """Whether a hidden post of the site in one field says what the fingerprint in another says."""
    hidden = Post.objects.filter(hidden_at__isnull=False)
    return Exists(hidden.filter(site=OuterRef(site), fingerprint=OuterRef(fingerprint)))


def says(post: Post) -> bool:
    """Whether the post is hidden, or says what a hidden one of its site says."""
    if post.hidden_at is not None or post.fingerprint is None:
        return post.hidden_at is not None
    return is_said(post.site_id, post.fingerprint)


def is_said(site_id: int, fingerprint: bytes | memoryview) -> bool:
    """Whether a hidden post of the site says so."""
    hidden = Post.objects.filter(site=site_id, fingerprint=fingerprint, hidden_at__isnull=False)
    return hidden.exists()
