"""How far an answer to many posts is, what became of each, and who is not told what it was."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.db.models import Count

from reviews.bulk_states import ItemReason
from reviews.labels.blind import EVER, judged_by, withheld_of
from reviews.models import BulkAction, BulkItem

if TYPE_CHECKING:
    from django.contrib.auth.models import User

ANSWERED: Final = """
SELECT post_id AS id FROM reviews_bulkitem
WHERE action_id = ANY(%(actions)s) AND verdict_id IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Progress:
    """How many posts of an action there are, by what became of them."""

    waiting: int = 0
    decided: int = 0
    left: int = 0
    restored: int = 0
    kept: int = 0

    @property
    def total(self) -> int:
        return self.waiting + self.decided + self.left + self.restored + self.kept


def progress_of(action: BulkAction) -> Progress:
    counted = action.items.values_list("state").annotate(n=Count("pk"))
    return Progress(**dict(counted))


def reasons_of(action: BulkAction) -> dict[ItemReason, int]:
    """Return how many posts were left for which reason."""
    rows = action.items.exclude(reason="").values_list("reason").annotate(n=Count("pk"))
    return {ItemReason(reason): count for reason, count in rows}


def withheld(actions: Iterable[BulkAction], user: User) -> set[int]:
    """Return those of these actions, by id, of which this person is not told what was answered.

    Of others, about posts that they may yet have to judge by the post alone, or have judged so.
    """
    others = [action.pk for action in actions if action.user_id != user.pk]
    if not others:
        return set()
    found = withheld_of(ANSWERED, {"actions": others}, judged_by(user, answered=EVER))
    if not found:
        return set()
    items = BulkItem.objects.filter(action__in=others, post__in=found, verdict__isnull=False)
    return set(items.values_list("action", flat=True))
