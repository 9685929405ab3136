"""Whose labels train, and how much: trust in reporters, learnt from what moderators say.

A reporter is who gives feedback with a site's key, by the site's own id for them; the key as a
whole is one, too. Each thing that they said is compared with what a moderator said of the same
words, where one did: blind checks (`reviews.labels.checks`) see to it that some always does. An
agreement that came after the moderator's word counts nothing, for it could be an echo.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from classifiers import trust
from classifiers.trust import Compared
from moderation import statements
from moderation.models import Feedback, Site
from moderation.types import ActorRole, FeedbackLabel
from reviews.labels import looks
from reviews.labels.labelling import LABEL_OF
from reviews.models import AlarmKind, Case, Label, LabelSource, LookPlan, Reporter, Verdict
from reviews.notices import alarms
from reviews.states import Lane, VerdictKind

if TYPE_CHECKING:
    from django.contrib.auth.models import User

NEWEST: Final = 5_000
"""Feedback of a site that is compared, the newest."""
LEAST_WRONG: Final = 2
"""Differences from which somebody is flagged: one may be the moderator's mistake."""
RECORD: Final = 100
"""Comparisons that a reporter's trust rests on, the newest: older ones weigh nothing any more."""
FEW: Final = 20
"""Answers by moderators here, blind checks among them, below which a site counts as one that
moderates by its own means."""
TRUSTED_ROLES: Final = tuple(sorted(role.value for role in ActorRole if role.is_trusted))

Who = tuple[int, str]
"""A key and the site's id of who used it; an empty id is the key as a whole."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """What a label counts in a snapshot, and why."""

    weight: float
    trust: float
    reporter: int

    @property
    def source(self) -> str:
        """As `classifiers.training.influence` takes it."""
        return f"{LabelSource.FEEDBACK.value}:{self.reporter}"


@dataclass(frozen=True, slots=True)
class Weighing:
    """The labels of reporters that may train, by label; others of theirs may not.

    What is no reporter's weighs what the label says.
    """

    of_reporters: Mapping[int, Weighed]

    def of(self, label: Label) -> Weighed | None:
        """None for a reporter's label that may not train."""
        if label.source == LabelSource.FEEDBACK:
            return self.of_reporters.get(label.pk)
        return Weighed(label.weight, 1.0, 0)

    def weight_of(self, label: Label) -> float:
        """Raises LookupError for a label that may not train."""
        found = self.of(label)
        if found is None:
            raise LookupError(f"label {label.pk} may not train")
        return found.weight


def follow(sites: QuerySet[Site] | None = None, *, now: datetime | None = None) -> None:
    """Bring the trust in the reporters of these sites up to date, and flag who lost it."""
    now = now or timezone.now()
    asked = Site.objects.all() if sites is None else sites
    told = Label.objects.filter(site=OuterRef("pk"), source=LabelSource.FEEDBACK)
    for site in asked.filter(Exists(told)).order_by("pk"):
        learn(site=site, now=now)


def learn(*, site: Site, now: datetime) -> None:
    """Bring the trust in one site's reporters up to date."""
    known = {(row.api_key_id, row.actor_id): row for row in Reporter.objects.filter(site=site)}
    labels = _labels(site)
    records = _records(site, {who: row.cleared_at for who, row in known.items() if row.cleared_at})
    rows = []
    for who in {*labels, *records}:
        row = known.get(who) or Reporter(site=site, api_key_id=who[0], actor_id=who[1])
        record = records.get(who, [])[-RECORD:]
        row.labels, row.compared = labels.get(who, 0), len(record)
        row.agreed = sum(each.agrees for each in record)
        row.trust, row.looked_at = trust.trust(record), now
        row.highest = max(row.highest, row.trust)
        rows.append(row)
    fields = ["labels", "compared", "agreed", "trust", "highest", "looked_at"]
    Reporter.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["api_key", "actor_id"], update_fields=fields
    )
    # Who is no longer named anywhere is nobody any more.
    gone = [row.pk for who, row in known.items() if who not in labels and who not in records]
    Reporter.objects.filter(pk__in=gone).delete()
    for row in Reporter.objects.filter(site=site, flagged_at=None, compared__gt=0):
        if because := _lost(row, records.get((row.api_key_id, row.actor_id), [])):
            flag(row, because, now=now)
    vouch(site=site)


def flag(reporter: Reporter, because: str, *, now: datetime) -> None:
    """Let the reporter's labels train no more until a person has looked, and tell of it."""
    flagged = Reporter.objects.filter(pk=reporter.pk, flagged_at=None)
    if flagged.update(flagged_at=now, flagged_because=because[:300]):
        alarms.sound(
            site_id=reporter.site_id,
            kind=AlarmKind.SOURCE,
            subject=f"reporter {reporter.pk}",
            sentence=because,
            facts={"reporter": reporter.pk, "key": reporter.api_key_id},
            now=now,
        )


