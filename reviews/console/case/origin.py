"""Where a case comes from that measures somebody: told to auditors, who judge nothing."""

from __future__ import annotations

from reviews.console.wording import percent
from reviews.labels import looks
from reviews.models import Case, Check, Look
from reviews.states import CheckReason, LookKind, LookReason

WHY = {
    LookReason.SAMPLE: "drawn from all answers",
    LookReason.HONEST: "the machine would block the post, and it was let through",
    LookReason.SPAM: "an audited block that was called spam",
    LookReason.MISSED: "an audited post that the machine allowed and somebody called spam",
}


def origin_of(case: Case) -> list[str]:
    """Return in sentences what a case measures, and what is to be compared with its answers."""
    said = []
    if case.audit is not None:
        drawn = percent(case.audit.probability)
        said.append(f"An audit, drawn with a chance of {drawn} ({case.audit.stratum}).")
    about = Look.objects.select_related("verdict").filter(case=case).first()
    if about is not None:
        said.append(f"{_name(about)} the answer to case {about.verdict.case_id}: {_why(about)}.")
    if (check := Check.objects.filter(case=case).first()) is not None:
        doubt = check.why == CheckReason.DOUBT
        why = "a training doubts it" if doubt else "drawn to tell whom to trust"
        said.append(f"A blind check of what was said of the post: {why}.")
    if looks.is_settling(case):
        said.append("It decides where two differed.")
    if not said and looks.is_plain(case):
        said.append("An ordinary case that is judged by the post alone, by lot.")
    for look in Look.objects.filter(verdict__case=case).order_by("pk"):
        where = (
            f"case {look.case_id}"
            if look.case_id
            else look.ended or f"due {look.due_at:%d %b, %H:%M}"
        )
        said.append(f"{_name(look)} its answer: {_why(look)} ({where}).")
    return said


def _name(look: Look) -> str:
    if look.kind == LookKind.GOLD:
        return "A known case, by"
    return "The same person looks a second time at" if look.own else "A second look at"


def _why(look: Look) -> str:
    return "two had answered alike" if look.kind == LookKind.GOLD else WHY[LookReason(look.why)]
