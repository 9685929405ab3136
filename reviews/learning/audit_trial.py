"""A candidate on the stored audits of the sites that it would serve (docs/STATISTICS.md).

Audits' labels never train, so what people said of a random draw is a question that no model has
seen; where other words on the same post taught the candidate, it earns nothing. Both models are
asked what they make of each: the candidate must be shown to be no worse than the one that serves,
and to keep what certificates in force promise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from classifiers.guarantees.replayed import Compared
from classifiers.models import ModelVersion, Rollout
from moderation.models import Policy, Site
from moderation.types import Outcome
from reviews.learning import rescoring
from reviews.learning.certifying import promising, stretch_of
from reviews.learning.rescoring import Words
from reviews.learning.stretches import WINDOW, Drawn, Stretch
from reviews.learning.taught import taught
from reviews.measuring.answers import answers
from reviews.queue.priority import DEADLINE

MARGIN: Final = 0.03
"""A retrained model may decide so many more of the posts wrongly, and no more."""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A stored draw, and whether only the candidate decides it wrongly, or only the baseline."""

    draw: Drawn
    worse: bool
    """Or they differ, and nobody answered."""
    better: bool
    judged: bool


def served(version: ModelVersion) -> list[Site]:
    """The sites that the candidate would serve."""
    if version.slot != "global":
        return [site for site in Site.objects.order_by("pk") if site.slot == version.slot]
    own = set(ModelVersion.objects.filter(stage="production").values_list("slot", flat=True))
    return [site for site in Site.objects.order_by("pk") if site.slot not in own]


def compared(sites: Sequence[Site], now: datetime) -> Stretch:
    """What both models are compared on: settled draws, the newest."""
    stretch = Stretch(tuple(site.pk for site in sites), now - WINDOW, now - DEADLINE)
    return stretch.newest()


def wanted(rollout: Rollout, now: datetime) -> tuple[list[Words], list[Words]]:
    """What the candidate has to score, and what the baseline has to."""
    sites = served(rollout.version)
    both = [draw.words for draw in compared(sites, now).drawn()]
    alone: list[Words] = []
    for site in promising(sites):
        stretch = stretch_of(site, now)
        if stretch is not None:
            alone += [draw.words for draw in stretch.drawn()] + stretch.allowed()[0]
    return list(dict.fromkeys(both + alone)), list(dict.fromkeys(both))


def compare(rollout: Rollout, now: datetime) -> Compared:
    """Both models on what people said of stored draws, at each site's own thresholds.

    A decision is wrong that blocks an honest post, or allows spam; asking a person is neither. A
    draw without an answer counts against the candidate where the two differ.
    """
    stretch = compared(served(rollout.version), now)
    found = disagreements(rollout, stretch)
    return Compared(
        volumes=stretch.volumes(),
        worse=tuple(each.draw.chance for each in found if each.worse),
        better=tuple(each.draw.chance for each in found if each.better),
        judged=sum(each.judged for each in found),
    )


def trial_of(rollout: Rollout, now: datetime) -> int:
    """How many candidates of the slot were tried on some of these draws, this one included."""
    since = compared(served(rollout.version), now).since
    before = Rollout.objects.filter(
        slot=rollout.slot, pk__lt=rollout.pk, audits__has_key="trial", ended_at__gt=since + DEADLINE
    )
    return 1 + before.count()


def disagreements(rollout: Rollout, stretch: Stretch) -> list[Disagreement]:
    """Each draw of the stretch, and which of the two models alone decides it wrongly."""
    drawn = stretch.drawn()
    said = answers([draw.about for draw in drawn])
    words = [draw.words for draw in drawn]
    new = rescoring.known(rollout.version.name, words)
    old = rescoring.known(rollout.baseline.name, words)
    learnt = taught(rollout.version, words)
    policies = {
        row.site_id: row for row in Policy.objects.filter(site__in=stretch.sites).in_force()
    }
    found = []
    for draw in drawn:
        policy, spam = policies[draw.site_id], said.get(draw.about.draw)
        outcomes = [outcome(policy, each.get(draw.words)) for each in (new, old)]
        wrong = [is_wrong(outcome, spam) for outcome in outcomes]
        differ = outcomes[0] != outcomes[1]
        found.append(
            Disagreement(
                draw,
                worse=differ and (spam is None or wrong[0] > wrong[1]),
                better=differ
                and spam is not None
                and wrong[0] < wrong[1]
                and draw.words not in learnt,
                judged=spam is not None,
            )
        )
    return found


def outcome(policy: Policy, score: float | None) -> Outcome | None:
    """What the thresholds alone make of a score; None of none."""
    if score is None:
        return None
    if score >= policy.block_from:
        return Outcome.BLOCK
    return Outcome.REVIEW if score >= policy.review_from else Outcome.ALLOW


def is_wrong(outcome: Outcome | None, said: str | None) -> bool:
    """A post that a model could not score is asked of a person."""
    return (outcome is Outcome.BLOCK and said == "ham") or (
        outcome is Outcome.ALLOW and said == "spam"
    )
