"""What a site's stored draws say of its promise under a candidate (docs/STATISTICS.md)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np

from classifiers.guarantees import replayed, senders, thresholds
from classifiers.guarantees.certificates import ENOUGH
from classifiers.guarantees.promise import DELTA
from classifiers.guarantees.replayed import SURE, Judged, Replayed
from classifiers.models import Rollout
from moderation import statements
from moderation.models import Certificate, Policy, Site
from moderation.types import Mode, Stratum
from reviews.learning import rescoring
from reviews.learning.rescoring import Words
from reviews.learning.stretches import WINDOW, Stretch
from reviews.learning.taught import taught
from reviews.measuring import draws
from reviews.measuring.answers import answers
from reviews.measuring.mistaken import people
from reviews.queue.priority import DEADLINE

FIRST_HELD = """
SELECT min(created_at) FROM moderation_auditdraw WHERE site_id = %s AND stratum = 'review'
"""
FIRST_WAITING = """
SELECT min(draw.created_at) FROM moderation_auditdraw draw
JOIN reviews_case c ON c.audit_id = draw.id
WHERE draw.site_id = %s AND draw.created_at > %s AND c.state = 'open'
"""


def promising(sites: Sequence[Site]) -> list[Site]:
    """Those of the sites that block by certificate."""
    policies = Policy.objects.filter(site__in=sites).in_force()
    modes = {policy.site_id: policy.mode for policy in policies}
    return [site for site in sites if modes.get(site.pk) == Mode.CERTIFIED]


def stretch_of(site: Site, now: datetime) -> Stretch | None:
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


def replay(rollout: Rollout, stretch: Stretch, *, unknown: float = SURE) -> Replayed:
    """The draws of one site as the candidate sees them; `unknown`: the score of what has none."""
    drawn, thrown = stretch.drawn(), stretch.thrown()
    said = answers([draw.about for draw in drawn])
    again, decided_at, share = stretch.allowed()
    words = [draw.words for draw in drawn] + again
    scores = rescoring.known(rollout.version.name, words, complete=True)
    learnt = taught(rollout.version, words, but_spam=True)

    def at_worst(words: Words) -> float:
        """What a model learnt from, it knows better than what comes."""
        score = scores.get(words)
        if score is None:
            return unknown
        return SURE if words in learnt else score

    none = (0, 1.0)
    allowed, least_of_allowed = thrown.get(Stratum.ALLOW, none)
    # A uniform sample, however the chance followed the volume; see `certificates.seen`.
    audits = [
        draw for draw in drawn if draw.stratum == Stratum.ALLOW and draw.thrown < least_of_allowed
    ]
    whose = draws.senders({draw.about.post for draw in drawn} | {post for post, _ in again})

    def authors(posts: Iterable[UUID]) -> senders.Whose:
        return np.array([whose.get(post, 0) for post in posts], dtype=np.int64)

    of_audits = authors(draw.about.post for draw in audits)
    others = [thrown.get(name, none) for name in (Stratum.BLOCK, Stratum.REVIEW)]
    return Replayed(
        judged=tuple(
            Judged(
                draw.chance,
                at_worst(draw.words),
                _spam(said.get(draw.about.draw)),
                draw.at,
                whose.get(draw.about.post, 0),
            )
            for draw in drawn
            if draw.stratum != Stratum.ALLOW
        ),
        least=min(least for _, least in others),
        rest=sum(count for count, _ in others),
        allowed=allowed,
        allowed_scores=np.array([at_worst(words) for words in again]),
        scored=share,
        drawn=len(audits),
        spam=sum(said.get(draw.about.draw) != "ham" for draw in audits),
        together=senders.together(of_audits, np.array([draw.at for draw in audits])),
        allowed_at=np.array(decided_at),
        allowed_authors=authors(post for post, _ in again),
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
    stretch = stretch_of(site, now)
    if stretch is None:
        return {"says": "No held posts have been drawn and judged here since the last certificate."}
    found = replay(rollout, stretch)
    trial = trial_of(rollout, site)
    mistakes, whole = people(site=site, now=now).for_certificates(DELTA)
    delta = replayed.spent(trial, whole)
    if not replayed.can_say(found, mistakes, policy.promise, delta):
        return {
            "says": f"{found.posts:,} posts with {len(found.judged):,} judged draws are too few "
            "yet, whatever the model makes of them."
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
            "together": found.together,
            "spam_of_honest": mistakes.spam_of_honest,
            "honest_of_spam": mistakes.honest_of_spam,
            "period_from": stretch.since.isoformat(),
            "period_to": stretch.until.isoformat(),
        },
    }


def _spam(said: str | None) -> bool | None:
    return None if said is None else said == "spam"
