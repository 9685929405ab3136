"""The checker of histories finds what must not be, and nothing else."""

from dataclasses import replace

import pytest

from benchmarks.expected import LEASE
from benchmarks.history import anomaly
from benchmarks.recorded import Case, Label, Made, News, Operation, View, Word

ANNA, BEN = 1, 2
HELD = Made(10, 1, 0, "machine", "review", False)
SPAM = Made(11, 1, 10, "moderator", "block", False, "spam")
BACK = Made(12, 1, 11, "moderator", "review", False)
HAM = Made(13, 1, 12, "moderator", "allow", True, "ham")
SAID = Made(14, 1, 13, "feedback", "block", False, "spam")
NEW = Made(15, 2, 14, "machine", "allow", True, drawn=True)
CASE = Case(5, 10, 1)
AGAIN = Case(5, 12, 1, round=1)
JUDGED = replace(AGAIN, state="judged")
AUDIT = Case(6, 15, 2, audit=True, only_audit=True)
HAM_GIVEN = Label(1, "ham", "verdict", 72)
SPAM_SAID = Label(1, "spam", "feedback", 80)


def operation(kind: str, time: float, **facts) -> Operation:
    return Operation(kind, time, time + 0.5, **facts)


def told(time: float, kind: str, *keys: int, cases=(), words=()) -> Operation:
    return operation("told", time, news=(News(kind, frozenset(keys), words, frozenset(cases)),))


SUBMIT = operation("submit", 0, text="a", revision=1, status="pending")
JUDGE = operation("judge", 1, revision=1, made=HELD)
OPENED = told(2, "decision.recorded", 10, cases=[CASE])
CLAIM = operation("claim", 3, user=ANNA, case=CASE, at=0)
VERDICT = operation(
    "verdict", 4, user=ANNA, case=CASE, seen=10, at=1, answer="spam", given=70, made=SPAM
)
UNDO = operation(
    "undo", 5, user=ANNA, case=CASE, at=2, undone=VERDICT, before=HELD, given=71, made=BACK
)
LATE = operation(
    "verdict", 7, user=ANNA, case=AGAIN, seen=12, at=3, answer="not_spam", given=72, made=HAM
)
FEEDBACK = operation(
    "feedback", 8, answer="spam", given=80, made=SAID, revision=1, status="decided", seen=14
)
HEARD = told(9, "feedback.received", 80, words=(Word(80, 1, "spam", True),))
EDIT = operation("submit", 11, text="b", revision=2, status="pending")
ALLOWED = operation("judge", 12, revision=2, made=NEW)
DRAWN = told(13, "decision.recorded", 11, 12, 13, 14, 15, cases=[AUDIT])
REST = View(
    revision=2,
    status="decided",
    decision=15,
    cases=frozenset({JUDGED, AUDIT}),
    labels=frozenset({HAM_GIVEN, SPAM_SAID}),
    untold=frozenset(),
    counts=(1, 0),
)
LOOK = operation("look", 14, view=REST)
HISTORY = [SUBMIT, JUDGE, OPENED, CLAIM, VERDICT, UNDO, LATE]
HISTORY += [FEEDBACK, HEARD, EDIT, ALLOWED, DRAWN, LOOK]


def after(last: Operation, *more: Operation) -> list[Operation]:
    """The history up to an operation, and what came then."""
    return [*HISTORY[: HISTORY.index(last) + 1], *more]


def instead(wrong: Operation, of: Operation) -> list[Operation]:
    """The history with another operation in the place of one."""
    return [wrong if operation is of else operation for operation in HISTORY]


def without(gone: Operation) -> list[Operation]:
    return [operation for operation in HISTORY if operation is not gone]


def test_one_after_another_is_explained():
    assert anomaly(HISTORY) is None


