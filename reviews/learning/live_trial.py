"""A candidate on live posts: in shadow, beside the model that judges them, and as a canary.

In shadow it judges a bounded share of what came just now, after it was decided and while nothing
waits; nobody feels it. As canary it judges a share of the authors in earnest, and is compared with
what the serving model does to everybody else meanwhile.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from classifiers.guarantees import sequences
from classifiers.models import Rollout
from classifiers.versions import rollout as trials
from classifiers.versions.lineup import Lineup
from moderation import statements
from moderation.deciding import audits
from moderation.models import Decision, Policy, Site
from moderation.types import Arm, FeedbackLabel, Outcome, Source
from reviews.labels.weighing import agreed_blind, heard
from reviews.learning import audit_trial, rescoring
from reviews.learning.rescoring import BATCH, Words
from reviews.measuring.answers import blind
from reviews.models import Label

BINS: Final = tuple(part / 10 for part in range(1, 10))
"""Scores are counted in ten equal parts of [0, 1]."""
NOTHING: Final[dict[str, Any]] = {
    "posts": 0,
    "unread": 0,
    "failed": 0,
    "differ": 0,
    "blocks_more": 0,
    "blocks_less": 0,
    "seconds": 0.0,
    "seconds_before": 0.0,
    "scores": [0] * 10,
    "scores_before": [0] * 10,
}

# Who was judged in a trial and by whom, with what people then said against it: the first event of
# each author. What counts is judged as often on both sides: where the canary's blocks are held and
# the others' are not, audits alone; nothing that a site's learner, which is not asked about a
# canary's posts, brought before people.
TRIED: Final = """
d.site_id = ANY(%(sites)s) AND d.arm <> '' AND d.created_at >= %(since)s AND d.by = 'model'
"""
AUTHOR: Final = "COALESCE('author ' || p.author_id, 'post ' || p.id)"
WHO: Final = f"d.arm, {AUTHOR}"
WRONG: Final = f"""
SELECT l.id, CASE WHEN f.api_key_id IS NOT NULL THEN d.site_id END, {WHO}
FROM moderation_decision d
JOIN moderation_post p ON p.id = d.post_id
JOIN reviews_label l ON l.post_id = d.post_id AND l.revision = d.revision
LEFT JOIN moderation_feedback f ON f.id = l.feedback_id
WHERE {TRIED} AND NOT l.audit
  AND d.mode <> 'certified' AND NOT (d.mode = 'provisional' AND d.outcome = 'review')
  AND l.source <> 'historical' AND l.retracts_id IS NULL
  AND NOT EXISTS (SELECT FROM reviews_label r WHERE r.retracts_id = l.id)
  AND ((d.would_be = 'block' AND l.label = 'ham')
       OR (d.would_be = 'allow' AND d.outcome = 'allow' AND l.label = 'spam'))
ORDER BY l.id
"""  # noqa: S608 - constants
OVERTURNED: Final = f"""
SELECT {WHO}
FROM reviews_appeal a
JOIN moderation_decision d ON d.id = a.decision_id
JOIN moderation_post p ON p.id = d.post_id
WHERE {TRIED} AND a.state = 'overturned' AND d.mode <> 'certified'
"""  # noqa: S608 - constants
AUDITED: Final = f"""
SELECT draw.id, d.would_be = 'block', {WHO}
FROM moderation_decision d
JOIN moderation_post p ON p.id = d.post_id
JOIN moderation_auditdraw draw ON draw.decision_id = d.id
WHERE {TRIED} AND draw.selected
  AND (d.would_be = 'block' OR (d.would_be = 'allow' AND d.outcome = 'allow'))
"""  # noqa: S608 - constants
JUDGED: Final = f"""
SELECT d.arm, count(*), count(DISTINCT {AUTHOR}) FILTER (WHERE d.failed),
    count(*) FILTER (WHERE d.would_be = 'block')
