"""What a community usually talks of, and how unlike it a post is. Pure.

For each of BUCKETS hashed words it is counted how many posts had it; the seed is the site's own,
and no word is kept. How surprising a post is stands as the mean of -log(share of the posts that
had the word) over its distinct words, in standard deviations of what the site's own posts had
when they came (a unigram model; Manning, Schütze: Foundations of Statistical Natural Language
Processing, 1999, chapter 6). Few words say little, so short posts are pulled to the mean.
"""

from __future__ import annotations

import math
import re
import zlib
from array import array
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from classifiers.text.characters import script_of, scripts_of

BUCKETS: Final = 1 << 13
MOST_POSTS: Final = 8_192
"""Posts at which all counts are halved, so that what was usual long ago fades."""
READ: Final = 2_000
"""Characters of a post that are looked at."""
MOST_WORDS: Final = 100
FEWEST_WORDS: Final = 6
LONGEST: Final = 16
HALF: Final = 10
"""Distinct words at which a post's surprise is believed by half."""
WARM: Final = 50
"""Posts before which nothing is foreign, and no post's surprise counts for the mean."""
SLOWEST: Final = 0.01
"""How much of the mean and the spread each further post moves."""
NARROWEST: Final = 0.3
"""Nats a word; people vary by 0.4, and where all have said the same so far, chance decides."""
SELDOM: Final = 0.05
"""Share of the posts below which a script is foreign to the site."""

_RUN = re.compile(r"[^\W\d_]+")
_NO_SPACES = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\uffff]")


def words(text: str) -> list[str]:
    """The distinct words of a text, in small letters; pairs of letters where a script writes
    no spaces, or where a word is longer than any.

    >>> words("To be, or not to be"), words("你好吗")
    (['to', 'be', 'or', 'not'], ['你好', '好吗'])
    """
    found: dict[str, None] = {}
    for run in _RUN.findall(text[:READ].lower()):
        if len(run) > LONGEST or (not run.isascii() and _NO_SPACES.search(run)):
            found.update((run[at : at + 2], None) for at in range(max(len(run) - 1, 1)))
        else:
            found[run] = None
        if len(found) >= MOST_WORDS:
            break
    return list(found)[:MOST_WORDS]


@dataclass(frozen=True, slots=True, eq=False)
class Talk:
    """What was counted up to some moment; `hear` returns the next one."""

    seed: int
    posts: int = 0
    counts: array[int] = field(default_factory=lambda: array("H", bytes(2 * BUCKETS)))
    """Posts that had a word of each bucket."""
    mean: float = 0.0
    """Of the surprise of the site's own posts, in nats a word."""
    variance: float = 0.0
    scripts: Mapping[str, int] = field(default_factory=dict)
    """Posts that had letters of each script."""

    def surprise(self, text: str) -> float | None:
        """Standard deviations by which the text is less usual than the site's posts are.

        None for too few words, or where too few posts were heard.
        """
        said = words(text)
        if self.posts < 2 * WARM or len(said) < FEWEST_WORDS:
            return None
        away = self._believed(said, self._mean_of(said) - self.mean)
        return away / max(math.sqrt(self.variance), NARROWEST)

    def foreign(self, text: str) -> float | None:
        """Share of the letters that are of scripts which the site's posts hardly ever have."""
        letters = Counter(char for char in text[:READ] if char.isalpha())
        total = letters.total()
        if self.posts < WARM or total < LONGEST:
            return None
        if len(self.scripts) == 1 and text.isascii() and "LATIN" in self.scripts:
            return 0.0
        least = SELDOM * self.posts
        strange = sum(
            count * (1.0 - min(self.scripts.get(script_of(char), 0) / least, 1.0))
            for char, count in letters.items()
        )
        return strange / total

    def hear(self, texts: Iterable[str]) -> Talk:
        """After some more posts that belong here."""
        counts, posts = array("H", self.counts), self.posts
        mean, variance, scripts = self.mean, self.variance, dict(self.scripts)
        for text in texts:
            said = words(text)
            if not said:
                continue
            before = Talk(self.seed, posts, counts, mean, variance, scripts)
            if posts >= WARM and len(said) >= FEWEST_WORDS:
                # The first ones make the mean, as no moment before them had one.
                pace = max(1.0 / (posts - WARM + 1), SLOWEST)
                away = before._mean_of(said) - mean
                mean += pace * away
                variance += pace * (before._believed(said, away) ** 2 - variance)
            for bucket in {before._bucket(word) for word in said}:
                counts[bucket] += 1
            for script in scripts_of(text[:READ]):
                scripts[script] = scripts.get(script, 0) + 1
            posts += 1
            if posts >= MOST_POSTS:
                posts //= 2
                counts = array("H", (count // 2 for count in counts))
                scripts = {name: count // 2 for name, count in scripts.items() if count > 1}
        return Talk(self.seed, posts, counts, mean, variance, scripts)

    @staticmethod
    def _believed(said: list[str], away: float) -> float:
        return away * len(said) / (len(said) + HALF)

    def _mean_of(self, said: list[str]) -> float:
        all_posts = math.log(self.posts + 1.0)
        return sum(
            all_posts - math.log(self.counts[self._bucket(word)] + 0.5) for word in said
        ) / len(said)

    def _bucket(self, word: str) -> int:
        return zlib.crc32(word.encode(errors="replace"), self.seed) % BUCKETS
