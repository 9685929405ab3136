"""From which log-odds on a passage of a long post is asked about: by a model's own folds.

A model is as loud about short texts as about long ones, and a site's honest posts have sentences
that look like its spam. So each model keeps a limit that few of its honest posts reach, by models
of the same making that never saw them (docs/adr/0035-passages-of-a-long-post.md).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from classifiers import features, odds, passages
from classifiers.arrays import Flags, Numbers, Places
from classifiers.assess import UNSURE
from classifiers.guarantees.exact import upper
from classifiers.scorers.linear import Weights
from classifiers.training.data.examples import Examples

MOST: Final = 1_000
"""Honest posts that are looked at, drawn by chance: more take time and tell little more."""
RAISED: Final = 0.005
"""Chance that an honest long post may be asked about for a passage alone, by its folds: on e-mail
0.01 held 1.4 % of the honest posts of another half, for hardly more spam."""
ENOUGH: Final = 99
"""Honest posts, before some are held back, of which none reaches a limit: one more does in 1 of
100 cases at most."""
DELTA: Final = 0.05
"""Chance at most that more than `raised_at_most` are."""
DIGITS: Final = 10_000.0
"""Parts of 1 to which a limit is rounded, upwards."""
SHORTEST: Final = 2 * passages.LONG - 1
"""Characters of a post of so many words, at least."""


@dataclass(frozen=True, slots=True)
class PassageLimit:
    """The limit, and what it was measured on."""

    log_odds: float
    honest: int
    """Honest long posts that models of the same making had not seen."""
    raised: int
    """Of these, that would be asked about for a passage alone."""

    def as_dict(self) -> dict[str, float | int]:
        """With the share that would be, at most, with a chance of error of DELTA."""
        return {
            "limit": self.log_odds,
            "honest": self.honest,
            "raised": self.raised,
            "raised_at_most": round(upper(self.raised, self.honest, DELTA), 4),
        }


@dataclass(frozen=True, slots=True, eq=False)
class Passages:
    """Raw log-odds of passages beyond those of their whole posts, by the post's place; it rises."""

    of: Places
    brief: Flags
    """Whether each has fewer words than passages.LEAST."""
    more: Numbers

    @classmethod
    def all_of(cls, parts: Sequence[Passages]) -> Passages:
        of = np.concatenate([np.zeros(0, dtype=np.int64), *(part.of for part in parts)])
        more = np.concatenate([np.zeros(0), *(part.more for part in parts)])
        brief = np.concatenate([np.zeros(0, dtype=bool), *(part.brief for part in parts)])
        order = np.argsort(of, kind="stable")
        return cls(of[order], brief[order], more[order])


def of_people(posts: Examples, reported: Flags) -> Examples:
    """The same, of which what reporters said does not measure if people said enough.

    What reporters said could only lift a limit; without any, honest posts might be asked about.
    """
    if not posts.contents:
        return posts
    told = zip(posts.contents, reported.tolist(), strict=True)
    people = replace(posts, contents=[None if given else content for content, given in told])
    return posts if len(drawn(people)) < ENOUGH else people


def drawn(posts: Examples) -> Places:
    """Places of the honest posts that are long enough and may be measured with, MOST at most.

    One of each cluster, as copies tell nothing of another post.
    """
    if not posts.contents:
        return np.zeros(0, dtype=np.int64)
    there = np.array([content is not None for content in posts.contents], dtype=bool)
    usable = there & ~posts.spam & (posts.lengths >= SHORTEST)
    places = np.random.default_rng(0).permutation(np.flatnonzero(usable))
    _, first = np.unique(posts.cluster[places], return_index=True)
    return np.sort(places[np.sort(first)[:MOST]])


def passages_of(posts: Examples, places: Places, models: Sequence[Weights]) -> list[Passages]:
    """Of each of these models, what the passages of the posts at these places say."""
    contents = [posts.contents[place] for place in places.tolist()]
    texts = [content for content in contents if content is not None]
    of: list[int] = []
    brief: list[bool] = []
    more: list[list[Numbers]] = [[np.zeros(0)] for _ in models]
    done = 0
    # Whole posts have the same signals as their passages, so that these do not matter here.
    for chunk in features.chunks(texts, [()] * len(texts)):
        count = len(chunk.readings)
        part, rows = texts[done : done + count], range(count)
        for weights, found in zip(models, more, strict=True):
            spans, said = passages.more_than_whole(chunk, part, rows, weights.vector)
            found.append(said)
        of += [int(places[done + span.row]) for span in spans]
        brief += [span.brief for span in spans]
        done += count
    rows_of = np.array(of, dtype=np.int64)
    flags = np.array(brief, dtype=bool)
    return [Passages(rows_of, flags, np.concatenate(found)) for found in more]


def limit(
    of: Places, brief: Flags, log_odds: Numbers, whole: Numbers, *, away: bool
) -> PassageLimit:
    """The least limit, from passages.LIMIT on, that so few honest posts reach.

    `log_odds` are of passages of the honest posts `of`, which rise, `brief` as passages.Span has
    it, and `whole` the probabilities of all posts; both calibrated, by models that had not seen
    them. One more honest post than n reaches what k of them reached with a chance of
    (k + 1) / (n + 1) at most, as any of them may be the last (Vovk et al., Algorithmic learning in
    a random world, 2005). From 199 posts on that is RAISED at most; of fewer than 399 none may
    reach the limit. Models for other communities (`away`) keep passages.LIMIT, which was chosen
    for them.
    """
    if not len(of):
        return PassageLimit(passages.LIMIT, 0, 0)
    tops, apart = passages.standing_out(of, log_odds, brief)
    # Where the whole post is doubtful already, a person looks for that.
    apart = np.sort(apart[whole[of[tops]] < odds.probability(UNSURE)])[::-1]
    honest, least = len(tops), passages.LIMIT
    allowed = max(int(RAISED * (honest + 1)) - 1, 0)
    if not away and len(apart) > allowed:
        least = max(least, (np.floor(apart[allowed] * DIGITS) + 1.0) / DIGITS)
    return PassageLimit(float(least), honest, int((apart >= least).sum()))
