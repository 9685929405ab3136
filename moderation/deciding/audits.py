"""Random audits: which machine decisions people look at whatever the machine thought of them.

Each decision of a stratum is drawn by itself, with a probability that is fixed before the
throw and stored with it: so audited posts stand for all others (Horvitz-Thompson).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from classifiers.guarantees import watch
from moderation import statements
from moderation.models import AuditDraw, Decision, Policy
from moderation.types import Ground, Mode, Outcome, Stratum

DAY: Final = timedelta(days=1)
PRIOR_A_DAY: Final = 100.0
"""Posts a day that a site is thought to send of each kind before it has sent any."""
PRIOR_WEIGHT: Final = timedelta(hours=1)
"""The prior counts as if it had been seen for this long."""
JUDGED: Final = (Ground.MODEL, Ground.CAUTION)
"""Grounds of what a model's probability decided."""
NONE_CERTIFIED: Final[Mapping[int, bool]] = {}
MOST: Final = 5_000
"""Rows counted at most of a key; a busier day is extrapolated from its latest ones."""

LOOKED_THROUGH: Final = 50_000
"""Rows of a stratum looked through at most for those of one key."""

# Whose each is, is asked of rows found by the index, one by one, until there are enough.
RECENT = """
SELECT asked.site_id, asked.stratum, asked.own, site.created_at, seen.n, seen.oldest, far.at
FROM unnest(%(sites)s::bigint[], %(strata)s::text[], %(owns)s::boolean[])
    AS asked (site_id, stratum, own)
JOIN moderation_site site ON site.id = asked.site_id
LEFT JOIN LATERAL (
    SELECT a.created_at AS at FROM moderation_auditdraw a
    WHERE a.site_id = asked.site_id AND a.stratum = asked.stratum
        AND a.created_at > %(since)s AND asked.own IS NOT NULL
    ORDER BY a.created_at DESC OFFSET %(through)s - 1 LIMIT 1
) AS far ON true
LEFT JOIN LATERAL (
    SELECT count(*) AS n, min(created_at) AS oldest
    FROM (
        SELECT a.created_at FROM moderation_auditdraw a
        WHERE a.site_id = asked.site_id AND a.stratum = asked.stratum
            AND a.created_at > %(since)s AND (far.at IS NULL OR a.created_at >= far.at)
            AND (asked.own IS NULL OR asked.own = (
                SELECT made.by = 'model' FROM moderation_decision made WHERE made.id = a.decision_id
            ))
        ORDER BY a.created_at DESC LIMIT %(most)s
    ) AS latest
) AS seen ON true
"""

Throw = Callable[[], float]
"""Uniform on [0, 1)."""
Key = tuple[int, Stratum, bool | None]
"""Of one site. The last says whose would-be blocks are counted: the model's own, or those of lists,
the honeypot and copies; None where all of a stratum are counted together."""


def stratum_of(decision: Decision) -> Stratum | None:
    """Return which sample a machine's decision belongs to; None for one that is not sampled.

    What was or would have been blocked, and what was allowed and would have been. Doubtful
    posts are looked at anyway; a site that blocks by certificate draws some of them all the same,
    so that the next model can be judged by posts that did not train it. The standard test string
    needs no audit.
    """
    if decision.by == Ground.STANDARD_STRING:
        return None
    if Outcome.BLOCK in (decision.outcome, decision.would_be):
        return Stratum.BLOCK
    if decision.outcome == decision.would_be == Outcome.ALLOW:
        return Stratum.ALLOW
    doubted = decision.mode == Mode.CERTIFIED and decision.by in JUDGED
    return Stratum.REVIEW if doubted and not decision.failed else None


