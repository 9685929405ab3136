"""Everything that is shown of one case, read with a fixed number of queries.

An audit or a second look looks like any other case: it is shown without score, evidence and
neighbours, as ordinary ones are by lot (`reviews.labels.looks`). So is any other case of a post to
whoever is to look at it a second time. Auditors, who judge nothing, are shown all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import Case as First
from django.db.models import OuterRef, Q, When
from django.utils import timezone

from classifiers.sighting import copied
from moderation import guidelines, hidden_words
from moderation.guidelines import Written
from moderation.models import Decision, Feedback, Guidelines, Post, PostRevision
from moderation.types import Source
from reviews.console import wording
from reviews.console.case import disguises, evident, standing
from reviews.console.case.linked import Linked, links_of
from reviews.console.case.marks import Marked, lines, mark
from reviews.console.case.origin import origin_of
from reviews.evidence import similar
from reviews.evidence.reasons import reasons_of
from reviews.judging import listing, scopes
from reviews.judging.listing import Listable
from reviews.judging.scopes import DryRun
from reviews.labels import looks
from reviews.labels.asking import judged_of
from reviews.labels.blind import (
    AT_ONCE,
    EVER,
    is_plain_to,
    judged_on,
    withheld_among,
    withheld_from,
)
from reviews.models import Appeal, Case, Verdict
from reviews.people.permissions import (
    Given,
    can_answer_many,
    can_judge,
    given_to,
    is_by,
    sites_of,
    sites_where_named,
)
from reviews.queue.claiming import COUNTED
from reviews.roles import Act
from reviews.search.memory import Memory, remembered
from reviews.states import CaseState, Lane, VerdictKind

if TYPE_CHECKING:
    from django.contrib.auth.models import User

LISTED = 20
"""Decisions, verdicts and reports shown with a case, the newest."""
AUTHOR_POSTS_COUNTED = 1_000
LONG_CHARACTERS = 4_000
LONG_LINES = 60


@dataclass(frozen=True, slots=True)
class Words:
    """What was written, with what is unseen, in disguise or evidence marked."""

    text: Marked
    reads: str
    """What the text reads as, where its letters are others than they seem; empty elsewhere."""
    title: Marked | None
    context: Marked | None
    permalink: Marked | None
    is_long: bool
    marked_to: str
    """In how many characters disguises and evidence are marked; empty where that is in all."""


@dataclass(frozen=True, slots=True)
class Beside:
    """What is shown beside the post; nothing of it where it is judged alone."""

    author_posts: str = ""
    earlier: Sequence[Decision] = ()
    feedback: Sequence[Feedback] = ()
    alike: Sequence[similar.Alike] = ()


@dataclass(frozen=True, slots=True)
class CasePage:
    """Everything that is shown of one case."""

    mine: bool
    may_answer: bool
    minutes_left: int
    standing: str
    """What became of a case that this person does not hold; empty for one that they do."""
    ran_out: Decision | None
    """What was decided because nobody answered in time, where that stands."""
    judged: Decision
    """The machine's decision on these words, also where a person's has followed it; of a plain
    case the one in question."""
    revision: PostRevision
    words: Words
    beside: Beside
    author_name: str
    registered_at: datetime | None
    machine_says: str
    evidence: list[wording.ReasonBar]
    taught: wording.Taught | None
    """What the site's learner made of it."""
    readers: str
    """Whether it is shown to them; of a plain case whether it was when it was decided."""
    plain: bool
    """Whether the post alone is shown, without score, evidence, neighbours and history."""
    origin: Sequence[str]
    """What the case measures; told to auditors only."""
    verdicts: list[Verdict]
    """On this case and then on the others of its post.

    Of a plain case only with what words it was escalated: what was answered is kept back.
    """
    same: DryRun | None
    """Posts that say the same and could be answered along with this one; None where none do."""
    links: list[Linked]
    """What the post links to, taken apart."""
    more_links: int
    """Hosts that it links to besides."""
    memory: Memory
    """Of other posts from each address, and with each domain; empty for a plain case."""
    listables: list[Listable]
    """What can be trusted or denied, and is; empty for who may not, and for a plain case."""
    answers_many: bool
    """Whether this person may answer it along with others."""
    appeal: Appeal | None
    appeals: list[Appeal]
    """Those that the author of the post made besides; empty for a plain case."""
    judges: bool
    only_audits: bool
    """Whether it is shown whole, to somebody who answers nothing."""
    """Whether this person judges the site's cases, or looks on."""
    takes_back: Verdict | None
    """The answer that stands, where this person may take it back: their own, or as a senior."""
    decides_anew: Verdict | None
    """The answer whose post this person may decide anew, as it can no longer be taken back."""
    guidelines: Guidelines | None
    """The site's, in force now."""
    written: Written | None
    """What these say."""
    may_write: bool
    """Whether this person may write guidelines for the site."""


