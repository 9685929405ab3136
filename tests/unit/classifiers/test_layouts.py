"""What a reader does not see, and markup that decorates, changes nothing of what is judged."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers import features
from classifiers.odds import log_odds
from classifiers.training.data.examples import signals_of
from classifiers.types import Content
from classifiers.versions import artifacts

TEXTS = (
    "WIN a FREE phone today! Claim your £500 prize at http://prizes.example.com/win before "
    "midnight, text YES to 80888",
    "Hello dear, I saw your profile and I like you. Write me on WhatsApp +44 7911 123456 or mail "
    "anna@mail.example.com 😘😘😘",
    "Cheap meds, 100% original. BUY NOW!!! $19.99 only, visit cheap-meds.example and get $ 10 off.",
    "I think the lecture on Tuesday was better than the last one, did you write the list down? "
    "It is at https://uni.example.edu/list",
)
LAYOUTS: dict[str, Callable[[str], str]] = {
    "a word on each line": lambda text: text.replace(" ", "\n"),
    "ten breaks between words": lambda text: text.replace(" ", "\n" * 10),
    "sixty breaks": lambda text: text.replace(" ", "\n" * 60, 1),
    "breaks of other systems": lambda text: text.replace(" ", "\r\n"),
    "separators of lines": lambda text: text.replace(" ", "\u2028"),
    "tabs": lambda text: text.replace(" ", "\t"),
    "wide gaps": lambda text: text.replace(" ", "   "),
    "spaces that do not break": lambda text: text.replace(" ", "\u00a0"),
    "blank lines behind": lambda text: text + " \n" * 400,
    "blank lines in front": lambda text: "\n\t " * 400 + text,
    "blank Braille": lambda text: text + "\u2800" * 200,
    "characters without width": lambda text: text + "\u200b" * 300,
    "dead links of Markdown": lambda text: " ".join(f"[{word}](#)" for word in text.split()),
    "rows of a table": lambda text: "\n".join(f"| {word} |" for word in text.split()),
    "bold words": lambda text: f"<p>{' '.join(f'<b>{word}</b>' for word in text.split())}</p>",
    "bold words of a forum": lambda text: " ".join(f"[b]{word}[/b]" for word in text.split()),
    "coloured words": lambda text: " ".join(
        f'<b style="color:red">{word}</b>' for word in text.split()
    ),
    "breaks of HTML": lambda text: text.replace(" ", "<br>"),
    "words in stars": lambda text: " ".join(f"**{word}**" for word in text.split()),
    "quoted words": lambda text: "\n".join(f"> {word}" for word in text.split()),
    "links to the own site": lambda text: " ".join(f"[{word}](/)" for word in text.split()),
    "cells": lambda text: "".join(f"<tr><td>{word}</td></tr>" for word in text.split()),
}
STARTER = artifacts.load(artifacts.STARTER)
MUCH = 2.0 * STARTER.calibration.slope
"""Log-odds: two before calibration, whose slope differs from model to model."""
TELLS_OF_HIDING = ("invisible.zero_width",)


def _rows(texts: list[str]) -> np.ndarray:
    contents = [Content(text=text) for text in texts]
    return features.matrix(contents, signals_of(contents)).toarray()


def _is_read_alike(plain: str, laid_out: str, *except_for: str) -> None:
    one, other = _rows([plain, laid_out])
    hashed = features.HASHED
    np.testing.assert_allclose(one[:hashed], other[:hashed], atol=1e-6)
    for name, before, after in zip(features.NUMERIC, one[hashed:], other[hashed:], strict=True):
        if name not in (*TELLS_OF_HIDING, *except_for):
            assert after == pytest.approx(before, abs=0.005), name


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_layout_changes_nothing_that_is_judged(layout, text):
    _is_read_alike(text, LAYOUTS[layout](text))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(" \t\n\u00a0\u3000", min_size=2, max_size=40), min_size=12, max_size=12))
def test_gaps_of_any_kind_change_nothing_that_is_judged(gaps):
    first, *words = TEXTS[3].split()[:13]
    text = first + "".join(gap + word for gap, word in zip(gaps, words, strict=False))
    _is_read_alike(" ".join((first, *words)), text, "text.lines")


def _log_odds(text: str) -> float:
    score = STARTER.score([Content(text=text)], signals_of([Content(text=text)]))[0]
    return log_odds(score.probability)


# A break within a number that is to be called or written to hides it still.
@pytest.mark.parametrize("text", TEXTS[2:])
def test_no_breaks_take_much_from_what_speaks_for_spam(text):
    words = text.split()
    for size in range(1, 9):
        rows = [" ".join(words[start : start + size]) for start in range(0, len(words), size)]
        for between in ("\n", "\n\n", "\n" * 60):
            assert _log_odds(between.join(rows)) > _log_odds(text) - MUCH


def test_lines_of_words_count_and_others_do_not():
    assert features.lines_of("one line of words\n\n\nand one more of them\n-\nbye") == 1
    assert features.lines_of("a\nword\non\neach\nline") == 0
    assert features.lines_of("") == 0


def test_a_wide_gap_pushes_nothing_out_of_what_is_read():
    far = "see you\n" * 300 + "\n" * 30_000 + "casino bonus" + "\n" * 30_000 + "bye\n" * 2_000
    assert "casino bonus" in features.read(Content(text=far)).body


def test_underscores_for_spaces_are_read_as_spaces():
    text = "Win_a_free_phone_now_or_never_at_http://prizes.example.com/win"
    spaced = features.read(Content(text=text.replace("_", " "))).body
    assert features.read(Content(text=text)).body == spaced
