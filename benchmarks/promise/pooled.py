"""Is what is said of all sites of an installation together true, and how much does it say?

    python -m benchmarks.promise.pooled [--json] [--data DIR] [--shelf DIR] [--sites N]

Installations of SITES sites that share a model and differ in everything else: their posts are
those of one platform each, scored by a model that had not seen them, 50 to 2,000 a day, 5 to 40 %
spam. Four weeks are drawn from as the policies say: five would-be blocks and two allowed posts a
day, or, on a third of the sites, as where a certificate is in force. People err and some draws are
never answered, as in `benchmarks.promise.sites`. The truth is counted over all posts.
"""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from benchmarks.promise.posts import Pool, figure
from benchmarks.promise.sites import BLOCK_FROM, ERRORS, REVIEW_FROM, SILENT
from classifiers.guarantees import exact, pooled, watch
from classifiers.guarantees.figures import Sampled
from classifiers.guarantees.reviewers import ASSUMED

SITES: Final = 12
DAYS: Final = 28
BLOCK_AUDITS, ALLOW_AUDITS = 5, 2
CERTIFIES: Final = 1 / 3
"""Of the sites, those that draw as for a certificate in force."""
INSTALLATIONS: Final = 2_000


def sampled(
    generator: np.random.Generator, honest: int, spam: int, chance: float
) -> tuple[Sampled, int]:
    """A stratum with what people said of its draws, and how many honest posts it has."""
    right, wrong = generator.binomial((honest, spam), chance)
    silent_right, silent_wrong = generator.binomial((right, wrong), SILENT)
    right, wrong = right - silent_right, wrong - silent_wrong
    turned = generator.binomial(right, ERRORS.spam_of_honest)
    missed = generator.binomial(wrong, ERRORS.honest_of_spam)
    said_honest, said_spam = right - turned + missed, wrong - missed + turned
    return Sampled(
        posts=honest + spam,
        honest=(chance,) * said_honest,
        spam=(chance,) * said_spam,
        unanswered=(chance,) * (silent_right + silent_wrong),
        least=chance if honest + spam else 0.0,
        greatest=chance,
    ), honest


def installation(
    generator: np.random.Generator, found: Sequence[Pool]
) -> tuple[float, float, list[float]]:
    """The bound, the truth, and the truth of each site by itself."""
    sites: list[pooled.SiteSample] = []
    wrong = right = 0
    each: list[float] = []
    for _ in range(SITES):
        pool = found[int(generator.integers(len(found)))]
        volume = float(np.exp(generator.uniform(np.log(50), np.log(2_000))))
        posts = int(generator.poisson(volume * DAYS))
        spam = int(generator.binomial(posts, generator.uniform(0.05, 0.4)))
        blocks = [float((pool.scores[of] >= BLOCK_FROM).mean()) for of in (~pool.spam, pool.spam)]
        allows = [float((pool.scores[of] < REVIEW_FROM).mean()) for of in (~pool.spam, pool.spam)]
        honest_b, _, honest_a = generator.multinomial(
            posts - spam, (blocks[0], max(1.0 - blocks[0] - allows[0], 0.0), allows[0])
        )
        spam_b, _, spam_a = generator.multinomial(
            spam, (blocks[1], max(1.0 - blocks[1] - allows[1], 0.0), allows[1])
        )
        a_day = (honest_b + spam_b) / DAYS, (honest_a + spam_a) / DAYS
        chances = (
            min(BLOCK_AUDITS / max(a_day[0], 1e-9), 1.0),
            min(ALLOW_AUDITS / max(a_day[1], 1e-9), 1.0),
        )
        if generator.random() < CERTIFIES:
            chances = (
                watch.chance_of_block(a_day[0], certified=True, doubted=False),
                watch.chance_of_allowed(a_day[1]),
            )
        blocked, bad = sampled(generator, int(honest_b), int(spam_b), chances[0])
        allowed, _ = sampled(generator, int(honest_a), int(spam_a), chances[1])
        sites.append(pooled.SiteSample(blocked, allowed))
        wrong, right = wrong + bad, right + posts - spam
        each.append(bad / max(posts - spam, 1))
    bound = pooled.wrongly_blocked(
        pooled.pool([site.blocked for site in sites]),
        pooled.pool([site.allowed for site in sites]),
        ASSUMED,
    )
    return bound, wrong / max(right, 1), each


def measure(found: Sequence[Pool], count: int, seed: int = 6) -> dict[str, Any]:
    """All figures."""
    generator = np.random.default_rng(seed)
    runs = [installation(generator, found) for _ in range(count)]
    covers = sum(bound >= truth for bound, truth, _ in runs)
    ends = exact.interval(covers, count)
    above = [np.mean([rate > bound for rate in each]) for bound, _, each in runs]
    return {
        "installations": count,
        "sites_each": SITES,
        "covered": round(covers / count, 4),
        "interval_95": [round(ends.low, 4), round(ends.high, 4)],
        "bound_median": round(float(np.median([bound for bound, *_ in runs])), 4),
        "truth_median": round(float(np.median([truth for _, truth, _ in runs])), 4),
        "sites_above_the_bound": round(float(np.mean(above)), 4),
    }


if __name__ == "__main__":
    figure("promise.pooled", measure, INSTALLATIONS, quick=20)
