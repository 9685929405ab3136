"""Words taken apart or spelt with digits, put together again."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from classifiers.text import language, lexicon
from classifiers.text.characters import MEMORY, SPELLING_MARKS, char_class
from classifiers.text.disguises import uncased
from classifiers.text.disguises.downwards import read_across
from classifiers.text.disguises.pieces import whole

_LETTER: Final = (
    "[^\\W\\d_\u0e00-\u109f\u1200-\u137f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
)
"""Of a script with words between spaces; single signs of the others are words."""
_VISIBLE: Final = rf"(?:{_LETTER}|[0-9!$€£@?%&.,#'’])"
# Every repeat reads one sign and what stands between two: linear.
_SPACED: Final = re.compile(
    rf"(?<!\S)({_VISIBLE})\1*(?:[ \t]{{1,4}}({_VISIBLE})\2*(?![^\s.,!?;:])){{3,}}"
)
# These looks beforehand begin with a sign that is rare: of plain text they skip the most.
_MAYBE_SPACED: Final = re.compile(r"[ \t]\S[ \t]{1,4}\S[ \t]{1,4}\S(?![^\s.,!?;:])")
_BRACKETED: Final = re.compile(r"[(\[{<]([^\W_])[)\]}>]")
# Fewer in a row may be places in a table: a[i][j][k].
_ALL_BRACKETED: Final = re.compile(r"(?:[(\[{<][^\W\d_][)\]}>]){4}")
_WITHIN_BRACKETS: Final = re.compile(r"[(\[{<](?<=[^\W\d_].)[^\W\d_][)\]}>](?=[^\W\d_])")
_FEWEST_WITHIN: Final = 3
_EDGES: Final = ".,!?:;'\""
_MAYBE_DRAWN: Final = re.compile(
    r"[ \t](\S)\1*+[ \t]{1,4}+(\S)\2*+[ \t]{1,4}+(\S)\3*(?![^\s.,!?;:])"
)
_TRIPLED: Final = re.compile(r"[ \t](\S)\1\1+[ \t]")
_SIGN: Final = rf"(?!{char_class(SPELLING_MARKS)})[^\w\s]"
_SPELT: Final = re.compile(
    rf"{_LETTER}(?<![^\W_].)((?:{_SIGN}){{1,3}}|_|\s?{_SIGN}\s?)"
    rf"(?:{_LETTER}\1)+{_LETTER}(?![^\W_])"
)
_BETWEEN_SIGNS: Final = re.compile(r"[^\w\s]\s?[^\W\d_]\s?[^\w\s]")
_BETWEEN_LINES: Final = re.compile(r"_[^\W\d_]_")
_MAYBE_SPELT: Final = re.compile(
    r"[\W_](?<=[^\W_].)(?<![^\W_]{2}.)(?:(?<=[^\w\s])[^\w\s]{0,2}|(?<=_)|(?<=\s)[^\w\s]\s)"
    r"[^\W_](?:[^\w\s]|_|\s[^\w\s])",
    re.DOTALL,
)
_SAME_SIGN: Final = re.compile(
    r"([\W_])(?<=[^\W\d_].)(?<![^\W_]{2}.)\W{0,2}[^\W\d_]\1\W{0,2}[^\W\d_](?![^\W_])",
    re.DOTALL,
)
_SPLITTERS: Final = "*_|~^`\\\\·•°¦¬"
_SPLIT: Final = re.compile(rf"[{_SPLITTERS}](?<=[^\W\d_].)[{_SPLITTERS}]?(?=[^\W\d_])")
_WITH_SPLITTERS: Final = re.compile(rf"(?<!\S)[^\s{_SPLITTERS}]*+[{_SPLITTERS}]\S*+")
_PATH: Final = re.compile(r"""["'(]?(?:[a-z]:\\|\\\\\w)|www\.""", re.IGNORECASE)
_PLACE: Final = re.compile(
    r"""["'(]?(?:(?:~|\.{1,2})/[\w.+-]|/[\w.+-]{1,60}/)[\w.~+/-]*+["'),.:;!?]*+"""
)
"""A path of other systems, which holds fewer of those signs."""
_ON_LINES: Final = re.compile(
    r"\n(?<=(?<!\S)[^\W\d_]\n)\n?[^\W\d_]\n{1,2}[^\W\d_]\n{1,2}[^\W\d_](?!\S)"
)
_LINED: Final = re.compile(rf"(?<!\S){_VISIBLE}(?:\n{{1,2}}{_VISIBLE}(?!\S))+")
_DRAWN_OUT: Final = re.compile(r"(\S)\1")
_GAP: Final = re.compile(r"[ \t]{2,}")
_FEWEST_SPACED: Final = 3

