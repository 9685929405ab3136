"""What the moderators' pages show, read with a fixed number of queries.

An audit or a second look looks like any other case: it is counted with the cases that stand as it
does, and is shown without score, evidence and neighbours, as ordinary ones are by lot
(`reviews.labels.looks`). Whoever answers another case that an audit could have been drawn from
judges half blind: what colleagues said of other posts, and what the site's learner made of that, is
shown once the case is answered (docs/adr/0012-posts-like-this-one.md).
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from django.db.models import Q
from django.db.models.functions import Left
from django.utils import timezone

from moderation import guidelines
from moderation.guidelines import Written
from moderation.models import Decision, Feedback, Guidelines, Post, PostRevision, Site
from reviews.console import disguises, evident, wording
from reviews.console.marks import Marked, mark
from reviews.evidence import similar, told
from reviews.judging import listing, scopes
from reviews.judging.listing import Listable
from reviews.judging.scopes import DryRun
from reviews.labels import looks
from reviews.labels.blind import is_judged_blind, judged_of
from reviews.measuring.activity import BREAK
from reviews.models import Appeal, Case, Verdict
from reviews.people.permissions import (
    Given,
    can_answer_many,
    can_judge,
    can_undo,
    given_to,
    is_barred,
    sites_of,
    sites_where_named,
)
from reviews.queue import claiming, reading
from reviews.queue.claiming import Counted
from reviews.queue.languages import name_of
from reviews.queue.reading import Reading, reading_of
from reviews.roles import Act
from reviews.states import CaseState, Lane, VerdictKind

if TYPE_CHECKING:
    from django.contrib.auth.models import User

RECENT = 10
HOUR = timedelta(hours=1)
PACED = 2_000
"""Answers of the last hour that are read; nobody gives more."""
EXCERPT = 160
UNREAD_SHOWN = 8
LISTED = 20
"""Decisions, verdicts and reports shown with a case, the newest."""
AUTHOR_POSTS_COUNTED = 1_000
LONG_CHARACTERS = 4_000
LONG_LINES = 60

LANES = (
    (Lane.APPEAL, "Appeals"),
    (Lane.HELD, "Held back"),
    (Lane.PUBLISHED, "Published meanwhile"),
    (Lane.REPORTED, "Reported by members"),
    (Lane.OVERFLOW, "Over the hourly cap"),
)
CLOSING = frozenset(
    {VerdictKind.SPAM, VerdictKind.NOT_SPAM, VerdictKind.REMOVE, VerdictKind.DANGER}
)
ALWAYS_SHOWN = frozenset({Lane.HELD})


@dataclass(frozen=True, slots=True)
class LaneCount:
    label: str
    count: Counted


@dataclass(frozen=True, slots=True)
class SiteCount:
    pk: int
    name: str
    waiting: Counted


@dataclass(frozen=True, slots=True)
class Recent:
    """A verdict of one's own, and whether it can be taken back from here."""

    verdict: Verdict
    excerpt: str
    undone: bool
    can_undo: bool


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast somebody answered within the last hour."""

    answers: int
    seconds: int | None
    """The median from one answer to the next, breaks of BREAK and more left out."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A language that nobody reads who judges a site, and that is therefore offered to all."""

    language: str
    site: str


@dataclass(frozen=True, slots=True)
class Overview:
    """The queue as one person sees it."""

    waiting: Counted
    elsewhere: Counted
    oldest: datetime | None
    lanes: list[LaneCount]
    sites: list[SiteCount]
    today: int
    pace: Pace
    held: Case | None
    recent: list[Recent]
    judges: bool
    """Whether this person judges any of these sites, or looks on."""
    unread: list[Unread]
    """Languages that wait on these sites and that nobody reads who judges there."""
    reads: list[str]
    """The languages that this person reads; empty for all."""
    version: str
    """Another one as soon as the page would look different; ages are told by the minute."""


