"""Who took people's data out of the service, by key or by command: a row that only the owner of
the tables can alter or delete (`config.roles`). `reviews.people.watching` does it for browsers.

A client that asks for the same post again and again leaves one row a day.
"""

from __future__ import annotations

import getpass
import os
from datetime import UTC
from uuid import UUID

from django.utils import timezone

from moderation import statements, trail
from moderation.models import ApiKey, DataRead, Site
from moderation.models.data_read import ReadKind

# As one statement: through the ORM it would be a transaction of three.
READ = """
INSERT INTO moderation_dataread (
    site_id, api_key_id, account, kind, post, count, request_id, day, created_at
)
VALUES (%s::bigint, %s::bigint, '', %s, %s::uuid, %s::int, %s, %s::date, %s::timestamptz)
ON CONFLICT DO NOTHING RETURNING id
"""


def by_key(key: ApiKey, kind: ReadKind, *, post: UUID | None = None, count: int = 1) -> None:
    """Note what a request with this key is about to be given."""
    now = timezone.now()
    statements.run(
        READ,
        [key.site_id, key.pk, kind.value, post, count, trail.here().request_id,
         now.astimezone(UTC).date(), now],
    )  # fmt: skip


def by_command(kind: ReadKind, *, site: Site | None, count: int) -> None:
    """Note what a command has written to a file."""
    now = timezone.now()
    DataRead.objects.create(
        site=site,
        account=_account()[:100],
        kind=kind,
        count=count,
        day=now.astimezone(UTC).date(),
        created_at=now,
    )


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # In a container it may have a number alone.
        return str(os.getuid())
