"""What people get wrong: which cases are counted, and from when on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from reviews.measuring.mistaken import begins


def test_within_a_year_no_more_than_three_sequences_are_in_use():
    first = datetime(2026, 3, 5, 7, tzinfo=UTC)
    starts = [begins(first + timedelta(days=day)) for day in range(366)]
    assert sorted(set(starts)) == [
        datetime(2025, 7, 1, tzinfo=UTC),
        datetime(2026, 1, 1, tzinfo=UTC),
        datetime(2026, 7, 1, tzinfo=UTC),
    ]
    ages = [first + timedelta(days=day) - start for day, start in enumerate(starts)]
    assert timedelta(days=180) < min(ages) and max(ages) < timedelta(days=370)
