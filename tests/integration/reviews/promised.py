"""What the machine decided and drew, and what people said of it: the world of promises."""

from datetime import UTC, datetime, timedelta

from django.db.models import OuterRef, Subquery
from uuid_utils.compat import uuid7

from moderation import sites
from moderation.models import AuditDraw, Decision, Policy, Post, PostRevision, Site
from moderation.types import Ground, Mode, Outcome, Source, Status, Stratum
from reviews.labels.labelling import LABEL_OF
from reviews.measuring import promises
from reviews.models import Appeal, Case, Label, Look, Verdict
from reviews.states import AppealState, CaseState, Lane, LookKind, LookReason, VerdictKind
from tests.integration.rows import store
from tests.integration.world import make_moderator, make_site

MODEL = "model-1"
NOW = datetime.now(UTC)
DAY = timedelta(days=1)
FOUR_DAYS = 4 * DAY
JUDGED = NOW - DAY / 24
"""When people answered: more than ten minutes ago, so that pages tell of it."""


def certifying_site(*, promise=0.05, days=10):
    """A site, so many days old, that blocks by certificate; its `user` judges."""
    made = make_site()
    sites.change_policy(site=made, mode=Mode.CERTIFIED, promise=promise, block_from=0.9)
    Site.objects.filter(pk=made.pk).update(created_at=NOW - days * DAY)
    made.refresh_from_db()
    made.user = make_moderator(made)
    return made


def posts_of(draws):
    return Post.objects.filter(pk__in=[draw.decision.post_id for draw in draws])


def send(site, count, *, probability, at, selected=True, by=Ground.MODEL, blocks=False, **more):
    """Decisions with their draws, as the machine leaves them; oldest first."""
    policy = Policy.objects.filter(site=site).latest("revision")
    would_block = probability >= policy.block_from
    outcome = Outcome.ALLOW if not would_block else Outcome.BLOCK if blocks else Outcome.REVIEW
    posts = store(Post(id=uuid7(), site=site, created_at=at, submitted_at=at) for _ in range(count))
    decisions = store(
        Decision(
            post=post,
            site=site,
            revision=1,
            outcome=outcome,
            published=not would_block,
            source=Source.MACHINE,
            by=by,
            probability=probability,
            would_be=Outcome.BLOCK if would_block else Outcome.ALLOW,
            mode=policy.mode,
            policy=policy,
            model=more.get("model", MODEL),
            arm=more.get("arm", ""),
            reasons=more.get("reasons", []),
            created_at=at,
        )
        for post in posts
    )
    if "text" in more:
        words = {"text": more["text"], "language": more.get("language", ""), "digest": "0" * 64}
        store(PostRevision(post=post, revision=1, created_at=at, **words) for post in posts)
    made = Decision.objects.filter(post=OuterRef("pk")).values("pk")
    Post.objects.filter(pk__in=[post.pk for post in posts]).update(
        status=Status.DECIDED, outcome=outcome, decision=Subquery(made)
    )
    return store(
        AuditDraw(
            decision=decision,
            site=site,
            stratum=more.get("stratum", Stratum.BLOCK if would_block else Stratum.ALLOW),
            probability=more.get("chance", 0.25 if not would_block else 1.0 if selected else 0.5),
            draw=more.get("thrown", 0.1) if selected else 0.9,
            selected=selected,
            created_at=at + number * timedelta(seconds=1),
        )
        for number, decision in enumerate(decisions)
    )


def allow(site, count, *, at, drawn=0.25):
    """Posts that are allowed, of which such a share is drawn."""
    few = round(count * drawn)
    send(site, count - few, probability=0.02, at=at, selected=False)
    return send(site, few, probability=0.02, at=at)


