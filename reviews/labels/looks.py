"""Second looks: what somebody judged is judged again by somebody who does not know of it.

A look is drawn when a verdict is given, with a known probability, and becomes a case of its own
once it is due. Such a case looks like any other: `is_plain` says which cases are shown without
score, evidence and neighbours, and ordinary ones are among them by lot. Its answer decides nothing
and teaches nothing. Where two people differ, a third is asked in an ordinary case, and decides.

Where nobody else is there, whoever gave the verdict looks again a day later; that is marked.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import CharField, Exists, F, OuterRef, Q
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.crypto import salted_hmac

from moderation.deciding.audits import stratum_of
from moderation.models import Post
from moderation.types import Status, Stratum
from reviews.labels.asking import blind_case, dispute, end, is_moot, judged_of, out_of_time
from reviews.labels.fresh_eyes import POST, fresh_eyes
from reviews.models import Case, Likeness, Look, LookPlan, PageView, Verdict
from reviews.people.permissions import authors_of, judges_of
from reviews.people.watching import CASE
from reviews.queue.by_language import who_reads
from reviews.queue.intake import lock_posts
from reviews.roles import Act
from reviews.states import CaseState, Lane, LookKind, LookReason, VerdictKind

ANSWERS: Final = frozenset({VerdictKind.SPAM, VerdictKind.NOT_SPAM, VerdictKind.REMOVE})
"""Verdicts that can be compared."""
PAUSE: Final = timedelta(minutes=10)
"""An answer that is taken back at once need not be looked at."""
OWN_PAUSE: Final = timedelta(days=1)
LOOKED_AT: Final = 20
"""Posts of one answer to many that are looked at again."""
BATCH: Final = 50
GOLD_TRIED: Final = 200
"""Agreed cases that a known case is chosen from, the newest."""

MISSED: Final = (Stratum.ALLOW, VerdictKind.SPAM)
"""An audit's stratum and a verdict on it which say that the machine let spam through."""

throw: Callable[[], float] = random.random
"""Uniform on [0, 1)."""


# What is shown


def is_plain(case: Case) -> bool:
    """Whether the case is judged by the post alone; the same as long as the case lives.

    Every audit, look and disputed case is, and ordinary ones are by lot, so that it tells nothing.
    An appeal never is: it comes with the author's words. Nor is what a senior decides anew, nor
    by lot what an answer to many opened: nobody saw that beforehand.
    """
    if case.lane == Lane.APPEAL or case.anew:
        return False
    if case.lane == Lane.LOOK or case.audit_id is not None or is_settling(case):
        return True
    return not case.of_many and lot_of(case) < plan_of(case).plain_share


def is_settling(case: Case) -> bool:
    """Whether two answers, or an answer and a label, differ that this case decides between."""
    return hasattr(case, "disputed_by") or hasattr(case, "settles_check")


def lot_of(case: Case) -> float:
    """A number in [0, 1) that nobody can guess from the case."""
    digest = salted_hmac("reviews.looks.lot", str(case.pk), algorithm="sha256").digest()
    return float(int.from_bytes(digest[:7]) / 2**56)


def plan_of(case: Case) -> LookPlan:
    """The shares of the case's site."""
    found: LookPlan | None = getattr(case.site, "look_plan", None)
    return found or LookPlan(site_id=case.site_id)


# What is drawn


def draw(*, verdict: Verdict, case: Case, now: datetime) -> list[Look]:
    """Draw what is to follow from an ordinary verdict; in the transaction that stores it.

    A look at the verdict itself, and a known case for whoever gave it. Of appeals only would-be
    blocks that are let through are looked at again; what a third person decided is not.
    """
    kind = VerdictKind(verdict.kind)
    if kind not in ANSWERS or is_settling(case):
        return []
    if case.lane == Lane.APPEAL:
        return Look.objects.bulk_create(_after_appeal(verdict, case, now))
    plan = plan_of(case)
    looks = [_second(verdict, case, plan, now), _gold(verdict, case, plan, now)]
    return Look.objects.bulk_create(look for look in looks if look is not None)


def _after_appeal(verdict: Verdict, case: Case, now: datetime) -> list[Look]:
    """A look at the overturned block, where somebody is left who judged neither, or one alone is.

    Who blocked the post is no second pair of eyes, nor is who read the appeal.
    """
    honest = verdict.kind == VerdictKind.NOT_SPAM
    if not honest or stratum_of(judged_of(case)) != Stratum.BLOCK:
        return []
    fresh = fresh_eyes(case.post, case.revision, [verdict.user_id])
    if not fresh and not _judges_alone(case.post, verdict.user_id):
        return []
    return [_look(verdict, case, LookReason.HONEST, 1.0, now)]


