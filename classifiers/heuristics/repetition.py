"""The same again within one post: characters, words, phrases, lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from operator import eq

from classifiers.heuristics.wording import counted, grade, whole_text
from classifiers.text.characters import repeats
from classifiers.types import Content, History, Signal

TEXT_SIGNALS = (
    "repetition.characters",
    "repetition.lines",
    "repetition.phrases",
    "repetition.words",
)

MAX_WORDS = 5_000
"""Words looked at; what repeats shows long before."""
_PHRASE = 3
_LONG_LINE = 15
_RULERS = " \t-=_*#~.+>|"
_NO_LETTERS = bytes(code for code in range(0x80) if not chr(code).isalpha())
_RUN = re.compile(r"([^\W\d_])\1{3,}")


def notice(content: Content, history: History) -> tuple[Signal, ...]:
    """Signals about repetition in title and text."""
    text = whole_text(content)
    words = text.lower().split(maxsplit=MAX_WORDS)[:MAX_WORDS]
    return (*_characters(text), *_words(words), *_phrases(words), *_lines(text))


def _characters(text: str) -> Iterator[Signal]:
    if not repeats(text, 4):
        return
    # Mostly these are the signs of a ruler.
    if text.isascii() and not repeats(text.encode().translate(None, _NO_LETTERS).decode(), 4):
        return
    runs = [found.end() - found.start() for found in _RUN.finditer(text)]
    if runs:
        sentence = f"A letter is drawn out to {max(runs)} in a row."
        yield Signal("repetition.characters", sentence, grade(max(runs) - 3, 20))


def _words(words: Sequence[str]) -> Iterator[Signal]:
    if not any(map(eq, words, words[1:])):
        return
    longest = run = 1
    for place in range(1, len(words)):
        same = words[place] == words[place - 1] and words[place][0].isalnum()
        run = run + 1 if same else 1
        longest = max(longest, run)
    if longest > 2:
        sentence = f"The same word stands {longest} times in a row."
        yield Signal("repetition.words", sentence, grade(longest - 2, 8))


def _phrases(words: Sequence[str]) -> Iterator[Signal]:
    total = len(words) - _PHRASE + 1
    if total < 2 * _PHRASE:
        return
    distinct = len(set(zip(words, words[1:], words[2:], strict=False)))
    share = 1 - distinct / total
    if share > 0.1:
        sentence = f"{share:.0%} of the phrases were already said in the same post."
        yield Signal("repetition.phrases", sentence, share)


def _lines(text: str) -> Iterator[Signal]:
    if "\n" not in text:
        return
    lines = [line.strip() for line in text.splitlines() if len(line.strip(_RULERS)) >= _LONG_LINE]
    repeated = len(lines) - len(set(lines))
    if repeated:
        sentence = f"{counted(repeated, 'line')} said before in the same post."
        yield Signal("repetition.lines", sentence, grade(repeated, 10))