FROM moderation_decision d JOIN moderation_post p ON p.id = d.post_id
WHERE d.site_id = ANY(%(sites)s) AND d.arm <> '' AND d.created_at >= %(since)s
GROUP BY d.arm
"""  # noqa: S608 - constants


def shadow(rollout: Rollout, new: Lineup, old: Lineup) -> bool:
    """Look at the newest decisions since the last time; whether there were any.

    Both models are asked anew, in either order by turns, so that neither has it warmer.
    """
    sites = {site.pk: site for site in audit_trial.served(rollout.version)}
    # What lists, the honeypot and copies decide comes out alike whoever judges.
    made = Decision.objects.filter(
        pk__gt=rollout.cursor,
        site__in=sites,
        source=Source.MACHINE,
        by__in=audits.JUDGED,
        would_be__isnull=False,
    ).order_by("-pk")
    rows = list(made.values_list("pk", "post", "revision", "site")[:BATCH])
    if not rows:
        return False
    site_of: dict[Words, int] = {(post, revision): site for _, post, revision, site in rows}
    turned = bool(rollout.cursor % 2)
    models = (old, new) if turned else (new, old)
    again = rescoring.score(list(site_of), models, keep=[new.model])
    after, before = reversed(again) if turned else again
    policies = {row.site_id: row for row in Policy.objects.filter(site__in=sites).in_force()}
    counted = {**NOTHING, **rollout.shadow}
    counted = {name: list(v) if isinstance(v, list) else v for name, v in counted.items()}
    for words, site in site_of.items():
        _count(counted, policies[site], after.said[words], before.said[words])
    counted["failed"] += after.failed
    counted["seconds"] += after.seconds
    counted["seconds_before"] += before.seconds
    ends = sequences.interval(counted["differ"], max(counted["posts"], 1), trials.DELTA)
    counted["differ_interval"] = [ends.low, ends.high]
    rollout.shadow, rollout.cursor = counted, rows[0][0]
    rollout.save(update_fields=["shadow", "cursor"])
    return True


def _count(counted: dict[str, Any], policy: Policy, new: float | None, old: float | None) -> None:
    if new is None or old is None:
        counted["unread"] += 1
        return
    counted["posts"] += 1
    counted["scores"][bisect_right(BINS, new)] += 1
    counted["scores_before"][bisect_right(BINS, old)] += 1
    then, now = audit_trial.outcome(policy, old), audit_trial.outcome(policy, new)
    counted["differ"] += now != then
    counted["blocks_more"] += now is Outcome.BLOCK and then is not Outcome.BLOCK
    counted["blocks_less"] += then is Outcome.BLOCK and now is not Outcome.BLOCK


def canary(rollout: Rollout, sites: Sequence[Site]) -> dict[str, Any]:
    """What the canary did to those it judged, and the serving model to the others."""
    asked = {"sites": [site.pk for site in sites], "since": rollout.stage_since}
    judged = {arm: row for arm, *row in statements.run(JUDGED, asked)}
    wrong = Counter(arm for arm, _ in _wronged(asked, shared=len(sites) > 1))
    none = (0, 0, 0)
    sides = {
        arm.value: {
            "posts": judged.get(arm, none)[0],
            "failed": judged.get(arm, none)[1],
            "blocks": judged.get(arm, none)[2],
            "wrong": wrong[arm],
        }
        for arm in Arm
    }
    events = {
        what: trials.Events(sides["canary"][what], sides["control"][what])
        for what in ("wrong", "failed")
    }
    ends = events["wrong"].share()
    return {
        **sides,
        "evidence": {what: each.evidence(rollout.share) for what, each in events.items()},
        "wrong_interval": [ends.low, ends.high],
    }


def _wronged(asked: dict[str, Any], *, shared: bool) -> set[tuple[str, str]]:
    """The authors to whom something wrong happened, each with their arm."""
    rows = statements.run(AUDITED, asked)
    said = blind([draw for draw, *_ in rows])
    found = {
        (arm, who)
        for draw, blocks, arm, who in rows
        if said.get(draw) == (FeedbackLabel.HAM if blocks else FeedbackLabel.SPAM)
    }
    found |= {(arm, who) for arm, who in statements.run(OVERTURNED, asked)}
    return found | _told(asked, shared=shared)


def _told(asked: dict[str, Any], *, shared: bool) -> set[tuple[str, str]]:
    """The authors whose posts people called wrongly decided, each with their arm.

    Of reporters those who may teach: whoever holds a site's key sees which model judged a post, and
    could speak of one arm alone. And where several sites are judged, what each said with its keys
    counts once, but for what a blind check confirmed: one site stops, or lets pass, nothing that is
    to serve others.
    """
    rows = list(statements.run(WRONG, asked))
    said = Label.objects.filter(pk__in=[label for label, *_ in rows])
    audible, sure = set(heard(said).values_list("pk", flat=True)), agreed_blind(said)
    first: dict[int, tuple[str, str]] = {}
    found = set()
    for label, site, arm, who in rows:
        if label not in audible:
            continue
        alone = shared and site is not None and label not in sure
        if not alone or first.setdefault(site, (arm, who)) == (arm, who):
            found.add((arm, who))
    return found


def newest() -> int:
    """The newest decision there is: shadow looks at what comes after it."""
    return Decision.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
