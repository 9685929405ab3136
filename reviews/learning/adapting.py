"""Lets each site's learner follow its labels: at once what is new, from the start what was undone.

A learner stands on the site's labels in force which the model that judges the site has not been
trained on; audits' labels are never among them. Which labels those are is written in the
transaction that writes what they taught, so none is learnt twice or forgotten, whoever dies. A
label that no longer holds, words that were deleted, another model or a state that cannot be read:
then it is made anew from the labels that are left.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Any, Final, TypeVar
from uuid import UUID

import structlog
from django.db import DatabaseError, InterfaceError, transaction
from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from classifiers.exceptions import ClassifierError
from classifiers.learner import Evidence, State, Topics, learn, student, teach, topics
from classifiers.versions.lineup import Lineup, thorough
from moderation import leases
from moderation.claims import where
from moderation.exceptions import LeaseLost, LeaseTaken
from moderation.judging import adaptation
from moderation.models import Post, PostRevision, Site, SiteLearner
from moderation.types import FeedbackLabel
from reviews.labels import export
from reviews.labels.labelling import effective
from reviews.labels.weighing import Weighing, weigh
from reviews.models import Label, LabelSource, Learnt, RetrainRun

log = structlog.get_logger(__name__)

Key = TypeVar("Key", int, UUID)

MOST: Final = 2_000
"""Labels that a learner made anew starts from, the newest: about twenty seconds."""
BATCH: Final = 32
FAMILIAR: Final = 300
"""Labels of a site from which a model knows it: then no post is embedded for the learner alone,
and the learner has to earn its say."""
LOOK: Final = timedelta(minutes=1)
"""How often labels are compared though no new one is known of."""


def follow_labels(*, seconds: float, clock: Callable[[], float] = time.monotonic) -> int:
    """Bring the learners up to date that are not, for a while; how many labels were learnt.

    A site that another process is at is left to it; one that fails holds up no other, unless the
    database is away, which fails for all.
    """
    end, learnt = clock() + seconds, 0
    for site in _due():
        with suppress(LeaseTaken, LeaseLost):
            try:
                learnt += follow(site)
            except (LeaseTaken, LeaseLost, DatabaseError, InterfaceError):
                raise
            except Exception as error:
                # Whoever waited longest comes first, and would again. No message: it could quote
                # a post.
                log.error("learner.failed", site=site.pk, error=where(error))
        if clock() > end:
            break
    return learnt


def follow(site: Site) -> int:
    """Bring one site's learner up to date; how many labels it learnt.

    Raises LeaseTaken when another process is at it, LeaseLost when one took over.
    """
    with leases.hold(f"learn {site.pk}") as lease:
        used = adaptation.lineup_of(site)
        row, _created = SiteLearner.objects.get_or_create(site=site)
        newest = _newest(site)
        teaching, trained, weighing = _teaching(site, used)
        known = set(Learnt.objects.filter(site=site).values_list("label_id", flat=True))
        turn = _Turn(site, used, newest, lease, weighing)
        state = None if _words_gone(site) else _state(row, used)
        about = state.topics if state else None
        if teaching and trained < FAMILIAR and _asks_for_topics(site, about):
            state, about = None, turn.about()
        if known - set(teaching):
            state = None
        anew = state is None
        fresh = [pk for pk in teaching[-MOST:] if anew or pk not in known]
        before = state or State.new(familiar=trained >= FAMILIAR, topics=about)
        if anew and (row.labels or row.problem or row.digest != used.digest):
            log.info("learner.anew", site=site.pk, labels=len(fresh), model=used.model)
        learnt, after = turn.learn(before, fresh, anew=anew)
        if after.teaches:
            turn.teach(after)
        return learnt


@dataclass(frozen=True, slots=True)
class _Turn:
    """One time at one site's labels."""

    site: Site
    used: Lineup
    newest: int
    lease: leases.Hold
    weighing: Weighing

    def about(self) -> Topics:
        """The topics of the site's newest posts."""
        return Topics.of(list(self._heard(topics.MOST, self.used)))

    def teach(self, state: State) -> None:
        """Write the state with a student of the site's newest posts."""
        heard = self._heard(student.MOST, thorough(self.used) if state.thorough else self.used)
        after = teach(state, [post for post in heard if post is not None])
        if after is state:
            return
        with transaction.atomic():
            self.lease.check(timezone.now())
            self._row.update(**self._as_stored(after))

    def _heard(self, most: int, used: Lineup) -> Iterator[Evidence | None]:
        for batch in _batches(_posts(self.site, most).values_list("pk", flat=True)):
            words = PostRevision.objects.filter(post__in=batch, revision=F("post__revision"))
            yield from adaptation.evidence_of(list(words.select_related("post")), used)
            self.lease.keep()

    def learn(self, state: State, labels: Sequence[int], *, anew: bool) -> tuple[int, State]:
        """Learn these labels, oldest first, and write the state; how many were learnt."""
        learnt = list[int]()
        for batch in _batches(labels):
            for label, evidence in self._with_evidence(batch, state.thorough):
                if evidence is not None:
                    weight = self.weighing.weight_of(label)
                    state = learn(state, evidence, label.label == FeedbackLabel.SPAM, weight)
                    learnt.append(label.pk)
            self.lease.keep()
        self._write(state, learnt, anew=anew)
        return len(learnt), state

    def _with_evidence(
        self, batch: Sequence[int], embedded: bool
    ) -> Iterator[tuple[Label, Evidence | None]]:
        used = thorough(self.used) if embedded else self.used
        pairs = list(export.with_words(Label.objects.filter(pk__in=batch).order_by("pk")))
        seen = adaptation.evidence_of([words for _, words in pairs], used)
        for (label, _), evidence in zip(pairs, seen, strict=True):
            yield label, evidence

    def _write(self, state: State, learnt: Sequence[int], *, anew: bool) -> None:
        now = timezone.now()
        with transaction.atomic():
            self.lease.check(now)
            self._row.update(looked_label=self.newest, looked_at=now)
            if not (learnt or anew):
                return
            if anew:
                Learnt.objects.filter(site=self.site).delete()
            Learnt.objects.bulk_create(Learnt(label_id=pk, site=self.site) for pk in learnt)
            self._row.update(**self._as_stored(state))

    def _as_stored(self, state: State) -> dict[str, Any]:
        return {
            "state": state.to_bytes(),
            "revision": F("revision") + 1,
            "labels": state.revision,
            "model": self.used.model,
            "digest": self.used.digest,
            "problem": "",
            "changed_at": timezone.now(),
        }

    @property
    def _row(self) -> QuerySet[SiteLearner]:
        return SiteLearner.objects.filter(site=self.site)


