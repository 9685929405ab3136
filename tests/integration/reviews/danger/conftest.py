"""Somebody who is named to see what is hidden."""

# Models are imported inside: this file is read before Django's settings.

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from moderation.models import Site


@pytest.fixture
def named(site: Site) -> User:
    from reviews.models import Membership
    from tests.integration.world import make_moderator

    user = make_moderator(site)
    Membership.objects.filter(user=user).update(sees_hidden=True)
    return user
