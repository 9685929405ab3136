"""Read before Django is set up, so models are imported inside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.test import Client

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from moderation.models import Site


@pytest.fixture
def site(db: None) -> Site:
    from tests.integration.world import make_site

    return make_site("Harbour forum")


@pytest.fixture(autouse=True)
def no_lot(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ordinary cases show their evidence, unless a test lets the lot fall on them."""
    monkeypatch.setattr("reviews.labels.looks.lot_of", lambda case: 1.0)


@pytest.fixture(autouse=True)
def no_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    """No answer is looked at again by chance: it would be kept from colleagues."""
    monkeypatch.setattr("reviews.labels.looks.throw", lambda: 0.9999)


@pytest.fixture
def mara(site: Site) -> User:
    """A moderator of `site`."""
    from tests.integration.world import make_moderator

    return make_moderator(site, username="mara")


@pytest.fixture
def browser(mara: User) -> Client:
    """A browser in which Mara is logged in."""
    client = Client()
    client.force_login(mara)
    return client


@pytest.fixture
def operator(db: None) -> Client:
    """A browser in which a superuser is logged in."""
    from django.contrib.auth.models import User

    client = Client()
    client.force_login(User.objects.create_superuser("operator", password="winnowed grain"))
    return client
