"""What sites say about posts after they were judged: trusted words close cases, reports open them.

An owner's or moderator's feedback has overridden the decision already, in the transaction that
stored it; here it ends the case and becomes a label. A member's is a report.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import cache
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from moderation.models import Event, Feedback, Post, Site
from moderation.types import ActorRole, FeedbackLabel, Severity, Source, Status
from reviews.labels import checks, weighing
from reviews.labels.labelling import label_feedback
from reviews.labels.reports import worth as worth_of
from reviews.models import Case
from reviews.queue import by_language
from reviews.queue.intake import (
    Changes,
    become_audit,
    close,
    end_earlier,
    follow_decisions,
    lock_open_cases,
    lock_posts,
    new_case,
    write,
)
from reviews.queue.priority import priority, weight_of
from reviews.states import CaseState, Lane

SAID = {FeedbackLabel.SPAM: "spam", FeedbackLabel.HAM: "not spam"}


@transaction.atomic
def on_feedback(events: Sequence[Event], now: datetime | None = None) -> None:
    """For `feedback.received`. Safe to repeat."""
    now = now or timezone.now()
    ids = [event.payload["feedback"] for event in events]
    received = list(Feedback.objects.filter(pk__in=ids).select_related("post__site").order_by("pk"))
    posts = {post.pk: post for post in lock_posts(item.post_id for item in received)}
    # What was reported may have been decided anew without our having been told of it yet.
    follow_decisions(post_ids=posts, now=now)
    waiting = lock_open_cases(list(posts.values()))
    shown = [item for item in received if posts[item.post_id].hidden_at is None]
    trusted = [item for item in shown if ActorRole(item.actor_role).is_trusted]
    reports = [item for item in shown if not ActorRole(item.actor_role).is_trusted]
    checks.draw(label_feedback(received=trusted, now=now), now=now)
    _vouch(trusted)
    changes = Changes()
    elsewhere = cache(weighing.is_judged_elsewhere)
    for item in trusted:
        about = [case for case in waiting if case.post_id == item.post_id]
        _answer(item, about, changes, now, elsewhere)
    write(changes, now)
    still_waiting = [case for case in waiting if case.state == CaseState.OPEN]
    _open_reported(reports, posts, still_waiting, now)


def _vouch(trusted: Sequence[Feedback]) -> None:
    """Copies of what is spam by a word that counts are blocked from now on."""
    by_site: dict[Site, list[UUID]] = defaultdict(list)
    for item in trusted:
        if item.label == FeedbackLabel.SPAM:
            by_site[item.post.site].append(item.post_id)
    for site, posts in by_site.items():
        weighing.vouch(site=site, posts=posts)


def _answer(
    item: Feedback,
    cases: list[Case],
    changes: Changes,
    now: datetime,
    judged_elsewhere: Callable[[int], bool],
) -> None:
    """End the open cases about the words that were spoken of.

    An audit of them stays where people judge here: its answer is a label, and decides nothing.
    Elsewhere nobody would answer it, and it ends without one: `closed_because` tells why.
    """
    because = f"The site's {item.actor_role} said: {SAID[FeedbackLabel(item.label)]}."
    for case in cases:
        if case.state != CaseState.OPEN:
            continue
        if (
            case.revision == item.revision
            and case.audit is not None
            and not judged_elsewhere(case.site_id)
        ):
            # What was reported is answered.
            case.reported = None
            become_audit(case, changes)
        elif case.revision == item.revision:
            close(case, because, now)
            changes.closed.append(case)
        elif case.revision < item.revision:
            end_earlier(case, because, changes, now)


def _open_reported(
    reports: Sequence[Feedback], posts: dict[UUID, Post], waiting: Sequence[Case], now: datetime
) -> None:
    """Open a case about each reported post that is published and that no person decided.

    A post that waits already moves up to where the report puts it, by what such reports of the
    member were worth so far.
    """
    known = {(case.post_id, case.revision): case for case in waiting}
    opened, raised = [], []
    of_spam = [item for item in reports if item.label == FeedbackLabel.SPAM]
    worth = worth_of(of_spam)
    for post_id in {item.post_id for item in of_spam}:
        post = posts[post_id]
        decision = post.decision
        if decision is None or post.status == Status.WITHDRAWN or not decision.published:
            continue
        if Source(decision.source).is_person:
            continue
        reported = max(worth[item.pk] for item in of_spam if item.post_id == post_id)
        case = known.get((post.pk, decision.revision))
        if case is None:
            opened.append(new_case(post, decision, Lane.REPORTED, now, reported=reported))
            continue
        case.reported = max(reported, case.reported or 0.0)
        as_reported = priority(
            lane=Lane.REPORTED,
            published=decision.published,
            probability=decision.probability,
            opened_at=case.opened_at,
            reported=case.reported,
            weight=weight_of(post.exposure, Severity(post.severity)),
        )
        case.priority = max(case.priority, as_reported)
        raised.append(case)
    Case.objects.bulk_update(raised, ["priority", "reported"])
    if opened:
        by_language.stamp(opened)
    Case.objects.bulk_create(opened)
