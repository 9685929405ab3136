"""How wrong the machine was on a site in one stretch of time, and what it blocked there."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from classifiers.guarantees import shrinkage
from classifiers.guarantees.figures import DELTA, Figures, Sampled, figures
from moderation import statements
from moderation.models import Site
from moderation.types import Stratum
from reviews.measuring import draws
from reviews.measuring.mistaken import People

WEEK: Final = timedelta(days=7)

# Each post once, however often it was edited and blocked. One without an author is somebody else's.
BLOCKED: Final = """
SELECT count(DISTINCT post.id),
    count(DISTINCT coalesce(post.author_id::text, post.id::text)),
    count(DISTINCT post.id) FILTER (WHERE post.status = 'decided' AND post.outcome = 'allow')
FROM moderation_auditdraw draw
JOIN moderation_decision decision ON decision.id = draw.decision_id
JOIN moderation_post post ON post.id = decision.post_id
WHERE draw.site_id = %(site)s AND draw.stratum = 'block' AND decision.outcome = 'block'
    AND draw.created_at >= %(since)s AND draw.created_at < %(until)s
"""


def measure(
    *,
    site: Site,
    since: datetime,
    until: datetime,
    people: People,
    told_at: datetime | None = None,
) -> dict[str, Any]:
    """What random draws of this stretch say, and what they are of; without what is not told yet
    at `told_at`.

    `figures` has both ends of each, together with 95 % confidence: per 1,000 honest posts, per 100
    blocks, a week (of less than one: so far); per 1,000 allowed; percent of spam and of posts.
    """
    strata = draws.strata(site, since=since, until=until, told_at=told_at)
    blocked = strata.get(Stratum.BLOCK, Sampled())
    allowed = strata.get(Stratum.ALLOW, Sampled())
    held = draws.tally(draws.held(site, since=since, until=until).values())
    found = figures(blocked, allowed, held, people.mistakes, DELTA - people.delta)
    return {
        "since": since.isoformat(),
        "until": until.isoformat(),
        "posts": blocked.posts + allowed.posts + held.honest + held.spam + held.unanswered,
        "blocked": _sample(blocked) | {"worth": _worth(blocked)},
        "allowed": _sample(allowed),
        "held": asdict(held),
        "figures": _ends(found, (until - since) / WEEK),
    }


def blocked_posts(*, site: Site, since: datetime, until: datetime) -> dict[str, int]:
    """Count the posts that the machine blocked in this stretch, their authors, and how many of
    them are let through now."""
    asked = {"site": site.pk, "since": since, "until": until}
    ((posts, authors, let_through),) = statements.run(BLOCKED, asked)
    return {"posts": posts, "authors": authors, "let_through": let_through}


def _sample(sampled: Sampled) -> dict[str, Any]:
    return {
        "posts": sampled.posts,
        "drawn": sampled.drawn,
        "honest": len(sampled.honest),
        "spam": len(sampled.spam),
        "unanswered": len(sampled.unanswered),
    }


def _worth(sampled: Sampled) -> list[float]:
    """As if all were drawn alike: how many honest ones, of how many, would say as much."""
    seen = shrinkage.Sample.weighed(sampled.honest, sampled.spam)
    return [round(seen.found, 4), round(seen.of, 4)]


def _ends(found: Figures, weeks: float) -> dict[str, list[float]]:
    return {
        name: interval.shown(factor)
        for name, interval, factor in (
            ("per_1000_honest", found.wrong_of_honest, 1_000.0),
            ("per_100_blocks", found.wrong_of_blocks, 100.0),
            # What happened in hours says little of a week.
            ("per_week", found.wrong_posts, 1.0 / weeks)
            if weeks >= 1.0
            else ("so_far", found.wrong_posts, 1.0),
            ("per_1000_allowed", found.missed_of_allowed, 1_000.0),
            ("missed_of_spam", found.missed_of_spam, 100.0),
            ("spam_of_posts", found.prevalence, 100.0),
        )
    }
