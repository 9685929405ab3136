"""Cases that are meant for some people by name, once none of these is there any more."""

from __future__ import annotations

from typing import Final

from django.db import connection

from reviews.roles import Act, roles_that

# Second looks have a time of their own, and cases about hidden posts other people.
REOPEN: Final = """
UPDATE reviews_case AS c SET meant_for = '{}'
WHERE c.state = 'open' AND c.lane <> 'look' AND c.meant_for <> '{}'
    AND NOT EXISTS (
        SELECT FROM moderation_post p WHERE p.id = c.post_id AND p.hidden_at IS NOT NULL
    )
    AND NOT EXISTS (
        SELECT FROM reviews_membership m JOIN auth_user u ON u.id = m.user_id
        WHERE m.site_id = c.site_id AND m.user_id = ANY(c.meant_for)
            AND m.role = ANY(%(roles)s) AND u.is_active
    )
"""


def reopen() -> int:
    """Give to everybody what was escalated, or disputed, to people who left; how many."""
    with connection.cursor() as cursor:
        cursor.execute(REOPEN, {"roles": sorted(roles_that(Act.JUDGE))})
        return int(cursor.rowcount)
