"""Where in a text the evidence stands that moved its probability. Pure.

Reasons are sentences for people: words stand in quotation marks, links and numbers after a colon.
What they name is looked for in the text as it was written, and in what it reads as once disguises
are taken off: then the characters are marked that became the word. What stands in the title or
with the author is not found, nor a word that was turned round or is written without its vowels;
the reasons beside the text name it all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from classifiers.types import SPAM_PASSAGE
from reviews.console.case import disguises
from reviews.console.case.marks import Noted
from reviews.console.wording import ReasonBar

TERMS: Final = 40
PLACES: Final = 20
"""Of one term; a text of one word alone is not to be marked from end to end."""
LEAST: Final = 0.05
"""Log-odds below which a reason moved nothing."""

_ALIKE = {"‘": "[‘“]", "’": "[’”]", r"\.\.\.": r"(?:\.\.\.|…)"}
"""What a passage that is quoted has in place of its own quotation marks and ellipses."""
_QUOTED = re.compile(r"“([^”]+)”")
_LISTED = re.compile(r": ([^:]+?)\.?$")
_HOST = re.compile(r"\b(?:[\w-]+\.)+[a-z][a-z0-9-]+\b", re.IGNORECASE)
_BETWEEN = re.compile(r", | and ")
_COUNT = re.compile(r"\d+ (?:more|others?)$")


def places(text: str, evidence: Iterable[ReasonBar]) -> list[Noted]:
    """Return the pieces of `text` that these reasons name, the weightiest first where two meet."""
    by_weight = sorted(evidence, key=lambda one: -abs(one.weight or 0.0))
    taken: list[Noted] = []
    terms = ((one, term) for one in by_weight if _moves(one) for term in _terms(one.sentence))
    for (one, term), _ in zip(terms, range(TERMS), strict=False):
        for (start, end), _ in zip(
            _places(text[: disguises.READ], term), range(PLACES), strict=False
        ):
            if all(end <= other.start or start >= other.end for other in taken):
                why = f"{one.number} {one.sentence}"
                taken.append(Noted(start, end, one.towards_spam, why))
    return sorted(taken, key=lambda piece: piece.start)


def _moves(one: ReasonBar) -> bool:
    # A passage may lift a doubtful post by next to nothing, and is why a person is asked.
    return one.code == SPAM_PASSAGE or abs(one.weight or 0.0) >= LEAST


def _terms(sentence: str) -> Iterator[str]:
    quoted = _QUOTED.findall(sentence)
    for term in quoted:
        # A part of a text is quoted with what was left out of it.
        yield from filter(None, (piece.strip() for piece in term.split("…")))
    if quoted:
        return
    yield from (host.rstrip(".") for host in _HOST.findall(sentence))
    listed = _LISTED.search(sentence)
    for term in _BETWEEN.split(listed[1]) if listed else ():
        if len(term) > 2 and not _COUNT.match(term) and not _HOST.fullmatch(term):
            yield term


def _places(text: str, term: str) -> Iterator[tuple[int, int]]:
    """Yield where a term is written as it is, and then where something reads as it."""
    words = r"\s+".join(map(re.escape, term.split()))
    for sign, either in _ALIKE.items():
        words = words.replace(sign, either)
    sought = re.compile(rf"(?<!\w){words}(?!\w)", re.IGNORECASE)
    for match in sought.finditer(text):
        yield match.span()
    reading = disguises.read(text)
    for match in sought.finditer(reading.text):
        if written := reading.written(*match.span()):
            yield written