@pytest.mark.parametrize(
    "history",
    [
        pytest.param(
            after(
                JUDGE,
                replace(EDIT, asked=1.6, answered=4),
                operation("judge", 1.7, revision=1),
            ),
            id="an edit while its words are judged",
        ),
        pytest.param(
            after(
                CLAIM,
                replace(FEEDBACK, asked=3.6, answered=5, made=replace(SAID, supersedes=10)),
                operation("refused", 3.7, case=CASE, seen=10, user=ANNA, answer="stale"),
            ),
            id="feedback while a moderator answers",
        ),
        pytest.param(
            after(CLAIM, replace(CLAIM, asked=4, answered=5, user=BEN, at=LEASE)),
            id="a lease that ran out",
        ),
        pytest.param(
            after(
                CLAIM,
                operation("refused", 3.6, case=CASE, seen=10, user=BEN, answer="held"),
                operation("release", 4, case=CASE, user=ANNA, answer="done"),
                replace(CLAIM, asked=5, answered=6, user=BEN),
            ),
            id="let go",
        ),
        pytest.param(
            after(
                JUDGE,
                operation("expire", 3, made=Made(11, 1, 10, "expiry", "block", False)),
                told(4, "decision.recorded", 10, cases=[replace(CASE, decision=11)]),
            ),
            id="held for too long; the question stays",
        ),
        pytest.param(
            after(
                DRAWN,
                replace(FEEDBACK, asked=14, answered=15, given=81, made=None, revision=2, seen=15),
                told(
                    16, "feedback.received", 81, words=(Word(81, 2, "spam", False),), cases=[AUDIT]
                ),
            ),
            id="a report of what is asked about already",
        ),
    ],
)
def test_what_may_be_is_explained(history):
    assert anomaly(history) is None


