"""What people say of random draws.

A draw's answer is its audit's verdict, or what a third person decided where a second look
differed (docs/adr/0018); where no third did, for a claim whichever of the two speaks against the
machine. The site's trusted feedback on the same words, of who may teach, and the answer to an
appeal against the decision were not given blind: without a verdict they count where they speak
against the machine (docs/adr/0006). Nothing else counts: no verdict given to many posts at once, no
history, no label of a copy.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Q

from moderation.models import AuditDraw
from moderation.types import FeedbackLabel, Stratum
from reviews.labels.looks import PAUSE
from reviews.labels.weighing import heard
from reviews.measuring.differing import differing
from reviews.models import Appeal, Label, LabelSource, Look, Verdict
from reviews.queue.priority import DEADLINE
from reviews.states import AppealState, CaseState, LookKind, VerdictKind

UNWANTED: Final = (VerdictKind.SPAM, VerdictKind.DANGER)
"""Answers after which a block was no mistake; "remove for another reason" is counted as one."""


AGAINST: Final = {
    Stratum.BLOCK.value: FeedbackLabel.HAM.value,
    Stratum.REVIEW.value: FeedbackLabel.HAM.value,
    Stratum.ALLOW.value: FeedbackLabel.SPAM.value,
}
"""What speaks against the machine, by what it did."""


@dataclass(frozen=True, slots=True)
class About:
    """What a draw is about."""

    draw: int
    decision: int
    post: UUID
    revision: int


def answers(about: Sequence[About], *, for_claim: bool = True) -> dict[int, str]:
    """What people say of each draw that has an answer, spam or ham, by draw.

    Without `for_claim` what was not said blind counts whatever it says: somebody has looked.
    One statement a source over all of them, so that no plan looks at labels draw by draw.
    """
    said = appealed({each.decision: each.draw for each in about})
    by_words = {(each.post, each.revision): each.draw for each in about}
    told = Label.objects.in_force().filter(
        source=LabelSource.FEEDBACK, post__in={each.post for each in about}
    )
    rows = heard(told).order_by("pk").values_list("post", "revision", "label")
    for post, revision, label in rows:
        if (post, revision) in by_words:
            said[by_words[post, revision]] = label
    if for_claim:
        strata = dict(AuditDraw.objects.filter(pk__in=said).values_list("pk", "stratum"))
        said = {draw: label for draw, label in said.items() if label == AGAINST[strata[draw]]}
    said |= blind([each.draw for each in about])
    return said | _against(said) if for_claim else said


def _against(said: Collection[int]) -> dict[int, str]:
    """Draws of which one of two people who differ spoke against the machine, and no third decides.

    Who settles a difference of one's own may be the one who erred: of honest posts more would then
    end as spam than one person calls spam. And a difference about a post that was edited, or
    decided anew, is never settled.
    """
    open_between_two = [each for each in differing(said) if not each.third]
    strata = dict(
        AuditDraw.objects.filter(pk__in={each.audit for each in open_between_two}).values_list(
            "pk", "stratum"
        )
    )
    words = (
        (each.audit, label_of(word.kind))
        for each in open_between_two
        for word in (each.first, each.second)
        if word
    )
    return {audit: label for audit, label in words if label == AGAINST[strata[audit]]}


def appealed(draws: Mapping[int, int]) -> dict[int, str]:
    """What was said on appeal of the decisions of these draws, given by decision; by draw.

    Not blind; but an appeal ends the audit of its post, so nothing else is said of it.
    """
    ended = Appeal.objects.filter(decision__in=draws, answer__isnull=False)
    said: dict[int, str] = {}
    for decision, state, label in ended.values_list("decision", "state", "answer__label"):
        answer = FeedbackLabel.HAM.value if state == AppealState.OVERTURNED else label
        if answer:
            said[draws[decision]] = answer
    return said


def blind(draws: Collection[int]) -> dict[int, str]:
    """The answers of those alone who did not know what was said before; by draw.

    The first one's, but where a third person decided otherwise.
    """
    audits = Label.objects.in_force().filter(audit=True, verdict__case__audit__in=draws)
    said: dict[int, str] = dict(audits.order_by("pk").values_list("verdict__case__audit", "label"))
    # These have no label. Keeping what is dangerous from readers is no mistake.
    others = Verdict.objects.filter(
        kind__in=(VerdictKind.DANGER, VerdictKind.REMOVE), undone_by=None, case__audit__in=draws
    ).order_by("pk")
    for draw, kind in others.values_list("case__audit", "kind"):
        said[draw] = label_of(kind)
    for each in differing(draws):
        if each.third:
            said[each.audit] = label_of(each.third.kind)
    return said


def untold(draws: Collection[int], now: datetime) -> set[int]:
    """Those of these draws of whose answers no page tells yet.

    Whoever gave one may take it back for PAUSE, and would learn from a count that it was a draw,
    and of what; and whoever is to look a second time, or to settle a difference, what was said.
    They are told with the deadline of the draw at the latest.
    """
    young = AuditDraw.objects.filter(pk__in=draws, created_at__gt=now - DEADLINE)
    draws = [*young.values_list("pk", flat=True)]
    open_looks = Look.objects.filter(kind=LookKind.SECOND, verdict__case__audit__in=draws, ended="")
    waiting = Q(answer=None) | Q(dispute__state=CaseState.OPEN)
    found = {*open_looks.filter(waiting).values_list("verdict__case__audit", flat=True)}
    fresh = Verdict.objects.filter(case__audit__in=draws, created_at__gt=now - PAUSE)
    return found | {*fresh.values_list("case__audit", flat=True)}


def label_of(kind: VerdictKind | str) -> str:
    """What a verdict says of a block: spam, or ham where it was a mistake."""
    return FeedbackLabel.SPAM.value if kind in UNWANTED else FeedbackLabel.HAM.value


def confirmed(said: Mapping[int, str], label: str) -> dict[int, bool | None]:
    """Of the draws that are called so, whether two people say it; None while one is still asked.

    One said it first; a second, or after one who differs a third, says the same, apart from them.
    The same person twice is one person, and so is whoever settles what they differed about; a post
    that one person hid as dangerous is one person's word. A draw without a second look is left out.
    """
    called = [draw for draw, each in said.items() if each == label]
    looks = Look.objects.filter(
        kind=LookKind.SECOND, own=False, verdict__case__audit__in=called, verdict__undone_by=None
    )
    rows = looks.values_list(
        "verdict__case__audit", "verdict__kind", "answer__kind", "ended", "dispute__state"
    )
    third = {each.audit: each.third for each in differing(called) if each.third}
    found: dict[int, bool | None] = {}
    for draw, first, answer, ended, dispute in rows:
        if label_of(first) != label:
            found[draw] = False
        elif answer is None:
            found[draw] = False if ended else None
        elif label_of(answer) == label:
            found[draw] = True
        elif draw in third:
            found[draw] = label_of(third[draw].kind) == label
        else:
            found[draw] = None if dispute == CaseState.OPEN else False
    return found
