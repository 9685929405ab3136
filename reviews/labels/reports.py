"""What a member's report is worth: learnt from what moderators then said of the reported posts.

A report decides nothing and teaches nothing; it tells how likely the post is to be removed, and the
case takes its place in the queue by that. Nobody is believed for what they have not shown: a new
member counts as the members of the key do, and those of a new key as half right. One who reports
honest posts soon moves nothing, and nobody moves more than so many posts a day.

Only reports that came before the moderator's answer count. Moderators may know that a post was
reported, so this orders a queue, and bounds no error.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import F, Window
from django.db.models.functions import RowNumber

from moderation import statements
from moderation.models import ApiKey, Feedback, Site
from moderation.types import ActorRole
from reviews.models import ReportRecord

RECORD: Final = 20
"""Judged reports of a member that count, the newest."""
RECORD_OF_KEY: Final = 200
PERIOD: Final = timedelta(days=180)
AT_FIRST: Final = 0.5
PRIOR: Final = 4.0
"""Judged reports that what was known before weighs as much as."""
DAY: Final = timedelta(days=1)
MOST_A_DAY: Final = 20
"""Reports of one member a day that move a post forward; further ones still open a case."""
MOST_OF_KEY_A_DAY: Final = 500
MEMBERS: Final = tuple(sorted(role.value for role in ActorRole if not role.is_trusted))

COUNT: Final = """
WITH told AS (
    SELECT f.api_key_id, f.actor_id, f.id, said.kind <> 'not_spam' AS is_right
    FROM moderation_feedback f
    JOIN LATERAL (
        SELECT v.kind FROM reviews_case c JOIN reviews_verdict v ON v.case_id = c.id
        WHERE c.post_id = f.post_id AND c.revision = f.revision AND v.created_at > f.created_at
            AND v.kind IN ('spam', 'not_spam', 'remove', 'danger')
            AND NOT EXISTS (SELECT FROM reviews_verdict u WHERE u.undoes_id = v.id)
        ORDER BY v.id DESC LIMIT 1
    ) said ON true
    WHERE f.api_key_id = ANY(%(keys)s::bigint[]) AND f.created_at > %(since)s
        AND f.label = 'spam' AND f.actor_role = ANY(%(roles)s::text[])
), placed AS (
    SELECT *, row_number() OVER (PARTITION BY api_key_id, actor_id ORDER BY id DESC) AS place,
        row_number() OVER (PARTITION BY api_key_id ORDER BY id DESC) AS place_of_key
    FROM told
)
SELECT api_key_id, actor_id, count(*), count(*) FILTER (WHERE is_right)
FROM placed WHERE place <= %(record)s GROUP BY api_key_id, actor_id
UNION ALL
SELECT api_key_id, '', count(*), count(*) FILTER (WHERE is_right)
FROM placed WHERE place_of_key <= %(record_of_key)s GROUP BY api_key_id
"""

CAPPED: Final = """
SELECT r.id FROM moderation_feedback r, LATERAL (
    SELECT count(*) AS of_key, count(*) FILTER (WHERE e.actor_id = r.actor_id) AS of_member
    FROM (
        SELECT actor_id FROM moderation_feedback
        WHERE id < r.id AND api_key_id = r.api_key_id AND created_at > r.created_at - %(day)s
            AND actor_role = ANY(%(roles)s::text[]) AND label = 'spam'
        ORDER BY created_at DESC LIMIT %(most_of_key)s
    ) e
) earlier
WHERE r.id = ANY(%(reports)s::bigint[]) AND (of_key >= %(most_of_key)s OR of_member >= %(most)s)
"""


def follow(*, now: datetime) -> None:
    """Bring all sites' records up to date.

    The first time on a day what was known until then is kept, to be shown (as of reporters).
    """
    today = now.date()
    ReportRecord.objects.exclude(told_on=today).update(
        told_judged=F("judged"), told_right=F("right"), told_on=today
    )
    keys = dict(ApiKey.objects.values_list("pk", "site"))
    rows = statements.run(
        COUNT,
        {
            "keys": list(keys),
            "since": now - PERIOD,
            "roles": list(MEMBERS),
            "record": RECORD,
            "record_of_key": RECORD_OF_KEY,
        },
    )
    ReportRecord.objects.bulk_create(
        [
            ReportRecord(
                site_id=keys[key], api_key_id=key, actor_id=actor, judged=judged, right=right,
                looked_at=now, told_on=today,
            )
            for key, actor, judged, right in rows
        ],
        update_conflicts=True,
        unique_fields=["api_key", "actor_id"],
        update_fields=["judged", "right", "looked_at"],
    )  # fmt: skip
    ReportRecord.objects.filter(looked_at__lt=now).delete()


def worth(reports: Sequence[Feedback]) -> dict[int, float]:
    """The chance that each reported post is to be removed, by feedback; 0 beyond a day's most."""
    keys = {report.api_key_id for report in reports}
    actors = {report.actor_id for report in reports} | {""}
    rows = ReportRecord.objects.filter(api_key__in=keys, actor_id__in=actors)
    known = {(row.api_key_id, row.actor_id): row for row in rows}
    capped, found = _capped(reports), {}
    for report in reports:
        key, actor = report.api_key_id, report.actor_id
        member, members = known.get((key, actor)), known.get((key, ""))
        found[report.pk] = 0.0 if report.pk in capped else believed(member, members)
    return found


def _capped(reports: Sequence[Feedback]) -> set[int]:
    """Those before which their member, or key, had moved as much as a day allows."""
    asked: dict[str, Any] = {
        "reports": [report.pk for report in reports],
        "day": DAY,
        "roles": list(MEMBERS),
        "most": MOST_A_DAY,
        "most_of_key": MOST_OF_KEY_A_DAY,
    }
    return {pk for (pk,) in statements.rows(CAPPED, asked)}


def believed(member: ReportRecord | None, key: ReportRecord | None) -> float:
    """The mean of a Beta posterior; what is known of the key's members is the prior."""
    before = _mean(key, AT_FIRST)
    return _mean(member, before)


def _mean(record: ReportRecord | None, before: float) -> float:
    judged, right = (record.judged, record.right) if record else (0, 0)
    return (right + PRIOR * before) / (judged + PRIOR)


def of_members(sites: Sequence[Site], most: int) -> dict[int, list[ReportRecord]]:
    """For a page, by site: the keys' members as a whole, then those with most judged reports.

    As they stood at midnight.
    """
    place = Window(RowNumber(), partition_by="site", order_by=("-told_judged", "pk"))
    rows = ReportRecord.objects.filter(site__in=sites, told_judged__gt=0).select_related("api_key")
    found: dict[int, list[ReportRecord]] = defaultdict(list)
    for row in rows.annotate(place=place).filter(place__lte=most).order_by("place"):
        row.judged, row.right = row.told_judged, row.told_right
        found[row.site_id].append(row)
    return {site: sorted(of, key=lambda row: bool(row.actor_id)) for site, of in found.items()}
