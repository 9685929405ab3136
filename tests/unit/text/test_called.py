"""Which figures called by their names make a number."""

from __future__ import annotations

import pytest

from classifiers.text.disguises.called import called

TALK = {
    "lines": "eins\nzwei\nvier\nacht\neins\ndrei\nzwei\nfünf",
    "english lines": "one\nfour\nnine\ntwo",
    "goals": "Tore: eins null, zwei null, drei null",
    "one by one": "Bir bir iki iki",
    "scores": "six four\nthree six\nseven five\nsix four",
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
    "one over two lines": (
        "call zero seven nine one one\ntwo three four five six seven now",
        "call 07911234567 now",
    ),
    "one over three lines": (
        "Call:\noh seven nine\n\none one two, three\nfour five six seven.",
        "Call:\n07911234567.",
    ),
    "four codes": (
        "zero seven one one\nfour two five nine\none three two two\nsix seven two one",
        "0711\n4259\n1322\n6721",
    ),
}


@pytest.mark.parametrize("text", TALK.values(), ids=TALK)
def test_talk_is_no_number(text):
    assert called(text) == text


@pytest.mark.parametrize(("text", "read"), NUMBERS.values(), ids=NUMBERS)
def test_numbers_are_read(text, read):
    assert called(text) == read
