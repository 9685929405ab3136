"""Who is left to judge one case: members who may, and have not passed it on in this round.

Stated about cases `c` and members `m`, so that a claim can ask it of every case that it looks at.
Superusers without a membership are left out: every installation has one, and nobody may ever look
there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from moderation import statements
from reviews.lanes import Lane
from reviews.roles import Act, roles_that

if TYPE_CHECKING:
    from reviews.models import Case

PASSED_BY: Final = """
SELECT FROM reviews_verdict p
WHERE p.case_id = c.id AND p.round = c.round AND p.user_id = {who}
  AND p.kind IN ('cannot_tell', 'escalate')
  AND NOT EXISTS (SELECT FROM reviews_verdict u WHERE u.undoes_id = p.id)
"""
# Lanes as `roles.lanes_of` widens them.
ABLE: Final = """
SELECT m.user_id FROM reviews_membership m JOIN auth_user a ON a.id = m.user_id
WHERE m.site_id = c.site_id AND a.is_active AND m.role = ANY(%(judging)s)
  AND (m.lanes = '{}' OR m.lanes @> CASE
      WHEN c.lane = 'overflow' THEN ARRAY['held']::varchar[]
      WHEN c.lane IN ('audit', 'look') THEN ARRAY['held', 'published']::varchar[]
      ELSE ARRAY[c.lane] END)
  AND (c.meant_for = '{}' OR m.user_id = ANY(c.meant_for))
  AND NOT EXISTS (
      SELECT FROM moderation_post w JOIN moderation_author o ON o.id = w.author_id
      WHERE w.id = c.post_id AND o.external_id = m.writes_as AND m.writes_as <> ''
  )
"""
LEFT: Final = f"""
{ABLE} AND NOT EXISTS ({PASSED_BY.format(who="m.user_id")})
"""
# Who gave the decision that is appealed against, or has said of these words that they are to be
# blocked: the decision may be another's that only put theirs in force again.
BLOCKED_BY: Final = """
({who} IS NOT DISTINCT FROM c.barred_id OR EXISTS (
    SELECT FROM reviews_verdict v JOIN reviews_case k ON k.id = v.case_id
    WHERE k.post_id = c.post_id AND k.revision = c.revision AND k.id <> c.id
      AND v.user_id = {who} AND v.kind IN ('spam', 'remove', 'danger')
      AND NOT EXISTS (SELECT FROM reviews_verdict u WHERE u.undoes_id = v.id)
))
"""
UNBIASED: Final = f"""
{LEFT} AND NOT (c.lane = 'appeal' AND {BLOCKED_BY.format(who="m.user_id")})
"""
# They do not judge the appeal, but where nobody else could. Nobody in particular is never barred.
BARRED: Final = f"""
(c.lane = 'appeal' AND %(user)s::bigint IS NOT NULL
 AND {BLOCKED_BY.format(who="%(user)s::bigint")} AND EXISTS ({UNBIASED}))
"""
# Whoever was an auditor when they were shown a case knows what is kept from who judges it.
SEEN_WHOLE: Final = """
SELECT DISTINCT CASE WHEN w.page = 'console:case' THEN w.subject::bigint END AS id
FROM reviews_pageview w WHERE w.user_id = %(user)s::bigint AND w.saw_all
"""
OTHERS_LEFT: Final = f"""
EXISTS (SELECT FROM ({LEFT}) AS others (id) WHERE others.id <> %(user)s::bigint)
"""
JUDGING: Final = sorted(roles_that(Act.JUDGE))


def left_for(case: Case, act: Act = Act.JUDGE) -> list[int]:
    """Ids of those who are left to judge an open case and may do this."""
    return _ids(LEFT, case, act)


def seniors_for(case: Case) -> list[int]:
    """Ids of the seniors who are left to judge it; of an appeal, not who called for the block."""
    return _ids(UNBIASED, case, Act.SETTLE)


def is_barred(user_id: int | None, case: Case) -> bool:
    """Whether the author appeals against what this person said, and somebody else may judge."""
    return case.lane == Lane.APPEAL and bool(
        _ids(f"SELECT c.id WHERE {BARRED}", case, user=user_id)
    )


def has_met(user_id: int | None, case: Case) -> bool:
    """Whether this person was shown the whole case, as an auditor, and somebody else may judge."""
    met = f"SELECT c.id WHERE c.id IN ({SEEN_WHOLE}) AND {OTHERS_LEFT}"
    return bool(_ids(met, case, user=user_id))


def _ids(statement: str, case: Case, act: Act = Act.JUDGE, **asked: Any) -> list[int]:
    of_case = "SELECT found.id FROM reviews_case c, LATERAL ("
    asked |= {"case": case.pk, "judging": sorted(roles_that(Act.JUDGE) & roles_that(act))}
    statement = of_case + statement + ") AS found (id) WHERE c.id = %(case)s ORDER BY found.id"
    return [pk for (pk,) in statements.rows(statement, asked)]
