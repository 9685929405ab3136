"""Stored draws of some sites in a stretch of time: what a candidate can be asked about."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from moderation import statements
from reviews.learning.rescoring import Words
from reviews.measuring.answers import About
from reviews.measuring.draws import ONCE

WINDOW: Final = timedelta(days=90)
"""Draws that are older say little of what comes now."""
MOST_DRAWS: Final = 2_000
COUNTABLE: Final = 200_000
"""Decisions whose traits are looked up, the newest."""
MOST_ALLOWED: Final = 5_000
"""Allowed posts of one site that are scored again; of more, a share drawn at random."""

# What lists, the honeypot and copies decide is the same under any model: among what two models are
# compared on it would thin every difference out.
BY_MODEL = "decision.by IN ('model', 'caution')"
BY_CERTIFICATE = f"{BY_MODEL} AND decision.mode = 'certified'"
DRAWN = f"""
SELECT draw.id, draw.decision_id, decision.post_id, decision.revision, draw.site_id, draw.stratum,
    draw.probability, draw.draw, extract(epoch FROM draw.created_at)::float
FROM moderation_auditdraw draw JOIN moderation_decision decision ON decision.id = draw.decision_id
WHERE draw.selected AND draw.site_id = ANY(%(sites)s)
    AND draw.stratum IN ('allow', 'review', 'block')
    AND draw.created_at >= %(since)s AND draw.created_at < %(until)s AND {BY_MODEL}
    AND (NOT %(certified)s OR ({BY_CERTIFICATE} AND (draw.stratum <> 'allow' OR {ONCE})))
ORDER BY draw.created_at DESC, draw.id DESC LIMIT %(most)s
"""  # noqa: S608 - constants
THROWN = f"""
SELECT draw.stratum, count(*), min(draw.probability)
FROM moderation_auditdraw draw JOIN moderation_decision decision ON decision.id = draw.decision_id
WHERE draw.site_id = ANY(%(sites)s) AND draw.stratum IN ('allow', 'review', 'block')
    AND draw.created_at >= %(since)s AND draw.created_at < %(until)s
    AND (NOT %(certified)s OR {BY_CERTIFICATE})
    AND (draw.stratum <> 'allow' OR {ONCE})
GROUP BY draw.stratum
"""  # noqa: S608 - constants
ALIKE: Final = 4
"""Groups of like probability to each factor of e."""
VOLUMES = f"""
SELECT count(*), min(draw.probability)
FROM moderation_auditdraw draw JOIN moderation_decision decision ON decision.id = draw.decision_id
WHERE draw.site_id = ANY(%(sites)s) AND draw.stratum IN ('allow', 'review', 'block')
    AND draw.created_at >= %(since)s AND draw.created_at < %(until)s AND {BY_MODEL}
GROUP BY floor({ALIKE} * ln(nullif(draw.probability, 0)))
"""  # noqa: S608 - constants
OLDEST_DRAWN = f"""
SELECT min(created_at) FROM (
    SELECT draw.created_at
    FROM moderation_auditdraw draw
    JOIN moderation_decision decision ON decision.id = draw.decision_id
    WHERE draw.selected AND draw.site_id = ANY(%(sites)s)
        AND draw.stratum IN ('allow', 'review', 'block')
        AND draw.created_at >= %(since)s AND draw.created_at < %(until)s AND {BY_MODEL}
    ORDER BY draw.created_at DESC LIMIT %(most)s
) AS newest
"""  # noqa: S608 - constants
ALLOWED = f"""
SELECT decision.post_id, decision.revision, extract(epoch FROM draw.created_at)::float
FROM moderation_auditdraw draw JOIN moderation_decision decision ON decision.id = draw.decision_id
WHERE draw.site_id = ANY(%(sites)s) AND draw.stratum = 'allow'
    AND draw.created_at >= %(since)s AND draw.created_at < %(until)s
    AND {BY_CERTIFICATE} AND {ONCE}
ORDER BY draw.id
"""  # noqa: S608 - constants
OLDEST_THROWN = """
SELECT created_at FROM moderation_auditdraw
WHERE site_id = ANY(%(sites)s) AND stratum IN ('allow', 'review', 'block')
    AND created_at >= %(since)s AND created_at < %(until)s
ORDER BY created_at DESC OFFSET %(countable)s LIMIT 1
"""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A stored draw."""

    about: About
    site_id: int
    stratum: str
    chance: float
    thrown: float
    at: float
    """When the post was decided, in seconds since 1970."""

    @property
    def words(self) -> Words:
        return self.about.post, self.about.revision


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some sites' draws of what models decide, in a stretch of time; `certified`: those that a
    promise speaks of.
    """

    sites: tuple[int, ...]
    since: datetime
    until: datetime
    certified: bool = False

    @property
    def values(self) -> dict[str, Any]:
        return {
            "sites": list(self.sites),
            "since": self.since,
            "until": self.until,
            "certified": self.certified,
            "most": MOST_DRAWS,
            "countable": COUNTABLE,
        }

    def newest(self) -> Stretch:
        """As much of it as MOST_DRAWS draws go back."""
        oldest = next(iter(statements.run(OLDEST_DRAWN, self.values)))[0]
        return replace(self, since=oldest or self.since)

    def countable(self) -> Stretch:
        """As much of it as COUNTABLE decisions go back."""
        older = statements.run(OLDEST_THROWN, self.values)
        return replace(self, since=older[0][0]) if older else self

    def drawn(self) -> list[Drawn]:
        return [Drawn(About(*row[:4]), *row[4:]) for row in statements.run(DRAWN, self.values)]

    def thrown(self) -> dict[str, tuple[int, float]]:
        """Of each stratum, how many posts were drawn from and the least probability of any."""
        return {name: (count, least) for name, count, least in statements.run(THROWN, self.values)}

    def volumes(self) -> tuple[tuple[int, float], ...]:
        """How many posts were drawn from, in groups of like probability, and each one's least."""
        return tuple(statements.run(VOLUMES, self.values))

    def allowed(self) -> tuple[list[Words], list[float], float]:
        """Allowed posts to score again, when each was decided, in seconds since 1970, and the
        chance with which each was chosen.
        """
        rows = statements.run(ALLOWED, self.values)
        share = min(MOST_ALLOWED / max(len(rows), 1), 1.0)
        dice = Random(f"{self.sites} {self.since}")  # noqa: S311 - the same posts each time
        chosen = [row for row in rows if share == 1.0 or dice.random() < share]
        return [(post, revision) for post, revision, _ in chosen], [row[2] for row in chosen], share
