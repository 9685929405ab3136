"""A site that asks for a certificate."""

# Models are imported inside: this file is read before Django's settings.

from __future__ import annotations

import pytest


@pytest.fixture
def site(db):
    from tests.integration.reviews.promised import certifying_site

    return certifying_site()


@pytest.fixture
def sent_days_ago(monkeypatch):
    """Makes the ids of the posts that are sent as old as is said of each."""
    from moderation.ids import id_at
    from tests.integration.reviews.promised import DAY, NOW

    def aged(days):
        ids = (id_at(NOW - each * DAY, number) for number, each in enumerate(days))
        monkeypatch.setattr("tests.integration.reviews.promised.uuid7", lambda: next(ids))

    return aged
