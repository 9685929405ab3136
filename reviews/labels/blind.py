"""Which cases are answered without knowing what was said of other posts.

Also: which cases nothing but an answer of their own may answer. Both forms of the rule, for one
case and for a statement, stand here together.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from moderation import audits, statements
from moderation.models import Decision
from moderation.types import Source
from reviews.labels import looks
from reviews.models import Case, LookPlan
from reviews.states import CaseState, Lane

# `c` is a case, and %(plain)s names those that are plain. As `is_judged_blind`, and besides
# appeals, whose words must be read. A second look stands beside the cases of its post.
JUDGED_SINGLY: Final = """
(c.state = 'open' AND c.lane <> 'look' AND (
    c.audit_id IS NOT NULL OR c.lane = 'appeal' OR c.id = ANY(%(plain)s) OR EXISTS (
    SELECT FROM moderation_decision m
    WHERE m.post_id = c.post_id AND m.revision = c.revision AND m.source = 'machine'
      AND m.by <> 'standard_string'
      AND (m.outcome = 'block' OR m.would_be = 'block'
           OR (m.outcome = 'allow' AND m.would_be = 'allow')
           OR (m.mode = 'certified' AND m.by = 'model' AND NOT m.failed))
)))
"""
OPEN_CASES: Final = f"""
SELECT c.id, EXISTS (SELECT FROM reviews_look l WHERE l.dispute_id = c.id)
        OR EXISTS (SELECT FROM reviews_check k WHERE k.dispute_id = c.id),
    COALESCE(plan.plain_share, {LookPlan._meta.get_field("plain_share").default})
FROM reviews_case c LEFT JOIN reviews_lookplan plan ON plan.site_id = c.site_id
WHERE c.state = 'open' AND c.lane NOT IN ('appeal', 'look') AND c.audit_id IS NULL
    AND c.post_id IN (SELECT id FROM ({{posts}}) AS f)
"""  # noqa: S608 - constants


def judged_of(case: Case) -> Decision:
    """Return the machine's decision on the words of a case, also where another has followed it."""
    if case.decision.source == Source.MACHINE:
        return case.decision
    earlier = Decision.objects.filter(
        post=case.post_id, revision=case.revision, source=Source.MACHINE
    )
    return earlier.select_related("policy__guidelines").order_by("-pk").first() or case.decision


def is_judged_blind(case: Case, judged: Decision) -> bool:
    """Return whether what was said of other posts is kept from whoever has this case.

    It is where the case is judged by the post alone, and where its answer could measure the
    machine and is still to come. That goes by what audits are drawn from, not by what was drawn:
    so no page tells an audit.
    """
    if looks.is_plain(case):
        return True
    measures = case.audit_id is not None or audits.stratum_of(judged) is not None
    return measures and case.state == CaseState.OPEN and case.lane != Lane.APPEAL


def is_judged_singly(case: Case) -> bool:
    """Return whether an open case may be answered by itself alone, never along with others."""
    if case.state != CaseState.OPEN:
        return False
    return case.lane == Lane.APPEAL or is_judged_blind(case, judged_of(case))


def plain_among(posts: str, values: Mapping[str, Any]) -> list[int]:
    """Return the open cases of these posts that are judged by the post alone.

    `posts` is a statement that gives their ids. Whether an ordinary case is, no statement tells.
    """
    rows = statements.rows(OPEN_CASES.format(posts=posts), values)
    return [pk for pk, by_itself, share in rows if by_itself or looks.lot_of(Case(pk=pk)) < share]
