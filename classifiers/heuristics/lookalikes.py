"""Letters that stand for others: look-alikes of other alphabets, styled alphabets."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

from classifiers.heuristics.wording import counted, grade, listed, whole_text
from classifiers.text.characters import STYLED, scripts_of
from classifiers.text.confusables import fold_lookalikes
from classifiers.text.normalize import clean
from classifiers.types import Content, History, Signal

TEXT_SIGNALS = ("lookalikes.letters", "lookalikes.styled")

_FEWEST_STYLED = 3
"""Fewer are a trade mark, an ordinal or a unit."""
_WIDE_SCRIPTS = frozenset(("HAN", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO"))


def notice(content: Content, history: History) -> tuple[Signal, ...]:
    """Signals about exchanged and styled letters in title and text."""
    text = whole_text(content)
    return () if text.isascii() else (*_exchanged(text), *_styled(text))


def _exchanged(text: str) -> Iterator[Signal]:
    folded = fold_lookalikes(clean(text))
    if folded.words:
        words = counted(len(folded.words), "word")
        sentence = f"Letters of another alphabet posing in {words}: {listed(folded.words)}."
        yield Signal("lookalikes.letters", sentence, grade(folded.letters, 10))


def _styled(text: str) -> Iterator[Signal]:
    styles = {char for char in set(text) if char > "\x7f" and _is_styled(char)}
    if styles and scripts_of(text) & _WIDE_SCRIPTS:
        # Full-width letters are ordinary beside the scripts that they were made for.
        styles = {char for char in styles if not "\uff21" <= char <= "\uff5a"}
    count = sum(map(styles.__contains__, text)) if styles else 0
    if count >= _FEWEST_STYLED:
        sentence = f"{counted(count, 'letter')} from a styled alphabet in place of plain ones."
        yield Signal("lookalikes.styled", sentence, grade(count, 40))


def _is_styled(char: str) -> bool:
    """Whether the character is one plain letter in dress: bold, circled, small capital."""
    if char in STYLED:
        return True
    if not unicodedata.decomposition(char).startswith("<"):
        return False
    plain = unicodedata.normalize("NFKC", char)
    return len(plain) == 1 and plain.isascii() and plain.isalpha()