_LIKE: Final = {
    "1": "il",
    "!": "il",
    "|": "il",
    **dict(zip("03457689@$€£", "oeastgbgasel", strict=True)),
}
_IN_FIGURES: Final = re.compile(r"(?<!\S)[a-z013-9@$!|€£]{1,24}(?=[.,?;:]*(?:\s|$))")
_SHORT: Final = 4
_COMMON: Final = 200
"""Rank of the words that short figures are taken for."""
_FEWEST_SPELT: Final = 3
_SHARE_SPELT: Final = 6
"""One word in so many, at least."""
_LEET_WORD: Final = re.compile(
    r"(?<![\w/@=&?#:%$€£!|+-])(?<!(?<!\.)\.)"
    r"[$€£]?[^\W_](?:[^\W_]|[@$!|€£](?=[^\W\d_]|[0-9][^\W\d_])){2,30}"
    r"(?:\$(?=\.\.|[.,;:!?]*(?:\s|$)))?(?![./=&%@#:$€£|+-]?\w)"
)
_MAYBE_LEET: Final = re.compile(
    r"[0134578@$!|€£9](?:(?<=[^\W\d_].)[0134578@$!|€£9]?[^\W\d_]"
    r"|(?<=00|33|55|77)(?<=[^\W\d_]{2}..)\b)"
)
_WITH_FIGURES: Final = re.compile(r"(?<!\S)[^\s0-9@$!|€£]*+[0-9@$!|€£]\S*+")
_AFTER_LETTER: Final = re.compile(r"[0-9@$!|€£](?<=[^\W\d_].)")
_BESIDE_LETTER: Final = re.compile(r"[\d@$!|€£](?:(?=[^\W\d_])|(?<=[^\W\d_][\d$]))")
"""In every word that has figures for letters; such a sign behind a word is one of the sentence."""
_LONG_NUMBER: Final = re.compile(r"[0-9]{3}")
_UNIT: Final = re.compile(r"[0-9]+[^\W\d_]+|[^\W\d_]+[0-9]+")
_DOUBLED: Final = re.compile(r"[^\W\d_]{2,}(?:00|33|55|77)")
_NUMERONYM: Final = re.compile(r"[a-z]{1,2}[0-9]{1,2}[a-z]{1,2}")
"""A word with the number of its inner letters, or a short name of a place or a thing."""
_SENTENCES: Final = re.compile(r"[^\W\d_]{2,}!+[^\W\d_]{2,}")


@lru_cache(maxsize=MEMORY)
def unbracketed(text: str) -> str:
    """Return the text with letters without the brackets that stand about one each.

    >>> unbracketed("(f)[r]{e}<e> c(a)sh"), unbracketed("a[i][j][k] or colo(u)r")
    ('free cash', 'a[i][j][k] or colo(u)r')
    """
    return _BRACKETED.sub(r"\1", text) if is_bracketed(text) else text


@lru_cache(maxsize=MEMORY)
def is_bracketed(text: str) -> bool:
    """Whether letters of its words stand in brackets, and no places of a table."""
    if not _BRACKETED.search(text):
        return False
    if len(_WITHIN_BRACKETS.findall(text)) >= _FEWEST_WITHIN or _ALL_BRACKETED.search(text):
        return True
    within = 0
    for token in filter(_BRACKETED.search, text.split()):
        word, count = _BRACKETED.subn(r"\1", token)
        if lexicon.known(word.strip(_EDGES).lower()):
            within += count
    return within > _FEWEST_WITHIN


@lru_cache(maxsize=MEMORY)
def joined(text: str) -> str:
    """Return the text with words joined that were written letter by letter.

    >>> joined("get f r e e  m o n e y, v.i.a.g.r.a and ca*sh")
    'get free money, viagra and cash'
    """
    if "\n" in text:
        text = read_across(text)
        if _ON_LINES.search(text):
            text = _LINED.sub(lambda found: "".join(found[0].split()), text)
    if _MAYBE_DRAWN.search(text) and (_MAYBE_SPACED.search(text) or _TRIPLED.search(text)):
        text = _SPACED.sub(_close_up, text)
    if (
        (_BETWEEN_SIGNS.search(text) or ("_" in text and _BETWEEN_LINES.search(text)))
        and _MAYBE_SPELT.search(text)
        and _SAME_SIGN.search(text)
    ):
        text = _SPELT.sub(_without_signs, text)
    if not text.isascii():
        text = uncased.joined(text)
    return _WITH_SPLITTERS.sub(_without_splitters, text) if _SPLIT.search(text) else text


