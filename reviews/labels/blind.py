"""Which cases nothing but an answer of their own may answer, and what is told to whom.

Who is shown a post alone, and which posts are withheld from whoever may yet judge them so, or
has. Both forms of a rule, for one case and for a statement, stand here together.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.utils import timezone

from moderation import statements
from reviews.labels import looks
from reviews.labels.looks import PAUSE
from reviews.models import Case, LookPlan, Verdict
from reviews.people.permissions import Given, closed_lanes, given_to, sites_of
from reviews.roles import Act
from reviews.states import CaseState, Lane

if TYPE_CHECKING:
    from django.contrib.auth.models import User

GIVEN: Final = "SELECT unnest(%(posts)s::uuid[]) AS id"
# `c` is a case, and %(plain)s names those that are plain. A second look stands beside the cases of
# its post.
ANSWERED_SINGLY: Final = """
(c.state = 'open' AND c.lane <> 'look' AND (
    c.audit_id IS NOT NULL OR c.lane = 'appeal' OR c.id = ANY(%(plain)s)
))
"""
CASES: Final = f"""
SELECT c.id, c.post_id, c.lane = 'look' OR c.audit_id IS NOT NULL
        OR EXISTS (SELECT FROM reviews_look l WHERE l.dispute_id = c.id)
        OR EXISTS (SELECT FROM reviews_check k WHERE k.dispute_id = c.id),
    CASE WHEN c.of_many THEN 0.0
        ELSE COALESCE(plan.plain_share, {LookPlan._meta.get_field("plain_share").default}) END
FROM reviews_case c LEFT JOIN reviews_lookplan plan ON plan.site_id = c.site_id
WHERE c.lane <> 'appeal' AND NOT c.anew AND c.post_id IN (SELECT id FROM ({{posts}}) AS f)
"""  # noqa: S608 - constants
OPEN_CASES: Final = f"{CASES} AND c.state = 'open'"
GIVEN_TO: Final = """
AND c.site_id = ANY(%(sites)s) AND (c.meant_for = '{{}}' OR %(user)s = ANY(c.meant_for))
AND (c.site_id, c.lane) NOT IN (
    SELECT * FROM unnest(%(closed_sites)s::bigint[], %(closed_lanes)s::text[])
)
"""


# What was drawn for a second look has no case until it is due. Its answer is kept meanwhile, too,
# from whoever may be asked: in ten minutes they would have to forget it.
DRAWN: Final = """
SELECT k.id, k.post_id, true, 1.0 FROM reviews_look l
JOIN reviews_verdict v ON v.id = l.verdict_id JOIN reviews_case k ON k.id = v.case_id
WHERE k.post_id IN (SELECT id FROM ({posts}) AS f) AND l.case_id IS NULL AND l.ended = ''
  AND l.site_id = ANY(%(sites)s) AND CASE
      WHEN l.person_id IS NULL THEN v.user_id <> %(user)s ELSE l.person_id = %(user)s END
  AND (l.site_id, 'look') NOT IN (
      SELECT * FROM unnest(%(closed_sites)s::bigint[], %(closed_lanes)s::text[])
  )
  AND NOT EXISTS (SELECT FROM reviews_verdict u WHERE u.undoes_id = v.id)
"""

# Nor has the check of a label, until its turn comes. A training doubts dozens at once, so of these
# only those whose turn comes within DAYS: posts that nobody finds for weeks are a price too high.
DAYS: Final = 3
TO_CHECK: Final = f"""
SELECT h.id, b.post_id, true, 1.0 FROM reviews_label b JOIN reviews_check h ON h.label_id = b.id
LEFT JOIN reviews_lookplan plan ON plan.site_id = h.site_id
WHERE b.post_id IN (SELECT id FROM ({{posts}}) AS f) AND h.case_id IS NULL AND h.ended = ''
  AND (h.why = 'source' OR {DAYS} * COALESCE(
      plan.doubts_per_day, {LookPlan._meta.get_field("doubts_per_day").default}
  ) > (
      SELECT count(*) FROM reviews_check w WHERE w.site_id = h.site_id AND w.case_id IS NULL
      AND w.ended = '' AND w.why = h.why AND w.id < h.id
  ))
  AND h.site_id = ANY(%(sites)s) AND b.user_id IS DISTINCT FROM %(user)s
  AND (h.site_id, 'look') NOT IN (
      SELECT * FROM unnest(%(closed_sites)s::bigint[], %(closed_lanes)s::text[])
  )
