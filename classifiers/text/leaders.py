"""What leads every line of a list or of a talk: its number, or when it was said and by whom.

It says nothing of what the lines say, and figures of all lines together weigh much. A name that
leads one line only is what that line says: "12:30 Paris: 5".
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Final

_FEWEST: Final = 3
"""Lines."""
_WORDS: Final = 8
"""Words to such a line, on average; longer ones are no list."""
_SHARE: Final = 2
"""One line in so many, at least, is led so; a list within a letter weighs little."""
_NUMBERED: Final = re.compile(
    r"[ \t]{0,8}(?P<word>[A-Za-z]{0,8}[ #]?)[(\[]?(?P<number>\d{1,4})[ \t]?[.:,;|)\]]{1,2}"
    r"(?:[ \t]+|(?=[^\W\d]))(?=\S)(?!\w{2,8}://|www\.)"
)
_TIMED: Final = re.compile(
    r"[ \t]{0,8}[\[(]?(?:\d{1,4}[./-]\d{1,2}[./-]\d{1,4},?[ \t]{1,2})?"
    r"(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::\d\d)?(?:[ \t]?[AaPp][Mm])?[\])]?[ \t,-]{1,4}"
    r"(?P<name><[^<>\n]{1,30}>|[^\W\d][\w .@-]{0,30}:)[ \t]{1,3}(?=\S)"
)

Mark = tuple[int, re.Match[str]]
"""The place of a line, and what leads it."""


def without_leaders(text: str) -> str:
    """Return the text without the numbers of its lines, or times and names before each.

    >>> without_leaders("to do:\\n1. buy milk\\n2. paint it\\n3. rest")
    'to do:\\nbuy milk\\npaint it\\nrest'
    >>> without_leaders("[9:58] anna: late\\n[9:59] ben: again\\n[10:02] anna: sorry")
    'late\\nben: again\\nsorry'
    >>> without_leaders("10. of May\\n10. of June\\n3. of July")
    '10. of May\\n10. of June\\n3. of July'
    """
    if text.count("\n") < _FEWEST - 1:
        return text
    lines = text.split("\n")
    fewest = max(_FEWEST, -(-sum(map(bool, map(str.strip, lines))) // _SHARE))
    for led, follows in ((_NUMBERED, _counts_on), (_TIMED, _is_later)):
        marks = [(place, mark) for place, line in enumerate(lines) if (mark := led.match(line))]
        if len(marks) < fewest:
            continue
        runs = [run for run in _runs(marks, follows) if len(run) >= _FEWEST]
        names = Counter(_name(mark) for run in runs for _, mark in run)
        rests = {
            place: lines[place][mark.end() if names[_name(mark)] > 1 else mark.start("name") :]
            for run in runs
            for place, mark in run
        }
        if len(rests) >= fewest and _are_short(rests.values()):
            lines = [rests.get(place, line) for place, line in enumerate(lines)]
    return "\n".join(lines)


def _runs(
    marks: Iterable[Mark], follows: Callable[[re.Match[str], re.Match[str]], bool]
) -> Iterator[list[Mark]]:
    """Marks that follow one another."""
    run: list[Mark] = []
    for mark in marks:
        if run and not follows(run[-1][1], mark[1]):
            yield run
            run = []
        run.append(mark)
    yield run


def _name(mark: re.Match[str]) -> str | None:
    return mark.groupdict().get("name")


def _are_short(lines: Collection[str]) -> bool:
    return sum(len(line.split()) for line in lines) < _WORDS * len(lines)


def _counts_on(before: re.Match[str], one: re.Match[str]) -> bool:
    return int(one["number"]) == int(before["number"]) + 1 and one["word"] == before["word"]


def _is_later(before: re.Match[str], one: re.Match[str]) -> bool:
    """Whatever the time, as talks go on past midnight."""
    return True
