"""What the author of a blocked post is told: what was done, why, by whom, how to appeal. Pure.

In coarse words, and the same for all posts of a kind. Signals, words, weights, probabilities,
list entries and which rule matched are never told: they would teach spammers what to change.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from moderation.types import FeedbackLabel, Ground, Outcome, Source, StatementsFor

UPHELD: Final = "appeal.upheld"
"""Code of the reason that stands with a block which a person confirmed on appeal."""
MANY: Final = "verdict.many"
"""Code of the reason that stands with a campaign that a person blocked by one answer."""
LOOKED: Final = ("verdict.spam", "verdict.remove", "verdict.danger", "feedback.")
"""Codes, or their beginnings, of a person's own answer."""


class Category(StrEnum):
    """Why, in terms of a site's policy."""

    ADVERTISING = "unsolicited_advertising"
    RULE = "site_rule"
    OTHER = "other_reason"
    UNANSWERED = "not_reviewed_in_time"


ACTION: Final = "unpublished"
DONE: Final = "This post is not shown to readers. It was kept, so the decision can be reversed."
WHY: Final[dict[Category, str]] = {
    Category.ADVERTISING: "It was taken for unsolicited advertising, which the site does not "
    "allow.",
    Category.RULE: "It matched a rule that the site has set.",
    Category.OTHER: "It was removed for another reason than advertising.",
    Category.UNANSWERED: "Nobody could look at it within the time that the site allows for that.",
}
AUTOMATIC: Final = "This was decided automatically."
BY_PERSON: Final = "This was decided by a person."
CONFIRMED: Final = "A person looked at it again after an appeal, and the decision stands."
NO_APPEAL: Final = "Turn to the site itself if you think that this is wrong."


@dataclass(frozen=True, slots=True)
class Statement:
    """What may be shown to the author of a blocked post."""

    category: Category
    automated: bool
    confirmed: bool
    """A person upheld it on appeal: that was the last word."""

    def text(self, until: datetime | None, rule: str = "") -> str:
        """Return it as sentences; `until` is how long an appeal is possible, None if it is not.

        `rule` is a sentence about the public rule that the post is against.
        """
        how = NO_APPEAL
        if until is not None:
            how = f"If you think that this is wrong, you can appeal until {until:%d %B %Y}."
        return f"{self.reason(rule)} {how}"

    def reason(self, rule: str = "") -> str:
        """Return what was done, why and by whom, without how to appeal; `rule` as in `text`."""
        who = CONFIRMED if self.confirmed else AUTOMATIC if self.automated else BY_PERSON
        return " ".join(filter(None, (DONE, WHY[self.category], rule, who)))


def state(
    *,
    outcome: Outcome,
    source: Source,
    by: Ground | None,
    label: FeedbackLabel | None,
    codes: Iterable[str],
    wanted: StatementsFor = StatementsFor.ALL,
) -> Statement | None:
    """Return what the author is told of a decision; None if it blocks nothing, or by `wanted`.

    `codes` are those of the decision's reasons, which tell what an undone verdict put back.
    """
    codes = tuple(codes)
    if outcome is not Outcome.BLOCK or wanted is StatementsFor.NONE:
        return None
    is_campaign = by is Ground.COPY or "copy.spam" in codes or MANY in codes
    if wanted is StatementsFor.NO_COPIES and is_campaign:
        return None
    # An undone verdict restores a block in a person's name; what it rests on stands behind it.
    restored = "verdict.undo" in codes
    looked = source.is_person and (not restored or any(code.startswith(LOOKED) for code in codes))
    return Statement(
        category=_category(source, by, label, codes, restored=restored),
        automated=not looked,
        confirmed=UPHELD in codes,
    )


def _category(
    source: Source,
    by: Ground | None,
    label: FeedbackLabel | None,
    codes: tuple[str, ...],
    *,
    restored: bool,
) -> Category:
    if source is Source.EXPIRY or (restored and "hold.expired" in codes):
        return Category.UNANSWERED
    if by is Ground.LIST or (restored and "list.deny" in codes):
        return Category.RULE
    other = {"verdict.remove", "verdict.danger"} & set(codes)
    removed = bool(other) if restored else source.is_person and label is None
    return Category.OTHER if removed else Category.ADVERTISING
