"""Whose labels train, and how much: trust in reporters, learnt from what moderators say.

A reporter is who gives feedback with a site's key, by the site's own id for them; the key as a
whole is one, too. Each thing that they said is compared with what a moderator said of the same
words, where one did: blind checks (`reviews.labels.checks`) see to it that some always does. An
agreement that came after the moderator's word counts nothing, for it could be an echo.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, time
from typing import TYPE_CHECKING, Any, Final

from django.db import transaction
from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from classifiers import trust
from classifiers.trust import Compared
from moderation import statements
from moderation.alone import alone
from moderation.models import ApiKey, Site
from reviews.labels import looks
from reviews.labels.labelling import LABEL_OF
from reviews.labels.weighing import TRUSTED_ROLES, Who, vouch
from reviews.models import (
    Alarm,
    AlarmKind,
    Case,
    Label,
    LabelSource,
    LookPlan,
    Reporter,
)
from reviews.notices import alarms
from reviews.states import Lane

if TYPE_CHECKING:
    from django.contrib.auth.models import User

MOST: Final = 50_000
"""Comparisons of a site that are read; where there are more, of those who have most."""
LEAST_WRONG: Final = 2
"""Differences from which somebody is flagged: one may be the moderator's mistake."""
SHOWN: Final = 10
"""Posts of a flagged reporter that the alarm names."""
OF_ONE: Final = 2
"""Differences of one name in its key's record, the latest: one alone is flagged by its own record,
and must not end the trust in all who speak with the key. It takes three that come together."""
RECORD: Final = 100
"""Comparisons that a reporter's trust rests on, the newest: older ones weigh nothing any more."""

# The last verdict on what each feedback is about, but for echoes; the newest of each who spoke, so
# that nobody's are pushed out by what others say, nor by what no moderator judged. Looked up for
# each feedback: joined at once, all verdicts of the site would be read, and met with each other
# where PostgreSQL knows little of them, as after a restore (OFFSET 0 keeps them from being joined).
COMPARED: Final = """
WITH latest AS (
    SELECT f.id, f.api_key_id, f.actor_id, f.created_at, f.label = means.label AS agrees,
        f.created_at >= said.created_at AS later, said.case_id, said.lane, said.audit,
        said.whole
    FROM moderation_feedback f
    CROSS JOIN LATERAL (
        SELECT v.kind, v.created_at, v.case_id, c.lane, c.audit_id IS NOT NULL AS audit,
            c.anew OR c.of_many AS whole
        FROM (
            SELECT id, lane, audit_id, anew, of_many FROM reviews_case
            WHERE post_id = f.post_id AND revision = f.revision OFFSET 0
        ) c CROSS JOIN LATERAL (
            SELECT * FROM reviews_verdict
            WHERE case_id = c.id AND created_at <= %(until)s OFFSET 0
        ) v
        WHERE v.kind = ANY(%(kinds)s::text[])
            AND (SELECT id FROM reviews_verdict WHERE undoes_id = v.id) IS NULL
        ORDER BY v.id DESC LIMIT 1
    ) said
    JOIN unnest(%(kinds)s::text[], %(labels)s::text[]) AS means (kind, label)
        ON means.kind = said.kind
    WHERE f.api_key_id = ANY(%(keys)s::bigint[]) AND f.actor_role = ANY(%(roles)s::text[])
), placed AS (
    SELECT *,
        row_number() OVER (PARTITION BY api_key_id, actor_id ORDER BY id DESC) AS place,
        count(*) OVER (PARTITION BY api_key_id, actor_id) AS of_who
    FROM latest WHERE NOT (agrees AND later)
)
SELECT id, api_key_id, actor_id, created_at, agrees, case_id, lane, audit, whole
FROM placed
WHERE place <= %(record)s
ORDER BY least(of_who, %(record)s) DESC, id DESC LIMIT %(most)s
"""


def follow(
    sites: QuerySet[Site] | None = None,
    *,
    now: datetime | None = None,
    keep: Callable[[], None] = lambda: None,
) -> None:
    """Bring the trust in the reporters of these sites up to date, and flag who lost it.

    One site's failure is no other's. `keep` is called before each.
    """
    now = now or timezone.now()
    asked = Site.objects.all() if sites is None else sites
    told = Label.objects.filter(site=OuterRef("pk"), source=LabelSource.FEEDBACK)
    for site in asked.filter(Exists(told)).order_by("pk"):
        keep()
        with alone(f"learning whom to trust on site {site.pk}"):
            learn(site=site, now=now)


