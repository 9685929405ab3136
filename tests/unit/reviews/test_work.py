"""How long answers took, told from the times at which they were given."""

from datetime import UTC, datetime, timedelta

from reviews.measuring.work import ENOUGH, gaps, lengths

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
MARA, NOOR = 1, 2


def moments(*seconds: float) -> list[datetime]:
    return [START + timedelta(seconds=each) for each in seconds]


def sitting(start: float, *, answers: int, pace: float) -> list[float]:
    return [start + pace * n for n in range(answers)]


def took(given: dict[int, list[datetime]]) -> list[float]:
    found = lengths(given)
    assert found is not None
    return [seconds for _, seconds in found]


def test_answers_without_a_break_between_take_the_time_between():
    assert gaps(moments(0, 20, 60, 360, 659)) == [20, 40, 299]


def test_the_first_answer_of_a_sitting_takes_as_long_as_that_persons_median():
    mine = [*sitting(0, answers=6, pace=20), *sitting(7200, answers=6, pace=20), 90_000]
    theirs = sitting(0, answers=ENOUGH + 1, pace=60)
    given = {MARA: moments(*mine), NOOR: moments(*theirs)}
    assert took(given) == [20] * 13 + [60] * 11


def test_who_gave_few_is_taken_to_be_as_fast_as_all():
    given = {MARA: moments(0, 4000), NOOR: moments(*sitting(0, answers=ENOUGH + 1, pace=30))}
    assert took(given) == [30, 30] + [30] * 11


def test_too_few_answers_that_follow_another_tell_nothing_and_none_at_all_took_no_time():
    assert lengths({MARA: moments(*sitting(0, answers=ENOUGH, pace=30))}) is None
    assert lengths({MARA: moments(*(3600.0 * n for n in range(40)))}) is None
    assert lengths({}) == []


def test_nobody_takes_less_than_no_time_where_answers_are_told_out_of_order():
    in_order = moments(*sitting(0, answers=ENOUGH + 2, pace=20))
    out_of_order = [*in_order[1:], in_order[0]]
    assert gaps(out_of_order) == gaps(in_order)
    assert took({MARA: out_of_order}) == took({MARA: in_order}) == [20] * (ENOUGH + 2)
