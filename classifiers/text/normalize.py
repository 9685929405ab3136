"""What a text says once disguises are taken off: the view that models and copies go by."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from classifiers.text.characters import (
    BLANK,
    INVISIBLE,
    JOINERS,
    JOINING_LETTERS,
    KEYCAP,
    LETTER_SIGNS,
    LETTERS_ON_TOP,
    MEMORY,
    OVERLAYS,
    REGIONAL_INDICATORS,
    REORDERED,
    STACKING_MARKS,
    STYLED,
    THIN,
    VARIATION_SELECTORS,
    char_class,
    repeats,
    scripts_of,
)
from classifiers.text.confusables import OTHER_ALPHABETS, fold_lookalikes
from classifiers.text.disguises.drawing import without_drawings
from classifiers.text.disguises.likenesses import read_by_looks, without_loose_marks
from classifiers.text.disguises.spelling import joined, read_digits, unbracketed
from classifiers.text.disguises.uncased import unpointed
from classifiers.text.national import undecorated
from classifiers.text.rendering import rendered

_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1b\x7f]+")
_JOINING = char_class(JOINING_LETTERS)
_UNSEEN = re.compile(
    rf"{char_class(INVISIBLE - JOINERS)}+|{char_class(JOINERS)}(?!{_JOINING})"
    rf"|(?<!{_JOINING}){char_class(JOINERS)}"
)
# Nearly all marks are neither letters nor printable ASCII: a cheap look before the exact one.
_MAYBE_STACK = re.compile(r"[^\w\s!-~]{9}")
_HALF_WIDTH_MARKS = frozenset("\uff9e\uff9f")
_LONG_STACK = re.compile(rf"({char_class(REORDERED)}{{8}}){char_class(REORDERED)}+")
_REGION = char_class(REGIONAL_INDICATORS)
_LONE_REGION = re.compile(rf"(?<!{_REGION}){_REGION}(?!{_REGION})")
_MARKED = re.compile(rf"(.?)({char_class(STACKING_MARKS | OVERLAYS)}+)", re.DOTALL)
_PILE = 3
"""Marks on one letter from which on they are decoration: Vietnamese needs two, Yoruba two."""
_LOOSE_MARKS = STACKING_MARKS | OVERLAYS
_HIDING = INVISIBLE | _LOOSE_MARKS
_HANGING = char_class((STACKING_MARKS | OVERLAYS) - {KEYCAP})
# No spelling sets one on a figure or a sign that may stand for a letter.
_ON_FIGURE = re.compile(rf"([0-9@$!|€£+]){_HANGING}+")
_UNSEEN_MARK = char_class((INVISIBLE | STACKING_MARKS | OVERLAYS) - VARIATION_SELECTORS - {KEYCAP})
# A mark that was taken for a letter of its own when letters were held apart: no letter bears it.
_SHOWN = rf"(?:[^\W_]|{char_class(LETTER_SIGNS)})"
_SIGN = rf"([^\w\s]|_)(?={_UNSEEN_MARK})(?<!{char_class(LETTER_SIGNS | _HIDING)})"
_STRAY = re.compile(
    rf"{_SIGN}{_HANGING}+(?=\1|\s|$)|([ \t]){_UNSEEN_MARK}+(?=\2|$)"
    rf"|(?<={_SHOWN}){_SIGN}{_UNSEEN_MARK}+(?=\3{_SHOWN})"
)
_BETWEEN_BLANKS = re.compile("[^ \t\n\r\f\v\u00a0\u3000]+")
_THIN = re.compile(f"{char_class(THIN)}+")
_PIECES = 2.5
"""Characters between thin blanks, on average: more stand between those of typographers."""
_ABOVE = str.maketrans(LETTERS_ON_TOP)
_TURKISH_DOT = re.compile("i\u0307+")
# Digits are left alone: 1000 and 1000000 are different facts.
_REPEATED = re.compile(r"([^\d\s])\1\1\1+")
# Windows-1252 read as Latin-1: quotation marks and dashes that have become controls.
_MISREAD = frozenset(map(chr, range(0x80, 0xA0))) - frozenset("\x81\x85\x8d\x8f\x90\x9d")
_MISREAD_TABLE = {ord(char): char.encode("latin-1").decode("cp1252") for char in _MISREAD}
# UTS 46 has a host's parts divided by it as by a full stop. What may be one is tried once, from
# its beginning.
_HOST = re.compile(
    r"(?i)(?<![a-z0-9\u3002.-])([\u3002-]*+)"
    r"(?=(?:\w{2,8}://|www\u3002)|[a-z0-9\u3002-]{1,253}\u3002(?:com|net|org)\b)"
    r"((?:\w{2,8}://)?[a-z0-9-]{1,63}(?:\u3002[a-z0-9-]{1,63}){1,126})(?![\w.])"
)
_SLASHES = frozenset("\u2044\u2215\u29f8")
_TO_SLASH = dict.fromkeys(map(ord, _SLASHES), "/")
# Elsewhere such a stroke belongs to a fraction.
_SLASHED = re.compile(
    rf"(?:\w\.[^\W\d_]{{2,63}}(?::\d{{1,5}})?|\wps?:){char_class(_SLASHES)}", re.IGNORECASE
)
_NOT_SPACE = re.compile(r"\S+")
_STYLE_TABLE = str.maketrans({**STYLED, **dict.fromkeys(BLANK, " ")})
_STYLE_KEYS = frozenset(STYLED) | BLANK


@lru_cache(maxsize=MEMORY)
def clean(text: str) -> str:
    """Return the text in compatibility form without what cannot be seen; case is kept.

    Removed: invisible characters, bidi controls, strokes through letters, marks piled upon
    letters. A joiner stays between letters of a script that spells with it.

    >>> clean("fr\u200bee \U0001d4ef\U0001d4fb\U0001d4ee\U0001d4ee")
    'free free'
    """
    text = rendered(text)
    if text.isascii():
        return _CONTROLS.sub("", text)
    present = set(text)
    if not present.isdisjoint(_MISREAD):
        text = text.translate(_MISREAD_TABLE)
    if not present.isdisjoint(REGIONAL_INDICATORS):
        text = _LONE_REGION.sub(lambda found: REGIONAL_INDICATORS[found[0]], text)
    if not present.isdisjoint(LETTERS_ON_TOP) and present & _LOOSE_MARKS <= LETTERS_ON_TOP.keys():
        text = text.translate(_ABOVE)
    if not present.isdisjoint(THIN):
        text = _BETWEEN_BLANKS.sub(_without_thin, text)
    if not present.isdisjoint(_HIDING):
        text = _STRAY.sub("", text)
    if not present.isdisjoint(INVISIBLE):
        text = _UNSEEN.sub("", text)
    if _MAYBE_STACK.search(text) or not present.isdisjoint(_HALF_WIDTH_MARKS):
        text = _LONG_STACK.sub(r"\1", text)
    if not present.isdisjoint(_STYLE_KEYS):
        text = text.translate(_STYLE_TABLE)
    text = unicodedata.normalize("NFKC", text)
    present = set(text)
    if "\u3002" in present:
        text = _HOST.sub(lambda found: found[1] + found[2].replace("\u3002", "."), text)
    if not present.isdisjoint(_SLASHES):
        text = _NOT_SPACE.sub(_with_slashes, text)
    if not present.isdisjoint(_STYLE_KEYS):
        # Some styles decompose only to another style: a raised small capital to a small one.
        text = text.translate(_STYLE_TABLE)
    if not present.isdisjoint(_LOOSE_MARKS):
        text = _ON_FIGURE.sub(r"\1", text)
        text = _MARKED.sub(_without_pile, text)
    return text


def _with_slashes(found: re.Match[str]) -> str:
    """A link with slashes in place of what looks like them."""
    word = found[0]
    return word.translate(_TO_SLASH) if _SLASHED.search(word) else word


def _without_thin(found: re.Match[str]) -> str:
    """What stands between real spaces without thinner ones, if those part its letters."""
    pieces = _THIN.split(found[0])
    if len(pieces) == 1:
        return found[0]
    joined_up = "".join(pieces)
    seen = sum(char not in INVISIBLE for char in joined_up)
    return joined_up if seen <= _PIECES * len(pieces) else found[0]


def _without_pile(found: re.Match[str]) -> str:
    """The letter alone if it is decorated, else the letter without strokes."""
    letter, marks = found[1], found[2]
    spread = unicodedata.normalize("NFD", letter)
    if len(spread) - 1 + len(marks) >= _PILE:
        return spread[:1]
    return letter + "".join(mark for mark in marks if mark not in OVERLAYS)


@lru_cache(maxsize=MEMORY)
def normalize(text: str) -> str:
    """Return the text as the model reads it: disguises off, one case, single spaces.

    Idempotent, deterministic and linear in the length of the text. Honest text of any script
    keeps its letters and marks, but for the points and strokes that Arabic and Hebrew leave out
    as well; words that pose as another alphabet's, that are decorated, taken apart letter by
    letter or spelt with digits are put right.

    >>> normalize("  FREEEEEE   Ｖіаgrа f.r.e.e m0ney")
    'freee viagra free money'
    """
    for _ in range(_ROUNDS):
        before, text = text, _plain(text)
        if text == before or _is_the_same(before, text):
            break
    return text


_ROUNDS = 4
"""One disguise may lie under another; the second round mostly finds nothing more."""


def _is_the_same(before: str, text: str) -> bool:
    """Whether a further round would change nothing, as the last one changed little.

    Capitals and blanks, and a few words that stay as they are now. Escapes may show only in small
    letters, rows of short words only on one line, markup only without wide gaps, and look-alikes
    only beside all the words.
    """
    lowered = before.lower()
    if text != lowered:
        written, read = lowered.split(), text.split()
        if len(written) != len(read) or _ROW.search(f" {text}"):
            return False
        if " ".join(written) != lowered and joined(text) != text:
            return False
        changed = [new for old, new in zip(written, read, strict=True) if old != new]
        few = " ".join(changed)
        if changed and (_ONE_IN * len(changed) > len(read) or _plain(f" {few} ") != few):
            return False
        if changed and not scripts_of(text).isdisjoint(OTHER_ALPHABETS):
            return False
        if "<" in text and (changed or _WIDE.search(before)):
            return False
    if not before.isascii() and any(char != char.lower() for char in set(before) if char > "\x7f"):
        return False
    return not (any(map(text.__contains__, _ESCAPING)) and _ESCAPED.search(text))


_ONE_IN: Final = 4
"""One word in so many, at most."""
_ESCAPING: Final = "&%\\"
_ESCAPED: Final = re.compile(r"&(?:#|\w{1,31};)|%[0-9a-f]{2}|\\[xu]")
_WIDE: Final = re.compile(r"\s{9}")
_SHORT: Final = r"(?:\S|(?:[^\s\w]|[\d_]){1,8}|(?:0x)?[0-9a-f]{2})[,/|]?"
_ROW: Final = re.compile(rf" {_SHORT}(?: {_SHORT}){{3}}(?!\w)")


def _plain(text: str) -> str:
    text = clean(text)
    if text.isascii():
        text = text.lower()
    else:
        text = without_loose_marks(undecorated(read_by_looks(unpointed(text))))
        if not scripts_of(text).isdisjoint(OTHER_ALPHABETS):
            # Twice, as capitals and small letters look like different letters.
            text = fold_lookalikes(fold_lookalikes(text).text.casefold()).text
        text = _TURKISH_DOT.sub("i", text.casefold())
        text = unicodedata.normalize("NFKC", text)
    text = read_digits(joined(without_drawings(unbracketed(text))))
    return _without_runs(" ".join(text.split()))


def _without_runs(text: str) -> str:
    return _REPEATED.sub(r"\1\1\1", text) if repeats(text, 4) else text


_SQUEEZED = re.compile(
    char_class(char for char in map(chr, range(0x10000)) if unicodedata.category(char)[0] in "PZC")
    + r"+|[$+<=>^`|~\s]+"
)
_DENSE_SCRIPTS = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")
_SIGNIFICANT = re.compile(r"[^\W_]")

SIGNIFICANT_ENOUGH = 20
"""Below this many significant characters being the same as another text says nothing."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What exact copies of a text have in common."""

    digest: bytes
    """SHA-256 (32 bytes) of the normalised text without spaces and punctuation."""
    significant: int
    """Letters and digits; a syllable or word sign (Han, Kana, Hangul) counts as three."""

    @property
    def telling(self) -> bool:
        """Whether the text is long enough to be judged by being a copy."""
        return self.significant >= SIGNIFICANT_ENOUGH


def fingerprint(text: str) -> Fingerprint:
    """Return what the text shares with its copies, whatever their case, spacing or disguise.

    >>> fingerprint("Free gifts, HERE!") == fingerprint("frее  gifts - here")
    True
    """
    squeezed = _SQUEEZED.sub("", normalize(text))
    return Fingerprint(
        hashlib.sha256(squeezed.encode()).digest(),
        len(_SIGNIFICANT.findall(squeezed)) + 2 * len(_DENSE_SCRIPTS.findall(squeezed)),
    )
