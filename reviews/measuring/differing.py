"""What second looks found: audits on which two people differ, and what settled it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from django.db.models import QuerySet

from reviews.labels.looks import ANSWERS
from reviews.models import Case, Look, Verdict
from reviews.states import LookKind, VerdictKind


class Answer(NamedTuple):
    case: int
    kind: str
    user: int


@dataclass(frozen=True, slots=True)
class Differing:
    """Of an audit whose second look says otherwise: the answers of the two, and what settled it."""

    audit: int
    first: Answer
    second: Answer | None
    """None where it was taken back."""
    settled: Answer | None

    @property
    def third(self) -> Answer | None:
        """What settled it, if that was a third person."""
        asked = {answer.user for answer in (self.first, self.second) if answer}
        return self.settled if self.settled and self.settled.user not in asked else None


def differing(draws: Iterable[int]) -> list[Differing]:
    """The audits of these draws whose second look says otherwise, in the order of the looks."""
    # Table by table: see `reviews.measuring.mistaken`.
    asked = dict(Case.objects.filter(audit__in=list(draws)).values_list("pk", "audit"))
    firsts = not_undone(Verdict.objects.filter(case__in=asked))
    looks = Look.objects.filter(kind=LookKind.SECOND, verdict__in=firsts, answer__isnull=False)
    rows = list(looks.order_by("pk").values_list("verdict", "answer", "dispute"))
    seconds = not_undone(Verdict.objects.filter(pk__in=[answer for _, answer, _ in rows]))
    disputes = [dispute for *_, dispute in rows if dispute]
    kinds = sorted({*ANSWERS, VerdictKind.DANGER})
    settled = not_undone(Verdict.objects.filter(case__in=disputes, kind__in=kinds))
    ends = {answer.case: answer for answer in settled.values()}
    found = (
        Differing(
            asked[firsts[verdict].case], firsts[verdict], seconds.get(answer), ends.get(dispute)
        )
        for verdict, answer, dispute in rows
    )
    return [
        each
        for each in found
        if each.settled or (each.second and each.second.kind != each.first.kind)
    ]


def not_undone(verdicts: QuerySet[Verdict]) -> dict[int, Answer]:
    """Those of the verdicts that nobody took back, oldest first."""
    rows = verdicts.order_by("pk").values_list("pk", "case", "kind", "user")
    found = {pk: Answer(case, kind, user) for pk, case, kind, user in rows}
    undone = set(Verdict.objects.filter(undoes__in=found).values_list("undoes", flat=True))
    return {pk: answer for pk, answer in found.items() if pk not in undone}
