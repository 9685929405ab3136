"""Whether the figures of a site that only reviews hold the truth, and how wide they are."""

from dataclasses import fields
from typing import Any, Final

import numpy as np

from benchmarks.promise.posts import Pool
from benchmarks.promise.sites import BOUND, DAY, ERRORS, Stream, stream
from classifiers.arrays import Flags, Numbers
from classifiers.guarantees.exact import Interval
from classifiers.guarantees.figures import Figures, Held, Sampled, figures
from classifiers.guarantees.reviewers import Mistakes

DAYS: Final = 28
BLOCK_AUDITS, ALLOW_AUDITS = 5, 2
"""A day, by default."""
NAMES: Final = tuple(field.name for field in fields(Figures))

Measured = dict[str, tuple[float, Interval]]
"""By the figure's name, the truth and the interval."""


def run(
    generator: np.random.Generator,
    pool: Pool,
    *,
    volume: int,
    prevalence: float,
    errors: Mistakes = ERRORS,
) -> Measured:
    """Four weeks of default audits; days differ in volume, so draws differ in probability."""
    busy = np.exp(0.4 * generator.standard_normal(DAYS))
    posts = stream(
        generator,
        pool,
        prevalence=prevalence,
        volume=volume,
        days=DAYS,
        busy=busy,
        errors=errors,
    )
    held = ~(posts.blocks | posts.allowed)
    now = (DAYS + 4) * DAY
    answered = posts.answered_at <= now
    found = figures(
        _sampled(generator, posts, posts.blocks, BLOCK_AUDITS, answered),
        _sampled(generator, posts, posts.allowed, ALLOW_AUDITS, answered),
        Held(
            int((held & answered & ~posts.said).sum()),
            int((held & answered & posts.said).sum()),
            int((held & ~answered).sum()),
        ),
        BOUND,
    )
    wrong = int((posts.blocks & ~posts.spam).sum())
    missed = int((posts.allowed & posts.spam).sum())
    spam = int(posts.spam.sum())
    truth = Figures(
        *(
            Interval(value, value)
            for value in (
                wrong / max(len(posts.at) - spam, 1),
                wrong / max(int(posts.blocks.sum()), 1),
                float(wrong),
                missed / max(int(posts.allowed.sum()), 1),
                missed / max(spam, 1),
                spam / len(posts.at),
            )
        )
    )
    return {name: (getattr(truth, name).low, getattr(found, name)) for name in NAMES}


def _sampled(
    generator: np.random.Generator, posts: Stream, stratum: Flags, audits: int, answered: Flags
) -> Sampled:
    chances = _chances(posts.at[stratum], audits)
    drawn = generator.random(len(chances)) < chances
    said, known = posts.said[stratum], answered[stratum]

    def of(which: Flags) -> tuple[float, ...]:
        return tuple(chances[drawn & which].tolist())

    return Sampled(
        posts=len(chances),
        honest=of(known & ~said),
        spam=of(known & said),
        unanswered=of(~known),
        least=float(chances.min()) if len(chances) else 0.0,
        greatest=float(chances.max()) if len(chances) else 0.0,
    )


def _chances(at: Numbers, audits: int) -> Numbers:
    """As `deciding.audits`, by how many came in the day before; before the first, on average."""
    day = (at // DAY).astype(np.int64)
    before = np.concatenate([[len(at) / DAYS], np.bincount(day, minlength=DAYS)])
    return np.minimum(audits / np.maximum(before[day], 1), 1.0)


def summary(runs: list[Measured]) -> dict[str, Any]:
    """Coverage and median width of each figure; `all` is the share of sites where all hold."""
    covers = {name: [run[name][0] in run[name][1] for run in runs] for name in NAMES}
    every = np.all([covers[name] for name in NAMES], axis=0)
    return {
        "interval_coverage": {
            **{name: round(float(np.mean(covers[name])), 4) for name in NAMES},
            "all": round(float(every.mean()), 4),
        },
        "interval_width_median": {
            name: round(float(np.median([run[name][1].width for run in runs])), 4)
            for name in NAMES
            if name != "wrong_posts"
        },
    }
