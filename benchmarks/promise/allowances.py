"""What each allowance of a certificate costs, in verdicts, where no would-be block is honest.

    python -m benchmarks.promise.allowances [--json]

A site of 200 posts a day, a fifth of them spam, of which three quarters would be blocked and the
others are held. Verdicts are those on would-be blocks, each answered at once. One allowance after
another from what would do if all were known, and each left out of them all.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Sequence
from typing import Final

from benchmarks.output import print_json
from benchmarks.promise.sites import ERRORS
from classifiers.guarantees import promise
from classifiers.guarantees.promise import PeriodCounts
from classifiers.guarantees.reviewers import ASSUMED, Mistakes
from classifiers.guarantees.watch import chance_of_allowed

A: Final = 0.01
DELTA: Final = 0.05
HONEST_A_DAY: Final = 160
BLOCKS_A_DAY: Final = 30
LIMIT: Final = 10_000
ALL: Final = ("looks", "people", "honest")
TOLD: Final = {
    "looks": "looking at any time",
    "people": "that people may call 5 % of honest posts spam",
    "honest": "that how many allowed posts are honest is known by a sample",
}


def is_kept(allowed: int, made: Sequence[str]) -> bool:
    """Whether so many allowed posts without a wrong block carry the promise, with allowances."""
    share = chance_of_allowed(HONEST_A_DAY)
    mistakes = Mistakes(ASSUMED.spam_of_honest, 0.0) if "people" in made else Mistakes()
    drawn = round(allowed * share) if "honest" in made else LIMIT * LIMIT
    spam = round(drawn * ERRORS.spam_of_honest) if "people" in made else 0
    if "looks" in made:
        seen = PeriodCounts(0, allowed, drawn, spam, part=0.5)
        return promise.is_kept(seen, mistakes, A)
    honest = promise.honest_share(PeriodCounts(0, allowed, drawn, spam, part=0.5), mistakes, DELTA)
    odds = A / (1.0 - A) * (honest if "honest" in made else 1.0)
    spent = DELTA * (1.0 - promise.FOR_HONEST) if "honest" in made else DELTA
    s = odds / (1.0 + odds) * (1.0 - mistakes.spam_of_honest)
    return allowed * math.log1p(-s) <= math.log(spent)


def verdicts(made: Sequence[str]) -> int:
    """Of would-be blocks, until the promise is kept."""
    allowed = _first(lambda posts: is_kept(posts, made))
    return math.ceil(allowed * BLOCKS_A_DAY / HONEST_A_DAY)


def _first(holds: Callable[[int], bool]) -> int:
    return next((posts for posts in range(1, LIMIT) if holds(posts)), LIMIT)


def main(given: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.promise.allowances")
    parser.add_argument("--json", action="store_true", help="one line")
    asked = parser.parse_args(given)
    figures = {
        "one_after_another": {
            ", ".join(ALL[:count]) or "none": verdicts(ALL[:count]) for count in range(len(ALL) + 1)
        },
        "left_out": {TOLD[name]: verdicts([each for each in ALL if each != name]) for name in ALL},
    }
    print_json(figures, asked)


if __name__ == "__main__":
    main()