def learn(*, site: Site, now: datetime) -> None:
    """Bring the trust in one site's reporters up to date.

    The first time on a day what was known until then is kept, to be shown, and who lost trust by
    then is told of: what comes with an answer would tell whoever gave it that it was to a check.
    """
    today = now.date()
    known = {(row.api_key_id, row.actor_id): row for row in Reporter.objects.filter(site=site)}
    labels = _labels(site)
    records = _records(site, known, now)
    with transaction.atomic():
        days_first = (
            Reporter.objects.filter(site=site)
            .exclude(told_on=today)
            .update(
                told_labels=F("labels"),
                told_compared=F("compared"),
                told_agreed=F("agreed"),
                told_trust=F("trust"),
                told_on=today,
            )
        )
        _keep(site, known, labels, records, now)
        if days_first:
            _tell_of_lost(site, known, now)
    vouch(site=site)


def _keep(
    site: Site,
    known: Mapping[Who, Reporter],
    labels: Mapping[Who, int],
    records: Mapping[Who, Sequence[Compared]],
    now: datetime,
) -> None:
    rows = []
    for who in {*labels, *records}:
        row = known.get(who) or Reporter(
            site=site, api_key_id=who[0], actor_id=who[1], told_on=now.date()
        )
        row.labels, row.looked_at = labels.get(who, 0), now
        _reckon(row, records.get(who, []))
        row.highest = max(row.highest, row.trust)
        rows.append(row)
    fields = ["labels", "compared", "agreed", "trust", "highest", "looked_at"]
    Reporter.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["api_key", "actor_id"], update_fields=fields
    )
    # Who is no longer named anywhere is nobody any more.
    gone = [row.pk for who, row in known.items() if who not in labels and who not in records]
    Reporter.objects.filter(pk__in=gone).delete()


def _reckon(row: Reporter, record: Sequence[Compared]) -> None:
    record = record[-RECORD:]
    row.compared, row.agreed = len(record), sum(each.agrees for each in record)
    row.trust = trust.trust(record) if row.actor_id else trust.trust_of_key(record)


def _tell_of_lost(site: Site, known: Mapping[Who, Reporter], now: datetime) -> None:
    """Flag who lost trust by what moderators had said by midnight; what they say teaches nothing
    since they lost it.
    """
    records = _records(site, known, datetime.combine(now, time(), now.tzinfo))
    for row in Reporter.objects.filter(site=site, flagged_at=None, compared__gt=0):
        record = records.get((row.api_key_id, row.actor_id), [])
        _reckon(row, record)
        if because := _lost(row, record):
            flag(row, because, now=now)
        elif not row.actor_id and row.highest >= trust.TEACHES_FROM > row.trust:
            _doubt_key(row, now)


def flag(
    reporter: Reporter, because: str, *, contradicted: Sequence[int] = (), now: datetime
) -> None:
    """Let the reporter's labels train no more until a person has looked, and tell of it.

    `contradicted` are labels that speak against them: the posts of SHOWN are shown to who looks.
    """
    flagged = Reporter.objects.filter(pk=reporter.pk, flagged_at=None)
    if flagged.update(flagged_at=now):
        alarms.sound(
            site_id=reporter.site_id,
            kind=AlarmKind.SOURCE,
            subject=f"reporter {reporter.pk}",
            sentence=because,
            facts={
                "reporter": reporter.pk,
                "key": reporter.api_key_id,
                "posts": _posts(reporter, contradicted[:SHOWN]),
            },
            now=now,
        )


@transaction.atomic
def _doubt_key(key: Reporter, now: datetime) -> None:
    """Tell once that those who speak with a key have turned; who is proven, and what moderators
    confirm, goes on teaching.
    """
    Reporter.objects.filter(pk=key.pk).update(highest=0.0)
    wrong = key.compared - key.agreed
    alarms.sound(
        site_id=key.site_id,
        kind=AlarmKind.SOURCE,
        subject=f"reporter {key.pk}",
        sentence=(
            f"Those who speak with this key are wrong more often than they were: moderators differ "
            f"in {wrong} of the last {key.compared} that they judged as well."
        ),
        facts={"reporter": key.pk, "key": key.api_key_id, "posts": []},
        now=now,
    )


def note(tried: Iterable[Mapping[str, Any]], *, now: datetime | None = None) -> None:
    """Flag the sources that a training found to harm, or surely contradicts.

    See `classifiers.training.gates.influence`.
    """
    for each in tried:
        if each["flagged"]:
            number = int(str(each["source"]).partition(":")[2].partition("/")[0])
            for reporter in Reporter.objects.filter(pk=number):
                flag(
                    reporter,
                    str(each["sentence"]),
                    contradicted=each["contradicted"],
                    now=now or timezone.now(),
                )


