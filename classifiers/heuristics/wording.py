"""How heuristics measure and speak: shared by every family, and nothing else."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from classifiers.types import Content


def whole_text(content: Content) -> str:
    """Return title and text as one, as people read them."""
    return f"{content.title}\n{content.text}" if content.title else content.text


_ENDS: Final = re.compile("\r\n?|[\v\f\x85\u2028\u2029]")
# A pattern that begins with a set of characters is searched faster.
_WIDE: Final = re.compile(r"[^\S\n](?:(?<=\t)|[^\S\n])[^\S\n]*")
_EMPTY: Final = re.compile(r"\s(?:(?<=\n)|\n)\s*\n[^\S\n]?")
"""Between narrow gaps."""
# Numbers that stand one a line are several.
_BREAK: Final = re.compile(r"(?<!\d{6})(?<!\s)\s*\n\s*")
_FEWEST_LINES: Final = 6
_WORDS_A_LINE: Final = 2


def flowing(text: str) -> str:
    """Return the text with narrow gaps; on one line where its words stand one or two a line.

    >>> flowing("call  me:\\n\\n\\n0161 496"), flowing("a\\n\\nb\\nc\\nd\\ne\\nf")
    ('call me:\\n0161 496', 'a b c d e f')
    """
    if text.isprintable() and "  " not in text:
        return text  # one line, and no other blank but the space can be printed
    text = _ENDS.sub("\n", text)
    if "\n" not in text:
        return _WIDE.sub(" ", text)
    lines = sum(not line.isspace() for line in text.splitlines() if line)
    if lines >= _FEWEST_LINES and len(text.split()) <= _WORDS_A_LINE * lines:
        text = _BREAK.sub(" ", text)
    return _EMPTY.sub("\n", _WIDE.sub(" ", text))


@lru_cache(maxsize=256)
def grade(count: int, full: int) -> float:
    """Return 0 for none, 1 for `full` or more, and the logarithm's way between them.

    The step from none to one is the largest, as it is in its meaning.

    >>> [round(grade(count, 3), 2) for count in (0, 1, 2, 3, 100)]
    [0.0, 0.5, 0.79, 1.0, 1.0]
    """
    return min(math.log1p(count) / math.log1p(full), 1.0)


def counted(count: int, noun: str, plural: str = "") -> str:
    """Return "1 link", "3 links".

    >>> counted(1, "link"), counted(2, "address", "addresses")
    ('1 link', '2 addresses')
    """
    return f"{count} {noun if count == 1 else plural or noun + 's'}"


def listed(names: Iterable[str], limit: int = 3) -> str:
    """Return the first few distinct names, shortened, with the number of the rest.

    >>> listed(["a.example", "b.example", "a.example"], limit=1)
    'a.example and 1 more'
    """
    distinct = list(dict.fromkeys(names))
    shown = ", ".join(name if len(name) <= 60 else f"{name[:59]}…" for name in distinct[:limit])
    return f"{shown} and {len(distinct) - limit} more" if len(distinct) > limit else shown
