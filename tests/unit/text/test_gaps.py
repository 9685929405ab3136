"""Words in which signs stand for some letters, and honest text with signs in it."""

from __future__ import annotations

import time

import pytest

from classifiers.text.disguises.gaps import filled
from classifiers.text.disguises.restoring import restored
from classifiers.text.normalize import normalize


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("pl📧🅰s📧 s📧nd c🅰sh tod🅰y", "please send cash today"),
        ("pl🎈ase s💧nd c🏀sh t🍩day", "please send cash today"),
        ("pl?ase s#nd your m?ney back", "please send your money back"),
        ("pleaነe chጕck my chanክel for vጎdeos", "please check my channel for videos"),
    ],
)
def test_what_is_left_of_words_says_what_they_were(written, meant):
    assert restored(normalize(written)) == meant


def test_a_sign_at_the_edge_is_a_letter_only_if_it_was_one_within():
    assert filled(["vid📧🌕s", "ch📧ck", "lik📧", "so💥"])["lik📧"] == "like"
    assert "so💥" not in filled(["vid📧🌕s", "ch📧ck", "so💥"])


def test_what_was_read_before_says_what_signs_are():
    assert filled(["t🍩"]) == {}
    assert filled(["t🍩"], [("m🍩ney", "money")]) == {"t🍩": "to"}


@pytest.mark.parametrize(
    "text",
    [
        "i❤ny and i❤you, wow🔥 new🔥 song💥",
        "what the f**k is this sh*t",
        "foo_bar = a*b % c_d ** self_test",
        "iphone을 사고 tv를 보고 pc방에서 lol하고",
        "купил iphone'ом и samsung'ом, смотрю tvшку",
        "is it?no it?is ok?yes #nice#day 50%off x^2",
        "αβ-decay, 5µm, Δt and x²",
        "♔e1 ♛d8# ♞f6 1-0",
    ],
)
def test_honest_text_with_signs_stays(text):
    told = normalize(text)
    assert not filled([token.strip(".,!?") for token in told.split()])


def test_many_words_with_signs_cost_linear_time():
    def seconds(size: int) -> float:
        words = [f"a{chr(0x1F300 + place % 200)}{place}e" for place in range(size)]
        words += [f"{'🔥' * (place % 9)}e{'🔥' * (place % 7)}" for place in range(size)]
        started = time.process_time()
        filled(words)
        return time.process_time() - started

    seconds(500)
    # Eight times the words; quadratic work would take sixty-four times as long, at each try.
    assert any(seconds(8_000) < 24 * max(seconds(1_000), 0.002) for _ in range(3))
