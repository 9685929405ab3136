"""From random draws in the order in which they were made to a certificate, and to its end.

Draws count in their order, up to some moment, whether answered or not: which answers come first
depends on what they say. One without an answer counts as if it went against what is claimed: a
would-be block as honest, an allowed post as spam. The moment may be chosen by what is known, since
the bounds hold at all moments at once, and what is not known counts at its worst. Would-be blocks
and allowed posts have a moment each: the evidence of the one is multiplied by that of the other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from classifiers.arrays import Flags, Numbers
from classifiers.guarantees import promise, senders, thresholds
from classifiers.guarantees.promise import DELTA, PeriodCounts
from classifiers.guarantees.reviewers import Mistakes

ENOUGH: Final = 0.5
"""Share of the would-be blocks that a certificate should cover."""
PATIENCE: Final = 2.0
"""One that covers less is taken where that would need so many times the posts that came yet."""
WAITING: Final = 5
"""Draws that may count although they wait; more would seldom carry a promise."""
LIKE: Final = 0.5
"""Of the least chance of allowed posts of which draws count: with less, others are unlike them."""


@dataclass(frozen=True, slots=True)
class Draw:
    """One machine decision that was drawn for a person to judge."""

    at: float
    """When it was drawn, in seconds."""
    blocks: bool
    """A would-be block, not an allowed post."""
    score: float
    """What the model made of it, in [0, 1]."""
    spam: bool | None
    """What people say; None where they have said nothing."""
    thrown: float = 0.0
    """The number in [0, 1) that was below the probability of being drawn."""
    author: int = 0
    """Whose it is, as `senders`; of would-be blocks that are honest or have no answer, and of
    allowed posts."""
    chance: float = 1.0
    """With which it was drawn."""


@dataclass(frozen=True, slots=True, eq=False)
class Draws:
    """Draws of one site, model and policy, oldest first; all of one length."""

    at: Numbers
    blocks: Flags
    scores: Numbers
    answered: Flags
    spam: Flags
    thrown: Numbers
    authors: senders.Whose
    chances: Numbers

    @classmethod
    def of(cls, draws: Iterable[Draw]) -> Draws:
        rows = sorted(draws, key=lambda draw: draw.at)
        return cls(
            np.array([row.at for row in rows], dtype=np.float64),
            np.array([row.blocks for row in rows], dtype=bool),
            np.array([row.score for row in rows], dtype=np.float64),
            np.array([row.spam is not None for row in rows], dtype=bool),
            np.array([row.spam is True for row in rows], dtype=bool),
            np.array([row.thrown for row in rows], dtype=np.float64),
            np.array([row.author for row in rows], dtype=np.int64),
            np.array([row.chance for row in rows], dtype=np.float64),
        )

    def keep(self, chosen: Flags) -> Draws:
        return Draws(
            self.at[chosen],
            self.blocks[chosen],
            self.scores[chosen],
            self.answered[chosen],
            self.spam[chosen],
            self.thrown[chosen],
            self.authors[chosen],
            self.chances[chosen],
        )

    def mistaken(self, threshold: float) -> Draws:
        """Would-be blocks at or above the threshold that are honest, or have no answer."""
        above = self.blocks & (self.scores >= threshold)
        return self.keep(above & ~(self.answered & self.spam))

    def wrong(self, threshold: float) -> Draws:
        """Of these as many of each author as a certificate lets the model block."""
        found = self.mistaken(threshold)
        counts = np.zeros(len(found.at), dtype=bool)
        counts[senders.once(found.authors, found.at, found.chances)] = True
        return found.keep(counts)

    def covered(self, threshold: float) -> float:
        """Share of the would-be blocks that lie at or above the threshold."""
        blocks = self.scores[self.blocks]
        return float((blocks >= threshold).mean()) if len(blocks) else 0.0

    def wanted(self, block_from: float) -> float:
        """The strictest threshold that covers ENOUGH: what a certificate is waited for."""
        grid = thresholds.grid(block_from)
        return next((each for each in grid if self.covered(each) >= ENOUGH), block_from)

    @property
    def of_authors(self) -> int:
        """How many authors' they are, of those that are wrong."""
        unknown = int((self.authors <= 0).sum())
        return len(np.unique(self.authors[self.authors > 0])) + unknown

    @property
    def unanswered(self) -> int:
        return int((~self.answered).sum())

    def settled_at(self, now: float, deadline: float) -> float:
        """The moment before which every draw was answered, or has waited for `deadline` seconds."""
        return self.moments(now, deadline)[0]

    @property
    def strata(self) -> tuple[Draws, Draws]:
        """Would-be blocks, and allowed posts."""
        return self.keep(self.blocks), self.keep(~self.blocks)

    def moments(self, now: float, deadline: float) -> list[float]:
        """That moment, and some later ones, each with one more draw that waits before it."""
        waiting = self.at[~self.answered & (self.at > now - deadline)]
        return [*map(float, waiting[: WAITING + 1]), now][: WAITING + 1]

    def before(self, moment: float) -> Draws:
        return self.keep(self.at < moment)


