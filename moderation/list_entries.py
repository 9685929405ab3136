"""Changes of what a site's lists say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from moderation.lists import normalize
from moderation.models import ListEntry
from moderation.types import ListKind, ListVerdict

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def put(
    *,
    site_id: int,
    kind: ListKind,
    value: str,
    verdict: ListVerdict | None,
    user: User | None = None,
    note: str = "",
) -> ListVerdict | None:
    """Make a site's list say this of a value, or nothing of it; return what it had said.

    Raises InvalidListEntry.
    """
    named = {"site_id": site_id, "kind": kind, "value": normalize(kind, value)}
    with transaction.atomic():
        there = ListEntry.objects.select_for_update().filter(**named).first()
        if there is None and verdict is not None:
            given = {"verdict": verdict, "created_by": user, "note": note}
            there, made = ListEntry.objects.get_or_create(**named, defaults=given)
            if made:
                return None
        if there is None:
            return None
        before = ListVerdict(there.verdict)
        if verdict is None:
            there.delete()
        elif verdict is not before:
            there.verdict, there.created_by, there.note = verdict, user, note
            there.save()
        return before
