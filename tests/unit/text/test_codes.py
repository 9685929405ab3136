"""Letters written as numbers, in Morse or as codes of characters, and rows that are none."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest

from classifiers.text.disguises.codes import decoded
from classifiers.text.disguises.notations import noted
from classifiers.text.normalize import normalize

WORDS = "please send the money to my channel today"
_SIGNS = ".- -.-. -.. . .... .-.. -- -. --- .--. ... - -.-- --.."
_MORSE = dict(zip("acdehlmnopstyz", _SIGNS.split(), strict=True))


def _each_word(write: Callable[[str], str], between: str = " ") -> str:
    return between.join(map(write, WORDS.split()))


CODED = {
    "places": _each_word(lambda word: "-".join(str(ord(char) - 96) for char in word)),
    "places with points": _each_word(lambda word: ".".join(str(ord(char) - 96) for char in word)),
    "places from the end": _each_word(lambda word: "-".join(str(123 - ord(char)) for char in word)),
    "places without words": " ".join(str(ord(char) - 96) for char in WORDS if char != " "),
    "places in other figures": _each_word(
        lambda word: "-".join(str(ord(char) - 96) for char in word)
    ).translate({48 + figure: 0x966 + figure for figure in range(10)}),
    "Morse": _each_word(lambda word: " ".join(_MORSE[char] for char in word), " / "),
    "Morse of other signs": _each_word(
        lambda word: " ".join(_MORSE[char].replace("-", "–").replace(".", "•") for char in word),
        "   ",
    ),
    "codes": " ".join(str(ord(char)) for char in WORDS),
    "codes in sixteens": " ".join(f"{ord(char):02x}" for char in WORDS),
    "codes in sixteens without spaces": WORDS.encode().hex(),
    "codes in twos": " ".join(f"{ord(char):08b}" for char in WORDS),
    "codes of each word": _each_word(lambda word: " ".join(str(ord(char)) for char in word), ", "),
    "points of Unicode": _each_word(lambda word: " ".join(f"U+{ord(char):04X}" for char in word)),
    "escapes in brackets": _each_word(lambda word: "".join(f"\\u{{{ord(c):x}}}" for c in word)),
    "escapes in eights": _each_word(lambda word: "".join(f"\\{ord(char):03o}" for char in word)),
    "escapes of old scripts": _each_word(lambda word: "".join(f"%u{ord(c):04x}" for c in word)),
    "percent twice over": _each_word(lambda word: "".join(f"%25{ord(c):02x}" for c in word)),
    "quoted-printable": _each_word(lambda word: "".join(f"={ord(char):02X}" for char in word)),
    "numbers of a program": _each_word(lambda w: ",".join(f"0x{ord(c):02x}" for c in w), " "),
    "a function of numbers": _each_word(
        lambda word: f"String.fromCharCode({','.join(str(ord(char)) for char in word)})"
    ),
    "base64 of each word": _each_word(lambda word: base64.b64encode(word.encode()).decode()),
    "base64 of all": base64.b64encode(WORDS.encode()).decode(),
}

HONEST = [
    "on 8-15-23, 12-11-10 and 1-2-3-4-5 we won 3-1, 2-2, 0-0 and 4-1",
    "lotto: 3 12 18 22 25 26, and 5 9 11 14 20 21 last week",
    "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16",
    "call 555 12 34 or 0664 12 12 15 18 from 10.0.0.1",
    "00000000: 7f45 4c46 0201 0100 0000 0000 0000 0000",
    "48 65 12 99 10 31 0a ff 48 65 70 71",
    "d41d8cd98f00b204e9800998ecf8427e",
    "... --- ...",
    "- - - - - - - / . . . . . . .",
    ". . . . . . . . . . . . . . . . . . . . . . . . . . . . . . and so on",
    "-----\n- one\n- two\n-----",
    "01010101 11110000 00001111 10101010",
    "born on 6-15-18, moved on 1-14-4",
    "sizes 65 68 72 85, then 101 99 97",
    "U+1F600 U+00E9 U+0301 are in it, and U+0041",
    r"C:\101\102\103 and C:\users\dad\bed",
    "colours 0x66, 0x99, 0xcc and rgb(97, 98, 99), f(102,100)",
    "WhatsApp, YouTube and JavaScript; dQw4w9WgXcQ, iPhone SE2, aGVsbG9Xb3",
    "a=20&b=30&c=40, x=41 y=42 z=43",
    "MFRGGZDF ODUMBSWY IFzcVnQL",
    "१-२-३ और ४ ५ ६ ७ ८, ٣-١، ২.৩.৪",
]


@pytest.mark.parametrize("text", CODED.values(), ids=CODED)
def test_what_anybody_can_look_up_is_read(text):
    assert normalize(text) == WORDS


@pytest.mark.parametrize("text", HONEST)
def test_rows_that_spell_nothing_stay(text):
    assert noted(decoded(text)) == text


def test_one_word_in_numbers_is_read_if_it_is_long_enough_to_tell():
    assert decoded("come to my 3-8-1-14-14-5-12 now") == "come to my channel now"
    assert decoded("come on 6-15-18 now") == "come on 6-15-18 now"


def test_names_are_read_beside_words():
    assert decoded("16-12-5-1-19-5 1-19-11 7-9-21-12-9-1") == "please ask giulia"
