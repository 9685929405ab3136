"""What is looked for quickly is what the plain definition finds."""

from __future__ import annotations

import re
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st

from classifiers.heuristics import repetition, wording
from classifiers.text import markup
from classifiers.text.disguises import called, spelling

SIGNS = st.text(alphabet="abC жไ²٣ \t\n\x1c\xa0.,_-!?$@|€01357", max_size=24)
WORDS = st.lists(
    st.sampled_from(("fr33", "m0n3y", "$ex", "ca$h.", "l8r", "10am", "is", "4!", "a²", "ok!"))
)
LEET = re.compile(
    r"[0134578@$!|€£9](?<=[^\W\d_].)[0134578@$!|€£9]?[^\W\d_]"
    r"|(?:00|33|55|77)(?<=[^\W\d_]{2}..)\b"
)
SPELT = re.compile(r"[^\W_](?<![^\W_].)(?:[^\w\s]{1,3}|_|\s[^\w\s]\s)[^\W_](?:[^\w\s]|_|\s[^\w\s])")


@given(SIGNS)
def test_words_spelt_with_signs_or_figures(text):
    assert bool(spelling._MAYBE_SPELT.search(text)) == bool(SPELT.search(text))
    assert bool(spelling._MAYBE_LEET.search(text)) == bool(LEET.search(text))


@given(st.one_of(SIGNS, WORDS.map(" ".join)))
def test_words_without_a_letter_beside_a_figure_hold_none_for_a_letter(text):
    read = spelling.read_digits.__wrapped__
    with patch.object(spelling, "_BESIDE_LETTER", re.compile("")):
        every = read(text)
    assert read(text) == every


@given(SIGNS)
def test_one_line_flows_as_several_do(text):
    whole = wording._WIDE.sub(" ", wording._ENDS.sub("\n", text))
    if len(whole.splitlines()) < wording._FEWEST_LINES:
        assert wording.flowing(text) == wording._EMPTY.sub("\n", whole)


@given(st.text(alphabet="aB1 \n(*_~'\\", max_size=24))
def test_stressed_words(text):
    assert markup._MAYBE_STRESSED.search(text) or not markup._STRESSED.search(text)


@given(st.text(alphabet="aBж1 \n._-*", max_size=16))
def test_words_spelt_with_one_sign(text):
    assert spelling._SAME_SIGN.search(text) or not spelling._SPELT.search(text)


@given(
    st.lists(st.sampled_from(("Echo,", "echo", "mike\u3000mike", "ü", "(a)", "5", "to", "x\x1fy")))
)
def test_names_of_letters_in_a_row(words):
    text = " ".join(words)
    bare = [word.strip(called._EDGES).lower() for word in text.split()]
    row = any(
        all(word in called._BY_CALL for word in bare[place : place + 3])
        for place in range(len(bare) - 2)
    )
    with patch.object(called, "_from_names", lambda text: "read"):
        read = called.called(text) == "read"
    few = sum(word in called._BY_CALL for word in text.lower().split()) < 3
    assert read or few or not row


@given(st.text(alphabet="aabB--..éé ", max_size=24))
def test_letters_that_are_drawn_out(text):
    longest = max((len(run[0]) for run in re.finditer(r"([^\W\d_])\1*", text)), default=0)
    assert bool(list(repetition._characters(text))) == (longest >= 4)
