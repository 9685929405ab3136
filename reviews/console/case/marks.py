"""Unseen characters made visible; disguises, explicit words and evidence set apart. Pure.

The marker is drawn by the style sheet (`.mark::before`), so that the text in the page stays
exactly the text that was written: it can be searched and copied.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from classifiers.text.urls import find_links
from reviews.console.case.disguises import Piece
from reviews.console.case.explicit import spans

MARKED_AT_MOST = 500
"""A text of nothing but invisible characters must not make a page of megabytes."""

WORN: Final = 60
"""Characters of what a piece reads as."""

# Controls, zero widths, direction controls, fillers, tags and variation selectors. Not the two
# that only choose between an emoji and its outline (U+FE0E, U+FE0F).
_INVISIBLE = (
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5"
    "\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0d\ufeff"
    "\uffa0\ufff9-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
# More than three lines of nothing: the first break ends the line before.
_EMPTY = re.compile(f"\\r?\\n(?:(?:(?!\\n)[\\s{_INVISIBLE}])*+\\n){{4,}}+")
_RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff]")
_UNBROKEN = re.compile(r"\S{80}")
_RUN = re.compile(f"([{_INVISIBLE}])\\1*")
_JOINERS = frozenset("\u200c\u200d")
_LAST_CYRILLIC = "\u052f"
COVER = ('<span class="explicit"><span>', "</span></span>")
_CONTROL_NAMES = {"\x07": "BELL", "\x08": "BACKSPACE", "\x0b": "LINE TABULATION", "\x1b": "ESCAPE"}


@dataclass(frozen=True, slots=True)
class Noted:
    """A piece of a text that speaks for spam or against it."""

    start: int
    end: int
    towards_spam: bool
    why: str

    @property
    def tag(self) -> tuple[str, str]:
        side = "up" if self.towards_spam else "down"
        return f'<mark class="{side}"{_tip(self.why)}>', "</mark>"


@dataclass(frozen=True, slots=True)
class Marked:
    """A text as HTML with its invisible characters marked, and what they were."""

    html: SafeString
    found: tuple[tuple[str, int], ...]
    """(name, how often), the most frequent first; empty when everything can be seen."""
    complete: bool
    """False when there were more runs than are marked."""
    explicit: int
    """How many explicit words there are."""

    @property
    def total(self) -> int:
        return sum(count for _, count in self.found)


def mark(text: str, evidence: Sequence[Noted] = (), disguised: Sequence[Piece] = ()) -> Marked:
    """Return `text` escaped, with each run of one invisible character in a marked span.

    Explicit words stand in spans of their own, which the style sheet covers for whoever wants
    it; so do the pieces that `evidence` and `disguised` name, of each of which none lies over
    another. Runs of empty lines are folded by the style sheet, and links with letters that run
    from right to left keep the order of their parts.

    >>> mark("a\\u200bb").html
    'a<span class="mark" data-code="U+200B" title="ZERO WIDTH SPACE">\\u200b</span>b'
    """
    runs = [match for match in _RUN.finditer(text) if not _belongs(text, match)]
    found: Counter[str] = Counter()
    for match in runs:
        found[name(match[1])] += len(match[0])
    folds = [(*match.span(), _fold(match[0])) for match in _EMPTY.finditer(text)]
    folded = {place for start, end, _ in folds for place in range(start, end)}
    seen = [match for match in runs if match.start() not in folded]
    shown = {match.start(): match for match in seen[:MARKED_AT_MOST]}
    explicit = spans(text)
    noted = {(one.start, one.end): one for one in evidence}
    around = [(*place, noted[place].tag) for place in sorted(noted)]
    covers = [(*place, COVER) for place in explicit]
    worn = [(one.start, one.end, _worn(one)) for one in disguised[:MARKED_AT_MOST]]
    links = _links_right_to_left(text)
    apart = (*around, *covers, *worn, *folds, *links)
    ends = {place for start, end, _ in apart for place in (start, end)}
    for start, match in shown.items():
        ends |= {start, match.end()}
    parts: list[str] = []
    for start, end in pairwise(sorted(ends | {0, len(text)})):
        run = shown.get(start)
        piece = _span(run[1], run[0]) if run else _flow(text[start:end])
        for tags in (folds, covers, worn, around):
            while tags and tags[0][1] <= start:
                tags.pop(0)
            if tags and tags[0][0] <= start:
                opening, closing = tags[0][2]
                piece = f"{opening}{piece}{closing}"
        # Whole, as parts of it would be set in order each by itself.
        if links and links[0][0] == start:
            piece = links[0][2][0] + piece
        if links and links[0][1] == end:
            piece += links.pop(0)[2][1]
        parts.append(piece)
    # Every part is escaped above, or built from a code point and the Unicode name table.
    html = mark_safe("".join(parts))  # noqa: S308
    return Marked(html, tuple(found.most_common()), len(seen) <= MARKED_AT_MOST, len(explicit))


def lines(text: str) -> int:
    """Return how many lines a text takes at least, once its empty ones are folded."""
    return _EMPTY.sub("\n\n", text).count("\n") + 1


def flow(text: str) -> SafeString:
    """Return `text` escaped, explicit words set apart, its invisible characters left as they are.

    Words that are too long for any line have places to break. Browsers would find such places
    themselves, in time that grows with the square of the word: a minute for 50,000 letters.
    """
    parts: list[str] = []
    end = 0
    opening, closing = COVER
    for start, stop in spans(text):
        parts += (_flow(text[end:start]), opening, _flow(text[start:stop]), closing)
        end = stop
    parts.append(_flow(text[end:]))
    return mark_safe("".join(parts))  # noqa: S308 - escaped piece by piece


def name(character: str) -> str:
    """Return the Unicode name, or `CONTROL U+0001` for a character that has none."""
    known = _CONTROL_NAMES.get(character) or unicodedata.name(character, "")
    return known or f"CONTROL U+{ord(character):04X}"


def _flow(text: str) -> str:
    parts, start = [], 0
    for match in _UNBROKEN.finditer(text):
        end = match.end()
        if end < len(text) and not _continues(text[end]):
            parts.append(escape(text[start:end]))
            start = end
    parts.append(escape(text[start:]))
    return "<wbr>".join(parts)


def _continues(character: str) -> bool:
    """Return whether a character is drawn onto the one before it."""
    return character in _JOINERS or unicodedata.category(character)[0] == "M"


def _links_right_to_left(text: str) -> list[tuple[int, int, tuple[str, str]]]:
    """Return the places of links in letters that run from right to left, in order."""
    if not _RIGHT_TO_LEFT.search(text):
        return []
    links = {link.url for link in find_links(text) if _RIGHT_TO_LEFT.search(link.url)}
    if not links:
        return []
    either = "|".join(re.escape(link) for link in sorted(links, key=len, reverse=True))
    return [(*match.span(), ('<bdi dir="ltr">', "</bdi>")) for match in re.finditer(either, text)]


def _fold(empty: str) -> tuple[str, str]:
    return f'<span class="fold" data-lines="{empty.count(chr(10)) - 1:,} empty lines">', "</span>"


def _worn(piece: Piece) -> tuple[str, str]:
    return f'<span class="worn"{_tip(f"Reads “{piece.reads[:WORN]}”")}>', "</span>"


def _tip(words: str) -> str:
    # One that says what is covered would uncover it.
    return "" if spans(words) else f' title="{escape(words)}"'


def _span(character: str, run: str) -> str:
    code = f"U+{ord(character):04X}"
    times = f" ×{len(run)}" if len(run) > 1 else ""
    title = name(character)
    return f'<span class="mark" data-code="{code}{times}" title="{title}">{_flow(run)}</span>'


def _belongs(text: str, match: re.Match[str]) -> bool:
    """Return whether a joiner is part of ordinary writing: an emoji, Persian, Indic scripts."""
    if match[0] not in _JOINERS or match.start() == 0 or match.end() == len(text):
        return False
    before, after = text[match.start() - 1], text[match.end()]
    return before > _LAST_CYRILLIC and after > _LAST_CYRILLIC and _is_drawn(before, after)


def _is_drawn(*characters: str) -> bool:
    return all(unicodedata.category(character)[0] in "LMS" for character in characters)
