"""A few allowed posts a day whose answers would teach most, beside the audits and never among them.

Held posts wait for people anyway. Of what was allowed lately, and neither drawn nor asked about,
the posts are chosen of which the model is least sure and that are least like each other and like
what people answered. What is chosen so is no sample: it has no draw, and its label no probability.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone

from moderation import hidden_words
from moderation.alone import alone
from moderation.ids import first_id
from moderation.judging.contents import content_of
from moderation.models import AuditDraw, Decision, Policy, Post, PostRevision, Score, Site
from moderation.types import Ground, Outcome, Source, Status
from reviews.labels.labelling import effective
from reviews.models import Case, Label, Lesson, LookPlan
from reviews.people.permissions import judges_of
from reviews.queue.intake import close, lock_posts, new_case
from reviews.states import CaseState, Lane

DAY: Final = timedelta(days=1)
PATIENCE: Final = timedelta(days=3)
CONSIDERED: Final = 300
"""Posts of the last day that are compared, the most doubtful."""
SEEN: Final = 3_000
"""Posts of the last day that are looked at, the newest."""
KNOWN: Final = 200
"""Labelled posts that new ones are compared with, the newest."""
BUSY: Final = 50
"""Open cases of a site beyond which nothing is added to the queue."""


def choose_due(*, now: datetime | None = None, keep: Callable[[], None] = lambda: None) -> int:
    """Close what nobody answered, and choose where there is room; how many were chosen.

    One site's failure is no other's. `keep` is called before each.
    """
    now = now or timezone.now()
    late = Lesson.objects.filter(case__state=CaseState.OPEN, case__opened_at__lt=now - PATIENCE)
    for pk, post in late.values_list("case", "case__post"):
        with alone(f"closing the unanswered case {pk}"):
            _close(pk, post, now)
    chosen = 0
    for site in Site.objects.order_by("pk"):
        keep()
        with alone(f"choosing what to ask about on site {site.pk}"):
            chosen += choose(site=site, now=now)
    return chosen


def choose(*, site: Site, now: datetime) -> int:
    """Open cases about a site's most instructive posts; how many."""
    plan = LookPlan.objects.filter(site=site).first() or LookPlan(site=site)
    given = Lesson.objects.filter(site=site, created_at__gt=now - DAY).count()
    room = plan.lessons_per_day - given
    waiting = Case.objects.filter(site=site, state=CaseState.OPEN).order_by()[:BUSY].count()
    if room <= 0 or waiting >= BUSY or not judges_of(site.pk):
        return 0
    found = _candidates(site, now)
    if not found:
        return 0
    # What it needs is large, and only workers choose.
    import numpy as np

    from classifiers.training import active_learning

    policy = Policy.objects.filter(site=site).latest("revision")
    words = _words(found)
    found = [each for each in found if each[0].post_id in words]
    doubt = np.array([each[1] for each in found])
    contents = [content_of(words[d.post_id].post, words[d.post_id], policy) for d, _ in found]
    known = [content_of(said.post, said, policy) for said in _labelled(site)]
    chosen = active_learning.choose(contents, doubt, known, room)
    return sum(_open(found[place][0], found[place][1], now) for place in chosen)


def _candidates(site: Site, now: datetime) -> list[tuple[Decision, float]]:
    """Allowed posts with how doubtful they are, the most doubtful first; of a text one alone."""
    made = (
        Decision.objects.filter(
            ~hidden_words.said("site", "in_force_for__fingerprint"),
            in_force_for__site=site,
            in_force_for__pk__gte=first_id(now - DAY),
            in_force_for__status=Status.DECIDED,
            in_force_for__hidden_at=None,
            in_force_for__pruned_at=None,
            source=Source.MACHINE,
            outcome=Outcome.ALLOW,
            by=Ground.MODEL,
            probability__isnull=False,
        )
        .exclude(Exists(AuditDraw.objects.filter(decision__post=OuterRef("post"), selected=True)))
        .exclude(Exists(Case.objects.filter(post=OuterRef("post"))))
        .exclude(Exists(Label.objects.filter(post=OuterRef("post"))))
        .order_by("-post")
    )
    rows = list(made.only("pk", "post", "revision", "probability", "fingerprint")[:SEEN])
    scores = Score.objects.filter(post__in=[row.post_id for row in rows], unfamiliar__isnull=False)
    unfamiliar = dict(scores.values_list("post", "unfamiliar"))
    alone: dict[bytes, tuple[Decision, float]] = {}
    for row in rows:
        chance = row.probability or 0.0
        sure = abs(2.0 * chance - 1.0)
        # What the model never met it cannot be sure of, whatever it says.
        doubt = 1.0 - sure * (1.0 - (unfamiliar.get(row.post_id) or 0.0))
        alone.setdefault(bytes(row.fingerprint or row.post_id.bytes), (row, doubt))
    return sorted(alone.values(), key=lambda each: -each[1])[:CONSIDERED]


def _words(found: Sequence[tuple[Decision, float]]) -> dict[UUID, PostRevision]:
    wanted = {decision.post_id: decision.revision for decision, _ in found}
    rows = PostRevision.objects.filter(post__in=wanted).select_related("post__author")
    return {row.post_id: row for row in rows if wanted[row.post_id] == row.revision}


def _labelled(site: Site) -> list[PostRevision]:
    """The words of the newest labels that train."""
    in_force = effective(Site.objects.filter(pk=site.pk)).values_list("pk", flat=True)
    newest = sorted(in_force, reverse=True)[:KNOWN]
    words = {(post, number) for post, number in Label.objects.filter(pk__in=newest).values_list(
        "post", "revision")}  # fmt: skip
    rows = PostRevision.objects.filter(
        post__in={post for post, _ in words}, post__hidden_at=None, post__pruned_at=None
    )
    return [
        row
        for row in rows.select_related("post__author").order_by("pk")
        if (row.post_id, row.revision) in words
    ]


@transaction.atomic
def _open(decision: Decision, doubt: float, now: datetime) -> bool:
    (post,) = lock_posts([decision.post_id])
    asked = Case.objects.filter(post=post, state=CaseState.OPEN)
    if post.decision_id != decision.pk or post.status != Status.DECIDED or asked.exists():
        return False
    case = new_case(post, decision, Lane.PUBLISHED, now)
    case.save()
    Lesson.objects.create(case=case, site_id=post.site_id, doubt=doubt, created_at=now)
    return True


@transaction.atomic
def _close(case_id: int, post_id: UUID, now: datetime) -> None:
    """Let go of a post that nobody found time for, unless somebody has it now."""
    Post.objects.select_for_update(no_key=True).get(pk=post_id)
    case = Case.objects.select_for_update().get(pk=case_id)
    held = case.holder_id is not None and case.lease_until is not None and case.lease_until > now
    if case.state == CaseState.OPEN and not held:
        close(case, "It no longer needs an answer.", now)
        case.save()