@dataclass(frozen=True, slots=True)
class Level:
    """Of which allowed posts that were drawn a uniform sample is made."""

    chance: float = 1.0
    """Of those that would have been drawn with just this one."""
    part: float = 1.0
    """Of the chance of error, what this sample may spend."""
    share: float = 1.0
    """Of the allowed posts, those of the days that it is a sample of."""
    without: frozenset[int] = frozenset()
    """Days since 1970 that it is no sample of, since some of their posts had smaller chances."""

    @classmethod
    def of_days(
        cls,
        first: float,
        days: Iterable[tuple[int, int, float]],
        after: Iterable[tuple[int, int, float]] = (),
    ) -> tuple[Level, ...]:
        """Levels to choose from, of days, their posts and the least chance of any of these; the
        last is a sample of all days. `after` has the same of posts that came after the last draw
        that counts.

        Whoever floods a site with posts that are allowed makes chances small for a day or two: then
        these days are left out, as if none of their posts was honest, rather than that most draws
        of all others count for nothing. So are they while no draw of the flood counts yet. Each
        level has its own part to spend, so the choice is free; which days one leaves out follows
        volumes alone.
        """
        rows, later = list(days), list(after)
        seen = min((chance for *_, chance in rows), default=first)
        unlike = frozenset(day for day, _, chance in later if chance < LIKE * seen)
        rows += later
        least: dict[int, float] = {}
        for day, _, chance in rows:
            least[day] = min(chance, least.get(day, 1.0))
        posts = sum(count for _, count, _ in rows)
        alike = (chance for day, chance in least.items() if day not in unlike)
        last = cls.of(first, min(alike, default=first))
        levels, level = [], cls(first, 0.5)
        while posts and level.chance >= last.chance > 0.0:
            out = unlike | {day for day, chance in least.items() if chance < level.chance}
            left = sum(count for day, count, _ in rows if day not in out)
            levels.append(replace(level, share=left / posts, without=out))
            level = cls(level.chance / 2.0, level.part / 2.0)
        return tuple(levels) or (last,)

    @classmethod
    def of(cls, first: float, least: float) -> Level:
        """From the chance of the first of them, and the least since.

        The first, or half of it as often as it takes: a sample for each of these has a bound that
        holds at all times, and half of what the one before it may spend. One for each chance that
        was the least for a while would spend its own each time.
        """
        if least <= 0.0:
            return cls(0.0)
        chance, part = first, 0.5
        while chance > least:
            chance, part = chance / 2.0, part / 2.0
        return cls(chance, part)


@dataclass(frozen=True, slots=True)
class Volumes:
    """What was drawn from until some moment."""

    allowed: int
    """Posts that were allowed."""
    chance: float = 1.0
    """With which a would-be block would have been drawn when they came, at least: the mean."""
    levels: tuple[Level, ...] = (Level(),)
    """Of which one is chosen; the last one otherwise."""
    least: float = 1.0
    """The least with which any would-be block was drawn."""

    @property
    def level(self) -> Level:
        return self.levels[-1]


