"""How soon a case should be looked at: one number, fixed when its facts are known. Pure.

    priority = ln(cost of delay * weight) * TIME_CONSTANT - opened_at, both in hours

The order of two cases never changes while both wait, so that an index can hold it. Each
TIME_CONSTANT of age counts as much as an e-fold cost; costs lie in [LEAST, MOST], so a case
waits behind newer ones for at most `TIME_CONSTANT * ln(MOST / LEAST)` (88 hours), an
audit for thirteen hours: nothing starves while people keep up, and audits do not where they do
not (RESERVED). What may come last for so long is what harms nobody if its probability is right:
sure spam that is held, sure honest posts that are published. How many see a published post, and
how bad spam would be there, counts where its site tells it (`weight_of`). A held post whose time
runs out soon comes before what waits if its site's fallback would likely be wrong (`before_end`).

The constants were chosen by `python -m benchmarks.triage`. With a time constant that is short
beside the backlog the order is little else than first in, first out, and backlogs are a day long
where a few cases an hour come.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Final

from moderation.types import Outcome, Severity
from reviews.lanes import Lane

TIME_CONSTANT: Final = timedelta(hours=12)
LEAST: Final = 0.001
"""With a hundredth, sure spam that was held two days passed the honest posts in doubt."""
MOST: Final = 1.5
UNKNOWN: Final = 0.5
"""Stands in for a probability that no judge could give."""

MOST_WEIGHT: Final = 8.0
"""What nobody sees, or everybody, is put off or preferred by 25 hours at most."""
HARM: Final = {Severity.LOW: 0.5, Severity.NORMAL: 1.0, Severity.HIGH: 2.0}

DUE: Final = timedelta(hours=24)
"""Within which an audit or a second look is to be answered."""
DEADLINE: Final = timedelta(days=3)
"""An audit without an answer for so long counts against what is claimed of the machine."""
SOON: Final = timedelta(hours=6)
RESERVED: Final = 0.1
"""So many claims, by lot, take first what is due within SOON: where more comes than people can
judge, the order alone would let it wait as long as the rest. Not for all held posts, whose time
runs out too: nearly all that waits so long is spam, and honest ones waited longer."""
ENDS_SOON: Final = timedelta(hours=2)
"""Before the end of a hold, or its last quarter where that is shorter (`ends_within`)."""
SHARE: Final = 4

HEAD_START: Final = TIME_CONSTANT * math.log(MOST / LEAST)
"""Comes before all that is newer, whatever it costs."""

EPOCH: Final = datetime(2025, 1, 1, tzinfo=UTC)
HOUR: Final = timedelta(hours=1)

FLOOR: Final[dict[Lane, float]] = {
    Lane.HELD: LEAST,
    Lane.PUBLISHED: LEAST,
    # Many blocks at once are a flood of spam or a model gone wrong: its certainty counts less.
    Lane.OVERFLOW: 0.1,
    # Somebody who read the post says that the machine was wrong; see `reported`.
    Lane.REPORTED: LEAST,
    # As a held post that nobody could judge: an estimate that comes late is of little use.
    Lane.AUDIT: UNKNOWN,
    # As an audit: where it stands must tell nothing of what is looked at.
    Lane.LOOK: UNKNOWN,
    # Somebody waits for it, and says that a person or the machine was wrong.
    Lane.APPEAL: MOST,
}


def cost_of_delay(
    *, lane: Lane, published: bool, probability: float | None, reported: float | None = None
) -> float:
    """Expected harm of leaving a case alone, in [LEAST, MOST]; one unpublished honest post is 1.

    An unpublished post harms if it is honest, a published one if it is spam (seen by many,
    hence half as much again). An audit or a second look costs the same whatever the machine
    thought of it, so that neither its place nor its delay depends on what it measures.
    `reported` is the chance that whoever reported it is right, where somebody did and the post
    is published.
    """
    if lane in (Lane.AUDIT, Lane.LOOK) and reported is None:
        return FLOOR[lane]
    spam = UNKNOWN if probability is None else probability
    if lane is Lane.REPORTED or reported is not None:
        spam = max(spam, UNKNOWN if reported is None else reported)
    cost = 1.5 * spam if published else 1.0 - spam
    return min(max(cost, FLOOR[lane]), MOST)


def weight_of(exposure: float | None, severity: Severity) -> float:
    """How much the harm of a live post counts, as its site says; 1 where it says nothing.

    >>> weight_of(None, Severity.NORMAL), weight_of(3.0, Severity.HIGH), weight_of(0, Severity.LOW)
    (1.0, 6.0, 0.125)
    """
    times = (1.0 if exposure is None else exposure) * HARM[severity]
    return min(max(times, 1.0 / MOST_WEIGHT), MOST_WEIGHT)


def ends_within(max_hold: timedelta) -> timedelta:
    """How long before its end a post that may be held for so long is hurried."""
    return min(ENDS_SOON, max_hold / SHARE)


def before_end(
    *,
    lane: Lane,
    probability: float | None,
    opened_at: datetime,
    weight: float,
    becomes: Outcome,
) -> float:
    """The priority of a held post whose time runs out soon, and which then becomes this, unread.

    What will be published costs what it would cost then, where that is more. What will be blocked
    comes before all that is newer, unless it is more likely spam than honest.
    """
    held = priority(lane=lane, published=False, probability=probability, opened_at=opened_at)
    if becomes is Outcome.ALLOW:
        live = priority(
            lane=lane, published=True, probability=probability, opened_at=opened_at, weight=weight
        )
        return max(held, live)
    honest = probability is None or probability <= UNKNOWN
    return held + HEAD_START / HOUR if honest else held


def priority(
    *,
    lane: Lane,
    published: bool,
    probability: float | None,
    opened_at: datetime,
    reported: float | None = None,
    weight: float = 1.0,
) -> float:
    """Higher comes first. The same facts give the same number at any time.

    `weight` counts for what is published, and neither for audits nor for second looks.
    """
    cost = cost_of_delay(lane=lane, published=published, probability=probability, reported=reported)
    if published and (reported is not None or lane not in (Lane.AUDIT, Lane.LOOK)):
        cost *= weight
    return math.log(cost) * (TIME_CONSTANT / HOUR) - (opened_at - EPOCH) / HOUR