def overview(*, user: User, sites: Sequence[Site], now: datetime | None = None) -> Overview:
    """Return what waits on these sites, and what this person did."""
    now = now or timezone.now()
    reads = reading_of(user, [site.pk for site in sites], now)
    waiting = claiming.waiting(sites=sites, user=user, reading=reads)
    by_site: defaultdict[int, Counted] = defaultdict(Counted)
    by_lane: defaultdict[Lane, Counted] = defaultdict(Counted)
    for part in waiting:
        by_site[part.site_id] += part.open
        by_lane[part.lane] += part.open
    unmarked = by_lane.pop(Lane.AUDIT, Counted()) + by_lane.pop(Lane.LOOK, Counted())
    for lane, drawn in _as_they_stand(user, sites, unmarked, reads):
        by_lane[lane] += drawn
    shown = Overview(
        waiting=sum((part.open for part in waiting), Counted()),
        elsewhere=claiming.held_by_others(user=user, sites=sites, now=now),
        oldest=min((part.oldest for part in waiting), default=None),
        lanes=[
            LaneCount(label, by_lane[lane])
            for lane, label in LANES
            if by_lane[lane] or lane in ALWAYS_SHOWN
        ],
        sites=[SiteCount(site.pk, site.name, by_site[site.pk]) for site in sites],
        today=_answers_today(user, now),
        pace=_pace(user, now),
        held=_held(user, sites, now),
        recent=_recent(user),
        judges=sites_of(user).filter(pk__in=[site.pk for site in sites]).exists(),
        unread=_unread(sites),
        reads=sorted(map(name_of, reads.languages or ())),
        version="",
    )
    minute = now.replace(second=0, microsecond=0)
    seen = sha256(f"{user.pk} {minute} {shown}".encode()).hexdigest()
    return replace(shown, version=f'"{seen[:32]}"')


def _unread(sites: Sequence[Site]) -> list[Unread]:
    names = {site.pk: site.name for site in sites}
    found = reading.unread(list(names))
    return sorted(
        (Unread(name_of(code), names[site]) for site, code in found),
        key=lambda one: (one.language, one.site),
    )[:UNREAD_SHOWN]


def _as_they_stand(
    user: User, sites: Sequence[Site], unmarked: Counted, reads: Reading
) -> list[tuple[Lane, Counted]]:
    """Return audits and second looks among the cases that they look like: published and held."""
    if not unmarked:
        return []
    cases = Case.objects.filter(
        Q(meant_for=[]) | Q(meant_for__contains=[user.pk]),
        state=CaseState.OPEN,
        lane__in=[Lane.AUDIT, Lane.LOOK],
        site__in=sites,
    )
    rows = cases.values_list("decision__published", "site", "language", "opened_at")
    found = list(rows[: claiming.COUNTED])
    standing = Counter(
        published
        for published, site, language, opened in found
        if reads.includes(site, language, opened)
    )
    exact = unmarked.exact and len(found) < claiming.COUNTED
    return [
        (Lane.PUBLISHED, Counted(standing[True], exact)),
        (Lane.HELD, Counted(standing[False], exact)),
    ]


def _held(user: User, sites: Sequence[Site], now: datetime) -> Case | None:
    held = Case.objects.filter(state=CaseState.OPEN, holder=user, lease_until__gt=now)
    # Not the one that is leased ahead for when this one is answered.
    return held.filter(site__in=sites).order_by("-lease_until", "pk").first()


def _answers_today(user: User, now: datetime) -> int:
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    given = Verdict.objects.filter(user=user, created_at__gte=midnight)
    return given.filter(undoes=None, undone_by=None).count()


def _pace(user: User, now: datetime) -> Pace:
    given = Verdict.objects.filter(user=user, undoes=None, created_at__gte=now - HOUR)
    times = list(given.order_by("-pk").values_list("created_at", flat=True)[:PACED])
    gaps = [later - earlier for later, earlier in pairwise(times) if later - earlier < BREAK]
    middle = median(gap.total_seconds() for gap in gaps) if gaps else None
    return Pace(len(times), None if middle is None else round(middle))


def _recent(user: User) -> list[Recent]:
    verdicts = list(
        Verdict.objects.filter(user=user, undoes=None)
        .filter(case__site__in=sites_of(user, Act.SEE))
        .select_related("case__post", "case__look__dispute", "case__checks__dispute", "undone_by")
        .order_by("-pk")[:RECENT]
    )
    excerpts = _excerpts(verdicts)
    return [
        Recent(
            verdict=verdict,
            excerpt=excerpts.get((verdict.case.post_id, verdict.case.revision), ""),
            undone=hasattr(verdict, "undone_by"),
            can_undo=_stands(verdict),
        )
        for verdict in verdicts
    ]


def _stands(verdict: Verdict) -> bool:
    """Return whether nothing came after this verdict; the undo itself checks once more."""
    case = verdict.case
    if VerdictKind(verdict.kind) is VerdictKind.CANNOT_TELL:
        return case.state == CaseState.OPEN and case.round == verdict.round
    if case.state != CaseState.JUDGED or case.round != verdict.round:
        return False
    if case.lane == Lane.LOOK:
        asked = case.look if hasattr(case, "look") else case.checks
        return asked.dispute is None or asked.dispute.state == CaseState.OPEN
    return case.post.decision_id == verdict.decision_id


def _excerpts(verdicts: Sequence[Verdict]) -> dict[tuple[object, int], str]:
    shown = {verdict.case.post_id for verdict in verdicts if not verdict.case.post.hidden_at}
    rows = PostRevision.objects.filter(post__in=shown)
    starts = rows.annotate(start=Left("text", EXCERPT)).values_list("post", "revision", "start")
    return {(post, revision): start for post, revision, start in starts}