PASS = replace(VERDICT, answer="cannot_tell", made=None)
SECOND = replace(VERDICT, asked=4.6, answered=4.9, user=BEN, given=79)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(instead(replace(EDIT, revision=1), EDIT), id="a lost edit"),
        pytest.param(
            instead(replace(EDIT, status="decided", seen=14), EDIT),
            id="new words under the decision of the old",
        ),
        pytest.param(
            after(JUDGE, replace(SUBMIT, asked=3, answered=4)),
            id="an answer that shows a post as it was",
        ),
        pytest.param(
            after(VERDICT, replace(SECOND, made=replace(SPAM, decision=20, supersedes=11))),
            id="two verdicts on one decision",
        ),
        pytest.param(
            after(
                FEEDBACK,
                EDIT,
                replace(ALLOWED, made=replace(NEW, drawn=False)),
                operation("verdict", 13, case=AGAIN, seen=12, answer="spam", given=79),
            ),
            id="a verdict after newer words were judged",
        ),
        pytest.param(
            after(JUDGE, replace(JUDGE, asked=2, made=replace(HELD, decision=20, supersedes=10))),
            id="judged twice",
        ),
        pytest.param(
            instead(replace(JUDGE, asked=-2, answered=-1), JUDGE),
            id="judged before it was there",
        ),
        pytest.param(
            after(SUBMIT, operation("judge", 1, revision=1)),
            id="a judgement dropped for no reason",
        ),
        pytest.param(
            after(
                VERDICT,
                operation("expire", 5, made=Made(20, 1, 11, "expiry", "block", False)),
            ),
            id="the machine over a person",
        ),
        pytest.param(
            after(CLAIM, operation("refused", 4, case=CASE, seen=10, user=ANNA, answer="stale")),
            id="refused although nothing had changed",
        ),
        pytest.param(
            after(OPENED, operation("refused", 4, case=CASE, seen=10, user=BEN, answer="held")),
            id="refused although nobody held it",
        ),
        pytest.param(
            after(CLAIM, replace(VERDICT, user=BEN)), id="answered while somebody else held it"
        ),
        pytest.param(
            after(CLAIM, replace(CLAIM, asked=4, answered=5, user=BEN, at=LEASE - 1)),
            id="two hold one case",
        ),
        pytest.param(
            after(CLAIM, PASS, replace(CLAIM, asked=5, answered=6)),
            id="asked again of who could not tell",
        ),
        pytest.param(
            after(VERDICT, replace(CLAIM, asked=6, answered=7, user=BEN)),
            id="a closed case given out",
        ),
        pytest.param(
            after(CLAIM, operation("release", 4, case=CASE, user=BEN, answer="done")),
            id="let go by who did not hold it",
        ),
        pytest.param(
            after(CLAIM, operation("renew", 4, case=CASE, user=ANNA, answer="not")),
            id="a lease lost for no reason",
        ),
        pytest.param(
            after(UNDO, replace(UNDO, asked=6, answered=6.5, made=replace(BACK, decision=20))),
            id="taken back twice",
        ),
        pytest.param(
            after(VERDICT, operation("kept", 5, user=ANNA, case=CASE, undone=VERDICT, before=HELD)),
            id="not taken back for no reason",
        ),
        pytest.param(
            instead(replace(UNDO, made=replace(BACK, outcome="allow", published=True)), UNDO),
            id="taken back to what was not",
        ),
        pytest.param(
            instead(replace(VERDICT, made=replace(SPAM, label="")), VERDICT),
            id="a verdict that teaches nothing",
        ),
        pytest.param(
            instead(replace(FEEDBACK, made=replace(SAID, supersedes=12)), FEEDBACK),
            id="a branch in the chain",
        ),
        pytest.param(
            after(
                FEEDBACK,
                replace(
                    FEEDBACK, asked=9, given=81, made=replace(SAID, decision=20, supersedes=14)
                ),
            ),
            id="an answer that does not show what it did",
        ),
        pytest.param(after(HEARD, replace(HEARD, asked=10, answered=11)), id="an event told twice"),
        pytest.param(
            [replace(OPENED, asked=0, answered=0.5), *without(OPENED)],
            id="an event told before it was",
        ),
        pytest.param(without(HEARD), id="an event that was not told"),
        pytest.param(instead(told(2, "decision.recorded", 10), OPENED), id="nobody is asked"),
        pytest.param(
            instead(told(2, "decision.recorded", 10, cases=[CASE, replace(CASE, case=7)]), OPENED),
            id="asked twice",
        ),
        pytest.param(
            instead(replace(DRAWN, news=(replace(DRAWN.news[0], cases=frozenset()),)), DRAWN),
            id="an audit that was drawn and not asked for",
        ),
        pytest.param(
            after(
                OPENED,
                operation("withdraw", 4),
                told(5, "post.withdrawn", 1, cases=[CASE]),
            ),
            id="asked about what was withdrawn",
        ),
        *(
            pytest.param(
                instead(replace(LOOK, view=replace(REST, **seen)), LOOK), id=f"seen: {name}"
            )
            for name, seen in {
                "a retracted label": {
                    "labels": REST.labels | {Label(1, "spam", "verdict", 70)},
                },
                "no label of a verdict": {"labels": frozenset({SPAM_SAID})},
                "a label counted twice": {"counts": (2, 0)},
                "a replaced label still counted": {"counts": (1, 1)},
                "another decision": {"decision": 14},
                "another status": {"status": "pending"},
                "a lease on a closed case": {
                    "cases": frozenset({replace(JUDGED, holder=ANNA, until=2), AUDIT}),
                },
                "a case that nobody answered closed": {
                    "cases": frozenset({JUDGED, replace(AUDIT, state="closed")}),
                },
                "an event that waits": {"untold": frozenset({("decision.recorded", 15)})},
            }.items()
        ),
    ],
)
def test_what_must_not_be_is_found(wrong):
    assert anomaly(wrong) is not None


def test_the_report_is_the_beginning_that_cannot_be():
    lost = replace(EDIT, revision=1)
    assert anomaly(instead(lost, EDIT)) == after(HEARD, lost)