def note(tried: Iterable[Mapping[str, Any]], *, now: datetime | None = None) -> None:
    """Flag the sources that a training found to harm; see `classifiers.training.influence`."""
    for each in tried:
        if each["harmful"]:
            number = int(str(each["source"]).partition(":")[2])
            for reporter in Reporter.objects.filter(pk=number):
                flag(reporter, str(each["sentence"]), now=now or timezone.now())


def clear(*, alarm_id: int, user: User, note: str, now: datetime | None = None) -> None:
    """Let a flagged reporter earn trust anew; the answer to an alarm.

    Raises AlarmMissing, NotPermitted.
    """
    now = now or timezone.now()
    alarm = alarms.answer(alarm_id=alarm_id, user=user, note=note, now=now)
    if alarm is not None and alarm.kind == AlarmKind.SOURCE:
        Reporter.objects.filter(pk=alarm.facts["reporter"]).update(
            flagged_at=None, flagged_because="", highest=0.0, cleared_at=now, cleared_by=user
        )


def weigh(standing: QuerySet[Label], *, caps: bool = True) -> Weighing:
    """What the reporters' labels among these weigh; with `caps`, within the shares of a snapshot.

    `standing` may be cut to one label a revision: these rows are read, and no others. Of a site
    whose people judge elsewhere, and send what they said, nothing can be compared: it is taken at
    half its word, untried, from whoever was not found wrong.
    """
    among = Label.objects.filter(pk__in=standing.values("pk"))
    said = among.filter(source=LabelSource.FEEDBACK)
    rows = list(
        said.values_list(
            "pk", "weight", "feedback__api_key", "feedback__actor_id", "site"
        ).order_by("pk")
    )
    if not rows:
        return Weighing({})
    reporters = _standing({row[2] for row in rows})
    elsewhere = _judged_elsewhere({row[4] for row in rows})
    doubted = _doubted({row[2] for row in rows})
    found: dict[int, Weighed] = {}
    groups: dict[int, tuple[tuple[str, float], ...]] = {}
    for pk, own, key, actor, site in rows:
        reporter, trusted = reporters.get((key, actor), (0, 0.0))
        if site in elsewhere and not {(key, actor), (key, "")} & doubted:
            half = max(trust.TEACHES_FROM, trust.weight(trusted))
            found[pk] = Weighed(own * half, half, 0)
            groups[pk] = ()
        elif weighs := own * trust.weight(trusted):
            found[pk] = Weighed(weighs, trust.weight(trusted), reporter)
            groups[pk] = (
                (f"reporter {reporter}", trust.MOST_OF_REPORTER),
                (f"key {key}", trust.MOST_OF_KEY),
            )
    if not caps:
        return Weighing(found)
    others = float(among.exclude(source=LabelSource.FEEDBACK).count())
    capped = trust.capped({pk: each.weight for pk, each in found.items()}, groups, others)
    return Weighing(
        {
            pk: Weighed(round(capped[pk], 4), each.trust, each.reporter)
            for pk, each in found.items()
            if round(capped[pk], 4) > 0.0
        }
    )


VOUCH: Final = """
UPDATE moderation_feedback f SET vouched = NOT f.vouched
FROM moderation_post post
WHERE post.id = f.post_id AND post.site_id = %(site)s
    AND (%(posts)s::uuid[] IS NULL OR post.id = ANY(%(posts)s::uuid[]))
    AND f.label = 'spam' AND f.actor_role = ANY(%(roles)s)
    AND f.vouched <> (
        (f.api_key_id, f.actor_id) IN (SELECT * FROM unnest(%(keys)s::bigint[], %(actors)s::text[]))
        OR coalesce((
            SELECT bool_and(v.kind = 'spam')
            FROM reviews_verdict v JOIN reviews_case c ON c.id = v.case_id
            WHERE c.post_id = f.post_id AND c.revision = f.revision
                AND v.kind IN ('spam', 'not_spam')
                AND NOT EXISTS (SELECT FROM reviews_verdict u WHERE u.undoes_id = v.id)
        ), false)
    )
RETURNING f.id
"""


def vouch(*, site: Site, posts: Sequence[UUID] | None = None) -> None:
    """Note which calls of spam with a key are a confirmed person's word, so that copies follow.

    Of who may teach, by the rule of `weigh`, and what moderators called spam as well. Of `posts`
    alone, or of all that the site has.
    """
    said = Feedback.objects.filter(
        post__site=site, label=FeedbackLabel.SPAM, actor_role__in=TRUSTED_ROLES
    )
    if posts is not None:
        said = said.filter(post__in=posts)
    speakers: set[Who] = set(said.values_list("api_key", "actor_id").distinct())
    if not speakers:
        return
    keys = {key for key, _ in speakers}
    standing, doubted = _standing(keys), _doubted(keys)
    elsewhere = bool(_judged_elsewhere([site.pk]))
    sure = [
        (key, actor)
        for key, actor in speakers
        if trust.weight(standing.get((key, actor), (0, 0.0))[1])
        or (elsewhere and not {(key, actor), (key, "")} & doubted)
    ]
    statements.run(
        VOUCH,
        {
            "site": site.pk,
            "posts": None if posts is None else list(posts),
            "roles": list(TRUSTED_ROLES),
            "keys": [key for key, _ in sure],
            "actors": [actor for _, actor in sure],
        },
    )


