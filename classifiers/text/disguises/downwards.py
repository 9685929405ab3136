"""Words set side by side, each to be read downwards."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from classifiers.text.disguises.codes import believed

_MAYBE: Final = re.compile(r"\n(?:\S[ \t|]|[ \t]{2})*\S[ \t|]\S\n")
_FEWEST: Final = 3
_MOST: Final = 24
"""Lines of a block, and letters of its words."""
_EDGES: Final = ".,!?:;()\"'"
_BLANK: Final = frozenset(" \t|")


def read_across(text: str) -> str:
    """Return the text, in small letters, with words in columns as lines, if they are words.

    >>> read_across("see\\nf m n\\nr o o\\ne n w\\ne e\\n  y\\nbye")
    'see\\nfree money now\\nbye'
    >>> read_across("a b c\\nd e f\\ng h i")
    'a b c\\nd e f\\ng h i'
    """
    if not _MAYBE.search(f"\n{text}\n"):
        return text
    blocks: list[list[str]] = []
    for line in text.split("\n"):
        # A line that is none of letters apart stands for itself.
        if blocks and _is_row(line) and _is_row(blocks[-1][0]):
            blocks[-1].append(line)
        else:
            blocks.append([line])
    words = {place: _columns(block) for place, block in enumerate(blocks)}
    told = [word.strip(_EDGES) for columns in words.values() for word in columns]
    if not believed([word for word in told if word.isalpha()]):
        return text
    return "\n".join(
        " ".join(words[place]) if words[place] else "\n".join(block)
        for place, block in enumerate(blocks)
    )


def _is_row(line: str) -> bool:
    return bool(line.strip()) and _BLANK.issuperset(line[1::2])


def _columns(rows: Sequence[str]) -> list[str]:
    """The words of one block; none where it is no block."""
    width = max(len(row) + 1 for row in rows) // 2
    if not _FEWEST <= len(rows) <= _MOST or width < 2:
        return []
    return [
        "".join(row[2 * place : 2 * place + 1].strip() for row in rows) for place in range(width)
    ]
