"""A candidate on the stored audits of the sites that it would serve (docs/STATISTICS.md).

Audits' labels never train, so what people said of a random draw is a question that no model has
seen. Both models are asked what they make of each: the candidate must be shown to be no worse than
the one that serves, and to keep what certificates in force promise.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

import numpy as np

from classifiers.guarantees import replayed, thresholds
from classifiers.guarantees.certificates import ENOUGH
from classifiers.guarantees.promise import DELTA
from classifiers.guarantees.replayed import SURE, Compared, Judged, Replayed
from classifiers.models import ModelVersion, Rollout
from moderation import statements
from moderation.models import Certificate, Policy, Site
from moderation.types import Mode, Outcome, Stratum
from reviews.learning import rescoring
from reviews.learning.rescoring import Words
from reviews.measuring.answers import About, answers
from reviews.measuring.mistaken import people
from reviews.measuring.promises import DEADLINE
from reviews.models import Label, LabelSource

MARGIN: Final = 0.03
"""A retrained model may decide so many more of the posts wrongly, and no more."""
WINDOW: Final = timedelta(days=90)
"""Draws that are older say little of what comes now."""
MOST_DRAWS: Final = 2_000
COUNTABLE: Final = 200_000
"""Decisions whose traits are looked up, the newest."""
MOST_ALLOWED: Final = 5_000
"""Allowed posts of one site that are scored again; of more, a share drawn at random."""

DRAWN = """
SELECT draw.id, draw.decision_id, decision.post_id, decision.revision, draw.site_id, draw.stratum,
    draw.probability, draw.draw
FROM moderation_auditdraw draw JOIN moderation_decision decision ON decision.id = draw.decision_id
WHERE draw.selected AND draw.site_id = ANY(%(sites)s)
    AND draw.stratum IN ('allow', 'review', 'block')
    AND draw.created_at >= %(since)s AND draw.created_at < %(until)s
    AND (NOT %(certified)s OR (decision.by IN ('model', 'caution') AND decision.mode = 'certified'))
ORDER BY draw.created_at DESC, draw.id DESC LIMIT %(most)s
"""
THROWN = """
SELECT draw.stratum, count(*), min(draw.probability)
FROM moderation_auditdraw draw JOIN moderation_decision decision ON decision.id = draw.decision_id
WHERE draw.site_id = ANY(%(sites)s) AND draw.stratum IN ('allow', 'review', 'block')
    AND draw.created_at >= %(since)s AND draw.created_at < %(until)s
    AND (NOT %(certified)s OR (decision.by IN ('model', 'caution') AND decision.mode = 'certified'))
GROUP BY draw.stratum
"""
OLDEST_DRAWN = """
SELECT min(created_at) FROM (
    SELECT created_at FROM moderation_auditdraw
    WHERE selected AND site_id = ANY(%(sites)s) AND stratum IN ('allow', 'review', 'block')
        AND created_at >= %(since)s AND created_at < %(until)s
    ORDER BY created_at DESC LIMIT %(most)s
) AS newest
"""
ALLOWED = """
SELECT decision.post_id, decision.revision
FROM moderation_auditdraw draw JOIN moderation_decision decision ON decision.id = draw.decision_id
WHERE draw.site_id = ANY(%(sites)s) AND draw.stratum = 'allow'
    AND draw.created_at >= %(since)s AND draw.created_at < %(until)s
    AND decision.by IN ('model', 'caution') AND decision.mode = 'certified'
ORDER BY draw.id
"""
OLDEST_THROWN = """
SELECT created_at FROM moderation_auditdraw
WHERE site_id = ANY(%(sites)s) AND stratum IN ('allow', 'review', 'block')
    AND created_at >= %(since)s AND created_at < %(until)s
