"""How far people who judged the same posts agree beyond chance. Pure.

Cohen (1960), A coefficient of agreement for nominal scales, for two; Krippendorff (2011), Computing
Krippendorff's alpha-reliability, for any number. Both are 1 for full agreement and 0 for what
chance would give. Intervals resample posts, not answers, since a post's answers belong together
(percentile bootstrap; Efron and Tibshirani 1993, chapter 13).
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

DRAWS: Final = 1_000
LEVEL: Final = 0.95
SEED: Final = 20261121
"""The same answers give the same interval."""
MOST_UNDEFINED: Final = 0.05
"""Of resamples; where more say nothing, there is too little to say."""

Answers = tuple[str, ...]
"""What was said of one post, one word for each person."""
Tally = Mapping[Answers, int]
"""How many posts were answered so."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """A coefficient with its interval."""

    value: float
    low: float
    high: float
    posts: int


def kappa(posts: Tally) -> float | None:
    """Return Cohen's kappa of pairs (mine, theirs); None where chance alone gives agreement.

    >>> kappa({("spam", "spam"): 20, ("spam", "ham"): 5, ("ham", "spam"): 10, ("ham", "ham"): 15})
    0.4
    """
    total = sum(posts.values())
    mine, theirs = Counter[str](), Counter[str]()
    same = 0
    for (one, other), count in posts.items():
        mine[one] += count
        theirs[other] += count
        same += count if one == other else 0
    by_chance = sum(mine[word] * theirs[word] for word in mine)
    if not total or by_chance == total * total:
        return None
    return round((same * total - by_chance) / (total * total - by_chance), 12)


def alpha(posts: Tally) -> float | None:
    """Return Krippendorff's alpha for words without order; None where all say the same word.

    Posts with fewer than two answers say nothing of agreement and are left out.
    """
    words = Counter[str]()
    apart = 0.0
    for answers, count in posts.items():
        if len(answers) < 2:
            continue
        said = Counter(answers)
        words.update({word: number * count for word, number in said.items()})
        alike = sum(number * (number - 1) for number in said.values())
        apart += count * (len(answers) * (len(answers) - 1) - alike) / (len(answers) - 1)
    total = words.total()
    by_chance = total * total - sum(number * number for number in words.values())
    if not by_chance:
        return None
    return round(1.0 - (total - 1) * apart / by_chance, 12)


def measure(
    posts: Iterable[Answers],
    coefficient: Callable[[Tally], float | None],
    *,
    draws: int = DRAWS,
    level: float = LEVEL,
) -> Agreement | None:
    """Return the coefficient with its interval; None where there is too little to say either."""
    tally = Counter(posts)
    value = coefficient(tally)
    if value is None:
        return None
    found = sorted(_resampled(tally, coefficient, draws))
    if len(found) < draws * (1.0 - MOST_UNDEFINED):
        return None
    low, high = _ends(found, level)
    return Agreement(value, low, high, tally.total())


def _resampled(
    tally: Counter[Answers], coefficient: Callable[[Tally], float | None], draws: int
) -> list[float]:
    """As many posts drawn again, with replacement; those samples that say something."""
    chance = random.Random(SEED)  # noqa: S311 - statistics
    kinds, weights = list(tally), list(tally.values())
    samples = (Counter(chance.choices(kinds, weights, k=tally.total())) for _ in range(draws))
    return [value for sample in samples if (value := coefficient(sample)) is not None]


def _ends(ordered: Sequence[float], level: float) -> tuple[float, float]:
    cut = int(len(ordered) * (1.0 - level) / 2.0)
    return ordered[cut], ordered[-cut - 1]