def find_case(*, user: User, case_id: int) -> Case | None:
    """Return a case of one of this person's sites with all that its page names, or None.

    A second look is there only for those who are to look, and for auditors; a case about a hidden
    post, or about the same words, for those who were named for such posts; what was answered about
    a post only while nobody is to ask this person of it once more, blind; nor afterwards, but for
    what they answered. Nor is what decides between two who differ while they may answer otherwise.
    """
    hidden = hidden_words.said("site", "post__fingerprint")
    shown = Q(~hidden, post__hidden_at=None) | Q(site__in=sites_where_named(user))
    theirs = ~Q(lane=Lane.LOOK) | Q(meant_for__contains=[user.pk])
    audited = Q(site__in=sites_of(user, Act.AUDIT))
    of_machine = Decision.objects.filter(
        post=OuterRef("post"), revision=OuterRef("revision"), source=Source.MACHINE
    )
    found = (
        Case.objects.filter(shown, theirs | audited, site__in=sites_of(user, Act.SEE), pk=case_id)
        .annotate(published_at_first=of_machine.order_by("-pk").values("published")[:1])
        .select_related(
            "site__look_plan",
            "post__author",
            "post__decision",
            "decision__policy__guidelines",
            "holder",
        )
        .select_related("disputed_by", "settles_check")
        .first()
    )
    if found is None:
        return None
    if found.state == CaseState.OPEN:
        of_others = looks.is_settling(found) and user.pk not in found.meant_for
        return None if of_others and standing.may_answer_otherwise(user, found.post) else found
    mine = found.verdicts.filter(user=user).exclude(kind=VerdictKind.UNDO).exists()
    answered = AT_ONCE if mine else EVER
    return None if withheld_from(user, [found.post_id], answered=answered) else found


def case_page(*, case: Case, user: User, now: datetime | None = None) -> CasePage:
    """Return what is shown of `case`, as `find_case` gave it."""
    now = now or timezone.now()
    revision = PostRevision.objects.get(post=case.post_id, revision=case.revision)
    hidden_post = case.post.hidden_at is not None
    if hidden_post:
        revision = PostRevision(post=case.post, revision=case.revision)
    if _quotes_hidden(case, revision):
        revision.context = ""
    given = given_to(user, case.site_id)
    plain = hidden_post or is_plain_to(user, case, given)
    mine = standing.is_held(case, user, now)
    # What is kept back is not looked for: that would take a moment longer where it is another.
    judged, author = case.decision if plain else judged_of(case), case.post.author
    answers = _answers(case, alone=plain, every=given.only_audits)
    verdicts = [answer for answer in answers if answer.case_id == case.pk]
    free = standing.is_free(case, user, now) and not standing.passed_on(case, user, verdicts)
    appeals = _appeals(case, alone=plain)
    may_answer = (mine or free) and can_judge(user, case, given)
    many = not plain and can_answer_many(user, case.site_id, given)
    written, _ = guidelines.in_force(case.site_id)
    told = [] if plain else reasons_of(judged)
    evidence = wording.evidence([one for one in told if not wording.is_taught(one)])
    taught = None if plain else wording.taught(judged.reasons)
    linked_to, more = links_of([revision.title, revision.text, revision.author_url])
    marked = [*evidence, *(taught.evidence if taught else ())]
    return CasePage(
        mine=mine,
        may_answer=may_answer,
        minutes_left=standing.minutes_left(case, now),
        standing="" if mine and may_answer else standing.in_words(case, user, given, verdicts, now),
        ran_out=standing.ran_out(case, plain=plain),
        judged=judged,
        revision=revision,
        words=_words(revision, marked),
        beside=Beside() if plain else _beside(case, judged, user, given),
        author_name=revision.author_name or (author.name if author and not hidden_post else ""),
        registered_at=revision.registered_at or (author.registered_at if author else None),
        machine_says=judged.would_be or judged.outcome,
        evidence=evidence,
        taught=taught,
        readers=standing.readers(case, plain=plain),
        plain=plain,
        origin=origin_of(case) if given.only_audits and not plain else (),
        verdicts=standing.escalated(case, user, verdicts) if plain else answers,
        same=_same(case, user, given, now) if many else None,
        links=linked_to,
        more_links=more,
        memory=Memory({}, of_author=False)
        if plain
        else remembered(
            case.post,
            [one.key for one in linked_to if one.key],
            user,
            email=revision.author_email,
            given=given,
        ),
        listables=listing.listed(case, revision)
        if many and not is_by(case.post, given.writes_as)
        else [],
        answers_many=many,
        appeal=next((one for one in appeals if one.case_id == case.pk), None),
        appeals=[one for one in appeals if one.case_id != case.pk],
        judges=Act.JUDGE in given.acts,
        only_audits=given.only_audits and not hidden_post,
        takes_back=standing.takes_back(case, user, verdicts, now),
        decides_anew=standing.decides_anew(case, user, verdicts, now),
        guidelines=written,
        written=guidelines.parse(written.text) if written else None,
        may_write=Act.SET in given.acts,
    )


