import os

import pytest

from classifiers.training import halves


def _mean(number: int) -> float:
    if number < 0:
        raise ValueError("below zero")
    return number / 2


def test_the_second_process_does_half_and_all_comes_in_order():
    parents = halves.each(lambda _: os.getpid(), range(5), 2)
    assert parents[::2] == [os.getpid()] * 3
    assert len(set(parents[1::2]) - {os.getpid()}) == 1
    assert halves.each(_mean, range(5), 2) == halves.each(_mean, range(5), 1)


def test_what_fails_there_is_told_here():
    with pytest.raises(halves.OtherHalfFailed, match="below zero"):
        halves.each(_mean, [1, -1, 2], 2)
    with pytest.raises(halves.OtherHalfFailed, match="status 7"):
        halves.each(lambda number: os._exit(7) if number else number, [0, 1], 2)


def test_few_and_very_many_posts_are_left_to_one_process():
    assert halves.processes(halves.FROM - 1) == halves.processes(halves.TO + 1) == 1
