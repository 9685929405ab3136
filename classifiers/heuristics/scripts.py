"""Alphabets that do not belong together within one word."""

from __future__ import annotations

from itertools import pairwise

from classifiers.heuristics.wording import counted, grade, listed, whole_text
from classifiers.text.characters import script_of
from classifiers.text.confusables import ALPHABETS, mixed_words
from classifiers.text.normalize import clean
from classifiers.types import Content, History, Signal

TEXT_SIGNALS = ("scripts.mixed_word",)


def notice(content: Content, history: History) -> tuple[Signal, ...]:
    """One Signal if words mix alphabets in a way that no spelling does."""
    text = whole_text(content)
    if text.isascii():
        return ()
    words = [word for word in mixed_words(clean(text)) if not _is_honest(word)]
    if not words:
        return ()
    sentence = f"{counted(len(words), 'word')} in more than one alphabet: {listed(words)}."
    return (Signal("scripts.mixed_word", sentence, grade(len(words), 10)),)


def _is_honest(word: str) -> bool:
    """A loan word with an ending of the other alphabet, or a Greek sign in a term."""
    spelt = [script for script in map(script_of, word) if script in ALPHABETS]
    changes = sum(one != other for one, other in pairwise(spelt))
    return changes == 1 and (spelt.count("GREEK") == 1 or (spelt[0] == "LATIN" and len(spelt) > 3))
