"""A batch of posts with all that is known of them, judged by the models in use."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from django.db.models import F, prefetch_related_objects
from django.utils import timezone

from classifiers.assess import assess_batch
from classifiers.models import RegistryState
from classifiers.types import Assessment, Content, History, Signal
from classifiers.versions import lineup
from classifiers.versions.lineup import Lineup
from moderation import lists, trail
from moderation.judging import adaptation, community, history
from moderation.judging.adaptation import Learner
from moderation.judging.community import Place
from moderation.judging.contents import content_of
from moderation.models import Caution, Certificate, Policy, Post, PostRevision, Site
from moderation.policy import Findings, Reason
from moderation.trail import NOWHERE, Origin
from moderation.types import Arm, PostType


@dataclass(frozen=True, slots=True)
class Judged:
    """One post as it was claimed, with what was found out about it."""

    post: Post
    policy: Policy
    findings: Findings
    fingerprint: bytes | None = None
    content: Content | None = None
    learner: Learner | None = None
    origin: Origin = NOWHERE
    place: Place = field(default_factory=Place)
    arm: str = ""
    """Which side of a trial of two models it fell on; empty where none is going on."""
    promised: Certificate | None = None
    """What is in force at its site."""
    caution: Caution | None = None
    """Why people are asked about more of its site's posts, where they are."""
    registry: int = 0
    """Revision of the registry from before the models were asked."""

    @property
    def certificate(self) -> Certificate | None:
        """What covers the blocks of the model that judged it."""
        model = self.findings.assessment.model
        if self.promised is None or not self.promised.covers(model=model, policy=self.policy):
            return None
        return self.promised

    @property
    def learner_revision(self) -> int:
        """0 where the site has no learner."""
        return self.learner.revision if self.learner else 0

    def learnt(self) -> tuple[Reason, ...]:
        """What the site's labels made of the post; a few milliseconds."""
        if self.learner is None or self.content is None:
            return ()
        return self.learner.explain(self.content, self.findings.assessment)


def judge(posts: Sequence[Post], *, now: datetime | None = None) -> list[Judged]:
    """Return what was found out about each post whose claimed revision is still the present one."""
    words = _words(posts)
    posts = [post for post in posts if post.pk in words]
    if not posts:
        return []
    policies = _policies(posts)
    prefetch_related_objects(list(posts), "author")
    present = [words[post.pk] for post in posts]
    contents = [
        content_of(post, said, policies[post.site_id])
        for post, said in zip(posts, present, strict=True)
    ]
    prints = [history.fingerprint_of(said) for said in present]
    remembered = history.recall(posts, present, prints)
    listed = lists.match(
        [
            lists.subject_of(
                site_id=post.site_id,
                author=post.author.external_id if post.author else None,
                content=content,
            )
            for post, content in zip(posts, contents, strict=True)
        ]
    )
    places = community.recall(posts, contents)
    now = now or timezone.now()
    certified = Certificate.objects.under(policies.values(), now=now)
    cautious = Caution.objects.under(policies.values(), now=now)
    histories = [
        replace(known.history, community=place.community)
        for known, place in zip(remembered, places, strict=True)
    ]
    registry = RegistryState.present()
    assessed = _assess(posts, contents, histories)
    return [
        Judged(
            post=post,
            policy=policies[post.site_id],
            findings=Findings(
                assessment=assessment,
                type=PostType(post.type),
                denied=on_lists.denied,
                allowed=on_lists.allowed,
                copied=known.copied,
                blocked_before=known.blocked_before,
            ),
            fingerprint=print_,
            content=content,
            learner=learner,
            origin=Origin(said.request_id, said.traceparent),
            place=place,
            arm=arm,
            promised=certified.get(post.site_id),
            caution=cautious.get(post.site_id),
            registry=registry,
        )
        for post, said, content, print_, known, on_lists, place, (assessment, learner, arm) in zip(
            posts, present, contents, prints, remembered, listed, places, assessed, strict=True
        )
    ]


def unjudged(posts: Sequence[Post], sentence: str) -> list[Judged]:
    """Return posts with nothing but the failure to judge them; their words are not touched."""
    failure = Signal("judging.failed", sentence, failed=True)
    policies = _policies(posts)
    blocked = history.blocked_before(posts)
    origins = trail.origins_of((post.pk, post.revision) for post in posts)
    return [
        Judged(
            post=post,
            policy=policies[post.site_id],
            findings=Findings(
                assessment=Assessment(None, (failure,), failed=True),
                type=PostType(post.type),
                blocked_before=post.pk in blocked,
            ),
            origin=origins.get(post.pk, NOWHERE),
        )
        for post in posts
    ]


def _words(posts: Sequence[Post]) -> dict[UUID, PostRevision]:
    claimed = {post.pk: post.revision for post in posts}
    rows = PostRevision.objects.filter(post_id__in=claimed, revision=F("post__revision"))
    return {row.post_id: row for row in rows if row.revision == claimed[row.post_id]}


def _policies(posts: Sequence[Post]) -> dict[int, Policy]:
    rows = Policy.objects.filter(site_id__in={post.site_id for post in posts}).in_force()
    return {row.site_id: row for row in rows}


def _assess(
    posts: Sequence[Post], contents: Sequence[Content], histories: Sequence[History]
) -> list[tuple[Assessment, Learner | None, str]]:
    """An assessment, the learner that was asked and the arm of each post; one batch a line-up,
    and one for the sites whose learners want embeddings.

    No learner stands on a canary: a site's learner follows the model that serves all of it.
    """
    sites = {post.site_id for post in posts}
    lineups = {site_id: lineup.current(Site(pk=site_id).slot) for site_id in sites}
    learners = adaptation.learners_of(lineups)
    together: defaultdict[tuple[str, bool], list[int]] = defaultdict(list)
    models: dict[str, Lineup] = {}
    arms: list[str] = []
    asked: list[Learner | None] = []
    for i, post in enumerate(posts):
        used, arm = _arm(lineups[post.site_id], post)
        learner = None if arm == Arm.CANARY else learners.get(post.site_id)
        models[used.digest] = used
        together[used.digest, learner is not None and learner.state.thorough].append(i)
        arms.append(arm)
        asked.append(learner)
    found: dict[int, tuple[Assessment, Learner | None, str]] = {}
    for (digest, embedded), batch in together.items():
        used = lineup.thorough(models[digest]) if embedded else models[digest]
        assessments = assess_batch(
            [contents[i] for i in batch],
            [histories[i] for i in batch],
            [()] * len(batch),
            used.scorers,
        )
        for i, assessment in zip(batch, assessments, strict=True):
            learner = asked[i]
            found[i] = (learner.ask(assessment) if learner else assessment, learner, arms[i])
    return [found[i] for i in range(len(posts))]


def _arm(used: Lineup, post: Post) -> tuple[Lineup, str]:
    """What judges the post, and on which side of a trial it falls, if there is one."""
    if used.canary is None:
        return used, ""
    who = f"author {post.author_id}" if post.author_id else f"post {post.pk}"
    if used.canary.judges(who):
        return used.canary.lineup, Arm.CANARY
    return used, Arm.CONTROL
