"""Which figures called by their names make a number."""

from __future__ import annotations

import pytest

from classifiers.text.disguises.called import called

TALK = {
    "lines": "eins\nzwei\nvier\nacht\neins\ndrei\nzwei\nfünf",
    "english lines": "one\nfour\nnine\ntwo",
    "goals": "Tore: eins null, zwei null, drei null",
    "one by one": "Bir bir iki iki",
    "you are": "sei sei due tre volte",
    "some people": "satu dua tiga lima orang",
}
NUMBERS = {
    "english": ("call zero seven one two three", "call 07123"),
    "german": ("ruf null acht eins fünf zwei sieben drei an", "ruf 0815273 an"),
    "two lines": (
        "null acht eins fünf zwei sieben drei\nzwei neun vier eins null acht fünf",
        "0815273\n2941085",
    ),
}


@pytest.mark.parametrize("text", TALK.values(), ids=TALK)
def test_talk_is_no_number(text):
    assert called(text) == text


@pytest.mark.parametrize(("text", "read"), NUMBERS.values(), ids=NUMBERS)
def test_numbers_are_read(text, read):
    assert called(text) == read
