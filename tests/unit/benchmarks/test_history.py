"""The checker of histories finds what must not be, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.history import Operation, anomaly

SUBMIT = Operation("submit", 0, 1, text="a", revision=1)
JUDGE = Operation("judge", 2, 3, revision=1, decision=10)
VERDICT = Operation("verdict", 4, 5, revision=1, decision=11, supersedes=10, seen=10)
EDIT = Operation("submit", 6, 7, text="b", revision=2)


def test_one_after_another_is_explained():
    undo = Operation("undo", 5.1, 5.2, revision=1, decision=12, supersedes=11, seen=11)
    again = Operation("judge", 8, 9, revision=2, decision=13, supersedes=12)
    assert anomaly([SUBMIT, JUDGE, VERDICT, undo, EDIT, again]) is None


def test_what_overlaps_may_have_come_in_either_order():
    early = replace(EDIT, asked=3.5, answered=6)
    refused = Operation("refused", 3.6, 5.5, seen=10)
    assert anomaly([SUBMIT, JUDGE, early, refused]) is None
    said = Operation("feedback", 4.1, 4.9, revision=1, decision=12, supersedes=11)
    assert anomaly([SUBMIT, JUDGE, VERDICT, said]) is None


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param([SUBMIT, JUDGE, replace(EDIT, revision=1)], id="a lost edit"),
        pytest.param(
            [SUBMIT, JUDGE, VERDICT, replace(VERDICT, asked=5.5, answered=6, decision=12)],
            id="two verdicts on one decision",
        ),
        pytest.param(
            [
                SUBMIT,
                JUDGE,
                EDIT,
                Operation("judge", 7.1, 7.2, revision=2, decision=12, supersedes=10),
                replace(VERDICT, asked=8, answered=9),
            ],
            id="a verdict after newer words were judged",
        ),
        pytest.param(
            [SUBMIT, JUDGE, replace(JUDGE, asked=3.5, answered=4, decision=12)],
            id="judged twice",
        ),
        pytest.param(
            [
                SUBMIT,
                JUDGE,
                VERDICT,
                Operation("expire", 6, 7, revision=1, decision=12, supersedes=11),
            ],
            id="the machine over a person",
        ),
        pytest.param(
            [SUBMIT, JUDGE, Operation("refused", 4, 5, seen=10)],
            id="refused although nothing had changed",
        ),
        pytest.param(
            [SUBMIT, replace(JUDGE, asked=-3, answered=-2)], id="judged before it was there"
        ),
        pytest.param(
            [
                SUBMIT,
                JUDGE,
                VERDICT,
                Operation("feedback", 6, 7, revision=1, decision=12, supersedes=10),
            ],
            id="a branch in the chain",
        ),
    ],
)
def test_what_must_not_be_is_found(wrong):
    assert anomaly(wrong) is not None


def test_the_report_is_the_beginning_that_cannot_be():
    lost = replace(EDIT, revision=1)
    later = Operation("submit", 8, 9, text="b", revision=2)
    assert anomaly([SUBMIT, JUDGE, lost, later]) == [SUBMIT, JUDGE, lost]
