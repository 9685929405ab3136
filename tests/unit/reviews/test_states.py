import pytest

from reviews.exceptions import TransitionRefused
from reviews.judging.verdicts import OUTCOME_OF, SAID, SENTENCE_OF
from reviews.labels.labelling import LABEL_OF
from reviews.states import PASSING, TRANSITIONS, CaseState, VerdictKind, transition

ALLOWED = {
    (CaseState.OPEN, CaseState.JUDGED),
    (CaseState.OPEN, CaseState.CLOSED),
    (CaseState.JUDGED, CaseState.OPEN),
    (CaseState.JUDGED, CaseState.CLOSED),
    (CaseState.CLOSED, CaseState.OPEN),
}


@pytest.mark.parametrize("state", list(CaseState))
@pytest.mark.parametrize("to", list(CaseState))
def test_a_case_moves_only_along_the_table(state, to):
    if (state, to) in ALLOWED:
        assert transition(state, to) is to
    else:
        with pytest.raises(TransitionRefused, match=f"is {state} cannot become {to}"):
            transition(state, to)


def test_every_state_has_its_row():
    assert set(TRANSITIONS) == set(CaseState)


def test_every_answer_has_its_meaning():
    answers = set(VerdictKind) - {VerdictKind.UNDO}
    assert set(SAID) == answers
    assert set(OUTCOME_OF) == answers - PASSING
    assert set(SENTENCE_OF) == set(OUTCOME_OF) | {VerdictKind.UNDO}


def test_only_spam_and_not_spam_teach():
    assert {kind: str(label) for kind, label in LABEL_OF.items()} == {
        VerdictKind.SPAM: "spam",
        VerdictKind.NOT_SPAM: "ham",
    }
