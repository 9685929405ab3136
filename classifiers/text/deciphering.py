"""Words in signs of one's own, read as a cryptogram is solved.

Whoever writes each letter as the same strange sign (an alphabet that few can read, pictures,
shapes) makes a simple substitution. It is solved with the list of common words: the reading is
believed only if it saves more than it costs to tell, in bits (minimum description length): what
common words explain, less what naming the words and the letter of each sign takes. Honest text in
a rare alphabet, or a row of pictures, gives no such reading.
"""

from __future__ import annotations

import re
import string
import unicodedata
from dataclasses import dataclass
from functools import cache
from math import log2
from typing import Final

from classifiers.text import lexicon
from classifiers.text.characters import script_of

_EDGES: Final = string.punctuation + "…“”‘’«»–—"
LIVING: Final = frozenset(
    (
        *("LATIN", "CYRILLIC", "GREEK", "ARMENIAN", "GEORGIAN", "HEBREW", "ARABIC", "SYRIAC"),
        *("THAANA", "DEVANAGARI", "BENGALI", "GURMUKHI", "GUJARATI", "ORIYA", "TAMIL", "TELUGU"),
        *("KANNADA", "MALAYALAM", "SINHALA", "THAI", "LAO", "TIBETAN", "MYANMAR", "KHMER"),
        *("MONGOLIAN", "ETHIOPIC", "HAN", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "YI"),
        *("COMMON", "INHERITED", "UNKNOWN"),
    )
)
"""Scripts that people write honestly, and no sign of which is taken for a Latin letter here."""
_SYMBOLS: Final = ("So", "Co", "Sk")
_SHORTEST: Final = 3
_MOST_WORDS: Final = 12
"""Words that the solution is looked for with; the others are read by it."""
_MOST_SIGNS: Final = 30
_BEAM: Final = 12
"""Partial solutions that are pursued."""
_MOST_CANDIDATES: Final = 150
_LETTER: Final = log2(26)
_RANK: Final = 20.0
_SAVED: Final = 10.0
"""Bits that a reading must save: by chance one text in 2 ** 10 would."""


@dataclass(frozen=True, slots=True)
class _Reading:
    """Part of a solution: the letter of each sign, and bits saved."""

    letters: dict[str, str]
    saved: float
    words: int


class _Strange(dict[str, bool]):
    """Whether a character is such a sign, remembered; its size is bounded by Unicode's."""

    def __missing__(self, char: str) -> bool:
        script = script_of(char)
        letter = char.isalpha() and script not in LIVING
        self[char] = found = char > "\x7f" and (letter or unicodedata.category(char) in _SYMBOLS)
        return found


_strange = _Strange()


def deciphered(text: str) -> str:
    """Return normalised text with words in strange signs read, if they are common English ones.

    >>> deciphered("ᛋᚢᛒᛋᚲᚱᛁᛒᛖ to ᛗᚢ ᚲᚺᚨᚾᚾᛖᛚ and ᛋᚺᚨᚱᛖ ᛏᚺᛁᛋ ᚲᚺᚨᚾᚾᛖᛚ")
    'subscribe to ᛗu channel and share this channel'
    >>> deciphered("we love ᓄᓇᕗᑦ, ᐅᖃᐅᓯᖅ ᐱᒻᒪᕆᐅᕗᖅ 🎉🎊🎉")
    'we love ᓄᓇᕗᑦ, ᐅᖃᐅᓯᖅ ᐱᒻᒪᕆᐅᕗᖅ 🎉🎊🎉'
    """
    if text.isascii():
        return text
    signs = {char for char in set(text) if _strange[char]}
    if not 1 < len(signs) <= _MOST_SIGNS:
        return text
    tokens = text.split()
    cores = {token: token.strip(_EDGES) for token in tokens if not signs.isdisjoint(token)}
    words = {
        core
        for core in cores.values()
        if _SHORTEST <= len(core) <= lexicon.LONGEST and _is_written_in(core, signs)
    }
    # What tells most comes first: few words of the list have a long word's pattern.
    chosen = sorted(words, key=lambda word: (-len(word), word))[:_MOST_WORDS]
    solution = _solved(chosen, signs)
    if solution is None:
        return text
    table = str.maketrans(solution.letters)
    return " ".join(
        token.translate(table) if _is_written_in(cores.get(token, ""), signs) else token
        for token in tokens
    )


def _is_written_in(core: str, signs: set[str]) -> bool:
    """Whether a word has plain letters and signs alone; a picture beside a letter is none."""
    return (
        not signs.isdisjoint(core)
        and all(char in signs or "a" <= char <= "z" for char in core)
        and (signs.issuperset(core) or all(map(str.isalpha, core)))
    )


def _solved(words: list[str], signs: set[str]) -> _Reading | None:
    """The reading that saves most, if that is enough and explains most of the words."""
    found = [(candidates, word) for word in words if (candidates := _candidates(word, signs))]
    if 2 * len(found) < len(words):
        return None
    found.sort(key=lambda one: len(one[0]) * 2.0 ** -len(one[1]))
    beam = [_Reading({}, 0.0, 0)]
    for candidates, word in found:
        grown = {frozenset(reading.letters.items()): reading for reading in beam}
        for reading in beam:
            for meant, rank in candidates:
                longer = _with_word(reading, word, meant, rank, signs)
                if longer is not None:
                    key = frozenset(longer.letters.items())
                    if key not in grown or grown[key].saved < longer.saved:
                        grown[key] = longer
        beam = sorted(grown.values(), key=lambda reading: -reading.saved)[:_BEAM]
    best = beam[0]
    return best if best.saved >= _SAVED and 2 * best.words > len(words) else None


def _with_word(
    reading: _Reading, word: str, meant: str, rank: int, signs: set[str]
) -> _Reading | None:
    """The reading with one word more; None where it contradicts."""
    letters = reading.letters
    new: dict[str, str] = {}
    explained = 0
    for sign, letter in zip(word, meant, strict=True):
        if sign not in signs:
            continue
        explained += 1
        known = letters.get(sign)
        if known is None:
            new[sign] = letter
        elif known != letter:
            return None
    if new and not set(letters.values()).isdisjoint(new.values()):
        return None
    saved = _LETTER * (explained - len(new)) - log2(rank + _RANK)
    # Letters that are plain already were part of the pattern, and choose the word with the rest.
    saved += _LETTER * (len(word) - explained)
    return _Reading(letters | new, reading.saved + saved, reading.words + 1)


@cache
def _by_length() -> dict[int, str]:
    lines: dict[int, list[str]] = {}
    for word in lexicon.ranks():
        lines.setdefault(len(word), []).append(word)
    return {length: "\n".join(words) for length, words in lines.items()}


def _candidates(word: str, signs: set[str]) -> list[tuple[str, int]]:
    """The commonest words of the same pattern, each with its rank."""
    groups: dict[str, str] = {}
    pattern = ""
    for char in word:
        if char not in signs:
            pattern += char
        elif char in groups:
            pattern += rf"(?P={groups[char]})"
        else:
            others = "".join(rf"(?!(?P={name}))" for name in groups.values())
            groups[char] = name = f"s{len(groups)}"
            pattern += rf"{others}(?P<{name}>[a-z])"
    lines = _by_length().get(len(word), "")
    ranks = lexicon.ranks()
    found = []
    for match in re.finditer(rf"(?m)^{pattern}$", lines):
        found.append((match[0], ranks[match[0]]))
        if len(found) == _MOST_CANDIDATES:
            break
    return found
