"""Authors are told coarse things, and never what would teach a spammer."""

import itertools
from datetime import UTC, datetime

import pytest

from moderation.deciding.block_statement import (
    AUTOMATIC,
    BY_PERSON,
    CONFIRMED,
    DONE,
    MANY,
    NO_APPEAL,
    UPHELD,
    WHY,
    Category,
    state,
)
from moderation.types import FeedbackLabel, Ground, Outcome, Source, StatementsFor

SPAM = FeedbackLabel.SPAM
UNDONE = "verdict.undo"
UNTIL = datetime(2026, 4, 1, 12, tzinfo=UTC)
A, R, X, U = Category.ADVERTISING, Category.RULE, Category.OTHER, Category.UNANSWERED


def told(source, by, label=None, codes=(), **given):
    return state(outcome=Outcome.BLOCK, source=source, by=by, label=label, codes=codes, **given)


@pytest.mark.parametrize(
    ("source", "by", "label", "codes", "category", "automated"),
    [
        (Source.MACHINE, Ground.MODEL, None, ("model.block", "links.shortener"), A, True),
        (Source.MACHINE, Ground.COPY, None, ("copy.spam",), A, True),
        (Source.MACHINE, Ground.STANDARD_STRING, None, ("standard_string.gtube",), A, True),
        (Source.MACHINE, Ground.HONEYPOT, None, ("honeypot.filled",), A, True),
        (Source.MACHINE, Ground.LIST, None, ("list.deny",), R, True),
        (Source.EXPIRY, Ground.FALLBACK, None, ("hold.expired",), U, True),
        (Source.MODERATOR, Ground.PERSON, SPAM, ("verdict.spam",), A, False),
        (Source.MODERATOR, Ground.PERSON, None, ("verdict.remove",), X, False),
        (Source.FEEDBACK, Ground.PERSON, SPAM, ("feedback.spam",), A, False),
        (Source.IMPORT, Ground.PERSON, SPAM, (), A, False),
        # An undone verdict put back what was there before, in a person's name.
        (Source.MODERATOR, Ground.PERSON, None, (UNDONE, "model.block"), A, True),
        (Source.MODERATOR, Ground.PERSON, None, (UNDONE, "list.deny"), R, True),
        (Source.MODERATOR, Ground.PERSON, None, (UNDONE, "hold.expired"), U, True),
        (Source.MODERATOR, Ground.PERSON, None, (UNDONE, "verdict.remove"), X, False),
        (Source.MODERATOR, Ground.PERSON, None, (UNDONE, "verdict.spam"), A, False),
        (Source.MODERATOR, Ground.PERSON, None, (UNDONE, "feedback.spam"), A, False),
    ],
)
def test_what_is_said_of_a_block(source, by, label, codes, category, automated):
    statement = told(source, by, label, codes)
    assert (statement.category, statement.automated) == (category, automated)
    assert not statement.confirmed
    text = statement.text(UNTIL)
    assert text == " ".join(
        (
            DONE,
            WHY[category],
            AUTOMATIC if automated else BY_PERSON,
            "If you think that this is wrong, you can appeal until 01 April 2026.",
        )
    )
    assert statement.text(None).endswith(NO_APPEAL)


@pytest.mark.parametrize("outcome", [Outcome.ALLOW, Outcome.REVIEW])
def test_nothing_is_said_of_what_is_not_blocked(outcome):
    made = {"source": Source.MACHINE, "by": Ground.MODEL, "label": None, "codes": ()}
    assert state(outcome=outcome, **made) is None


def test_a_block_that_was_confirmed_says_so():
    statement = told(Source.MODERATOR, Ground.PERSON, SPAM, ("verdict.spam", UPHELD))
    assert statement.confirmed
    assert CONFIRMED in statement.text(None)


@pytest.mark.parametrize(
    ("wanted", "by", "codes", "is_told"),
    [
        (StatementsFor.ALL, Ground.COPY, ("copy.spam",), True),
        (StatementsFor.NO_COPIES, Ground.COPY, ("copy.spam",), False),
        (StatementsFor.NO_COPIES, Ground.PERSON, (UNDONE, "copy.spam"), False),
        (StatementsFor.NO_COPIES, Ground.PERSON, ("verdict.spam", MANY), False),
        (StatementsFor.ALL, Ground.PERSON, ("verdict.spam", MANY), True),
        (StatementsFor.NO_COPIES, Ground.MODEL, ("model.block",), True),
        (StatementsFor.NONE, Ground.MODEL, ("model.block",), False),
    ],
)
def test_a_site_may_leave_it_out(wanted, by, codes, is_told):
    source = Source.MODERATOR if by is Ground.PERSON else Source.MACHINE
    assert (told(source, by, codes=codes, wanted=wanted) is not None) is is_told


def test_nothing_of_what_was_found_is_told():
    """Whatever a decision rests on, its statement is one of a few fixed sentences."""
    codes = (
        "links.shortener",
        "word.followers",
        "community.new",
        "learnt.word",
        "list.deny",
    )
    texts = {
        told(source, by, label, (code,)).text(None)
        for source, by, label, code in itertools.product(
            Source, [None, *Ground], [None, *FeedbackLabel], codes
        )
    }
    assert len(texts) <= 2 * len(Category)
    for text in texts:
        assert not any(part in text for code in codes for part in code.split("."))
        assert not any(letter.isdigit() for letter in text)
