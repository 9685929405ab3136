"""Cases that nobody is left to judge: they are given to everybody, or asked about again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from django.db import connection
from django.utils import timezone

from moderation import hidden_words
from reviews.people.colleagues import ABLE, JUDGING, LEFT

# Where two differ that this case decides between, neither is asked because a third cannot tell.
SETTLES: Final = """
EXISTS (SELECT FROM reviews_look l WHERE l.dispute_id = c.id)
OR EXISTS (SELECT FROM reviews_check k WHERE k.dispute_id = c.id)
"""
AS_HIDDEN: Final = hidden_words.SAID.format(site="p.site_id", fingerprint="p.fingerprint")
# Second looks have a time of their own, and cases about hidden posts other people.
REOPEN: Final = f"""
UPDATE reviews_case SET meant_for = '{{}}' WHERE id IN (
    SELECT c.id FROM reviews_case c
    WHERE c.state = 'open' AND c.lane <> 'look' AND c.meant_for <> '{{}}'
        AND NOT EXISTS (
            SELECT FROM moderation_post p
            WHERE p.id = c.post_id AND (p.hidden_at IS NOT NULL OR {AS_HIDDEN})
        )
        AND NOT EXISTS ({LEFT}) AND NOT (({SETTLES}) AND EXISTS ({ABLE}))
    ORDER BY c.id FOR UPDATE SKIP LOCKED
)
"""  # noqa: S608 - constants
REST: Final = timedelta(days=1)
"""Until what everybody passed on is asked about again; nobody tells more at once."""
ASK_AGAIN: Final = f"""
UPDATE reviews_case SET round = round + 1, passed = false WHERE id IN (
    SELECT c.id FROM reviews_case c
    WHERE c.state = 'open' AND c.lane <> 'look' AND c.passed AND NOT EXISTS ({LEFT})
        AND NOT EXISTS (
            SELECT FROM reviews_verdict v WHERE v.case_id = c.id AND v.created_at > %(since)s
        )
    ORDER BY c.id FOR UPDATE SKIP LOCKED
)
"""  # noqa: S608 - constants


def reopen() -> int:
    """Give to everybody what was meant for people who left, or who passed it on; how many."""
    return _update(REOPEN)


def ask_again(*, now: datetime | None = None) -> int:
    """Begin another round of what everybody passed on, the last of them REST ago; how many."""
    return _update(ASK_AGAIN, since=(now or timezone.now()) - REST)


def _update(statement: str, **asked: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"judging": JUDGING, **asked})
        return int(cursor.rowcount)
