"""What each passage of a long post says by itself: honest words beside spam do not speak for it.

A post's n-grams are scaled to one length, so that each honest sentence takes from the weight of
the others. Passages are runs of whole sentences, judged by their own words and the signals of the
whole post (docs/adr/0035-passages-of-a-long-post.md).
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Final, NamedTuple

import numpy as np

from classifiers import features
from classifiers.arrays import Flags, Numbers, Places, Vectors
from classifiers.calibration import probabilities
from classifiers.ngrams import within
from classifiers.types import Content, LikeliestPassage

LEAST: Final = 8
"""Words of a passage, links and numbers apart: a title and its link are no advertisement."""
BRIEF: Final = 3
"""The same of a sentence that holds a link or an address: what it says is often no more."""
STEP: Final = 4
"""Words from the beginning of one to that of the next."""
LONG: Final = 30
"""Words of a post that is looked at in parts."""
MOST: Final = 30
"""Words after which a sentence is cut."""
PARAGRAPH: Final = 60
"""Words of a line that is a passage as well, at most."""
LIMIT: Final = 0.15
"""Log-odds that a passage of an honest post may have, where no other of its passages looks like
spam, by a model of other communities: with it 2 in 100 e-mails more are held by one that never saw
e-mail. Other models have a limit of their own, from this one on."""
SHOWN: Final = 60
"""Characters of a passage that people are shown."""
_WITHIN: Final = str.maketrans({"“": "‘", "”": "’", "…": "..."})
"""Of a passage that is quoted itself, and whose end may be left out."""
_ENDS: Final = frozenset(".!?…。！？।؟۔")
_AROUND: Final = "\"“”’'»›」』)]*_"
_BREAK: Final = re.compile(r"<(?:br|/p|/li)\b")
"""A tag that parts lines, where it was left in the text; it may stand within a word."""
_LINK: Final = re.compile(r"://|www\.|@|\w\.\w+/")
_LETTER: Final = re.compile(r"[^\W\d_]")
_STATISTICS: Final = slice(-len(features.STATISTICS), None)
_CAPITALS: Final = list(features.STATISTICS).index("text.capitals")
_REMEMBERED: Final = 4_096
"""Words of which is known whether they are any: neighbouring passages share them."""
_SPACE: Final = ord(" ")
_BODY: Final = ("characters", "words")


class Span(NamedTuple):
    """Words of one post, from `start` up to `end`."""

    row: int
    start: int
    end: int
    brief: bool
    """Whether it has fewer words than LEAST, links and numbers apart."""
    words: Sequence[str]
    """Those of the whole post."""

    @property
    def text(self) -> str:
        return " ".join(self.words[self.start : self.end])


def spans(words: Sequence[str], breaks: Collection[int]) -> list[tuple[int, int, bool]]:
    """Overlapping runs of sentences of LEAST words, of which each begins STEP words after the last,
    and sentences of BRIEF words with a link, and the lines of more sentences than one.

    `breaks` are places of words with which a line begins. Start, end, and as Span.brief.

    >>> spans("cheap pills . com now ! and so on".split(), ())
    [(0, 9, True)]
    """
    ends, real = [0], [0]
    links = []
    for place, word in enumerate(words, 1):
        plain = word.isalpha()
        counts = plain or _is_word(word)
        real.append(real[-1] + counts)
        if not counts and _LINK.search(word):
            links.append(place - 1)
        if place in breaks or place - ends[-1] >= MOST or (not plain and _ends(word)):
            ends.append(place)
    if ends[-1] < len(words):
        ends.append(len(words))
    found: list[tuple[int, int]] = []
    last, whole = 0, real[-1]
    for start in ends[:-1]:
        if found and real[start] - real[found[-1][0]] < STEP:
            continue
        if whole - real[start] < LEAST:
            break
        while real[ends[last]] - real[start] < LEAST:
            last += 1
        found.append((start, ends[last]))
    # What is left over at the end is judged with what stands before it.
    if not found or found[-1][1] < len(words):
        starts = (start for start in reversed(ends[:-1]) if whole - real[start] >= LEAST)
        found.append((next(starts, 0), len(words)))
    for after in sorted({bisect_right(ends, place) for place in links}):
        start, end = ends[after - 1], ends[after]
        if BRIEF <= real[end] - real[start] < LEAST and (start, end) not in found[-1:]:
            found.append((start, end))
    # None of its sentences may look like spam where all of them do.
    lines = pairwise(sorted({0, len(words), *(place for place in breaks if place < len(words))}))
    known = {*found, (0, len(words))}
    found += [
        (start, end)
        for start, end in lines
        if LEAST <= real[end] - real[start] <= PARAGRAPH and (start, end) not in known
    ]
    return [(start, end, real[end] - real[start] < LEAST) for start, end in found]


def _ends(word: str) -> bool:
    """Whether a sentence ends with it."""
    return word.rstrip(_AROUND)[-1:] in _ENDS or _BREAK.search(word) is not None


@lru_cache(maxsize=_REMEMBERED)
def _is_word(token: str) -> bool:
    return _LETTER.search(token) is not None and _LINK.search(token) is None


def breaks_of(content: Content, rendered: str, words: int) -> frozenset[int]:
    """Where lines begin, by words of the body; none where other words than these are shown."""
    text = features.bounded(content.text)
    title = len(content.title.split())
    if not title and "\n" not in text:
        return frozenset()
    for written in (text, rendered):
        counts = [len(line.split()) for line in written.splitlines()]
        places = list(accumulate(counts, initial=title))
        if places[-1] == words:
            return frozenset(places)
    return frozenset()


def more_than_whole(
    chunk: features.Chunk, contents: Sequence[Content], rows: Sequence[int], vector: Vectors
) -> tuple[list[Span], Numbers]:
    """Passages of these rows of the chunk, of which each has two or more, and how much more each
    says than its whole post: raw log-odds, by the weights `vector` of features.COLUMNS entries.
    """
    found = list(_spans(chunk, contents, rows))
    if not found:
        return [], np.zeros(0)
    of = np.array([one.row for one in found])
    tape, hashed = chunk.tapes["words"], vector[: features.HASHED]
    spaces = np.flatnonzero(tape.codes == _SPACE)
    before = np.searchsorted(tape.rows[spaces], of)
    first = spaces[before + [one.start for one in found]]
    end = spaces[before + [one.end for one in found]] + 1
    said, by_words = np.zeros(len(found)), np.zeros(len(chunk.readings))
    for name in _BODY:
        grams = chunk.grams[name]
        parts, places = within(grams, first, end)
        keys = np.sort(parts << features.BITS | grams.buckets[places])
        parts, columns, values, _ = features.entries(keys, 1.0)
        said += np.bincount(parts, hashed[columns] * values, len(said))
        block = chunk.blocks[name]
        by_words += np.bincount(block.rows, hashed[block.columns] * block.values, len(by_words))
    whole = chunk.numeric[of, _STATISTICS].astype(np.float64)
    words = [one.words[one.start : one.end] for one in found]
    # A reading has no capitals, and a passage no lines.
    capitals, lines = whole[:, _CAPITALS], np.zeros(len(of))
    statistics = features.statistics(tape, first, end, words, capitals, lines)
    return found, said + (statistics - whole) @ vector[_STATISTICS] - by_words[of]


def likeliest(
    chunk: features.Chunk,
    contents: Sequence[Content],
    found: Sequence[Span],
    log_odds: Numbers,
    limit: float,
) -> dict[int, LikeliestPassage]:
    """By row, the passage with the highest of these calibrated log-odds."""
    if not found:
        return {}
    rows = np.array([one.row for one in found], dtype=np.int64)
    brief = np.array([one.brief for one in found], dtype=bool)
    tops, apart = standing_out(rows, log_odds, brief)
    return {
        (row := found[top].row): LikeliestPassage(
            shown(chunk, found[top], contents[row].title),
            float(log_odds[top]),
            float(stands - limit),
        )
        for top, stands in zip(tops, apart, strict=True)
    }


def standing_out(rows: Places, log_odds: Numbers, brief: Flags) -> tuple[Places, Numbers]:
    """The place of the likeliest passage of each post, and how far it stands out; `rows` rise.

    That is its log-odds less the logarithm of the number of passages that look as bad, the others
    counted by their probabilities: where much of a post looks a little like spam, some of it looks
    much like it by chance. Honest sentences beside it take nothing. A `brief` passage mostly lies
    within a longer one, so that the same words would count twice: of the passages with and without
    the brief ones, those count in which one stands out further.
    """
    starts = np.flatnonzero(np.diff(rows, prepend=-1))
    tops, apart = _standing_out(starts, log_odds)
    longer, further = _standing_out(starts, np.where(brief, -np.inf, log_odds))
    return np.where(further > apart, longer, tops), np.maximum(apart, further)


def _standing_out(starts: Places, log_odds: Numbers) -> tuple[Places, Numbers]:
    ends = [*starts[1:], len(log_odds)]
    tops = np.array(
        [start + log_odds[start:end].argmax() for start, end in zip(starts, ends, strict=True)],
        dtype=np.int64,
    )
    likely = probabilities(log_odds)
    others = np.add.reduceat(likely, starts) - likely[tops]
    return tops, np.asarray(log_odds[tops] - np.log1p(others), dtype=np.float64)


def shown(chunk: features.Chunk, span: Span, title: str = "") -> str:
    """The passage's first characters, as it was written where its words can be told.

    Its quotation marks and ellipses are others, as it is quoted itself.
    """
    reading = chunk.readings[span.row]
    words, named = reading.shown.split(" "), title.split()
    # The title stands before the words that are shown.
    before = len(span.words) - len(words)
    first = named if len(named) == before else span.words[: max(before, 0)]
    written = span._replace(words=[*first, *words]) if before >= 0 else span
    text = written.text.translate(_WITHIN)
    return text if len(text) <= SHOWN else f"{text[:SHOWN].rsplit(' ', 1)[0]} …"


def _spans(
    chunk: features.Chunk, contents: Sequence[Content], rows: Sequence[int]
) -> Iterator[Span]:
    for row in rows:
        words = chunk.readings[row].body.split(" ")
        if len(words) >= LONG:
            some = spans(words, breaks_of(contents[row], chunk.readings[row].rendered, len(words)))
            if len(some) > 1:
                for start, end, brief in some:
                    yield Span(row, start, end, brief, words)
