"""Cells of CSV files that a spreadsheet would run: what people post may begin like a formula."""

from __future__ import annotations

import re
from typing import Final

FORMULA: Final = re.compile(r"'*[=+\-@|\t\r\n＝＋－＠]")
"""What a spreadsheet may take for a formula, behind marks that were put before it."""
MARKED: Final = re.compile(rf"'(?={FORMULA.pattern})")


def guarded(cell: str) -> str:
    """Return the cell with the mark before it that makes a spreadsheet show it as text.

    >>> guarded("=1+1"), guarded("'=1+1"), guarded("1+1")
    ("'=1+1", "''=1+1", '1+1')
    """
    return f"'{cell}" if FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """Return what `guarded` was given.

    >>> unguarded(guarded("'=1+1"))
    "'=1+1"
    """
    return cell[1:] if MARKED.match(cell) else cell