def _second(verdict: Verdict, case: Case, plan: LookPlan, now: datetime) -> Look | None:
    why, share = LookReason.SAMPLE, plan.second_share
    if case.audit is not None and case.audit.stratum == Stratum.BLOCK:
        spam = verdict.kind == VerdictKind.SPAM
        why, share = (LookReason.SPAM, plan.spam_share) if spam else (LookReason.HONEST, 1.0)
    if case.audit is not None and (case.audit.stratum, verdict.kind) == MISSED:
        why, share = LookReason.MISSED, 1.0
    if throw() >= share:
        # The plain sample is drawn first, and stays one of whatever was answered.
        if verdict.kind != VerdictKind.NOT_SPAM or stratum_of(judged_of(case)) != Stratum.BLOCK:
            return None
        why, share = LookReason.HONEST, 1.0
    return _look(verdict, case, why, share, now)


def draw_among_many(*, verdict: Verdict, case: Case, many: int, now: datetime) -> None:
    """Draw a look at an apparent honest post among would-be blocks that `many` were answered with.

    Of up to LOOKED_AT each, of more about so many. Such an answer is in no plain sample: whoever
    gave it has not looked at each.
    """
    share = min(1.0, LOOKED_AT / many)
    honest = verdict.kind == VerdictKind.NOT_SPAM
    if honest and stratum_of(judged_of(case)) == Stratum.BLOCK and throw() < share:
        _look(verdict, case, LookReason.HONEST, share, now).save()


def _look(verdict: Verdict, case: Case, why: LookReason, share: float, now: datetime) -> Look:
    own = not fresh_eyes(case.post, case.revision, [verdict.user_id])
    return Look(
        site_id=case.site_id,
        kind=LookKind.SECOND,
        why=why,
        verdict=verdict,
        probability=share,
        own=own,
        due_at=now + (OWN_PAUSE if own else PAUSE),
        created_at=now,
    )


def _gold(verdict: Verdict, case: Case, plan: LookPlan, now: datetime) -> Look | None:
    if throw() >= plan.gold_share:
        return None
    known = list(agreed(case.site_id, besides=verdict.user_id)[:GOLD_TRIED])
    if not known:
        return None
    return Look(
        site_id=case.site_id,
        kind=LookKind.GOLD,
        why=LookReason.SAMPLE,
        verdict_id=known[int(throw() * len(known))],
        probability=plan.gold_share,
        person_id=verdict.user_id,
        due_at=now,
        created_at=now,
    )


def agreed(site_id: int, *, besides: int) -> list[int]:
    """Verdicts that two people gave alike, newest first, for somebody who has not met the post.

    What somebody since answered otherwise is known no more.
    """
    of_post = OuterRef("verdict__case__post")
    mine = Verdict.objects.filter(case__post=of_post, user=besides)
    # Who was shown the post has met it: its pages tell what was answered.
    shown = PageView.objects.filter(user=besides)
    of_case = shown.filter(page=CASE, subject=Cast(OuterRef("pk"), CharField()))
    seen = Case.objects.filter(Exists(of_case), post=of_post)
    seen_post = shown.filter(page=POST, subject=Cast(of_post, CharField()))
    # Beside a post that is like it, too.
    either = Q(post=OuterRef("post")) | Q(post=OuterRef("other"))
    beside = Case.objects.filter(either, Exists(of_case))
    alike = Likeness.objects.filter(Q(post=of_post) | Q(other=of_post)).filter(Exists(beside))
    known = Look.objects.filter(kind=LookKind.GOLD, verdict=OuterRef("verdict"))
    coming = known.filter(person=besides, answer=None, ended="")
    misses = known.filter(answer__isnull=False).exclude(answer__kind=F("verdict__kind"))
    found = (
        Look.objects.filter(
            site=site_id,
            kind=LookKind.SECOND,
            own=False,
            answer__kind=F("verdict__kind"),
            verdict__undone_by=None,
            answer__undone_by=None,
            verdict__case__post__pruned_at=None,
            verdict__case__post__hidden_at=None,
            verdict__case__post__revision=F("verdict__case__revision"),
        )
        # Who appeals would choose what becomes known.
        .exclude(verdict__case__lane=Lane.APPEAL)
        .exclude(verdict__case__post__status=Status.WITHDRAWN)
        .exclude(verdict__case__post__author__in=authors_of(besides))
        .exclude(Exists(mine))
        .exclude(Exists(seen))
        .exclude(Exists(seen_post))
        .exclude(Exists(alike))
        .exclude(Exists(coming))
        .exclude(Exists(misses))
        .order_by("-pk")
    )
    return list(found.values_list("verdict", flat=True)[:GOLD_TRIED])


# What becomes of it


def open_due(*, now: datetime | None = None) -> int:
    """Open a case for each look that is due; return how many."""
    now = now or timezone.now()
    due = Look.objects.filter(case=None, ended="", due_at__lte=now).order_by("due_at", "pk")
    return sum(_open(pk, now) for pk in due.values_list("pk", flat=True)[:BATCH])


