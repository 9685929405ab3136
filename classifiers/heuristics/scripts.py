"""Alphabets that do not belong together within one word."""

from __future__ import annotations

from itertools import pairwise

from classifiers.heuristics.wording import counted, grade, listed, whole_text
from classifiers.text.characters import script_of
from classifiers.text.confusables import ALPHABETS, fold_lookalikes, mixed_words
from classifiers.text.normalize import clean
from classifiers.types import Content, History, Signal

TEXT_SIGNALS = ("scripts.mixed_word",)


def notice(content: Content, history: History) -> tuple[Signal, ...]:
    """One Signal if words mix alphabets in a way that no spelling does."""
    text = whole_text(content)
    if text.isascii():
        return ()
    plain = clean(text)
    mixed = mixed_words(plain)
    if not mixed:
        return ()
    loans = fold_lookalikes(plain).loans
    words = [word for word in mixed if word not in loans and not _is_term(word)]
    if not words:
        return ()
    sentence = f"{counted(len(words), 'word')} in more than one alphabet: {listed(words)}."
    return (Signal("scripts.mixed_word", sentence, grade(len(words), 10)),)


def _is_term(word: str) -> bool:
    """A unit or term with one Greek sign at its start or end, such as the one for ohm."""
    spelt = [script for script in map(script_of, word) if script in ALPHABETS]
    return spelt.count("GREEK") == 1 and sum(a != b for a, b in pairwise(spelt)) == 1