ORDER BY created_at DESC OFFSET %(countable)s LIMIT 1
"""
FIRST_HELD = """
SELECT min(created_at) FROM moderation_auditdraw WHERE site_id = %s AND stratum = 'review'
"""
FIRST_WAITING = """
SELECT min(draw.created_at) FROM moderation_auditdraw draw
JOIN reviews_case c ON c.audit_id = draw.id
WHERE draw.site_id = %s AND draw.created_at > %s AND c.state = 'open'
"""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A stored draw."""

    about: About
    site_id: int
    stratum: str
    chance: float
    thrown: float

    @property
    def words(self) -> Words:
        return self.about.post, self.about.revision


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A stored draw, and whether only the candidate decides it wrongly, or only the baseline."""

    draw: Drawn
    worse: bool
    """Or they differ, and nobody answered."""
    better: bool
    judged: bool


@dataclass(frozen=True, slots=True)
class Stretch:
    """Some sites' draws in a stretch of time; `certified`: those that a promise speaks of."""

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

    def allowed(self) -> tuple[list[Words], float]:
        """Allowed posts to score again, and the chance with which each was chosen."""
        rows: list[Words] = list(statements.run(ALLOWED, self.values))
        if len(rows) <= MOST_ALLOWED:
            return rows, 1.0
        share = MOST_ALLOWED / len(rows)
        dice = Random(f"{self.sites} {self.since}")  # noqa: S311 - the same posts each time
        return [row for row in rows if dice.random() < share], share


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


def certifying(site: Site, now: datetime) -> Stretch | None:
    """What a promise could be shown on; None while no held posts were drawn.

    Draws since the period of the site's last certificate: what one stood on certifies no other.
    """
    first = next(iter(statements.run(FIRST_HELD, [site.pk])))[0]
    if first is None:
        return None
    last = Certificate.objects.filter(site=site).first()
    since = max(first, now - WINDOW)
    if last is not None:
        since = max(since, last.ended_at if last.broken and last.ended_at else last.period_to)
    waiting = next(iter(statements.run(FIRST_WAITING, [site.pk, now - DEADLINE])))[0]
    until = min(waiting or now, now)
    if since >= until:
        return None
    return Stretch((site.pk,), since, until, certified=True).newest()


def wanted(rollout: Rollout, now: datetime) -> tuple[list[Words], list[Words]]:
    """What the candidate has to score, and what the baseline has to."""
    sites = served(rollout.version)
    both = [draw.words for draw in compared(sites, now).drawn()]
    alone: list[Words] = []
    for site in promising(sites):
        stretch = certifying(site, now)
        if stretch is not None:
            alone += [draw.words for draw in stretch.drawn()] + stretch.allowed()[0]
    return list(dict.fromkeys(both + alone)), list(dict.fromkeys(both))


def promising(sites: Sequence[Site]) -> list[Site]:
    """Those of the sites that block by certificate."""
    policies = Policy.objects.filter(site__in=sites).in_force()
    modes = {policy.site_id: policy.mode for policy in policies}
    return [site for site in sites if modes.get(site.pk) == Mode.CERTIFIED]


def compare(rollout: Rollout, now: datetime) -> Compared:
    """Both models on what people said of stored draws, at each site's own thresholds.

    A decision is wrong that blocks an honest post, or allows spam; asking a person is neither. A
    draw without an answer counts against the candidate where the two differ.
    """
    stretch = compared(served(rollout.version), now)
    found, thrown = disagreements(rollout, stretch), stretch.thrown()
    return Compared(
        posts=sum(count for count, _ in thrown.values()),
        least=min((least for _, least in thrown.values()), default=0.0),
        worse=tuple(each.draw.chance for each in found if each.worse),
        better=tuple(each.draw.chance for each in found if each.better),
        judged=sum(each.judged for each in found),
    )


def disagreements(rollout: Rollout, stretch: Stretch) -> list[Disagreement]:
    """Each draw of the stretch, and which of the two models alone decides it wrongly."""
    drawn = stretch.drawn()
    said = answers([draw.about for draw in drawn])
    words = [draw.words for draw in drawn]
    new = rescoring.known(rollout.version.name, words)
    old = rescoring.known(rollout.baseline.name, words)
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
                better=differ and spam is not None and wrong[0] < wrong[1],
                judged=spam is not None,
            )
        )
    return found


