"""Words in pieces with anything between, and honest words with signs in them."""

from __future__ import annotations

import json
import random
from pathlib import Path
from unittest.mock import patch

import pytest

from classifiers import training
from classifiers.text.disguises import pieces, restoring, spelling
from classifiers.text.disguises.restoring import restored
from classifiers.text.disguises.spelling import read_digits
from classifiers.text.normalize import normalize

WRITTEN = Path(training.__path__[0]) / "written"

MEANT = "please subscribe to my channel for free videos today"


@pytest.mark.parametrize(
    "written",
    [
        "ple::ase sub[...]scribe to my cha~~nnel for fr''ee vid<>eos to\"\"day",
        "please subs(kettle)cribe to my cha[garden]nnel for f(walk)ree vi{tea}deos tod(milk)ay",
        "p2l9e4ase s7ub1sc0ri3be to my c5h8an6n2el for f4r7ee v1i9d3e0os t6o8d2ay",
        "ple✨✨ase subs🎈🎉cribe to my chan💎💎nel for fr🔥🔥ee vid👉👉eos to🔥🔥day",
    ],
)
def test_whatever_stands_between_the_pieces_of_words(written):
    assert restored(normalize(written)) == MEANT


def test_pieces_in_brackets_of_their_own():
    assert restored(normalize("(subs)(cribe) to my (cha)(nnel)")) == "(subscribe) to my (channel)"


@pytest.mark.parametrize(
    "token",
    [
        "it's",
        "rock'n'roll",
        "up-to-date",
        "wait...what",
        "so...me",
        "and/or",
        "in/form/ation",
        "del.icio.us",
        "www.sub--scribe.example",
        "jan(e)e@example.com",
        "https://example.com/cha--nnel",
        "a[i][j]",
        "std::vector",
        "mp3s",
        "4x4x4",
        "10am-5pm",
        "b2b",
        "win10pro",
        "lehrer*innen",
        "colo(u)r(s)",
        "dell'arte",
        "naï--ve",
        "при--вет",
    ],
)
def test_honest_tokens_are_no_words_in_pieces(token):
    assert pieces.whole(token) == ""


def test_honest_posts_of_many_languages_hold_no_words_in_pieces():
    read: list[str] = []

    def whole(token: str) -> str:
        read.append(pieces.whole(token))
        return read[-1]

    normalize.cache_clear()
    read_digits.cache_clear()
    with patch.object(restoring, "whole", whole), patch.object(spelling, "whole", whole):
        for name in ("tongues", "scripts", "asia"):
            for row in (WRITTEN / f"{name}.jsonl").read_text().splitlines():
                restored(normalize(json.loads(row)["text"]))
    assert len(read) > 100
    assert not any(read)


def test_any_token_is_a_word_or_nothing():
    chance = random.Random(1)
    for _ in range(2_000):
        token = "".join(chance.choices("aeinrst5()[]-.🎈é", k=1 + chance.randrange(80)))
        assert pieces.whole(token) != token