def judge(site, draws, label):
    """A moderator answers the cases of these draws: spam, ham, or another kind of verdict."""
    cases = store(
        Case(
            post_id=draw.decision.post_id,
            site=site,
            revision=1,
            decision=draw.decision,
            audit=draw,
            lane=Lane.AUDIT,
            state=CaseState.JUDGED,
            priority=0.0,
            opened_at=draw.created_at,
            closed_at=draw.created_at,
        )
        for draw in draws
    )
    kind = VerdictKind.NOT_SPAM if label == "ham" else VerdictKind(label)
    verdicts = store(
        Verdict(
            case=case, round=0, user=site.user, kind=kind, seen=case.decision, created_at=JUDGED
        )
        for case in cases
    )
    store(
        Label(
            post_id=case.post_id,
            site=site,
            revision=1,
            label=label,
            source="verdict",
            verdict=verdict,
            audit=True,
            inclusion_probability=case.audit.probability,
            created_at=NOW,
        )
        for case, verdict in zip(cases, verdicts, strict=True)
        if label in LABEL_OF.values()
    )


def look(site, draws, said, *, settled=None, why=None):
    """Somebody else judges the same posts; `said` is None where nobody has yet.

    `settled` is what a third person, the site's `senior`, decided about them.
    """
    for draw in draws:
        about = {"post_id": draw.decision.post_id, "site": site, "decision": draw.decision}
        about |= {"revision": 1, "lane": Lane.HELD, "state": CaseState.JUDGED, "priority": 0.0}
        about |= {"opened_at": NOW, "closed_at": NOW}
        answered = {"round": 0, "user": site.user, "seen": draw.decision, "created_at": NOW}
        case = Case.objects.create(**about)
        verdict = Verdict.objects.get(case__audit=draw)
        third = settled and Case.objects.create(**about)
        if third:
            senior = getattr(site, "senior", site.user)
            Verdict.objects.create(case=third, kind=settled, **answered | {"user": senior})
        Look.objects.create(
            site=site,
            kind=LookKind.SECOND,
            why=why or _why(draw, verdict),
            verdict=verdict,
            case=case,
            probability=1.0,
            answer=said and Verdict.objects.create(case=case, kind=said, **answered),
            dispute=third,
            due_at=NOW,
            created_at=NOW,
        )


def appeal(site, draw, outcome):
    """The author of this block appealed, and a person answered so."""
    about = {"post_id": draw.decision.post_id, "site": site, "revision": 1}
    case = Case.objects.create(
        **about,
        decision=draw.decision,
        lane=Lane.APPEAL,
        state=CaseState.JUDGED,
        priority=0.0,
        opened_at=NOW,
        closed_at=NOW,
    )
    overturned = outcome == Outcome.ALLOW
    answer = Decision.objects.create(
        **about,
        outcome=outcome,
        published=overturned,
        source=Source.MODERATOR,
        label="ham" if overturned else "spam",
        mode=draw.decision.mode,
        policy=draw.decision.policy,
        supersedes=draw.decision,
        created_at=NOW,
    )
    Appeal.objects.create(
        **about,
        decision=draw.decision,
        case=case,
        via="api",
        state=AppealState.OVERTURNED if overturned else AppealState.UPHELD,
        answer=answer,
        created_at=NOW,
        resolved_at=NOW,
    )


def _why(draw, verdict):
    if draw.stratum == "block":
        return LookReason.SPAM if verdict.kind == "spam" else LookReason.HONEST
    return LookReason.MISSED if verdict.kind == "spam" else LookReason.SAMPLE


def reviewed(site, *, at=NOW - FOUR_DAYS, blocks=40, allowed=240, drawn=60, **more):
    """Some days of reviewing: would-be blocks, all drawn, and allowed posts, some of them."""
    spam = send(site, blocks, probability=more.pop("score", 0.97), at=at, **more)
    send(site, allowed - drawn, probability=0.02, at=at, selected=False, **more)
    honest = send(site, drawn, probability=0.02, at=at, **more)
    return spam, honest


def judged(site, **more):
    """Such days, on which the machine was right."""
    spam, honest = reviewed(site, **more)
    judge(site, spam, "spam")
    judge(site, honest, "ham")
    return spam, honest


def certified(site):
    """The certificate that such days earn."""
    judged(site)
    return promises.certify(site=site, now=NOW)