def trust_of(feedback: Feedback) -> float:
    """The trust that whoever said this has earned so far; that of a stranger at first."""
    reporters = Reporter.objects.filter(api_key=feedback.api_key_id, actor_id=feedback.actor_id)
    found = reporters.values_list("trust", flat=True).first()
    return trust.trust([]) if found is None else found


def _standing(keys: Iterable[int]) -> dict[Who, tuple[int, float]]:
    """Id and trust of each reporter whose labels may train; nobody is trusted above their key."""
    rows = Reporter.objects.filter(api_key__in=keys)
    found = {
        (key, actor): (pk, 0.0 if flagged else trusted)
        for pk, key, actor, trusted, flagged in rows.values_list(
            "pk", "api_key", "actor_id", "trust", "flagged_at"
        )
    }
    return {
        (key, actor): (pk, min(trusted, found.get((key, ""), (0, 0.0))[1]))
        for (key, actor), (pk, trusted) in found.items()
    }


def _judged_elsewhere(sites: Iterable[int]) -> set[int]:
    """The sites of these where moderators of ours have hardly judged anything."""
    verdicts = Verdict.objects.filter(
        case__site__in=sites, kind__in=sorted(LABEL_OF), undone_by=None
    ).order_by()
    counted = dict(verdicts.values_list("case__site").annotate(Count("pk")))
    return {site for site in sites if counted.get(site, 0) < FEW}


def _doubted(keys: Iterable[int]) -> set[Who]:
    """Who was flagged, or found wrong even once."""
    rows = Reporter.objects.filter(api_key__in=keys)
    wrong = rows.filter(Q(flagged_at__isnull=False) | Q(agreed__lt=F("compared")))
    return set(wrong.values_list("api_key", "actor_id"))


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


def _records(site: Site, cleared: Mapping[Who, datetime]) -> dict[Who, list[Compared]]:
    """What each reporter said beside what moderators say, in the order in which it was said."""
    since = Feedback.objects.filter(post__site=site, actor_role__in=TRUSTED_ROLES)
    first = since.order_by("-pk").values_list("pk", flat=True)[NEWEST : NEWEST + 1].first() or 0
    verdicts = Verdict.objects.filter(
        case__site=site,
        kind__in=sorted(LABEL_OF),
        undone_by=None,
        case__post__feedback__revision=F("case__revision"),
        case__post__feedback__actor_role__in=TRUSTED_ROLES,
        case__post__feedback__pk__gt=first,
    )
    share = LookPlan.objects.filter(site=site).values_list("plain_share", flat=True).first()
    plain = LookPlan().plain_share if share is None else share
    latest: dict[int, tuple[Who, datetime, Compared | None]] = {}
    for feedback, key, actor, said, at, kind, judged_at, case, lane, audit in verdicts.order_by(
        "pk"
    ).values_list(
        "case__post__feedback__pk",
        "case__post__feedback__api_key",
        "case__post__feedback__actor_id",
        "case__post__feedback__label",
        "case__post__feedback__created_at",
        "kind",
        "created_at",
        "case",
        "case__lane",
        "case__audit",
    ):
        agrees = LABEL_OF[VerdictKind(kind)] == said
        blind = lane == Lane.LOOK or audit is not None or looks.lot_of(Case(pk=case)) < plain
        echo = agrees and at >= judged_at
        latest[feedback] = ((key, actor), at, None if echo else Compared(agrees, blind))
    records: dict[Who, list[Compared]] = defaultdict(list)
    for _, ((key, actor), at, compared) in sorted(latest.items()):
        for who in {(key, actor), (key, "")}:
            if compared is not None and at > cleared.get(who, at.min.replace(tzinfo=at.tzinfo)):
                records[who].append(compared)
    return dict(records)


def _lost(row: Reporter, record: Sequence[Compared]) -> str:
    """Why a reporter is to be flagged; empty where nothing speaks against them."""
    wrong = row.compared - row.agreed
    counted = f"moderators differ in {wrong} of the last {row.compared} that they judged as well"
    if row.highest >= trust.TEACHES_FROM > row.trust and wrong >= LEAST_WRONG:
        return f"Trust was earned and lost: {counted}."
    if trust.is_distrusted(record[-RECORD:]):
        return f"Labels that are mostly wrong: {counted}."
    return ""
