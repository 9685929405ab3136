"""Words of another alphabet that could be Latin by looks: honest ones stay, disguised ones go."""

from __future__ import annotations

import re
import unicodedata

import pytest

from classifiers.text.confusables import fold_lookalikes
from classifiers.text.disguises.restoring import restored
from classifiers.text.normalize import clean, normalize
from tests.unit.text import sentences

HONEST = {
    "ru": sentences.RUSSIAN,
    "uk": sentences.UKRAINIAN,
    "bg": sentences.BULGARIAN,
    "sr": sentences.SERBIAN,
    "el": sentences.GREEK,
}


def _plain(text: str) -> str:
    """One case, and at most three of a letter or sign in a row."""
    return re.sub(r"(\D)\1{3,}", r"\1\1\1", unicodedata.normalize("NFKC", text).casefold())


@pytest.mark.parametrize(
    "text", [pytest.param(one, id=f"{lang} {one}") for lang in HONEST for one in HONEST[lang]]
)
def test_ordinary_sentences_change_in_nothing_but_case_and_repeats(text):
    assert restored(normalize(text)) == normalize(text) == _plain(text)
    assert fold_lookalikes(clean(text)).words == ()


DISGUISED = {
    "one word of a Latin text": ("is this the ԁеаӏ you wanted", "is this the deal you wanted"),
    "a name that no list has": ("your раураӏ account is on hold", "your paypal account is on hold"),
    "nothing but look-alikes": ("сһеар сіаӏіѕ ѕоӏԁ һеге, сӏісk", "cheap cialis sold here, click"),
    "letters of Russian alone": ("аttаск mаkеr: сосоа тоmаtое", "attack maker: cocoa tomatoe"),
    "among words that mix alphabets": ("gеt саѕһ nоw іt іѕ fгее", "get cash now it is free"),
    "Greek capitals": ("ΤΑΚΕ ΤΗΕ ΜΟΝΕΥ ΗΟΜΕ ΤΟ ΑΝΝΑ", "take the money home to anna"),
}


@pytest.mark.parametrize(("written", "meant"), DISGUISED.values(), ids=DISGUISED)
def test_words_that_pose_are_read(written, meant):
    assert normalize(written) == meant


QUOTED = {
    "a word in an English sentence": "the word мост means bridge",
    "a word that looks like no Latin one": "the word роса means dew",
    "a short word": "the word воск means wax",
    "a name of a place": "the sign at the border says косово here",
    "a name of a person": "she calls her brother рома at home",
    "a brand in a Russian sentence": "как там марк? он в telegram",
    "laughter beside it": "а у нас в москве снег lol",
}


@pytest.mark.parametrize("text", QUOTED.values(), ids=QUOTED)
def test_two_languages_in_one_text_stay_apart(text):
    assert normalize(text) == text
