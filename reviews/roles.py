"""Who may do what on a site, in one table. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from reviews.lanes import Lane


class Act(StrEnum):
    """What somebody does on a site."""

    SEE = "see"
    """Look at its queue and its cases."""
    JUDGE = "judge"
    """Claim cases, answer them, take one's own answer back."""
    SETTLE = "settle"
    """Decide what two others disagree on, and take others' answers back."""
    MEASURE = "measure"
    """See how well the site's people judge, all of them together."""
    SET = "set"
    """Change the site's rules, lists, keys and terms in the admin."""
    AUDIT = "audit"
    """Look at everything of the site in the admin, and change nothing."""


class Role(StrEnum):
    MODERATOR = "moderator"
    SENIOR = "senior"
    OWNER = "owner"
    AUDITOR = "auditor"
    OPERATOR = "operator"

    @property
    def label(self) -> str:
        return LABELS[self]


LABELS: Final[dict[Role, str]] = {
    Role.MODERATOR: "moderator",
    Role.SENIOR: "senior moderator",
    Role.OWNER: "site owner",
    Role.AUDITOR: "auditor: sees all, changes nothing",
    Role.OPERATOR: "operator: settings, no posts",
}
MAY: Final[dict[Role, frozenset[Act]]] = {
    Role.MODERATOR: frozenset({Act.SEE, Act.JUDGE}),
    Role.SENIOR: frozenset({Act.SEE, Act.JUDGE, Act.SETTLE, Act.MEASURE}),
    Role.OWNER: frozenset({Act.SEE, Act.JUDGE, Act.SETTLE, Act.MEASURE, Act.SET}),
    Role.AUDITOR: frozenset({Act.SEE, Act.MEASURE, Act.AUDIT}),
    Role.OPERATOR: frozenset({Act.SET}),
}
REFUSED: Final[dict[Act, str]] = {
    Act.SEE: "You may not see this site's cases.",
    Act.JUDGE: "You are not a moderator of this site.",
    Act.SETTLE: "Only a senior moderator or the site's owner may do this.",
    Act.MEASURE: "Only a senior moderator, the site's owner or an auditor sees this.",
    Act.SET: "Only the site's owner or an operator changes its settings.",
    Act.AUDIT: "Only an auditor of this site sees this.",
}
"""What somebody is told whose role does not let them."""

GIVEN: Final = (Lane.HELD, Lane.PUBLISHED, Lane.REPORTED, Lane.APPEAL)
"""The lanes that a membership may be limited to."""


def roles_that(act: Act) -> frozenset[Role]:
    """Return the roles that may do this."""
    return frozenset(role for role, acts in MAY.items() if act in acts)


def lanes_of(given: Iterable[str]) -> frozenset[Lane]:
    """Return the lanes whose cases somebody judges who was given these; none stands for all.

    Posts over the cap are held. Audits and second looks may look held or published, so they go
    only to those who are given both: to anybody else they would stand out.
    """
    chosen = {Lane(lane) for lane in given}
    if not chosen:
        return frozenset(Lane)
    if Lane.HELD in chosen:
        chosen.add(Lane.OVERFLOW)
    if {Lane.HELD, Lane.PUBLISHED} <= chosen:
        chosen |= {Lane.AUDIT, Lane.LOOK}
    return frozenset(chosen)
