"""Figures called by their names, in the languages in which most numbers are dictated."""

from __future__ import annotations

import string
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Final

_ENGLISH: Final = "zero one two three four five six seven eight nine"
_TENS: Final = "twenty thirty forty fifty sixty seventy eighty ninety"
_TEENS: Final = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_ELSEWHERE: Final = (
    "null eins zwei drei vier fünf sechs sieben acht neun",
    "zéro un deux trois quatre cinq six sept huit neuf",
    "cero uno dos tres cuatro cinco seis siete ocho nueve",
    "zero um dois três quatro cinco seis sete oito nove",
    "zero uno due tre quattro cinque sei sette otto nove",
    "nul een twee drie vier vijf zes zeven acht negen",
    "nol satu dua tiga empat lima enam tujuh delapan sembilan",
    "sıfır bir iki üç dört beş altı yedi sekiz dokuz",
    "không một hai ba bốn năm sáu bảy tám chín",
    "zero jeden dwa trzy cztery pięć sześć siedem osiem dziewięć",
)
TIMES: Final[Mapping[str, int]] = {"double": 2, "triple": 3, "treble": 3}
_FEWEST: Final = 4
"""Names; who counts to three writes no number."""
_FEWEST_ELSEWHERE: Final = 7
"""Names outside English, where some are words for "a", "you are" and the like, and scores are told
so; a telephone number has as many figures."""
_FEWEST_A_LINE: Final = 3
_MOST: Final = 15
"""Names in a line, and in all, of one telephone number that goes on in the next line: scores stand
two in a line, and from as many names as `_FEWEST_ELSEWHERE` on a line has a number of its own."""
_FEWEST_BESIDE_OH: Final = 2
"""Different figures that show that oh is one as well."""


def _in_english() -> dict[str, str]:
    found = dict(zip(_ENGLISH.split(), string.digits, strict=True)) | {"oh": "0", "nil": "0"}
    found |= {name: str(number) for number, name in enumerate(_TEENS.split(), 10)}
    for tens, name in enumerate(_TENS.split(), 2):
        found[name] = f"{tens}0"
        for one, unit in enumerate(_ENGLISH.split()[1:], 1):
            found[f"{name}-{unit}"] = f"{tens}{one}"
    return found


_LANGUAGES: Final[tuple[Mapping[str, str], ...]] = (
    _in_english(),
    *(dict(zip(names.split(), string.digits, strict=True)) for names in _ELSEWHERE),
)
NAMES: Final = TIMES.keys() | {name for names in _LANGUAGES for name in names}


def numbers(cores: Sequence[str], lines: Sequence[int]) -> Iterator[tuple[int, int, str]]:
    """Where figures are called one after the other, from which word to which, and what they are.

    ``lines`` has the line of each word: none but a telephone number goes on in the next one.

    >>> list(numbers("ring oh seven nine double two forty-one now".split(), [0] * 8))
    [(1, 7, '0792241')]
    >>> list(numbers("eins zwei drei vier null acht acht eins".split(), [0] * 8))
    [(0, 8, '12340881')]
    >>> list(numbers("one two three four five".split(), [0] * 5))
    []
    >>> list(numbers("oh seven nine two two four one".split(), [0, 0, 0, 0, 1, 1, 1]))
    [(0, 7, '0792241')]
    """
    free = list(cores)
    for language, names in enumerate(_LANGUAGES):
        fewest = _FEWEST_ELSEWHERE if language else _FEWEST
        called = names.keys() | TIMES.keys()
        kinds = [core in called for core in free]
        for known, run in groupby(range(len(free)), key=kinds.__getitem__):
            for start, end in _spoken(list(run), lines) if known else ():
                while end > start and free[end - 1] in TIMES:
                    end -= 1
                if end - start >= fewest and (number := _number(free[start:end], names)):
                    free[start:end] = [""] * (end - start)
                    yield start, end, number


def _spoken(places: Sequence[int], lines: Sequence[int]) -> Iterator[tuple[int, int]]:
    """From where to where a row of names may be one number: line by line, or over some lines."""
    pieces = [list(piece) for _, piece in groupby(places, key=lines.__getitem__)]
    partial = [_FEWEST_A_LINE <= len(piece) < _FEWEST_ELSEWHERE for piece in pieces]
    for part, run in groupby(zip(partial, pieces, strict=True), key=itemgetter(0)):
        found = [(piece[0], piece[-1] + 1) for _, piece in run]
        start, end = found[0][0], found[-1][1]
        yield from [(start, end)] if part and _FEWEST_ELSEWHERE <= end - start <= _MOST else found


def _number(said: Sequence[str], names: Mapping[str, str]) -> str:
    """The figures, unless that is talk: counting up or down, the same again, a sigh."""
    values: list[str] = []
    times = 1
    for word in said:
        if word in TIMES:
            times = TIMES[word]
            continue
        value = names[word]
        if values and len(value) == 1 and len(values[-1]) == 2 and values[-1][1] == "0":
            ten = values[-1][0] != "1" and value != "0"
            values[-1:] = [values[-1][0] + value] if ten else [values[-1], value]
        else:
            values.append(value * times)
        times = 1
    if "oh" in said and len(set("".join(values)) - {"0"}) < _FEWEST_BESIDE_OH:
        return ""
    figures = "".join(values)
    return "" if len(figures) < _FEWEST or _is_counting(list(map(int, values))) else figures


def _is_counting(values: Sequence[int]) -> bool:
    """Whether they go up or down by the same, perhaps from the first on again."""
    after = [(two - one, two) for one, two in pairwise(values)]
    ways = {1, -1, *(step for step, _ in after[:1])}
    return any(all(step == way or value == values[0] for step, value in after) for way in ways)