@dataclass(frozen=True, slots=True)
class CasePage:
    """Everything that is shown of one case."""

    mine: bool
    may_answer: bool
    minutes_left: int
    standing: str
    """What became of a case that this person does not hold; empty for one that they do."""
    judged: Decision
    """The machine's decision on these words, also where a person's has followed it."""
    revision: PostRevision
    text: Marked
    reads: str
    """What the text reads as, where its letters are others than they seem; empty elsewhere."""
    title: Marked | None
    context: Marked | None
    permalink: Marked | None
    is_long: bool
    author_name: str
    author_posts: str
    registered_at: datetime | None
    machine_says: str
    evidence: list[wording.Evidence]
    taught: wording.Taught | None
    """What the site's learner made of it; None to those who judge blind."""
    blind: bool
    """Whether colleagues' answers to other posts are kept from whoever answers this."""
    plain: bool
    """Whether the post alone is shown, without score, evidence, neighbours and history."""
    earlier: list[Decision]
    verdicts: list[Verdict]
    feedback: list[Feedback]
    alike: list[similar.Alike]
    same: DryRun | None
    """Posts that say the same and could be answered along with this one; None where none do."""
    listables: list[Listable]
    """What can be trusted or denied, and is; empty for who may not, and while judged blind."""
    answers_many: bool
    """Whether this person may answer it along with others."""
    appeal: Appeal | None
    judges: bool
    """Whether this person judges the site's cases, or looks on."""
    takes_back: Verdict | None
    """The answer that stands, where this person may take it back: their own, or as a senior."""
    guidelines: Guidelines | None
    """The site's, in force now."""
    written: Written | None
    """What these say."""


def find_case(*, user: User, case_id: int) -> Case | None:
    """Return a case of one of this person's sites with all that its page names, or None.

    A second look is there only for those who are to look, and for auditors; a case about a hidden
    post for those who were named for such posts.
    """
    shown = Q(post__hidden_at=None) | Q(site__in=sites_where_named(user))
    theirs = ~Q(lane=Lane.LOOK) | Q(meant_for__contains=[user.pk])
    audited = Q(site__in=sites_of(user, Act.AUDIT))
    return (
        Case.objects.filter(shown, theirs | audited, site__in=sites_of(user, Act.SEE), pk=case_id)
        .select_related("site__look_plan", "post__author", "decision__policy__guidelines", "holder")
        .select_related("disputed_by", "settles_check")
        .first()
    )


def case_page(*, case: Case, user: User, now: datetime | None = None) -> CasePage:
    """Return what is shown of `case`, as `find_case` gave it."""
    now = now or timezone.now()
    revision = PostRevision.objects.get(post=case.post_id, revision=case.revision)
    hidden_post = case.post.hidden_at is not None
    if hidden_post:
        revision = PostRevision(post=case.post, revision=case.revision)
    verdicts = list(case.verdicts.select_related("user", "guidelines").order_by("-pk")[:LISTED])
    judged, author = judged_of(case), case.post.author
    mine, plain = is_held(case, user, now), hidden_post or looks.is_plain(case)
    blind = plain or is_judged_blind(case, judged)
    hidden = wording.is_by_site if blind else wording.is_taught
    free = _is_free(case, user, now) and not _passed_on(case, user, verdicts)
    given = given_to(user, case.site_id)
    may_answer = (mine or free) and can_judge(user, case, given)
    many = not blind and can_answer_many(user, case.site_id, given)
    written, _ = guidelines.in_force(case.site_id)
    reasons = [one for one in told.reasons(judged) if not hidden(one)] if not plain else []
    evidence, taught = wording.evidence(reasons), wording.taught(judged.reasons)
    reading = disguises.read(revision.text)
    marked = [*evidence, *(taught.evidence if taught and not blind else ())]
    return CasePage(
        mine=mine,
        may_answer=may_answer,
        minutes_left=minutes_left(case, now),
        standing="" if mine and may_answer else _standing(case, user, given, verdicts, now),
        judged=judged,
        revision=revision,
        text=mark(
            revision.text,
            [] if plain else evident.places(revision.text, marked),
            reading.disguised,
        ),
        reads=reading.text if reading.disguised else "",
        title=_marked(revision.title),
        context=_marked(revision.context),
        permalink=_marked(revision.permalink),
        is_long=len(revision.text) > LONG_CHARACTERS or revision.text.count("\n") > LONG_LINES,
        author_name=revision.author_name or (author.name if author and not hidden_post else ""),
        author_posts=_author_posts(author.pk) if author and not plain else "",
        registered_at=revision.registered_at or (author.registered_at if author else None),
        machine_says=judged.would_be or judged.outcome,
        evidence=evidence,
        taught=None if blind else taught,
        blind=blind,
        plain=plain,
        earlier=[]
        if plain
        else list(
            Decision.objects.filter(post=case.post_id)
            .exclude(pk=judged.pk)
            .order_by("-pk")[:LISTED]
        ),
        verdicts=[] if plain else verdicts,
        feedback=[]
        if plain
        else list(Feedback.objects.filter(post=case.post_id).order_by("-pk")[:LISTED]),
        alike=[] if plain else similar.alike(case.post, blind=blind),
        same=_same(case, user, now) if many else None,
        listables=listing.listed(case, revision) if many else [],
        answers_many=many,
        appeal=Appeal.objects.filter(case=case).select_related("decision").first(),
        judges=Act.JUDGE in given.acts,
        takes_back=_takes_back(case, user, verdicts),
        guidelines=written,
        written=guidelines.parse(written.text) if written else None,
    )