@dataclass(frozen=True, slots=True)
class Certified:
    """What may be blocked, and what was shown of it."""

    threshold: float
    bound: float
    """Of honest posts, at most this share lies at or above the threshold."""
    seen: PeriodCounts
    covers: float
    """Share of the would-be blocks that were drawn which lie at or above the threshold."""
    further: float = math.inf
    """How many times as many posts it takes, if no more mistakes come, until a threshold is
    certified that covers ENOUGH."""

    @property
    def is_worth(self) -> bool:
        """Whether to be content with it, rather than go on judging every would-be block.

        A lower threshold takes more labels, and may never be certified. Choosing so is free: the
        bounds hold at any time.
        """
        return self.covers >= ENOUGH or (self.further >= PATIENCE and self.covers > 0.0)


def ways(
    every: Draws,
    now: float,
    deadline: float,
    until: Callable[[float, float], Volumes],
) -> Iterator[tuple[float, Draws, Volumes]]:
    """What counts, and of what it was drawn, up to each moment that may be chosen.

    The moment is that of the would-be blocks, the settled one first. That of the allowed posts is
    where most of them are shown to be honest. `until` has what came before the first, with the
    levels of draws of allowed posts before the second.
    """
    blocks, audits = every.strata

    def honest(choice: tuple[float, Volumes]) -> float:
        drawn_until, volumes = choice
        return promise.honest_share(seen(audits.before(drawn_until), 1.0, volumes), Mistakes())

    for moment in blocks.moments(now, deadline):
        choices = (
            (drawn_until, replace(volumes, levels=(level,)))
            for drawn_until in audits.moments(now, deadline)
            for volumes in (until(moment, drawn_until),)
            for level in reversed(volumes.levels)
        )
        best, volumes = max(choices, key=honest)
        counts = every.keep(every.at < np.where(every.blocks, moment, best))
        yield moment, counts, volumes


def seen(settled: Draws, threshold: float, volumes: Volumes) -> PeriodCounts:
    """What settled draws say of one threshold.

    Of the allowed posts those count that would have been drawn with just one chance: a uniform
    sample, however the probability followed the volume.
    """
    audits = ~settled.blocks & (settled.thrown < volumes.level.chance)
    audits &= ~np.isin(settled.at // senders.DAY, list(volumes.level.without))
    wrong = settled.wrong(threshold)
    return PeriodCounts(
        wrong=len(wrong.at),
        allowed=volumes.allowed,
        drawn=int(audits.sum()),
        spam=int((audits & (settled.spam | ~settled.answered)).sum()),
        chance=volumes.chance,
        together=senders.together(settled.authors[audits], settled.at[audits]),
        part=volumes.level.part,
        share=volumes.level.share,
        least=volumes.least,
        chances=tuple(wrong.chances.tolist()),
    )


def certify(
    settled: Draws,
    volumes: Volumes,
    *,
    block_from: float,
    mistakes: Mistakes,
    most: float,
    delta: float = DELTA,
) -> Certified | None:
    """The lowest threshold from which the promise holds; None where it holds of none yet.

    It must hold where days differ as well, at less confidence (`however_days_differ`).
    """

    def at(threshold: float) -> PeriodCounts:
        return seen(settled, threshold, volumes)

    def bound(threshold: float) -> float:
        if not promise.is_kept(at(threshold), mistakes, most, delta):
            return 1.0
        return promise.wrongly_blocked(at(threshold), mistakes, delta)

    found = thresholds.certify(thresholds.grid(block_from), bound, most)
    if found is None:
        return None
    needed = promise.allowed_needed(at(settled.wanted(block_from)), mistakes, most, delta)
    further = needed / max(volumes.allowed, 1) if needed else math.inf
    return Certified(found[0], found[1], at(found[0]), settled.covered(found[0]), further)