def _quotes_hidden(case: Case, revision: PostRevision) -> bool:
    """Whether what the post answers is, word for word, what a hidden post says."""
    quoted = copied("", revision.context) if revision.context else None
    return quoted is not None and hidden_words.is_said(case.site_id, quoted)


def _words(revision: PostRevision, evidence: Sequence[wording.ReasonBar]) -> Words:
    text = revision.text
    reading = disguises.read(text)
    return Words(
        text=mark(text, evident.places(text, evidence), reading.disguised),
        reads=reading.text if reading.disguised else "",
        title=_marked(revision.title),
        context=_marked(revision.context),
        permalink=mark(revision.permalink) if revision.permalink else None,
        is_long=len(text) > LONG_CHARACTERS or lines(text) > LONG_LINES,
        marked_to=f"{disguises.READ:,}" if len(text) > disguises.READ else "",
    )


def _beside(case: Case, judged: Decision, user: User, given: Given) -> Beside:
    decisions = Decision.objects.filter(post=case.post_id).exclude(pk=judged.pk)
    return Beside(
        author_posts=_author_posts(case.post.author_id) if case.post.author_id else "",
        earlier=list(decisions.order_by("-pk")[:LISTED]),
        feedback=list(Feedback.objects.filter(post=case.post_id).order_by("-pk")[:LISTED]),
        alike=_alike(case, user, given),
    )


def _answers(case: Case, *, alone: bool, every: bool) -> list[Verdict]:
    """Answers to the case, and after them, unless it is shown `alone`, to others of its post.

    Each appeal is a case of its own, and so may an edit be. A second look is told of nowhere, nor
    is an open case beside this one: that is an audit. But for `every`, as auditors are shown it.
    """
    own = Q(case=case.pk)
    closed = Q() if every else ~Q(case__lane=Lane.LOOK) & ~Q(case__state=CaseState.OPEN)
    given = own if alone else own | closed & Q(case__post=case.post_id)
    found = Verdict.objects.filter(given).select_related("case", "user", "guidelines")
    return list(found.order_by(First(When(own, then=0), default=1), "-pk")[:LISTED])


def _appeals(case: Case, *, alone: bool) -> list[Appeal]:
    own = Q(case=case.pk) if alone else Q(post=case.post_id)
    return list(Appeal.objects.filter(own).select_related("decision").order_by("-pk")[:LISTED])


def _alike(case: Case, user: User, given: Given) -> list[similar.Alike]:
    found = similar.alike(case.post)
    judged = judged_on(user, case.site_id, given, answered=EVER)
    withheld = withheld_among([one.post.pk for one in found], judged)
    return [one for one in found if one.post.pk not in withheld]


def _same(case: Case, user: User, given: Given, now: datetime) -> DryRun | None:
    scope = scopes.alike(case_id=case.pk, post=case.post)
    run = scopes.dry_run(scope, user=user, given=given, listed=False, most=COUNTED, now=now)
    return run if run.total > 1 else None


def _marked(text: str) -> Marked | None:
    return mark(text, disguised=disguises.read(text).disguised) if text else None


def _author_posts(author_id: int) -> str:
    posts = Post.objects.filter(author=author_id, hidden_at=None)
    counted = posts[: AUTHOR_POSTS_COUNTED + 1].count()
    return f"more than {AUTHOR_POSTS_COUNTED}" if counted > AUTHOR_POSTS_COUNTED else str(counted)