def draw(
    decisions: Sequence[Decision],
    policies: Iterable[Policy],
    *,
    certified: Mapping[int, bool] = NONE_CERTIFIED,
    now: datetime,
    throw: Throw,
) -> list[AuditDraw]:
    """Return a throw, not yet stored, for each decision that belongs to a stratum.

    `certified` are the sites whose model blocks by a certificate at the moment, and whether that
    is in doubt.
    """
    policies = list(policies)
    targets = _targets(policies)
    promising = {policy.site_id for policy in policies if policy.mode == Mode.CERTIFIED}
    keyed = [
        (decision, _key(decision, stratum, promising))
        for decision in decisions
        if (stratum := stratum_of(decision)) is not None
    ]
    limited = {policy.site_id for policy in policies if policy.missed_limit is not None}
    expected = expected_volumes(Counter(key for _, key in keyed), now=now)
    draws = []
    for decision, key in keyed:
        probability = inclusion_probability(targets.get(key[:2], 0), expected[key])
        if key[0] in promising:
            probability = max(probability, _least(key, expected[key], certified))
        elif key[0] in limited and key[1] is Stratum.ALLOW:
            probability = max(probability, watch.chance_of_allowed(expected[key]))
        thrown = throw()
        draws.append(
            AuditDraw(
                decision=decision,
                site_id=key[0],
                stratum=key[1],
                probability=probability,
                draw=thrown,
                selected=thrown < probability,
                created_at=now,
            )
        )
    return draws


def inclusion_probability(target: int, expected: float) -> float:
    """Return the probability with which each of `expected` decisions is drawn to give `target`."""
    if target <= 0:
        return 0.0
    return min(target / expected, 1.0) if expected > 0 else 1.0


def expected_volume(*, seen: int, waiting: int, window: timedelta, young: bool) -> float:
    """Return how many decisions of a stratum are expected in a day.

    `seen` in the last `window`, and `waiting` are about to be drawn. A young site's rate is
    the mean of a gamma posterior whose prior is `PRIOR_A_DAY` watched for `PRIOR_WEIGHT`.
    """
    if not young:
        return seen * (DAY / window) + waiting
    prior = PRIOR_A_DAY * (PRIOR_WEIGHT / DAY)
    return max((seen + prior) * (DAY / (window + PRIOR_WEIGHT)), float(waiting))


def expected_volumes(waiting: Counter[Key], *, now: datetime) -> dict[Key, float]:
    """Return how many decisions a day are expected of each site and sample; one query."""
    if not waiting:
        return {}
    sites, strata, owns = (list(each) for each in zip(*waiting, strict=True))
    asked = {"sites": sites, "strata": strata, "owns": owns, "since": now - DAY}
    rows = statements.run(RECENT, {**asked, "most": MOST, "through": LOOKED_THROUGH})
    volumes = {}
    for site_id, name, own, since, seen, oldest, far in rows:
        key = (site_id, Stratum(name), own)
        # Posts from before the site was made, or a clock that went back: it is no young site.
        age = now - since if now >= since else DAY
        counted_from = oldest if seen >= MOST else far
        full = counted_from is not None
        window = max(now - counted_from, timedelta(seconds=1)) if full else min(age, DAY)
        young = age < DAY and not full
        volumes[key] = expected_volume(seen=seen, waiting=waiting[key], window=window, young=young)
    return volumes


def _key(decision: Decision, stratum: Stratum, promising: Collection[int]) -> Key:
    """What the model would block is counted apart where that is promised: what lists block tells
    nothing of a promise, and whoever floods them would have all of it judged, and less of the rest.
    """
    apart = stratum is Stratum.BLOCK and decision.site_id in promising
    return decision.site_id, stratum, decision.by == Ground.MODEL if apart else None


def _targets(policies: Iterable[Policy]) -> dict[tuple[int, Stratum], int]:
    targets: dict[tuple[int, Stratum], int] = {}
    for policy in policies:
        targets[(policy.site_id, Stratum.BLOCK)] = policy.block_audits_per_day
        targets[(policy.site_id, Stratum.ALLOW)] = policy.allow_audits_per_day
    return targets


def _least(key: Key, expected: float, certified: Mapping[int, bool]) -> float:
    """The probability with which a site's promise is proved and watched."""
    site_id, stratum, own = key
    if stratum is Stratum.ALLOW:
        return watch.chance_of_allowed(expected)
    if stratum is Stratum.REVIEW:
        return watch.chance_of_held(expected)
    if not own:
        return watch.chance_of_other_blocks(expected)
    doubted = certified.get(site_id, False)
    return watch.chance_of_block(expected, certified=site_id in certified, doubted=doubted)
