"""How one moderator works: read and changed by themselves alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.forms.models import model_to_dict

from reviews.models import Preferences

if TYPE_CHECKING:
    from django.contrib.auth.models import User


def of(user: User) -> Preferences:
    """Return what somebody chose; what goes for everybody where they chose nothing."""
    return Preferences.objects.filter(user=user.pk).first() or Preferences(user_id=user.pk)


def as_form(user: User) -> dict[str, Any]:
    return model_to_dict(of(user), exclude=("id", "user")) | {"email": user.email}


@transaction.atomic
def change(*, user: User, email: str | None = None, **chosen: Any) -> Preferences:
    """Store what somebody chose, and where they get mail; None leaves that as it is."""
    if email is not None and email != user.email:
        user.email = email
        user.save(update_fields=["email"])
    stored, _ = Preferences.objects.update_or_create(user=user, defaults=chosen)
    return stored
