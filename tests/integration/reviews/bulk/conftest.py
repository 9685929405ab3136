"""An author of several posts."""

# Models are imported inside: this file is read before Django's settings.

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from moderation.models import Author, Post, Site
    from reviews.models import Case


@pytest.fixture
def author(site: Site) -> Author:
    from moderation.models import Author

    return Author.objects.create(site=site, external_id="u-7", name="Robin")


@pytest.fixture
def case(site: Site, author: Author) -> Case:
    """Where it begins: a held post of the author."""
    from tests.integration.console.factory import make_case

    return make_case(site, author=author)


@pytest.fixture
def let_through(site: Site, author: Author) -> Post:
    from tests.integration.console.factory import decide, make_post
    from tests.integration.reviews.bulk.orders import ALLOWED

    post = make_post(site, author=author, text="let through")
    decide(post, **ALLOWED)
    return post


@pytest.fixture
def drawn(site: Site, author: Author, colleague: User) -> Post:
    """A would-be block that a colleague let through: to be looked at again, and not due yet."""
    from moderation.types import Outcome
    from reviews.models import Look, LookPlan
    from tests.integration.console.factory import make_case
    from tests.integration.reviews.bulk.orders import HAM
    from tests.integration.world import answer

    LookPlan.objects.create(site=site, second_share=0.0, gold_share=0.0)
    would_be = make_case(site, author=author, decision={"would_be": Outcome.BLOCK})
    answer(would_be, colleague, HAM, now=None)
    assert Look.objects.get().case is None
    return would_be.post
