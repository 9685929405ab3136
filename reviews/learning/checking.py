"""A candidate beside the serving model where a mean over all audits hides harm.

Slices are those of `reviews.measuring.slices`, over the same stored draws that both models are
compared on. Known cases are those of the draws that two people judged alike, neither knowing of the
other. Who looks again depends on what the first one said, and on what the model had decided: each
counts by the chance of both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from django.db.models import Exists, F, OuterRef

from classifiers.guarantees import paired
from classifiers.guarantees.paired import FEWEST, Check
from classifiers.guarantees.promise import DELTA
from classifiers.models import Rollout
from moderation import statements
from reviews.learning import audit_trial
from reviews.learning.audit_trial import MARGIN, Disagreement
from reviews.learning.rescoring import Words
from reviews.learning.stretches import BY_MODEL, Stretch
from reviews.measuring.slices import (
    JOINED,
    LANGUAGES,
    NAMED,
    NEW,
    TRAITS,
    TYPES,
    Slice,
    Traits,
    tally,
)
from reviews.models import Look, LookPlan
from reviews.states import LookKind, VerdictKind

KNOWN_MARGIN: Final = 0.0
"""Of what two people agreed on a candidate may get no more wrong."""
VOLUMES: Final = f"""
SELECT {TRAITS}, count(*), min(said.probability)
FROM (
    SELECT draw.probability, decision.post_id, decision.revision
    FROM moderation_auditdraw draw
    JOIN moderation_decision decision ON decision.id = draw.decision_id
    WHERE draw.site_id = ANY(%(sites)s) AND draw.stratum IN ('allow', 'review', 'block')
        AND draw.created_at >= %(since)s AND draw.created_at < %(until)s AND {BY_MODEL}
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
    stretch = audit_trial.compared(audit_trial.served(rollout.version), now).countable()
    asked = {**stretch.values, "new": NEW}
    volumes = [
        (Traits(*traits), posts, least) for *traits, posts, least in statements.run(VOLUMES, asked)
    ]
    found = audit_trial.disagreements(rollout, stretch)
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
    posts = sum(posts for _, posts, _ in volumes)
    least = min((least for _, _, least in volumes), default=0.0)
    return [*shown, _on_known(found, stretch, posts, least)]


def chosen(volumes: Sequence[tuple[Traits, int, float]]) -> list[Slice]:
    """The slices that are looked at, by volume alone."""
    counted = tally((traits, posts) for traits, posts, _ in volumes)
    most = {"type": TYPES, "language": LANGUAGES}
    return [
        Slice(trait, value)
        for trait, values in counted.items()
        for value, posts in values.most_common(most.get(trait))
        if posts >= FEWEST and len(values) > 1
    ]


def _on_known(found: Sequence[Disagreement], stretch: Stretch, posts: int, least: float) -> Check:
    """The draws that two people judged alike, as they stand for all `posts`."""
    chances = _agreed([each.draw.about.draw for each in found])
    known = [each for each in found if each.draw.about.draw in chances]

    def drawn(rows: Iterable[Disagreement]) -> list[float]:
        return [each.draw.chance * chances[each.draw.about.draw] for each in rows]

    return paired.errors(
        "errors, known cases",
        drawn(each for each in known if each.worse),
        drawn(each for each in known if each.better),
        least=least * min([*chances.values(), *_shares(stretch.sites)]),
        posts=posts,
        seen=len(known),
        margin=KNOWN_MARGIN,
        delta=DELTA,
    )


def _agreed(drawn: Sequence[int]) -> dict[int, float]:
    """Of each draw on which two agreed, the chance with which the second was asked."""
    missed = Look.objects.filter(
        kind=LookKind.GOLD, verdict=OuterRef("verdict"), answer__isnull=False
    ).exclude(answer__kind=F("verdict__kind"))
    agreed = Look.objects.filter(
        kind=LookKind.SECOND,
        own=False,
        verdict__case__audit__in=drawn,
        verdict__kind__in=(VerdictKind.SPAM, VerdictKind.NOT_SPAM),
        answer__kind=F("verdict__kind"),
        verdict__undone_by=None,
        answer__undone_by=None,
    ).exclude(Exists(missed))
    return dict(agreed.values_list("verdict__case__audit", "probability"))


def _shares(sites: Sequence[int]) -> list[float]:
    """The chances with which verdicts are looked at again at the sites."""
    plans = list(LookPlan.objects.filter(site__in=sites))
    if len(plans) < len(sites):
        plans.append(LookPlan())
    return [share for plan in plans for share in (plan.second_share, plan.spam_share)]


def _holds(each: Slice, named: Mapping[Words, Traits], found: Disagreement) -> bool:
    traits = named.get(found.draw.words)
    return traits is not None and each.holds(traits)


def _traits(words: Sequence[Words]) -> dict[Words, Traits]:
    posts, revisions = [post for post, _ in words], [revision for _, revision in words]
    asked: dict[str, Any] = {"posts": posts, "revisions": revisions, "new": NEW}
    return {(post, rev): Traits(*traits) for post, rev, *traits in statements.run(NAMED, asked)}