def clear(*, alarm_id: int, user: User, note: str, now: datetime | None = None) -> None:
    """Let a flagged reporter earn trust anew; the answer to an alarm, or a second thought.

    Raises AlarmMissing, NotPermitted.
    """
    now = now or timezone.now()
    about = alarms.find(alarm_id=alarm_id, user=user)
    answered = alarms.answer(alarm_id=alarm_id, user=user, note=note, now=now)
    if about.kind != AlarmKind.SOURCE:
        return
    # A key that turned is not flagged: nobody trusts it.
    doubted = Q(flagged_at__isnull=False) | Q(actor_id="", trust=0.0)
    cleared = Reporter.objects.filter(doubted, pk=about.facts["reporter"]).update(
        flagged_at=None,
        trust=trust.QUANTILE,
        told_trust=trust.QUANTILE,
        highest=0.0,
        cleared_at=now,
        cleared_by=user,
    )
    if cleared and answered is None:
        alarms.answer_again(about, user=user, note=note, now=now)


def kept_out(sites: Sequence[Site]) -> list[Alarm]:
    """The last alarm about each flagged reporter of these sites, where none waits."""
    flagged = Reporter.objects.filter(site__in=sites, flagged_at__isnull=False)
    subjects = [f"reporter {pk}" for pk in flagged.values_list("pk", flat=True)]
    told = Alarm.objects.filter(kind=AlarmKind.SOURCE, site__in=sites, subject__in=subjects)
    last = told.order_by("subject", F("answered_at").desc(nulls_first=True), "-pk")
    return [alarm for alarm in last.distinct("subject") if alarm.answered_at is not None]


def _posts(reporter: Reporter, labels: Sequence[int]) -> list[str]:
    """The ids of the posts of these labels, in their order."""
    found = dict(
        Label.objects.filter(pk__in=labels, site=reporter.site_id).values_list("pk", "post_id")
    )
    return [str(found[pk]) for pk in labels if pk in found]


def _labels(site: Site) -> dict[Who, int]:
    """How many labels each reporter has in force."""
    said = Label.objects.in_force().filter(site=site, source=LabelSource.FEEDBACK).order_by()
    counted: dict[Who, int] = defaultdict(int)
    rows = said.values_list("feedback__api_key", "feedback__actor_id").annotate(Count("pk"))
    for key, actor, count in rows:
        if key is not None:
            counted[key, actor or ""] += count
            if actor:
                counted[key, ""] += count
    return dict(counted)


def _records(
    site: Site, known: Mapping[Who, Reporter], until: datetime
) -> dict[Who, list[Compared]]:
    """What each reporter said beside what moderators said until then, in the order in which it was
    said, since they were cleared.
    """
    share = LookPlan.objects.filter(site=site).values_list("plain_share", flat=True).first()
    plain = LookPlan().plain_share if share is None else share
    kinds, labels = zip(*sorted(LABEL_OF.items()), strict=True)
    asked = {
        "keys": list(ApiKey.objects.filter(site=site).values_list("pk", flat=True)),
        "kinds": list(kinds),
        "labels": list(labels),
        "roles": list(TRUSTED_ROLES),
        "record": RECORD,
        "most": MOST,
        "until": until,
    }
    records: dict[Who, list[Compared]] = defaultdict(list)
    differed: Counter[Who] = Counter()
    rows = sorted(statements.rows(COMPARED, asked), reverse=True)
    for _, key, actor, at, agrees, case, lane, audit, whole in rows:
        by_lot = not whole and looks.lot_of(Case(pk=case)) < plain
        blind = lane == Lane.LOOK or audit or by_lot
        differed[key, actor] += not agrees
        is_over = actor and not agrees and differed[key, actor] > OF_ONE
        for who in {(key, actor), *([] if is_over else [(key, "")])}:
            row = known.get(who)
            if row is None or row.cleared_at is None or at > row.cleared_at:
                records[who].append(Compared(agrees, blind))
    return {who: record[::-1] for who, record in records.items()}


def _lost(row: Reporter, record: Sequence[Compared]) -> str:
    """Why a reporter is to be flagged; empty where nothing speaks against them."""
    wrong = row.compared - row.agreed
    counted = f"moderators differ in {wrong} of the last {row.compared} that they judged as well"
    is_lost = row.highest >= trust.TEACHES_FROM > row.trust and wrong >= LEAST_WRONG
    if row.actor_id and is_lost:
        return f"Trust was earned and lost: {counted}."
    if trust.is_distrusted(record[-RECORD:], of_key=not row.actor_id):
        return f"Labels that are mostly wrong: {counted}."
    return ""