"""  # noqa: S608 - constants


# What somebody answered, and may take back for a while; and what they passed on, while it waits.
ANSWERED: Final = f"""
{CASES} AND EXISTS (
    SELECT FROM reviews_verdict v WHERE v.case_id = c.id AND v.user_id = %(user)s
    AND v.kind <> 'undo' AND (c.state = 'open' OR v.created_at > %(answered_since)s)
)
"""
OF_OTHERS: Final = f"{OPEN_CASES} AND c.id <> %(case)s" + GIVEN_TO
EVER: Final = timedelta(days=36_500)
AT_ONCE: Final = timedelta(0)

LATE: Final = (
    "You judged it by the post alone. Such an answer can be taken back for ten minutes: as long as "
    "nothing else is shown to you of what was made of the post. From then on a senior moderator or "
    "the site's owner decides the post anew, on the page of its case."
)
NOT_YOURS: Final = (
    "It was judged by the post alone: only whoever gave the answer takes it back. From ten minutes "
    "after it a senior moderator or the site's owner may decide the post anew."
)


def is_alone(user: User, case: Case, given: Given | None = None) -> bool:
    """Return whether this person is asked, blind, about the post of a case by another case of it.

    Or may be, or has just answered, and may take that back. Any other case about the post, as an
    edit or an appeal opens it, must not tell the first answer, nor what an audit is about. Who
    reads an appeal is asked for no second look that is yet to come. `given` is what they may do
    on its site, where that is known.
    """
    asked = {"posts": [case.post_id], **judged_on(user, case.site_id, given)}
    yet_to_come = [] if case.lane == Lane.APPEAL else [DRAWN, TO_CHECK]
    parts = [OF_OTHERS, ANSWERED, *yet_to_come]
    statement = " UNION ALL ".join(parts).format(posts=GIVEN)
    return bool(_plain(statement, {**asked, "case": case.pk}))


def is_plain_to(user: User, case: Case, given: Given | None = None) -> bool:
    """Return whether this person is shown the post of a case alone, and told nothing else of it.

    Who only looks on is shown everything: they answer nothing that could be compared.
    """
    given = given or given_to(user, case.site_id)
    return not given.only_audits and (looks.is_plain(case) or is_alone(user, case, given))


def why_it_stands(given: Verdict, case: Case, user: User, now: datetime) -> str:
    """Why an answer by the post alone can no longer be taken back; empty where it can.

    For PAUSE everything else of the post is withheld from whoever gave it, and from nobody else:
    whoever then answered anew would know what the machine made of it, or what somebody said.
    """
    if not looks.is_plain(case):
        return ""
    if given.user_id != user.pk:
        return NOT_YOURS
    return LATE if given.created_at + PAUSE <= now else ""


def is_answered_singly(case: Case) -> bool:
    """Return whether an open case may be answered by itself alone, never along with others.

    What audits are drawn from but were not may be, or no answer would be for the surest campaigns.
    What is left then tells no audit, as the lot leaves ordinary cases with them.
    """
    if case.state != CaseState.OPEN:
        return False
    return case.lane == Lane.APPEAL or looks.is_plain(case)


def plain_among(posts: str, values: Mapping[str, Any]) -> list[int]:
    """Return the open cases of these posts that are judged by the post alone.

    `posts` is a statement that gives their ids. Whether an ordinary case is, no statement tells.
    """
    return [case for case, _ in _plain(OPEN_CASES.format(posts=posts), values)]


def answered_among(
    posts: str, values: Mapping[str, Any], *, within: timedelta = PAUSE
) -> list[UUID]:
    """Return those of these posts that values["user"] judged by the post alone within this time."""
    asked = {**values, "answered_since": timezone.now() - within}
    return [post for _, post in _plain(ANSWERED.format(posts=posts), asked)]


def withheld_from(
    user: User | None, posts: Iterable[UUID], *, answered: timedelta = PAUSE
) -> set[UUID]:
    """Return those of these posts that this person may yet have to judge by the post alone.

    What became of them is told nowhere until that is answered: a post that somebody is to look at
    a second time would show the first answer. Ordinary cases are withheld as audits and looks are,
    and the posts are left out whole: their state, age or absence would tell one.

    Nor is it told of those that they have `answered` so within this time: for PAUSE they may answer
    anew. Where single posts are found it is EVER: which of the cases were looks would be seen.
    """
    asked = list(posts)
    return withheld_among(asked, judged_by(user, answered=answered)) if asked and user else set()


def judged_by(user: User | None, *, answered: timedelta = PAUSE) -> dict[str, Any]:
    """What `withheld_among` is to know of a person, for whoever asks it again and again."""
    sites = list(sites_of(user).values_list("pk", flat=True)) if user else []
    return _judged(user, sites, closed_lanes(user, sites) if user else [], answered)


def judged_on(
    user: User | None, site_id: int, given: Given | None = None, *, answered: timedelta = PAUSE
) -> dict[str, Any]:
    """As `judged_by`, for posts of one site; with `given`, what they may do there, no query."""
    if given is None:
        given = given_to(user, site_id) if user else Given()
    if Act.JUDGE not in given.acts:
        return _judged(user, [], [], answered)
    closed = [(site_id, lane) for lane in Lane if lane not in given.lanes]
    return _judged(user, [site_id], closed, answered)


def _judged(
    user: User | None,
    sites: Sequence[int],
    closed: Sequence[tuple[int, Lane]],
    answered: timedelta,
) -> dict[str, Any]:
    return {
        "sites": list(sites),
        "user": user.pk if user else 0,
        "answered_since": timezone.now() - answered,
        "closed_sites": [site for site, _ in closed],
        "closed_lanes": [lane.value for _, lane in closed],
    }


def withheld_among(posts: Sequence[UUID], judged: Mapping[str, Any]) -> set[UUID]:
    """As `withheld_from`, in one query."""
    if not posts:
        return set()
    return withheld_of(GIVEN, {"posts": list(posts)}, judged)


def withheld_of(posts: str, values: Mapping[str, Any], judged: Mapping[str, Any]) -> set[UUID]:
    """As `withheld_among`, of the posts whose ids the statement `posts` gives."""
    if not judged["sites"]:
        return set()
    statement = " UNION ALL ".join(
        part.format(posts=posts) for part in (OPEN_CASES + GIVEN_TO, DRAWN, TO_CHECK, ANSWERED)
    )
    return {post for _, post in _plain(statement, {**values, **judged})}


def _plain(statement: str, values: Mapping[str, Any]) -> list[tuple[int, UUID]]:
    return [
        (pk, post)
        for pk, post, by_itself, share in statements.rows(statement, values)
        if by_itself or looks.lot_of(Case(pk=pk)) < share
    ]
