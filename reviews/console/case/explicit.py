"""Slurs and sexual words, found without anybody having to read a list of them. Pure.

The list holds digests of words (`explicit_words.txt`), so that neither the repository nor a page
of its source shows them. `python -m reviews.console.case.explicit WORD...` prints the line
of a word.

It knows single words of English, German, French, Spanish, Italian, Portuguese, Dutch, Polish,
Russian and Turkish, also with other letters' shapes, figures for letters, invisible characters
inside and letters drawn out. It does not know other languages, phrases, words run together, and
what is only meant so; and it covers a word also where it is quoted.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Final

from classifiers.text.characters import INVISIBLE, char_class, scripts_of
from classifiers.text.normalize import normalize

LIST: Final = Path(__file__).with_name("explicit_words.txt")
DIGITS: Final = 10
"""Hexadecimal digits of a digest: one in 2 ** 40 / 500 other words meets one of the list."""
READ: Final = 30_000
"""Characters of a text that are looked through; nobody reads on where these did not settle it."""
LONGEST: Final = 30

_HIDDEN = char_class(INVISIBLE)[1:-1]
_WORD = re.compile(rf"[\w@$*{_HIDDEN}](?:[\w@$!*{_HIDDEN}]*[\w@$*{_HIDDEN}])?")
_SHAPES = str.maketrans("013457@$!", "oieastasi")
_DRAWN_OUT = re.compile(r"(.)\1{2,}")


def digest(word: str) -> str:
    """Return what the list holds for a word."""
    return sha256(f"winnow.explicit:{word}".encode()).hexdigest()[:DIGITS]


def spans(text: str) -> list[tuple[int, int]]:
    """Return where explicit words begin and end."""
    found = _WORD.finditer(text[:READ])
    return [match.span() for match in found if _is_explicit(match[0])]


@lru_cache(maxsize=8192)
def _is_explicit(word: str) -> bool:
    if len(word) > 4 * LONGEST:
        return False
    return any(digest(form) in _list() for form in forms(word))


def forms(word: str) -> set[str]:
    """Return the ways to read a word: small letters without marks, figures as letters.

    >>> sorted(forms("Héll0ooo"))
    ['hello', 'helloo']
    """
    if not word.isascii() and len(scripts_of(word)) > 1:
        word = normalize(word)
    letters = unicodedata.normalize("NFKD", word.casefold())
    plain = "".join(
        char
        for char in letters
        if char not in INVISIBLE and not unicodedata.category(char).startswith("M")
    )
    if not any(char.isalpha() for char in plain):
        return set()
    read = plain.translate(_SHAPES).strip("*_")
    if not 2 < len(read) <= 4 * LONGEST:
        return set()
    if not _DRAWN_OUT.search(read):
        return {read}
    return {_DRAWN_OUT.sub(r"\1", read), _DRAWN_OUT.sub(r"\1\1", read)}


@lru_cache(maxsize=1)
def _list() -> frozenset[str]:
    lines = LIST.read_text(encoding="ascii").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


if __name__ == "__main__":
    for given in sys.argv[1:]:
        print(*(digest(form) for form in sorted(forms(given))))
