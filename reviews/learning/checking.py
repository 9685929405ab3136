"""A candidate beside the serving model where a mean over all audits hides harm.

Slices are those of `reviews.measuring.slices`, over the same stored draws that both models are
compared on. Known cases are posts that two people judged alike, neither knowing of the other, and
that were drawn for an audit: so neither model learnt them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Exists, F, OuterRef

from classifiers.guarantees import paired
from classifiers.guarantees.paired import FEWEST, Check
from classifiers.guarantees.promise import DELTA
from classifiers.models import Rollout
from moderation import statements
from moderation.models import Policy, Site
from reviews.learning import rescoring, stored
from reviews.learning.rescoring import Words
from reviews.learning.stored import MARGIN, Disagreement
from reviews.measuring.slices import JOINED, LANGUAGES, NAMED, NEW, TRAITS, TYPES, Slice, Traits
from reviews.models import Look
from reviews.states import LookKind, VerdictKind

KNOWN_MARGIN: Final = 0.0
"""Of what two people agreed on a candidate may get no more wrong."""
KNOWN_FOR: Final = timedelta(days=180)
MOST_KNOWN: Final = 500

VOLUMES: Final = f"""
SELECT {TRAITS}, count(*), min(said.probability)
FROM (
    SELECT draw.probability, decision.post_id, decision.revision
    FROM moderation_auditdraw draw
    JOIN moderation_decision decision ON decision.id = draw.decision_id
    WHERE draw.site_id = ANY(%(sites)s) AND draw.stratum IN ('allow', 'review', 'block')
        AND draw.created_at >= %(since)s AND draw.created_at < %(until)s
) AS said
JOIN moderation_post post ON post.id = said.post_id
{JOINED} GROUP BY 1, 2, 3, 4
"""  # noqa: S608 - constants
WORDS: Final = {
    ("link", "true"): "posts with a link",
    ("link", "false"): "posts without a link",
    ("new", "true"): "new authors",
    ("new", "false"): "known authors",
    ("language", ""): "language not known",
}


def checks(rollout: Rollout, now: datetime) -> list[Check]:
    """Each slice, all together at DELTA, and the known cases."""
    stretch = stored.compared(stored.served(rollout.version), now)
    asked = {**stretch.values, "new": NEW}
    volumes = [
        (Traits(*traits), posts, least) for *traits, posts, least in statements.run(VOLUMES, asked)
    ]
    found = stored.disagreements(rollout, stretch)
    named = _traits([each.draw.words for each in found])
    by_slice = {
        each: [draw for draw in found if _holds(each, named, draw)] for each in chosen(volumes)
    }
    enough = sum(len(inside) >= FEWEST for inside in by_slice.values())
    shown = []
    for each, inside in by_slice.items():
        rows = [(posts, least) for traits, posts, least in volumes if each.holds(traits)]
        shown.append(
            paired.errors(
                f"errors, {WORDS.get((each.trait, each.value), f'{each.trait} {each.value}')}",
                [draw.draw.chance for draw in inside if draw.worse],
                [draw.draw.chance for draw in inside if draw.better],
                least=min(least for _, least in rows),
                posts=sum(posts for posts, _ in rows),
                seen=len(inside),
                margin=MARGIN,
                delta=DELTA / max(enough, 1),
            )
        )
    return [*shown, _on_known(rollout, now)]


def chosen(volumes: Sequence[tuple[Traits, int, float]]) -> list[Slice]:
    """The slices that are looked at, by volume alone."""
    counted: dict[str, Counter[str]] = {
        trait: Counter() for trait in ("type", "language", "link", "new")
    }
    for traits, posts, _ in volumes:
        for trait, values in counted.items():
            values[str(getattr(traits, trait)).lower()] += posts
    most = {"type": TYPES, "language": LANGUAGES}
    return [
        Slice(trait, value)
        for trait, values in counted.items()
        for value, posts in values.most_common(most.get(trait))
        if posts >= FEWEST and len(values) > 1
    ]


def known(sites: Sequence[Site], now: datetime) -> dict[Words, tuple[int, str]]:
    """Site and answer of each known case that was an audit, the newest."""
    missed = Look.objects.filter(
        kind=LookKind.GOLD, verdict=OuterRef("verdict"), answer__isnull=False
    ).exclude(answer__kind=F("verdict__kind"))
    agreed = (
        Look.objects.filter(
            site__in=list(sites),
            kind=LookKind.SECOND,
            own=False,
            verdict__case__audit__isnull=False,
            verdict__kind__in=(VerdictKind.SPAM, VerdictKind.NOT_SPAM),
            answer__kind=F("verdict__kind"),
            answer__created_at__gt=now - KNOWN_FOR,
            verdict__undone_by=None,
            answer__undone_by=None,
        )
        .exclude(Exists(missed))
        .order_by("-pk")
    )
    rows = agreed.values_list(
        "verdict__case__post", "verdict__case__revision", "site", "verdict__kind"
    )
    said = {VerdictKind.SPAM.value: "spam", VerdictKind.NOT_SPAM.value: "ham"}
    return {(post, rev): (site, said[kind]) for post, rev, site, kind in rows[:MOST_KNOWN]}


def _on_known(rollout: Rollout, now: datetime) -> Check:
    truth = known(stored.served(rollout.version), now)
    new = rescoring.known(rollout.version.name, truth)
    old = rescoring.known(rollout.baseline.name, truth)
    sites = {site for site, _ in truth.values()}
    policies = {row.site_id: row for row in Policy.objects.filter(site__in=sites).in_force()}
    worse = better = 0
    for words, (site, said) in truth.items():
        now_wrong, then_wrong = (
            stored.is_wrong(stored.outcome(policies[site], each.get(words)), said)
            for each in (new, old)
        )
        worse += now_wrong and not then_wrong
        better += then_wrong and not now_wrong
    return paired.errors(
        "errors, known cases", [1.0] * worse, [1.0] * better, least=1.0, posts=len(truth),
        seen=len(truth), margin=KNOWN_MARGIN, delta=DELTA,
    )  # fmt: skip


def _holds(each: Slice, named: Mapping[Words, Traits], found: Disagreement) -> bool:
    traits = named.get(found.draw.words)
    return traits is not None and each.holds(traits)


def _traits(words: Sequence[Words]) -> dict[Words, Traits]:
    posts, revisions = [post for post, _ in words], [revision for _, revision in words]
    asked: dict[str, Any] = {"posts": posts, "revisions": revisions, "new": NEW}
    return {(post, rev): Traits(*traits) for post, rev, *traits in statements.run(NAMED, asked)}
