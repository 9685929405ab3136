"""Blind checks of labels: a moderator judges the same words without knowing what was said.

Drawn from what reporters say, so that their trust rests on a fair sample of it, and chosen where a
training doubts a label. A check is a case in the lane of second looks, shown as these are; its
answer decides and teaches nothing. Where it differs from the label, an ordinary case asks once
more, and that answer is a label, newer than the one in doubt. Posts that were drawn for an audit
are left alone, whatever their labels.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import Count, QuerySet
from django.utils import timezone

from moderation.models import AuditDraw, Decision, Post
from moderation.types import Source
from reviews.labels import looks
from reviews.labels.asking import blind_case, dispute, end, is_moot, out_of_time
from reviews.labels.blind import DAYS
from reviews.labels.fresh_eyes import fresh_eyes
from reviews.labels.labelling import LABEL_OF
from reviews.labels.weighing import chance_of_check
from reviews.models import Case, Check, Label, LookPlan, Verdict
from reviews.queue import by_language
from reviews.queue.intake import lock_posts
from reviews.states import CaseState, CheckReason, VerdictKind

DAY: Final = timedelta(days=1)


def draw(labels: Iterable[Label], *, now: datetime) -> list[Check]:
    """Draw which of the reporters' new labels are checked; in the transaction that stores them."""
    drawn = []
    for label in labels:
        chance = chance_of_check(label.feedback) if label.feedback else 0.0
        if looks.throw() < chance:
            drawn.append(_check(label, CheckReason.SOURCE, chance, now))
    return Check.objects.bulk_create(drawn)


def doubt(labels: Sequence[int], *, now: datetime | None = None) -> int:
    """Have these labels looked at, the most doubtful first; how many were not looked at before.

    Labels of audits are passed over: what measures is not chosen by what it measures.
    """
    now = now or timezone.now()
    found = Label.objects.in_force().filter(pk__in=labels, audit=False, check_of=None)
    known = {label.pk: label for label in found}
    fresh = [
        _check(known[pk], CheckReason.DOUBT, 1.0, now)
        for pk in dict.fromkeys(labels)
        if pk in known
    ]
    return len(Check.objects.bulk_create(fresh, ignore_conflicts=True))


def _check(label: Label, why: CheckReason, chance: float, now: datetime) -> Check:
    return Check(site_id=label.site_id, label=label, why=why, probability=chance, created_at=now)


def open_due(*, now: datetime | None = None) -> int:
    """Open cases for the checks that wait, within each site's budget; return how many."""
    now = now or timezone.now()
    waiting = Check.objects.filter(case=None, ended="")
    today = Check.objects.filter(case__opened_at__gt=now - DAY)
    counted = today.order_by().values_list("site", "why").annotate(Count("pk"))
    opened = {(site, why): count for site, why, count in counted}
    total = 0
    for site, why in waiting.order_by("site", "why").values_list("site", "why").distinct():
        plan = LookPlan.objects.filter(site=site).first() or LookPlan(site_id=site)
        most = {
            CheckReason.SOURCE: plan.checks_per_day,
            CheckReason.DOUBT: plan.doubts_per_day,
        }[CheckReason(why)]
        if why == CheckReason.SOURCE:
            _give_up(waiting.filter(site=site, why=why), DAYS * most, now)
        most -= opened.get((site, why), 0)
        mine = waiting.filter(site=site, why=why, created_at__lte=now - looks.PAUSE)
        # What reporters said last tells most of them; doubts come with the worst first.
        order = "-pk" if why == CheckReason.SOURCE else "pk"
        for pk in list(mine.order_by(order).values_list("pk", flat=True)[: 2 * max(most, 0)]):
            if most > 0 and _open(pk, now):
                most, total = most - 1, total + 1
    return total


def _give_up(waiting: QuerySet[Check], kept: int, now: datetime) -> None:
    """End all but the newest of these checks, of those that are due."""
    due = waiting.filter(created_at__lte=now - looks.PAUSE).order_by("-pk")
    older = list(due.values_list("pk", flat=True)[kept:])
    if older:
        Check.objects.filter(pk__in=older, case=None).update(
            ended="What was said later was looked at instead."
        )


@transaction.atomic
def _open(check_id: int, now: datetime) -> bool:
    post_id = Check.objects.filter(pk=check_id).values_list("label__post", flat=True)[0]
    (post,) = lock_posts([post_id])
    waiting = Check.objects.select_for_update(of=("self",)).filter(pk=check_id, case=None, ended="")
    check = waiting.select_related("label").first()
    if check is None:
        return False
    label = check.label
    seen = _as_machine_saw(label)
    asked = fresh_eyes(post, label.revision, [label.user_id])
    ended = _moot(check, post)
    if not ended and seen is None:
        ended = "No machine had judged the post."
    if not ended and not asked:
        ended = "Nobody else was there to look."
    if ended or seen is None:
        check.ended = ended
        check.save(update_fields=["ended"])
        return False
    case = check.case = blind_case(post, seen, now, revision=label.revision)
    by_language.stamp([case])
    case.meant_for = by_language.who_reads(case.language, asked)
    case.save()
    check.save(update_fields=["case"])
    return True


def _as_machine_saw(label: Label) -> Decision | None:
    """The machine's last decision on the words: what is asked about, as it stood before."""
    made = Decision.objects.filter(
        post=label.post_id, revision=label.revision, source=Source.MACHINE
    )
    return made.order_by("-pk").first()


def _moot(check: Check, post: Post) -> str:
    """Why nobody need look any more; empty while somebody should."""
    if because := is_moot(post):
        return because
    if Label.objects.filter(retracts=check.label_id).exists():
        return "The label was taken back."
    if AuditDraw.objects.filter(decision__post=post, selected=True, case__state=CaseState.OPEN):
        return "The post is audited."
    return ""


def answered(*, verdict: Verdict, case: Case, now: datetime) -> bool:
    """Note the answer to a check, and ask once more where it differs; whether it was one.

    Holds the post's lock.
    """
    check = Check.objects.select_related("label").filter(case=case).first()
    if check is None:
        return False
    check.answer = verdict
    said = LABEL_OF.get(VerdictKind(verdict.kind))
    if said is not None and said != check.label.label:
        check.dispute = _dispute(check, case.post, verdict, now)
    check.save(update_fields=["answer", "dispute"])
    return True


def _dispute(check: Check, post: Post, verdict: Verdict, now: datetime) -> Case | None:
    """Open an ordinary case; None where the question is answered or asked otherwise."""
    label = check.label
    case = None if _moot(check, post) else dispute(post, label.revision, now)
    if case is None:
        return None
    both = [label.user_id or 0, verdict.user_id]
    by_language.stamp([case])
    case.meant_for = by_language.who_reads(case.language, looks.who_settles(case, both))
    case.save()
    return case


def tend(*, now: datetime | None = None) -> int:
    """Close checks that are moot or that nobody answers; how many."""
    now = now or timezone.now()
    opened = Check.objects.filter(case__state=CaseState.OPEN, answer=None, ended="")
    return sum(_tend(pk, now) for pk in opened.order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def _tend(check_id: int, now: datetime) -> bool:
    post_id = Check.objects.filter(pk=check_id).values_list("label__post", flat=True)[0]
    (post,) = lock_posts([post_id])
    check = Check.objects.select_related("label", "case").get(pk=check_id)
    ended = _moot(check, post) or out_of_time(check.case, now)
    if ended:
        end([check], ended, now)
    return bool(ended)
