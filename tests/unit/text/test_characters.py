"""Scripts and emoji."""

from __future__ import annotations

import pytest

from classifiers.text.characters import repeats, script_of, scripts_of
from classifiers.text.confusables import fold_lookalikes, mixed_words
from classifiers.text.emoji import count_emoji


@pytest.mark.parametrize(
    ("char", "script"),
    [
        *(("a", "LATIN"), ("д", "CYRILLIC"), ("ω", "GREEK"), ("ไ", "THAI"), ("字", "HAN")),
        *(("か", "HIRAGANA"), ("한", "HANGUL"), ("ش", "ARABIC"), ("ש", "HEBREW")),
        *(("क", "DEVANAGARI"), ("1", "COMMON"), ("\u0301", "INHERITED"), ("\U000e0fff", "UNKNOWN")),
    ],
)
def test_script_of_a_character(char, script):
    assert script_of(char) == script


def test_scripts_of_a_text_leave_out_what_all_share():
    assert scripts_of("abc 1, где?") == {"LATIN", "CYRILLIC"}


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("plain", 0),
        ("😀😀", 2),
        ("👍🏽", 1),
        ("🇩🇪🇫🇷", 2),
        ("👩‍👩‍👧", 1),
        ("❤️", 1),
        ("naïve 字", 0),
        ("№ § ½ ©", 0),
    ],
)
def test_emoji_count_as_people_see_them(text, count):
    assert count_emoji(text) == count


@pytest.mark.parametrize("unit", ["a", "é", "ส", "💰"])
def test_a_row_of_the_same_is_seen_at_its_length(unit):
    text = f"xyxy {unit * 3}zxz"
    assert repeats(text, 3)
    assert not repeats(text, 4)


def test_mixed_words_are_named_as_written():
    assert mixed_words("pаypal и paypal") == ("pаypal",)


def test_a_word_with_a_letter_without_counterpart_is_left_alone():
    assert fold_lookalikes("Яndex").text == "Яndex"


def test_how_much_was_exchanged():
    folded = fold_lookalikes("раypal, hello")
    assert (folded.text, folded.words, folded.letters) == ("paypal, hello", ("раypal",), 2)
