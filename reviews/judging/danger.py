"""Posts that are dangerous or illegal: hidden from all but named people, and preserved.

One verdict hides a post: from the pages and the admin, from search, neighbours, exports, snapshots
and second looks, and its words from the API. Only members who were named for it
(`Membership.sees_hidden`) find it, and its words only when they ask for them. Until one of them, or
an undo, shows it again, the database refuses to change or delete its words, whatever a site's
retention says.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from moderation.deciding import decisions
from moderation.deciding.holds import held_since
from moderation.judging.history import fingerprint_of
from moderation.models import Decision, Post, PostRevision
from moderation.types import Outcome, Source, Status
from reviews.exceptions import CaseMissing, NotPermitted, UndoRefused
from reviews.judging import hidden_cases
from reviews.labels import asking
from reviews.models import Case, Embedding, LegalHold, Likeness, Retention, Verdict
from reviews.people.colleagues import is_barred
from reviews.people.permissions import (
    addressed_of_hidden,
    check_may,
    given_to,
    is_by,
    sees_hidden,
)
from reviews.queue import appeal_closing, by_language
from reviews.queue.intake import close, lock_open_cases, lock_posts, new_case
from reviews.roles import Act
from reviews.states import CaseState, HoldAct, Lane, VerdictKind

if TYPE_CHECKING:
    from django.contrib.auth.models import User

CODE: Final = "verdict.danger"
SENTENCE: Final = "A moderator found it dangerous or illegal."
LIFTED: Final = "It was looked at again, and is no longer hidden."


def hide(
    *,
    post: Post,
    user: User,
    verdict: Verdict | None,
    now: datetime,
    copy_of: UUID | None = None,
) -> None:
    """Hide a post whose row is locked and that stands blocked, or is blocked hereby.

    With `copy_of`, because it says the same as that post, which is hidden.
    A second look decides nothing elsewhere; a dangerous post is blocked all the same.
    """
    if post.decision is not None and post.decision.outcome != Outcome.BLOCK:
        _decide(post, post.decision, Outcome.BLOCK, user, (CODE, SENTENCE), now)
    if post.hidden_at is None:
        post.hidden_at, post.fingerprint = now, _words_found(post, verdict)
        post.save(update_fields=["hidden_at", "fingerprint"])
        LegalHold.objects.create(
            post=post, site_id=post.site_id, act=HoldAct.HIDDEN, user=user, verdict=verdict,
            copy_of=copy_of, created_at=now,
        )  # fmt: skip
    Embedding.objects.filter(post=post).delete()
    Likeness.objects.filter(Q(post=post) | Q(other=post)).delete()
    asking.drop(post, now)
    _open_cases(post).update(
        meant_for=addressed_of_hidden(post.site_id), language="", holder=None, lease_until=None
    )
    hidden_cases.address_copies(post)


@transaction.atomic
def lift(*, post_id: UUID, user: User, now: datetime | None = None) -> None:
    """Show a hidden post again, as it stood before; for who was named and judges the site's cases.

    Raises NotPermitted: it may publish the post, and ends its preservation.
    """
    now = now or timezone.now()
    post = _locked(post_id, user)
    check_can_lift(user, post)
    unhide(post=post, user=user, verdict=None, now=now)
    restore(post=post, user=user, now=now)


@transaction.atomic
def hide_again(*, post_id: UUID, user: User, now: datetime | None = None) -> None:
    """Take back that a post was shown again; for the same people. Raises NotPermitted.

    Unlike other undoing it is not refused because the post was edited or decided since: somebody
    found it dangerous, and to hide it is the careful side. As any undo it has no end of time.
    """
    now = now or timezone.now()
    post = _locked(post_id, user)
    last = LegalHold.objects.filter(post=post).order_by("-pk").first()
    if last is None or last.act != HoldAct.SHOWN:
        raise UndoRefused("The post was not shown again.")
    if post.status == Status.WITHDRAWN:
        raise UndoRefused("The post was withdrawn.")
    if post.pruned_at is not None:
        raise UndoRefused("The post's words were deleted.")
    hide(post=post, user=user, verdict=None, now=now)


def check_can_lift(user: User, post: Post) -> None:
    """Raises NotPermitted for who may not show this hidden post again.

    It answers an open appeal as well, so whoever is kept from that is kept from this.
    """
    _check_named(user, post.site_id)
    if is_by(post, given_to(user, post.site_id).writes_as):
        raise NotPermitted("You wrote this post yourself, so a colleague decides.")
    if any(is_barred(user.pk, case) for case in _open_cases(post)):
        raise NotPermitted("You called for this block, so a colleague judges the appeal.")


def _check_named(user: User, site_id: int) -> None:
    if not sees_hidden(user, site_id):
        raise NotPermitted("Only those who were named for hidden posts may show one again.")
    check_may(user, Act.JUDGE, site_id)


def _locked(post_id: UUID, user: User) -> Post:
    found = Post.objects.filter(pk=post_id).first()
    if found is None:
        raise CaseMissing("There is no such post.")
    _check_named(user, found.site_id)
    (post,) = lock_posts([post_id])
    return post


def restore(*, post: Post, user: User, now: datetime) -> None:
    """Put back in force what stood before a post was found dangerous. The post's row is locked."""
    before = _before(post)
    if before is None:
        return
    made = _decide(post, before, Outcome(before.outcome), user, ("verdict.undo", LIFTED), now)
    if made is not None and made.outcome == Outcome.REVIEW and not _open_cases(post).exists():
        # The question is open again.
        lane = Lane.PUBLISHED if made.published else Lane.HELD
        case = new_case(post, made, lane, now)
        by_language.stamp([case])
        case.save()