@transaction.atomic
def _open(look_id: int, now: datetime) -> bool:
    post_id = Look.objects.filter(pk=look_id).values_list("verdict__case__post", flat=True)[0]
    (post,) = lock_posts([post_id])
    waiting = Look.objects.select_for_update(of=("self",)).filter(pk=look_id, case=None, ended="")
    look = waiting.select_related("verdict__case__decision").first()
    if look is None:
        return False
    if ended := _moot(look, post):
        end([look], ended, now)
        return False
    revision, first = look.verdict.case.revision, look.verdict.user_id
    asked = [look.person_id] if look.person_id else fresh_eyes(post, revision, [first])
    if not asked and look.verdict.case.lane == Lane.APPEAL and not _judges_alone(post, first):
        end([look], "Nobody was left who had not met the post.", now)
        return False
    if not asked:
        since = look.verdict.created_at + OWN_PAUSE
        if now < since:
            Look.objects.filter(pk=look.pk).update(due_at=since, own=True)
            return False
        asked = [look.verdict.user_id]
    look.own = look.kind == LookKind.SECOND and asked == [look.verdict.user_id]
    look.case = _case_of(look, post, asked, now)
    look.save(update_fields=["case", "own"])
    return True


def _judges_alone(post: Post, user_id: int) -> bool:
    return {*judges_of(post.site_id, of=post)} <= {user_id}


def _case_of(look: Look, post: Post, asked: Sequence[int], now: datetime) -> Case:
    """The same question that the first person was asked, as it stood then."""
    first, seen = look.verdict.case, look.verdict.seen
    case = blind_case(post, seen, now, revision=first.revision)
    case.language = first.language
    case.meant_for = who_reads(first.language, asked)
    case.save()
    return case


def _moot(look: Look, post: Post) -> str:
    """Why nobody need look any more; empty while somebody should."""
    if because := is_moot(post):
        return because
    if Verdict.objects.filter(undoes=look.verdict_id).exists():
        return "The verdict was taken back."
    return ""


def answered(*, verdict: Verdict, case: Case, now: datetime) -> None:
    """Note the answer to a look; where it differs, ask a third person. Holds the post's lock."""
    look = Look.objects.select_related("verdict__case").get(case=case)
    look.answer = verdict
    differs = verdict.kind != look.verdict.kind
    # A post that was found dangerous is hidden at once; those who are named see to the rest.
    if look.kind == LookKind.SECOND and differs and verdict.kind != VerdictKind.DANGER:
        look.dispute = _dispute(look, case.post, now)
    look.save(update_fields=["answer", "dispute"])


def _dispute(look: Look, post: Post, now: datetime) -> Case | None:
    """Open an ordinary case about what two people disagree on.

    None where that is answered or asked otherwise: the post was edited or decided anew, or some
    case about it is open.
    """
    first = look.verdict
    if post.decision_id not in (first.decision_id, first.seen_id) or _moot(look, post):
        return None
    case = dispute(post, first.case.revision, now)
    if case is None:
        return None
    both = [first.user_id, look.answer.user_id if look.answer else 0]
    # Of an appeal, also whoever said before that it is to be blocked.
    earlier = Verdict.objects.filter(
        case__post=post, case__revision=first.case.revision, kind__in=ANSWERS, undone_by=None
    )
    both += earlier.exclude(user__in=both).values_list("user", flat=True)
    case.language = first.case.language
    case.meant_for = who_reads(case.language, who_settles(case, both)) or both[:1]
    case.save()
    return case


def who_settles(case: Case, both: Sequence[int]) -> list[int]:
    """A senior who has not judged it; else anybody who has not; else anybody. Ids."""
    post = case.post
    seniors = set(judges_of(post.site_id, Act.SETTLE, of=post)) - {*both}
    return (
        sorted(seniors) or fresh_eyes(post, case.revision, both) or judges_of(post.site_id, of=post)
    )


def tend(*, now: datetime | None = None) -> int:
    """Close looks that are moot or that nobody answers, and find others for those who left."""
    now = now or timezone.now()
    opened = Look.objects.filter(case__state=CaseState.OPEN, answer=None, ended="")
    return sum(_tend(pk, now) for pk in opened.order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def _tend(look_id: int, now: datetime) -> bool:
    post_id = Look.objects.filter(pk=look_id).values_list("verdict__case__post", flat=True)[0]
    (post,) = lock_posts([post_id])
    look = Look.objects.select_related("verdict__case").get(pk=look_id)
    case = look.case = Case.objects.select_for_update().get(look=look)
    if case.state != CaseState.OPEN:
        return False
    if ended := _moot(look, post) or out_of_time(case, now):
        end([look], ended, now)
        return True
    if look.own or {*case.meant_for} & {*judges_of(post.site_id, of=post)}:
        return False
    asked = [] if look.person_id else fresh_eyes(post, case.revision, [look.verdict.user_id])
    if asked:
        Case.objects.filter(pk=case.pk).update(meant_for=who_reads(case.language, asked))
    else:
        end([look], "The person who was to look has left.", now)
    return True