def _takes_back(case: Case, user: User, verdicts: Sequence[Verdict]) -> Verdict | None:
    """Return the answer that closed the case, if nothing came after it and the person may."""
    if case.state != CaseState.JUDGED:
        return None
    closing = (one for one in verdicts if one.round == case.round and one.kind in CLOSING)
    given = next(closing, None)
    if given is None:
        return None
    given.case = case
    # Whoever may look at another's second look does not answer for them.
    theirs = case.lane == Lane.LOOK and given.user_id != user.pk
    return None if theirs or not _stands(given) or not can_undo(user, given) else given


def _same(case: Case, user: User, now: datetime) -> DryRun | None:
    scope = scopes.alike(case_id=case.pk, post=case.post)
    run = scopes.dry_run(scope, user_id=user.pk, listed=False, now=now)
    return run if run.total > 1 else None


def decision_in_force(case: Case) -> Decision | None:
    """Return what is decided now about the post of this case; None to who judges by it alone."""
    if looks.is_plain(case):
        return None
    return Decision.objects.filter(in_force_for=case.post_id).first()


def is_held(case: Case, user: User, now: datetime) -> bool:
    """Return whether `user` holds the case at this moment."""
    return (
        case.state == CaseState.OPEN
        and case.holder_id == user.pk
        and case.lease_until is not None
        and case.lease_until > now
    )


def _is_free(case: Case, user: User, now: datetime) -> bool:
    """Return whether an answer without a lease would count: nobody else looks at the case."""
    if case.state != CaseState.OPEN or case.lease_until is None:
        return case.state == CaseState.OPEN
    return case.holder_id == user.pk or case.lease_until <= now


def _passed_on(case: Case, user: User, verdicts: Sequence[Verdict]) -> bool:
    """Return whether this person has said "cannot tell" in this round."""
    undone = {verdict.undoes_id for verdict in verdicts}
    return any(
        verdict.kind == VerdictKind.CANNOT_TELL
        and verdict.user_id == user.pk
        and verdict.round == case.round
        and verdict.pk not in undone
        for verdict in verdicts
    )


def minutes_left(case: Case, now: datetime | None = None) -> int:
    """Return whole minutes until the lease ends, rounded up; 0 when it has ended."""
    now = now or timezone.now()
    if case.lease_until is None:
        return 0
    return max(0, math.ceil((case.lease_until - now).total_seconds() / 60))


def _marked(text: str) -> Marked | None:
    return mark(text) if text else None


def _author_posts(author_id: int) -> str:
    counted = Post.objects.filter(author=author_id)[: AUTHOR_POSTS_COUNTED + 1].count()
    return f"more than {AUTHOR_POSTS_COUNTED}" if counted > AUTHOR_POSTS_COUNTED else str(counted)


def _standing(
    case: Case, user: User, given: Given, verdicts: Sequence[Verdict], now: datetime
) -> str:
    if case.state == CaseState.CLOSED:
        return f"Closed without an answer. {case.closed_because}".strip()
    if case.state == CaseState.JUDGED:
        answers = [v for v in verdicts if v.round == case.round and v.kind in CLOSING]
        return " ".join(_said(answer) for answer in answers)
    if is_barred(user, case):
        return "The author appeals against your decision, so a colleague judges this."
    if Act.JUDGE not in given.acts:
        return "It waits for an answer. You see it, and do not judge it."
    if _is_free(case, user, now):
        if _passed_on(case, user, verdicts):
            return "You passed this case on; it waits for somebody else."
        return "Nobody holds this case now."
    return "Somebody else is looking at this case now."


def _said(answer: Verdict) -> str:
    word = wording.VERDICTS[VerdictKind(answer.kind)]
    return f"Answered by {answer.user.get_username()}: {word}."