def _without_signs(found: re.Match[str]) -> str:
    """A word without what stands between its letters; a formula opens brackets so: p(q(x))."""
    run, sign = found[0], found[1]
    if sign in "([{" and run.count(sign) < _FEWEST_SPACED:
        return run
    return run.replace(sign, "")


def _without_splitters(found: re.Match[str]) -> str:
    """One word without them, unless it is a link or a path, where they stand between names."""
    word = found[0]
    if "://" in word or _PATH.match(word):
        return word
    if word[0] in "/~.\"'(" and _PLACE.fullmatch(word):
        return word
    return _SPLIT.sub("", word)


def _close_up(found: re.Match[str]) -> str:
    """One run of single signs as words; wider gaps stand between words, if there are any."""
    run = found[0]
    if sum(char.isalpha() for char in run) < _FEWEST_SPACED:
        return run
    if _DRAWN_OUT.search(run) and len(set(filter(str.isalpha, run))) < _FEWEST_SPACED:
        return run
    words = _GAP.split(run)
    if len(words) * 2 > len(run) // 2:
        words = [run]
    return " ".join("".join(word.split()) for word in words)


@lru_cache(maxsize=MEMORY)
def read_digits(text: str) -> str:
    """Return the text, in small letters, with digits and signs inside words as letters.

    Numbers, ordinals, units, model names and what belongs to a link stay.

    >>> read_digits("fr33 c4$h, m0n3y by 10am on the 1st, mp3 at x.com/a1b")
    'free cash, money by 10am on the 1st, mp3 at x.com/a1b'
    >>> read_digits("c0m3 0n 0v3r 70 my h0u53 47 10")
    'come on over to my house at 10'
    """
    if not (_AFTER_LETTER.search(text) and _MAYBE_LEET.search(text)):
        return text
    spelt = 0
    read: dict[str, bool] = {}

    def count(found: re.Match[str]) -> str:
        nonlocal spelt
        word = _as_letters(found)
        if word != found[0]:
            spelt += 1
            read[found[0]] = lexicon.known(word)
        return word

    def as_letters(found: re.Match[str]) -> str:
        token = found[0]
        return _LEET_WORD.sub(count, token) if _BESIDE_LETTER.search(token) else token

    text = _WITH_FIGURES.sub(as_letters, text)
    in_doubt = len(read) >= _FEWEST_SPELT and 2 * sum(read.values()) < len(read)
    if in_doubt or spelt < _FEWEST_SPELT or _SHARE_SPELT * spelt < text.count(" "):
        return text
    # Where much is spelt so, what would be a number or a unit elsewhere is a word as well.
    return _IN_FIGURES.sub(_as_common_word, text)


def _as_common_word(found: re.Match[str]) -> str:
    """A common word of figures and signs; what else it may be stays as it is."""
    word = found[0]
    if word.isalpha() or (len(word) > _SHORT and word.isdigit()):
        return word
    meant = lexicon.first_known(_LIKE.get(char, char) for char in word)
    if len(word) > _SHORT:
        return meant or word
    return meant if lexicon.ranks().get(meant, _COMMON) < _COMMON else word


def _is_uncased(char: str) -> bool:
    """Whether it is a letter of a script without capitals, which no figure looks like."""
    return char.isalpha() and char.upper() == char


def _as_letters(found: re.Match[str]) -> str:
    word = found[0]
    if word.isalpha() or _SENTENCES.fullmatch(word) or any(map(_is_uncased, word)):
        return word
    options = [_LIKE.get(char, char) for char in word]
    if _LONG_NUMBER.search(word):
        # The number of a model or a price, unless it is a word.
        return (word[0].isalpha() and lexicon.first_known(options)) or word
    if _UNIT.fullmatch(word) and not _DOUBLED.fullmatch(word):
        return word
    letters = sum(map(str.isalpha, word))
    if letters * 3 < len(word):
        return word
    meant = lexicon.first_known(options) or whole(word)
    if meant:
        return meant
    if _NUMERONYM.fullmatch(word):
        return word
    before, at, after = word.partition("@")
    if at and lexicon.known(before) and lexicon.known(after):
        return word
    # A six is one nearly always, and two ones are two of the same.
    options = ["6" if char == "6" else _LIKE.get(char, char) for char in word.replace("11", "ll")]
    if word[-1] != "$":
        return language.likeliest(options)
    stem = language.likeliest(options[:-1])
    return f"{stem}s" if lexicon.known(stem) else f"{stem}$"
