"""Letters and figures called by their names, or typed with the keys of a telephone.

As with other codes, what they spell is believed only where it is common English words.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Sequence
from itertools import accumulate, groupby, pairwise
from typing import Final

from classifiers.text.disguises import figures
from classifiers.text.disguises.codes import readings

_ALPHABET: Final = (
    "alpha bravo charlie delta echo foxtrot golf hotel india juliett kilo lima mike november oscar "
    "papa quebec romeo sierra tango uniform victor whiskey xray yankee zulu"
)
"""Of radio (ICAO, 1956)."""
_OTHERWISE: Final = """
    a alfa ay
    b bee
    c cee
    d dee
    e ee
    f eff
    g gee
    h aitch haitch
    i eye
    j juliet jay
    k kay
    l el ell
    m em
    n en
    o oh
    p pee
    q cue
    r ar arr
    s ess
    t tee
    u you
    v vee
    w whisky double-you double-u
    x x-ray ex
    y why
    z zed zee
"""
_LETTERS: Final = dict(zip(_ALPHABET.split(), string.ascii_lowercase, strict=True)) | {
    name: letter
    for letter, *names in map(str.split, _OTHERWISE.strip().split("\n"))
    for name in names
}
_BY_CALL: Final = _LETTERS.keys() | figures.NAMES
_FEWEST_LETTERS: Final = 3
_ROW: Final = bytes([True] * _FEWEST_LETTERS)
_TOKEN: Final = re.compile(r"\S+")
_EDGES: Final = ".,!?:;()\"'"
# Bytes are translated ten times faster than text.
_TO_BLANKS: Final = bytes.maketrans(_EDGES.encode(), b" " * len(_EDGES))
_CALLED: Final = frozenset(name.encode("ascii", "replace") for name in _BY_CALL)

_KEYS: Final = dict(
    zip("23456789", ("abc", "def", "ghi", "jkl", "mno", "pqrs", "tuv", "wxyz"), strict=True)
)
_TAPPED: Final = {
    key * times: letter for key, letters in _KEYS.items() for times, letter in enumerate(letters, 1)
}
_TAPS: Final = re.compile(
    r"(?<![\w.,:$€£+-])(?:([2-9])\1{0,3}[ ._,-]){1,400}([2-9])\2{0,3}(?![\w%:/]|[.,-]\d)"
)
# A pattern that begins with a set of characters is searched faster.
_MAYBE_TAPS: Final = re.compile(r"([2-9])\1{0,3}[ ._,-][2-9]")
_NUMBER: Final = re.compile("[0-9]+")
_TWICE: Final = 3
"""One letter in so many, at least, takes more than one touch of its key."""


def called(text: str) -> str:
    """Return the text with letters and figures in place of their names, and of touches of keys.

    >>> called("foxtrot romeo echo echo, mike oscar november echo yankee")
    'free money'
    >>> called("333 777 33 33 and 7777 33 66 3"), called("call zero seven one two three")
    ('free and send', 'call 07123')
    >>> called("one two three, 22 33 44, we met at hotel india on 6 4")
    'one two three, 22 33 44, we met at hotel india on 6 4'
    >>> called("oh oh oh oh oh, one two three four five"), called("nine oh two one oh")
    ('oh oh oh oh oh, one two three four five', '90210')
    """
    if _MAYBE_TAPS.search(text) and _TAPS.search(text):
        text = _from_taps(text)
    tokens = text.lower().split()
    if sum(map(_BY_CALL.__contains__, tokens)) < _FEWEST_LETTERS:
        return text
    words = " ".join(tokens).encode("ascii", "replace").translate(_TO_BLANKS).split()
    return _from_names(text) if _ROW in bytes(map(_CALLED.__contains__, words)) else text


def _from_taps(text: str) -> str:
    """The text with rows of touches as letters, if those are words."""
    rows = {found[0]: _NUMBER.findall(found[0]) for found in _TAPS.finditer(text)}
    touches = [touch for row in rows.values() for touch in row]
    repeated = sum(len(touch) > 1 for touch in touches)
    if _TWICE * repeated < len(touches) or not _TAPPED.keys() >= set(touches):
        return text
    read = readings({row: "".join(map(_TAPPED.__getitem__, keys)) for row, keys in rows.items()})
    return _TAPS.sub(lambda found: read.get(found[0], found[0]), text)


def _from_names(text: str) -> str:
    """The text with runs of names as what they spell; what spells nothing stays."""
    tokens = list(_TOKEN.finditer(text))
    cores = [token[0].strip(_EDGES).lower() for token in tokens]
    spelt = list(_runs(cores))
    read = readings({word: word for _, _, word in spelt})
    found = [(start, end, read[word]) for start, end, word in spelt if word in read]
    taken = {place for start, end, _ in found for place in range(start, end)}
    free = ["" if place in taken else core for place, core in enumerate(cores)]
    gaps = (text[one.end() : two.start()] for one, two in pairwise(tokens))
    lines = list(accumulate((gap.count("\n") for gap in gaps), initial=0))
    found += figures.numbers(free, lines)
    written = 0
    said = []
    for start, end, meant in sorted(found):
        last = tokens[end - 1]
        behind = last[0][len(last[0].rstrip(_EDGES)) :]
        said += [text[written : tokens[start].start()], meant, behind]
        written = last.end()
    return "".join(said) + text[written:]


def _runs(cores: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """Where enough names of letters follow each other, and what they spell."""
    for named, run in groupby(enumerate(cores), key=lambda one: one[1] in _LETTERS):
        places = [place for place, _ in run]
        if named and len(places) >= _FEWEST_LETTERS:
            yield places[0], places[-1] + 1, "".join(_LETTERS[cores[place]] for place in places)