def _due() -> Iterator[Site]:
    """Sites with labels that their learner may not know, those that waited longest first."""
    newest = Label.objects.filter(site=OuterRef("pk")).order_by("-pk").values("pk")[:1]
    sites = Site.objects.annotate(newest=Subquery(newest)).filter(newest__isnull=False)
    behind = (
        Q(learner=None)
        | Q(learner__looked_at=None)
        | Q(learner__looked_label__lt=F("newest"))
        | Q(learner__looked_at__lt=timezone.now() - LOOK)
        | ~Q(learner__problem="")
    )
    yield from sites.filter(behind).order_by(F("learner__looked_at").asc(nulls_first=True), "pk")


def _newest(site: Site) -> int:
    newest = Label.objects.filter(site=site).order_by("-pk").values_list("pk", flat=True)
    return newest.first() or 0


def _teaching(site: Site, used: Lineup) -> tuple[list[int], int, Weighing]:
    """The labels to learn from, oldest first, how many the model was trained on, and their weights.

    Of reporters only those that are trusted, for here nothing tries a batch before it is learnt:
    who loses trust is forgotten with all that they taught.
    """
    # Older runs do not say of which sites their labels were.
    of_site = Q(sites__contains=[site.pk]) | Q(sites=[])
    runs = RetrainRun.objects.filter(of_site, model__digest=used.digest)
    trained = runs.order_by("-pk").first()
    since = trained.last_label_id if trained else 0
    labels = effective(Site.objects.filter(pk=site.pk))
    weighing = weigh(labels, caps=False)
    may = [
        pk
        for pk, source in labels.values_list("pk", "source")
        if source != LabelSource.FEEDBACK or pk in weighing.of_reporters
    ]
    fresh = sorted(pk for pk in may if pk > since)
    return fresh, len(may) - len(fresh), weighing


def _asks_for_topics(site: Site, about: Topics | None) -> bool:
    # Posts are counted only while their number matters.
    if about is not None and about.complete:
        return False
    return topics.due(_posts(site, topics.MOST).count(), about)


def _posts(site: Site, most: int) -> QuerySet[Post]:
    """Of the site's newest posts those that were decided and have their words."""
    newest = Post.objects.filter(site=site).order_by("-pk").values("pk")[:most]
    known = Post.objects.filter(pk__in=newest, pruned_at=None, hidden_at=None)
    return known.exclude(decision=None).order_by("pk")


def _state(row: SiteLearner, used: Lineup) -> State | None:
    """What the learner knows, or None where it must be made anew."""
    if row.problem or row.digest != used.digest:
        return None
    try:
        return adaptation.read(row)
    except ClassifierError as error:
        log.error("learner.unreadable", site=row.pk, error=str(error))
        return None


def _words_gone(site: Site) -> bool:
    """Whether it learnt from words that have been deleted or hidden since."""
    gone = Q(label__post__pruned_at__isnull=False) | Q(label__post__hidden_at__isnull=False)
    return Learnt.objects.filter(gone, site=site).exists()


def _batches(keys: Iterable[Key]) -> Iterator[list[Key]]:
    rest = iter(keys)
    while batch := list(islice(rest, BATCH)):
        yield batch