def replay(rollout: Rollout, stretch: Stretch) -> Replayed:
    """The draws of one site as the candidate sees them."""
    drawn, thrown = stretch.drawn(), stretch.thrown()
    said = answers([draw.about for draw in drawn])
    again, share = stretch.allowed()
    scores = rescoring.known(rollout.version.name, [draw.words for draw in drawn] + again)
    taught = _taught(again)
    none = (0, 1.0)
    allowed, least_of_allowed = thrown.get(Stratum.ALLOW, none)
    # A uniform sample, however the chance followed the volume; see `certificates.seen`.
    audits = [
        said.get(draw.about.draw)
        for draw in drawn
        if draw.stratum == Stratum.ALLOW and draw.thrown < least_of_allowed
    ]
    others = [thrown.get(name, none) for name in (Stratum.BLOCK, Stratum.REVIEW)]
    return Replayed(
        judged=tuple(
            Judged(draw.chance, _sure(scores.get(draw.words)), _spam(said.get(draw.about.draw)))
            for draw in drawn
            if draw.stratum != Stratum.ALLOW
        ),
        least=min(least for _, least in others),
        rest=sum(count for count, _ in others),
        allowed=allowed,
        allowed_scores=np.array(
            [SURE if words in taught else _sure(scores.get(words)) for words in again]
        ),
        scored=share,
        drawn=len(audits),
        spam=sum(answer != "ham" for answer in audits),
    )


def trial_of(rollout: Rollout, site: Site) -> int:
    """How many candidates have been tried on these draws of the site, this one included.

    One that the same draws stopped before it came to that has been tried as well.
    """
    last = Certificate.objects.filter(site=site).first()
    before = Rollout.objects.filter(pk__lt=rollout.pk)
    if last is not None:
        before = before.filter(stage_since__gte=last.period_to)
    return 1 + sum(_spent(row, rollout.slot, str(site.pk)) for row in before if row.audits)


def _spent(before: Rollout, slot: str, site: str) -> bool:
    stopped = before.slot == slot and "says" not in before.audits
    return stopped or "trial" in before.audits.get("certified", {}).get(site, {})


def certify(rollout: Rollout, site: Site, now: datetime) -> dict[str, Any]:
    """What the site's stored draws say of its promise under the candidate.

    With `trial` where they were asked, which spends a part of the chance of error; with
    `threshold` where they carry the promise.
    """
    policy = Policy.objects.filter(site=site).latest("revision")
    stretch = certifying(site, now)
    if stretch is None:
        return {"says": "No held posts have been drawn and judged here since the last certificate."}
    found = replay(rollout, stretch)
    trial = trial_of(rollout, site)
    mistakes, whole = people(site=site, now=now).for_certificates(DELTA)
    delta = replayed.spent(trial, whole)
    if not replayed.can_say(found, mistakes, policy.promise, delta):
        return {
            "says": f"{found.posts} posts with {len(found.judged)} judged draws are too few yet, "
            "whatever the model makes of them."
        }
    made = replayed.certify(
        found, block_from=policy.block_from, mistakes=mistakes, most=policy.promise, delta=delta
    )
    if made is None or made.covers < ENOUGH:
        bound = replayed.wrongly_blocked(found.found(policy.block_from), found, mistakes, delta)
        return {
            "trial": trial,
            "says": f"From {policy.block_from:g} on, up to {100 * bound:.2f} % of honest posts "
            f"could be blocked; {100 * policy.promise:g} % is promised.",
        }
    return {
        "trial": trial,
        "says": f"From {made.threshold:g} on, at most {100 * made.bound:.2f} % of honest posts "
        f"are blocked; {100 * policy.promise:g} % is promised.",
        "threshold": made.threshold,
        "certificate": {
            "promise": policy.promise,
            "grid": list(thresholds.grid(policy.block_from)),
            "bound": made.bound,
            "threshold": made.threshold,
            "posts": found.posts,
            "blocked": round(found.blocked(made.threshold)),
            "judged": len(found.judged) + made.seen.wrong,
            "wrong": made.seen.wrong,
            "unanswered": sum(each.spam is None for each in found.judged),
            "allowed": found.allowed,
            "allowed_drawn": found.drawn,
            "allowed_spam": found.spam,
            "chance": found.least,
            "spam_of_honest": mistakes.spam_of_honest,
            "honest_of_spam": mistakes.honest_of_spam,
            "period_from": stretch.since.isoformat(),
            "period_to": stretch.until.isoformat(),
        },
    }


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


def _sure(score: float | None) -> float:
    return SURE if score is None else score


def _spam(said: str | None) -> bool | None:
    return None if said is None else said == "spam"


def _taught(words: Sequence[Words]) -> set[Words]:
    """Those that people said something of that may have trained a model, and not that it is spam.

    What a model learnt from, it knows better than what comes: it counts at its worst.
    """
    labels = Label.objects.for_training().exclude(label="spam")
    rows = labels.filter(post__in={post for post, _ in words}).exclude(
        source=LabelSource.HISTORICAL
    )
    return set(rows.values_list("post", "revision"))
