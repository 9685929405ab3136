from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.moderation.world import HAM, NOW, FixedScorer, draft

if TYPE_CHECKING:
    from moderation.models import Decision, Post, Site


@pytest.fixture
def site(db: None) -> Site:
    from moderation import sites

    return sites.create_site(name="Forum", mode="provisional")


@pytest.fixture
def submit(site: Site) -> Callable[..., Post]:
    """Submit one post and return it."""
    from moderation.submitting import posts

    def submit(
        text: str = HAM, *, at: datetime = NOW, to: Site | None = None, **given: Any
    ) -> Post:
        return posts.submit(site=to or site, drafts=[draft(text, **given)], now=at)[0]

    return submit


@pytest.fixture
def decide(db: None) -> Callable[..., list[Decision]]:
    """Claim what is pending and judge it, as a worker does."""
    from moderation import claims, pipeline

    def decide(*, at: datetime = NOW, throw: Callable[[], float] = lambda: 0.5) -> list[Decision]:
        claimed = claims.claim(claims.FRESH, now=at) or claims.claim(claims.AGAIN, now=at)
        return pipeline.moderate(claimed, now=at, throw=throw)

    return decide


@pytest.fixture
def model_says(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Have the model say given probabilities, by text; `otherwise` of every other text."""
    from classifiers.versions import lineup

    def says(said: Mapping[str, float | Exception] | None = None, otherwise: float = 0.05) -> None:
        used = lineup.Lineup("fixed-1", (FixedScorer(said or {}, otherwise),), "digest")
        monkeypatch.setattr(lineup, "current", lambda slot="global": used)

    return says
