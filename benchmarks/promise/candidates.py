"""Are candidates certified that break the promise, and is a harmful canary stopped?

    python -m benchmarks.promise.candidates [--json] [--sites N]

A site's posts are divided by an earlier model: BLOCK, HOLD and ALLOW of them, drawn with the
chances that a site in mode `certified` draws with. CANDIDATES candidates are tried on the same
draws, each with the part of the chance of error that is its own. Their mistakes fall, half, on what
was held, and a quarter each on what was blocked and allowed. `just_broken` candidates block 1.05
times the promised share of honest posts, at every threshold: the worst case. Good ones block a
fifth of it.

A canary judges CANARY of the authors. Of the authors to whom something wrong happens, as many more
are its own as it does more harm; the test looks after each of EVENTS of them.
"""

import argparse
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.output import print_json
from classifiers.arrays import Flags
from classifiers.guarantees import exact, replayed, sequences
from classifiers.guarantees.reviewers import ASSUMED
from classifiers.guarantees.watch import ALLOWED_SHARE, HELD_SHARE
from classifiers.versions import rollout

A: Final = 0.01
CANDIDATES: Final = 8
SITES: Final = 300
SHARES: Final = {"block": 0.2, "hold": 0.1, "allow": 0.7}
CHANCES: Final = {"block": 0.6, "hold": HELD_SHARE, "allow": ALLOWED_SHARE}
WRONG: Final = {"block": 0.25, "hold": 0.5, "allow": 0.25}
HONEST: Final = 0.8
SURE: Final = 0.9999
CANARY: Final = 0.1
EVENTS: Final = 400
HARM: Final = (1, 2, 3, 5)
POSTS: Final = (2_000, 4_000, 8_000)

Names = NDArray[np.str_]


def divided(generator: np.random.Generator, posts: int) -> tuple[Names, Flags]:
    """What the earlier model did with each post, and whether it was drawn."""
    did = generator.choice(list(SHARES), posts, p=list(SHARES.values()))
    chance = np.select([did == name for name in SHARES], [CHANCES[name] for name in SHARES])
    return did, generator.random(posts) < chance


def seen_by(
    generator: np.random.Generator, did: Names, drawn: Flags, *, rate: float
) -> replayed.Replayed:
    """The draws as a candidate sees them that blocks `rate` of the honest posts."""
    odds = np.select(
        [did == name for name in SHARES],
        [HONEST * WRONG[name] / share for name, share in SHARES.items()],
    )
    wrong = generator.random(len(did)) < rate * odds
    score = np.where(wrong | (did == "block"), SURE, 0.01)
    allowed = did == "allow"
    judged = tuple(
        replayed.Judged(
            CHANCES[str(did[i])], float(score[i]), bool(did[i] == "block" and not wrong[i])
        )
        for i in np.flatnonzero(drawn & ~allowed)
    )
    return replayed.Replayed(
        judged=judged,
        least=CHANCES["hold"],
        rest=int((~allowed).sum()),
        allowed=int(allowed.sum()),
        allowed_scores=score[allowed],
        scored=1.0,
        drawn=int((drawn & allowed).sum()),
        spam=0,
    )


def is_certified(found: replayed.Replayed, trial: int) -> bool:
    made = replayed.certify(
        found, block_from=0.9, mistakes=ASSUMED, most=A, delta=replayed.spent(trial)
    )
    return made is not None and made.covers >= 0.5


def measure(sites: int, seed: int = 1) -> dict[str, Any]:
    """All figures."""
    generator = np.random.default_rng(seed)
    wrongly = 0
    for _ in range(sites):
        did, drawn = divided(generator, POSTS[1])
        wrongly += any(
            is_certified(seen_by(generator, did, drawn, rate=1.05 * A), trial)
            for trial in range(1, CANDIDATES + 1)
        )
    ends = exact.interval(wrongly, sites)
    good = {}
    for posts in POSTS:
        rightly = sum(
            is_certified(seen_by(generator, *divided(generator, posts), rate=0.2 * A), 1)
            for _ in range(sites // 2)
        )
        good[str(posts)] = round(rightly / (sites // 2), 3)
    return {
        "promise": A,
        "sites": sites,
        "candidates_a_site": CANDIDATES,
        "posts": POSTS[1],
        "just_broken_any_certified_share": round(wrongly / sites, 4),
        "just_broken_interval_95": [round(ends.low, 4), round(ends.high, 4)],
        "good_first_certified_share_by_posts": good,
    }


def canaries(trials: int = 2_000, seed: int = 3) -> dict[str, Any]:
    """How often a canary is stopped that does so many times the harm, and after how much of it."""
    generator = np.random.default_rng(seed)
    found = {}
    for times in HARM:
        chance = times * CANARY / (times * CANARY + 1.0 - CANARY)
        own = np.cumsum(generator.random((trials, EVENTS)) < chance, axis=1, dtype=np.int64)
        looks = np.broadcast_to(np.arange(1, EVENTS + 1, dtype=np.int64), own.shape)
        stops = sequences.evidence(own, looks, CANARY) >= rollout.STOPPED
        stopped = stops.any(axis=1)
        at = stops.argmax(axis=1)[stopped]
        found[str(times)] = {
            "stopped_share": round(float(stopped.mean()), 4),
            "own_events_median": float(np.median(own[stopped, at])) if len(at) else None,
            "events_median": float(np.median(at + 1)) if len(at) else None,
        }
    return {"share": CANARY, "events": EVENTS, "by_times_the_harm": found}


def main(given: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.promise.candidates")
    parser.add_argument("--json", action="store_true", help="one line")
    parser.add_argument("--sites", type=int, default=SITES)
    asked = parser.parse_args(given)
    figures = {**measure(asked.sites), "canary": canaries()}
    print_json(figures, asked)


if __name__ == "__main__":
    main()
