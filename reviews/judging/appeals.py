"""Appeals against blocks: each opens a case of its own, for somebody else where there is one.

The post stays blocked meanwhile. What answers an appeal is a decision like any other; see
`reviews.queue.appeal_closing`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from moderation.deciding.appeal_links import deadline_of
from moderation.models import Decision, Policy, Post
from moderation.types import EventKind, Ground, Outcome, Status
from reviews.exceptions import AlreadyAppealed, AppealRefused
from reviews.judging import listing
from reviews.models import Appeal
from reviews.queue import appeal_closing, by_language
from reviews.queue.intake import (
    Changes,
    close,
    follow_decisions,
    lock_open_cases,
    lock_posts,
    new_case,
    write,
)
from reviews.states import AppealState, AppealVia, Lane

WORDS_LENGTH: Final = 2_000
"""Of an appellant, in code points."""
ASKED_ANEW: Final = "The author appealed; another case asks about it."


@transaction.atomic
def file(
    *,
    post_id: UUID,
    via: AppealVia,
    words: str = "",
    decision_id: int | None = None,
    now: datetime | None = None,
) -> Appeal:
    """Store an appeal against the block in force, and open its case.

    `decision_id` names the decision that the appellant was told of, if one was named. Raises
    AlreadyAppealed, or AppealRefused with the reason.
    """
    now = now or timezone.now()
    (post,) = lock_posts([post_id])
    decision = check_appealable(post, decision_id, now)
    # What was decided may not have been told yet: its case is opened, to be closed for this one.
    follow_decisions(post_ids=[post.pk], now=now)
    changes = Changes()
    for case in lock_open_cases([post]):
        if case.revision == decision.revision:
            # Also an audit, for good: whoever reads an appeal, or that there is one, is not blind.
            close(case, ASKED_ANEW, now)
            changes.closed.append(case)
    write(changes, now)
    case = new_case(post, decision, Lane.APPEAL, now)
    case.barred_id = decision.user_id
    if decision.by == Ground.LIST:
        case.barred_id = listing.denier_of(post, decision) or decision.user_id
    by_language.stamp([case])
    case.save()
    appeal = Appeal.objects.create(
        post=post,
        site_id=post.site_id,
        revision=decision.revision,
        decision=decision,
        case=case,
        via=via,
        words=words[:WORDS_LENGTH],
        created_at=now,
    )
    appeal_closing.tell([appeal], EventKind.APPEAL_FILED, now)
    return appeal


def check_appealable(post: Post, decision_id: int | None, now: datetime) -> Decision:
    """Return the decision that may be appealed against; raises as `file` does."""
    decision = post.decision
    if post.status == Status.WITHDRAWN:
        raise AppealRefused("The post was withdrawn.")
    if post.pruned_at is not None:
        raise AppealRefused("The post's words were deleted, so nobody can look at them again.")
    of_post = Appeal.objects.filter(post=post)
    if decision_id is not None and of_post.filter(decision=decision_id).exists():
        raise AlreadyAppealed
    if post.status == Status.PENDING or decision is None or decision.revision != post.revision:
        raise AppealRefused("The post was changed, and what it says now is not decided yet.")
    if of_post.filter(decision=decision).exists():
        raise AlreadyAppealed
    if of_post.filter(state=AppealState.OPEN).exists():
        raise AlreadyAppealed("An appeal about this post waits for its answer.")
    if decision.outcome != Outcome.BLOCK:
        raise AppealRefused("The post is not blocked.")
    if of_post.filter(answer=decision).exists():
        raise AppealRefused("A person looked at it again after an appeal; that was the last word.")
    until = deadline_of(decision, Policy.objects.get(pk=decision.policy_id))
    if until is None:
        raise AppealRefused("This site takes no appeals.")
    if now > until:
        raise AppealRefused(f"That was possible until {until:%d %B %Y}.")
    if decision_id not in (None, decision.pk):
        raise AppealRefused("The post was decided anew since.")
    return decision
