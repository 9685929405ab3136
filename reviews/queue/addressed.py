"""Cases that are meant for some people by name, once none of these is left to judge them."""

from __future__ import annotations

from typing import Final

from django.db import connection

from reviews.people.colleagues import JUDGING, LEFT

# Second looks have a time of their own, and cases about hidden posts other people.
REOPEN: Final = f"""
UPDATE reviews_case AS c SET meant_for = '{{}}'
WHERE c.state = 'open' AND c.lane <> 'look' AND c.meant_for <> '{{}}'
    AND NOT EXISTS (
        SELECT FROM moderation_post p WHERE p.id = c.post_id AND p.hidden_at IS NOT NULL
    )
    AND NOT EXISTS ({LEFT})
"""  # noqa: S608 - constants


def reopen() -> int:
    """Give to everybody what was meant for people who left, or who passed it on; how many."""
    with connection.cursor() as cursor:
        cursor.execute(REOPEN, {"judging": JUDGING})
        return int(cursor.rowcount)