def would_publish(post: Post) -> bool:
    """Whether readers would see a hidden post once it is shown again."""
    before = _before(post)
    return before is not None and (before.outcome == Outcome.ALLOW or before.published)


def _before(post: Post) -> Decision | None:
    """What stood before a post was found dangerous; None where it stands otherwise now."""
    found = post.decision
    if found is None or not _is_of_danger(found):
        return None
    while earlier := _put_back_by(found):
        found = earlier
    return found.supersedes


def unhide(*, post: Post, user: User, verdict: Verdict | None, now: datetime) -> None:
    """End what `hide` began, but for the decision. The post's row is locked.

    With `verdict`, which is taken back, only what that one began and nobody else has said.
    """
    hold = LegalHold.objects.filter(post=post).order_by("-pk").first()
    if post.hidden_at is None or (verdict and hold and hold.verdict_id != verdict.pk):
        return
    if verdict is not None and _others_said(post, verdict):
        return
    Post.objects.filter(pk=post.pk).update(hidden_at=None)
    post.hidden_at = None
    hidden_cases.release_copies(post)
    post.fingerprint = None if post.status == Status.PENDING else _words(post, post.revision)
    Post.objects.filter(pk=post.pk).update(fingerprint=post.fingerprint)
    LegalHold.objects.create(
        post=post, site_id=post.site_id, act=HoldAct.SHOWN, user=user, verdict=verdict,
        created_at=now,
    )  # fmt: skip
    _open_cases(post).update(meant_for=[], compared=False)
    # Retention had passed it by.
    Retention.objects.filter(site=post.site_id, words_to__gte=post.pk).update(
        words_to=UUID(int=post.pk.int - 1)
    )


def _others_said(post: Post, verdict: Verdict) -> bool:
    """Whether another answer says so that nobody has contradicted by showing the post again."""
    said = Verdict.objects.filter(case__post=post, kind=VerdictKind.DANGER, undone_by=None)
    shown = LegalHold.objects.filter(post=post, act=HoldAct.SHOWN).order_by("-pk").first()
    if shown is not None:
        said = said.filter(created_at__gte=shown.created_at)
    return said.exclude(pk=verdict.pk).exists()


def hidden_posts(sites: Iterable[int], before: int | None = None) -> QuerySet[LegalHold]:
    """The posts of these sites that are hidden now, the newest first, with who hid them.

    With `before`, those whose row stands before that one.
    """
    rows = LegalHold.objects.filter(act=HoldAct.HIDDEN)
    hidden_again = rows.filter(post=OuterRef("post"), pk__gt=OuterRef("pk"))
    rows = rows.filter(~Exists(hidden_again), site__in=list(sites), post__hidden_at__isnull=False)
    rows = rows if before is None else rows.filter(pk__lt=before)
    return rows.select_related("post", "site", "user", "verdict__case").order_by("-pk")


def _words_found(post: Post, verdict: Verdict | None) -> bytes | None:
    """Fingerprint of the words that were found dangerous, whatever they were edited into since."""
    return fingerprint_of(words_found(post, verdict))


def words_found(post: Post, verdict: Verdict | None = None) -> PostRevision:
    """The words that were found dangerous, in this answer or the last that hid the post."""
    if verdict is None:
        holds = LegalHold.objects.filter(post=post, act=HoldAct.HIDDEN, verdict__isnull=False)
        hold = holds.select_related("verdict__case").order_by("-pk").first()
        verdict = hold.verdict if hold is not None else None
    revision = post.revision if verdict is None else verdict.case.revision
    return PostRevision.objects.get(post=post, revision=revision)


def _words(post: Post, revision: int) -> bytes | None:
    return fingerprint_of(PostRevision.objects.get(post=post, revision=revision))


def _open_cases(post: Post) -> QuerySet[Case]:
    return Case.objects.filter(post=post, state=CaseState.OPEN).exclude(lane=Lane.LOOK)


def _put_back_by(decision: Decision) -> Decision | None:
    """Return what this decision put in force again, where it is the undo of an answer."""
    answers = Verdict.objects.filter(undone_by__decision=decision).select_related("seen")
    answer = answers.first()
    return answer.seen if answer else None


def _is_of_danger(decision: Decision) -> bool:
    return any(reason.get("code") == CODE for reason in decision.reasons)


def _decide(
    post: Post, as_of: Decision, outcome: Outcome, user: User, why: tuple[str, str], now: datetime
) -> Decision | None:
    """Decide so about the words that `as_of` was about, in place of what is in force.

    Open cases about that go on with this decision; an appeal has its answer when the post is
    allowed.
    """
    if post.status == Status.WITHDRAWN:
        return None
    made = decisions.override(
        post_id=post.pk,
        outcome=outcome,
        source=Source.MODERATOR,
        revision=as_of.revision,
        user=user,
        label=as_of.label or None if outcome == as_of.outcome else None,
        published=as_of.published and outcome is Outcome.REVIEW,
        failed=as_of.failed,
        reasons=[{"code": why[0], "sentence": why[1], "weight": 0.0}],
        expected_decision_id=post.decision_id,
        held_since=held_since(as_of) if outcome is Outcome.REVIEW else None,
        now=now,
    )
    for case in lock_open_cases([post]):
        if case.decision_id != made.supersedes_id:
            continue
        case.decision = made
        if case.lane == Lane.APPEAL and outcome is Outcome.ALLOW:
            close(case, why[1], now)
        case.save()
        if case.state == CaseState.CLOSED:
            appeal_closing.settle([case], now)
    post.decision = made
    return made
