"""When somebody who judges is reminded to rest."""

from typing import Any

from reviews.console.pause import answered


def told(seconds: list[float]) -> list[int]:
    """Which of the answers given at these times bring a reminder."""
    session: dict[str, Any] = {}
    return [number for number, now in enumerate(seconds) if answered(session, now)]


def test_after_many_answers_or_a_long_time_and_then_anew():
    assert told([10.0 * n for n in range(310)]) == [149, 299]
    assert told([300.0 * n for n in range(25)]) == [9, 18]


def test_nobody_is_told_every_few_minutes_however_fast_they_answer():
    assert told([4.0 * n for n in range(650)]) == [300, 600]


def test_a_pause_begins_anew():
    worked = [60.0 * n for n in range(40)]
    assert told([*worked, *(worked[-1] + 700 + x for x in worked)]) == []


def test_it_says_how_long_and_how_many():
    session: dict[str, Any] = {}
    said = [answered(session, 10.0 * n) for n in range(150)][-1]
    assert said.startswith("150 cases in 24 minutes without a pause.")
