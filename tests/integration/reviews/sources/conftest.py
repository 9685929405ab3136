"""A site whose every label is checked."""

# Models are imported inside: this file is read before Django's settings.

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from moderation.models import ApiKey, Site


@pytest.fixture(autouse=True)
def every_word_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reviews.labels.looks.throw", lambda: 0.0)


@pytest.fixture(autouse=True)
def moderators_judge_here(monkeypatch: pytest.MonkeyPatch) -> None:
    from reviews.labels import weighing

    monkeypatch.setattr(weighing, "FEW", 0)


@pytest.fixture
def key(site: Site) -> ApiKey:
    from moderation.access import create_key
    from reviews.models import LookPlan

    LookPlan.objects.create(
        site=site, checks_per_day=50, second_share=0, spam_share=0, gold_share=0
    )
    row, _ = create_key(site=site, name="forum")
    return row
