"""Sites, and the people who review their posts."""

# Models are imported inside: this file is read before Django's settings.

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from moderation.models import Post, Site
    from reviews.models import Case


@pytest.fixture(autouse=True)
def no_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    """No answer is looked at again by chance: it would be kept from colleagues."""
    monkeypatch.setattr("reviews.labels.looks.throw", lambda: 0.9999)


@pytest.fixture
def site(db: None) -> Site:
    from tests.integration.world import make_site

    return make_site()


@pytest.fixture
def other_site(db: None) -> Site:
    from tests.integration.world import make_site

    return make_site()


@pytest.fixture
def old_post(site: Site, monkeypatch: pytest.MonkeyPatch) -> Callable[[int], Post]:
    from tests.integration.reviews.world import make_old_post

    return partial(make_old_post, site, monkeypatch)


@pytest.fixture
def moderator(site: Site) -> User:
    from tests.integration.world import make_moderator

    return make_moderator(site)


@pytest.fixture
def colleague(site: Site) -> User:
    from tests.integration.world import make_moderator

    return make_moderator(site)


@pytest.fixture
def open_case(site: Site) -> Callable[..., Case]:
    """Open a case about a fresh post; keywords as for `world.decide`."""
    from tests.integration.reviews.world import make_case

    return partial(make_case, site)
