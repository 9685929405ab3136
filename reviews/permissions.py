"""What a person may do, each rule once: `check_can_x` raises the sentence, `can_x` asks it.

Rules about the state of a case stand in `states.py` and beside the writes they guard.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.db.models import Exists, OuterRef, QuerySet

from moderation.models import Site
from reviews.exceptions import NotPermitted

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User

    from reviews.models import Case, Verdict


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


def has_colleagues(user: User) -> Exists:
    """Whether a site has another active moderator, to ask of a query for sites.

    Whoever may judge every site, and belongs to none, is nobody's colleague: an installation has
    such an account from the start, and nobody need ever open it.
    """
    members = get_user_model().objects.filter(memberships__site=OuterRef("pk"), is_active=True)
    return Exists(members.exclude(pk=user.pk))


def check_not_barred(user: User, case: Case) -> None:
    """Raises NotPermitted for who gave the decision that is appealed against.

    Unless nobody else could judge it.
    """
    if is_barred(user, case):
        raise NotPermitted(
            "You gave the decision that is appealed against, so a colleague judges the appeal."
        )


def is_barred(user: User, case: Case) -> bool:
    if case.barred_id is None or case.barred_id != user.pk:
        return False
    return Site.objects.filter(has_colleagues(user), pk=case.site_id).exists()


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
