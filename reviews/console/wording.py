"""What the moderators' pages say about a decision. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from moderation.types import LEARNT, Mode, Outcome, Source
from reviews.bulk_states import BulkScope, ItemReason
from reviews.states import VerdictKind

PROBABILITIES = (
    (0.02, "Almost certainly not spam"),
    (0.15, "Very probably not spam"),
    (0.40, "Probably not spam"),
    (0.60, "Could be either"),
    (0.85, "Probably spam"),
    (0.98, "Very probably spam"),
    (1.01, "Almost certainly spam"),
)
"""(below, in words)"""

OUTCOMES = {
    Outcome.ALLOW: "Allowed",
    Outcome.REVIEW: "Left for review",
    Outcome.BLOCK: "Blocked",
}

WISHES = {
    Outcome.ALLOW: "Allow",
    Outcome.REVIEW: "Ask a person",
    Outcome.BLOCK: "Block",
}
"""What the machine would do, whatever the site's mode made of it."""

SOURCES = {
    Source.MACHINE: "the machine",
    Source.EXPIRY: "expiry of the hold",
    Source.MODERATOR: "a moderator",
    Source.FEEDBACK: "feedback from the site",
    Source.IMPORT: "imported history",
}

MODES = {
    Mode.OBSERVE: "Observe",
    Mode.REVIEW_ONLY: "Review only",
    Mode.PROVISIONAL: "Provisional",
    Mode.CERTIFIED: "Certified",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """One of the answers, as a button."""

    kind: VerdictKind
    label: str
    key: str
    recorded: str
    """What the page says once it is given."""


ANSWERS = (
    Answer(VerdictKind.SPAM, "Spam", "S", "Spam recorded."),
    Answer(VerdictKind.NOT_SPAM, "Not spam", "N", "Not spam recorded."),
    Answer(VerdictKind.REMOVE, "Remove for another reason", "R", "Removal recorded."),
    Answer(VerdictKind.CANNOT_TELL, "Cannot tell", "C", "Passed on to somebody else."),
    Answer(VerdictKind.ESCALATE, "Escalate", "E", "Passed on to a senior."),
    Answer(VerdictKind.DANGER, "Dangerous or illegal", "H", "Hidden from all but named people."),
)

ANSWERS_HIDDEN = tuple(answer for answer in ANSWERS if answer.kind is not VerdictKind.NOT_SPAM)
"""About a hidden post, which is shown again first."""

PUT_ASIDE = "Put aside: nobody else judges it now, so it comes back after a day."
"""What the page says once a case was passed on that has nobody to go to."""

LIST_KEYS = {"author": "TX", "domain-0": "LK", "email": "YD", "ip": "PI"}
"""What can be listed from a case, and the keys that allow and deny it."""

KEYS = (
    (
        "A case",
        "on-case",
        (
            *((answer.key, answer.label) for answer in ANSWERS),
            ("1 – 9", "The answer of that rule of the site’s guidelines"),
            ("G", "The site’s guidelines, with examples"),
            ("M", "Write a note, before the answer"),
            ("Z", "Put it back into the queue, and go on to the next case"),
            ("O", "Open what else the author wrote"),
            ("A", "One answer for all that say the same"),
            ("W", "All posts by this author, from this address or with this link"),
            ("T X", "Trust, or deny, the author"),
            ("L K", "Allow, or deny, the first domain that is linked to"),
            ("Y D", "Allow, or deny, the author’s e-mail address"),
            ("P I", "Allow, or deny, the IP address"),
        ),
    ),
    (
        "One answer for all",
        "on-many",
        (
            ("1 – 9", "What the posts have in common"),
            ("S N R", "The answer for all of them"),
            ("B", "Back to the case"),
        ),
    ),
    (
        "Everywhere",
        "",
        (
            ("J", "The next case, or the one that is yours; on a case that nobody holds: take it"),
            ("U", "Undo what was done last, or see your last answers"),
            ("/", "Search"),
            ("V", "Show the explicit words that are covered"),
            ("?", "These keys"),
            ("Esc", "Leave a field"),
        ),
    ),
)
"""What `?` shows: where, the class of such pages, and which key does what there. A script leaves
out what the page at hand has not."""

VERDICTS = {answer.kind: answer.label for answer in ANSWERS} | {
    VerdictKind.REMOVE: "Removed",
    VerdictKind.ESCALATE: "Escalated",
    VerdictKind.DANGER: "Hidden",
    VerdictKind.UNDO: "Undone",
}

BULK_SCOPES = {
    BulkScope.ALIKE: "that say the same",
    BulkScope.AUTHOR: "by the author",
    BulkScope.IP: "from the IP address",
    BulkScope.EMAIL: "from the e-mail address",
    BulkScope.DOMAIN: "that link to",
    BulkScope.CAPPED: "held over the hourly cap",
}
"""What posts of an answer to many have in common."""
BULK_REASONS = {
    ItemReason.DECIDED_SINCE: "decided or changed since by somebody else",
    ItemReason.SINGLE: "judged by themselves",
    ItemReason.HELD: "with somebody else just then",
    ItemReason.WITHDRAWN: "withdrawn",
    ItemReason.STOPPED: "not reached before it was taken back",
    ItemReason.FORBIDDEN: "not reached while this person might judge here",
    ItemReason.FAILED: "could not be decided",
}
"""Why posts were left, after their number."""

BAR_HALF = 50.0
"""Half the width of an evidence bar, in the units of its drawing."""
SUMS = frozenset({"model.allow", "model.block", "model.review", "site.less", "site.more"})
"""Codes of reasons whose weight is that of a whole probability."""
LEAST_SCALE = 1.0
"""Log-odds that fill half a bar when all evidence is weaker: weak evidence looks weak."""


@dataclass(frozen=True, slots=True)
class ReasonBar:
    """One reason of a decision with its signed bar; lengths in a drawing 100 wide."""

    code: str
    sentence: str
    weight: float | None
    """Share of the log-odds, positive towards spam; None for a rule that has no weight."""
    is_sum: bool = False
    """Whether the weight is what others come to together: it has no bar, or all were seen twice."""
    x: float = BAR_HALF
    width: float = 0.0

    @property
    def towards_spam(self) -> bool:
        return (self.weight or 0.0) > 0

    @property
    def number(self) -> str:
        """The weight with its sign, `+1.8`."""
        return "" if self.weight is None else f"{self.weight:+.1f}".replace("-", "−")


def probability_in_words(probability: float | None) -> str:
    """Return a phrase for people; a missing probability is a failed judgement."""
    if probability is None:
        return "Could not be judged"
    return next(words for below, words in PROBABILITIES if probability < below)


def percent(probability: float | None) -> str:
    """Return whole percent, except near the ends, where 0 % and 100 % would claim too much."""
    if probability is None:
        return "–"
    if probability < 0.01:
        return "<1 %"
    if probability > 0.99:
        return ">99 %"
    return f"{probability * 100:.0f} %"


def counted(share: float | None) -> str:
    """Return a share that was counted in whole percent: none and all are said as they are."""
    return f"{share:.0%}".replace("%", " %") if share in {0, 1} else percent(share)


def evidence(reasons: Sequence[Mapping[str, object]]) -> list[ReasonBar]:
    """Return the stored reasons in their order, with bars on one common scale."""
    parts = [_weight(reason) or 0.0 for reason in reasons if reason.get("code") not in SUMS]
    scale = max([LEAST_SCALE, *(abs(weight) for weight in parts)])
    return [_row(reason, _weight(reason), scale) for reason in reasons]


@dataclass(frozen=True, slots=True)
class Taught:
    """What the labels of a post's site made of it."""

    sentence: str
    """How many labels there were."""
    evidence: list[ReasonBar]


def taught(reasons: Sequence[Mapping[str, object]]) -> Taught | None:
    """Return what is stored of it with a decision's reasons, or None."""
    said = [reason for reason in reasons if is_taught(reason)]
    return Taught(str(said[0].get("sentence", "")), evidence(said[1:])) if said else None


def is_taught(reason: Mapping[str, object]) -> bool:
    """Return whether a reason is one that `taught` shows."""
    return str(reason.get("code", "")).startswith(LEARNT)


def _row(reason: Mapping[str, object], weight: float | None, scale: float) -> ReasonBar:
    width = round(BAR_HALF * abs(weight or 0.0) / scale, 1)
    return ReasonBar(
        code=str(reason.get("code", "")),
        sentence=str(reason.get("sentence") or reason.get("code", "")),
        weight=weight,
        is_sum=weight is not None and reason.get("code") in SUMS,
        x=BAR_HALF if (weight or 0.0) > 0 else BAR_HALF - width,
        width=width,
    )


def _weight(reason: Mapping[str, object]) -> float | None:
    weight = reason.get("weight")
    return float(weight) if isinstance(weight, int | float) and weight else None


def at_most(share: float | None) -> str:
    """An upper bound for people, rounded up so that it stays one.

    >>> at_most(0.04870), at_most(0.0098), at_most(1.0)
    ('4.9 %', '0.98 %', '100 %')
    """
    if share is None or share >= 0.995:
        return "100 %"
    digits = 2 if share < 0.01 else 1
    scale = 10**digits
    return f"{math.ceil(share * 100 * scale - 1e-9) / scale:g} %"
