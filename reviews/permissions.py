"""What a person may do, each rule once: `check_can_x` raises the sentence, `can_x` asks it.

Rules about the state of a case stand in `states.py` and beside the writes they guard.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import QuerySet

from moderation.models import Site
from reviews.exceptions import NotPermitted

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

    from reviews.models import Verdict


def sites_of(user: User | AnonymousUser) -> QuerySet[Site]:
    """The sites whose cases this person may judge: all for a superuser, none when inactive."""
    if not user.is_active:
        return Site.objects.none()
    if user.is_superuser:
        return Site.objects.all()
    return Site.objects.filter(memberships__user_id=user.pk)


def check_can_review(user: User | AnonymousUser, site_id: int) -> None:
    """Raises NotPermitted for a person who may not judge this site's cases."""
    if not sites_of(user).filter(pk=site_id).exists():
        raise NotPermitted("You are not a moderator of this site.")


def can_review(user: User | AnonymousUser, site_id: int) -> bool:
    try:
        check_can_review(user, site_id)
    except NotPermitted:
        return False
    return True


def check_can_undo(user: User | AnonymousUser, verdict: Verdict) -> None:
    """Raises NotPermitted for a person who did not give this verdict."""
    check_can_review(user, verdict.case.site_id)
    if verdict.user_id != user.pk and not user.is_superuser:
        raise NotPermitted("Only the person who gave a verdict can undo it.")


def can_undo(user: User | AnonymousUser, verdict: Verdict) -> bool:
    try:
        check_can_undo(user, verdict)
    except NotPermitted:
        return False
    return True
