"""Eight clients at the same posts at the same time, recorded and replayed through the model.

    manage.py shell -c "from benchmarks import together; together.main(operations=3000, seed=1)"

Threads of one process on a real database: sites that submit, edit, withdraw and give feedback,
moderators who claim, answer, undo and let go, workers that judge, expire and deliver. See
`benchmarks.history` for what is checked of each post, and `broken_invariants` for the rest.
"""

from __future__ import annotations

import json
import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Count, F, Q
from django.utils import timezone

from benchmarks.history import Operation, anomaly
from classifiers.types import Content
from moderation import claims, decisions, feedback, outbox, pipeline, posts, sites
from moderation.access import create_key
from moderation.exceptions import StaleDecision
from moderation.models import ApiKey, Decision, Event, Post, Site
from moderation.types import Draft, Mode, Outcome, Source, Status
from reviews import queue, verdicts
from reviews.exceptions import ReviewError, StaleCase
from reviews.models import Case, Label, Membership, Verdict
from reviews.states import CaseState, Lane, VerdictKind

CLIENTS: Final = 8
HOT: Final = 8
"""Posts that are worked on at a time, and operations on each before the next one joins."""
EACH: Final = 60
FAR: Final = timedelta(days=400)
TEXTS: Final = (
    "Thanks, that worked for me as well.",
    "I put my notes here: https://example.org/notes - have a look",
    "Congratulations! You won a FREE phone, claim it now at http://bit.ly/claim-4u",
    "Cheap pills, no prescription, order at www.pills-4-you.example NOW",
)
DECIDING: Final = ("spam", "not_spam", "remove")


@dataclass(slots=True)
class Client:
    """Does something at random, again and again, and writes down what it was answered."""

    site: Site
    key: ApiKey
    user: User
    chance: random.Random
    operations: int
    history: list[tuple[UUID, Operation]] = field(default_factory=list)
    said: dict[str, tuple[UUID, Operation]] = field(default_factory=dict)
    """Feedback by the name under which it was given; the decision is looked up at the end."""
    failure: BaseException | None = None

    def run(self) -> None:
        actions: Sequence[Callable[[int], None]] = (
            [self.submit] * 4
            + [self.judge] * 4
            + [self.answer] * 4
            + [self.take_back] * 2
            + [self.withdraw, self.say, self.expire, self.let_go]
            + [self.deliver] * 2
        )
        try:
            for number in range(self.operations):
                self.chance.choice(actions)(number)
        except BaseException as failure:
            self.failure = failure
        finally:
            connection.close()

    def submit(self, number: int) -> None:
        text, asked = self.chance.choice(TEXTS), time.monotonic()
        draft = Draft(Content(text=text), external_id=self._some(number), author_id="somebody")
        [post] = posts.submit(site=self.site, drafts=[draft])
        self._note(post.pk, "submit", asked, text=text, revision=post.revision)

    def withdraw(self, number: int) -> None:
        post = self._post(number)
        if post is not None and self.chance.random() < 0.4:
            asked = time.monotonic()
            posts.withdraw(post=post)
            self._note(post.pk, "withdraw", asked)

    def judge(self, number: int) -> None:
        asked = time.monotonic()
        claimed = claims.claim(claims.FRESH) or claims.claim(claims.ALONE)
        if claimed:
            pipeline.moderate(claimed)
        for post in claimed:
            self._note(post.pk, "judge", asked, revision=post.revision)

    def answer(self, number: int) -> None:
        case = queue.claim_next(user=self.user)
        if case is None:
            return
        if self.chance.random() < 0.3:
            # Meanwhile something happens to it.
            self.chance.choice([self.submit, self.say, self.expire])(number)
        kind = self.chance.choice([k for k in VerdictKind if k != VerdictKind.UNDO])
        asked, seen = time.monotonic(), case.decision_id
        try:
            given = verdicts.submit_verdict(
                case_id=case.pk, user=self.user, kind=kind, seen_decision_id=seen
            )
        except StaleCase:
            self._note(case.post_id, "refused", asked, seen=seen)
        except ReviewError:
            return
        else:
            self._note(case.post_id, "verdict", asked, decision=given.decision_id or 0, seen=seen)

    def take_back(self, number: int) -> None:
        mine = Verdict.objects.filter(user=self.user).exclude(kind=VerdictKind.UNDO)
        given = mine.select_related("case").order_by("-pk").first()
        if given is None:
            return
        asked = time.monotonic()
        try:
            taken = verdicts.undo(verdict_id=given.pk, user=self.user)
        except (ReviewError, StaleDecision):
            return
        made, undone = taken.decision_id or 0, given.decision_id or 0
        self._note(given.case.post_id, "undo", asked, decision=made, seen=undone)

    def let_go(self, number: int) -> None:
        case = queue.claim_next(user=self.user)
        if case is not None:
            queue.release(case=case, user=self.user)

    def say(self, number: int) -> None:
        post = self._post(number)
        if post is None:
            return
        name, asked = f"{self.user.pk}-{len(self.said)}-{number}", time.monotonic()
        role = self.chance.choice(["owner", "moderator", "member", "member"])
        label = self.chance.choice(["spam", "ham"])
        feedback.receive(post=post, label=label, actor_id=name, actor_role=role, api_key=self.key)
        if role != "member":
            self.said[name] = (post.pk, Operation("feedback", asked, time.monotonic()))

    def expire(self, number: int) -> None:
        asked = time.monotonic()
        for decision in decisions.expire_holds(now=timezone.now() + FAR, limit=2):
            self._note(decision.post_id, "expire", asked, decision=decision.pk)

    def deliver(self, number: int) -> None:
        outbox.deliver(now=timezone.now() + FAR)

    def _some(self, number: int) -> str:
        return f"post-{number * CLIENTS // EACH + self.chance.randrange(HOT)}"

    def _post(self, number: int) -> Post | None:
        return Post.objects.filter(site=self.site, external_id=self._some(number)).first()

    def _note(self, post: UUID, kind: str, asked: float, **facts: Any) -> None:
        self.history.append((post, Operation(kind, asked, time.monotonic(), **facts)))


def run(*, operations: int, seed: int) -> dict[str, Any]:
    """Return what was done, the anomalies of posts as text, and the broken invariants."""
    site = sites.create_site(name=f"Together {seed}", mode=Mode.REVIEW_ONLY)
    key, _ = create_key(site=site, name="together")
    clients = [
        Client(site, key, _moderator(site, n), random.Random(seed * 100 + n), operations // CLIENTS)
        for n in range(CLIENTS)
    ]
    threads = [threading.Thread(target=client.run) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for client in clients:
        if client.failure is not None:
            raise client.failure
    while outbox.deliver(now=timezone.now() + FAR):
        pass
    by_post = _histories(clients)
    found = {str(post): anomaly(history) for post, history in by_post.items()}
    return {
        "seed": seed,
        "operations": operations,
        "posts": len(by_post),
        "recorded": dict(Counter(each.kind for history in by_post.values() for each in history)),
        "anomalies": {
            post: [str(each) for each in wrong] for post, wrong in found.items() if wrong
        },
        "broken": broken_invariants(site),
    }


def main(*, operations: int, seed: int) -> None:
    """Run, and print one JSON object."""
    print(json.dumps(run(operations=operations, seed=seed)))


def _moderator(site: Site, number: int) -> User:
    user = User.objects.create_user(f"together-{site.pk}-{number}")
    Membership.objects.create(user=user, site=site)
    return user


def _histories(clients: list[Client]) -> dict[UUID, list[Operation]]:
    """Return the operations on each post, with what the database says of the decisions made."""
    made = {row.pk: row for row in Decision.objects.filter(site=clients[0].site)}
    by_actor = {row.actor: row for row in made.values() if row.source == Source.FEEDBACK}
    by_machine = {
        (row.post_id, row.revision): row for row in made.values() if row.source == Source.MACHINE
    }
    known: dict[UUID, list[Operation]] = defaultdict(list)
    claimed: dict[tuple[UUID, int], Operation] = {}
    for client in clients:
        for post, operation in client.history:
            if operation.kind == "judge":
                # Who of several made it is not known: it was made while one of them was at it.
                place = (post, operation.revision)
                first = claimed.get(place, operation)
                claimed[place] = replace(
                    operation,
                    asked=min(first.asked, operation.asked),
                    answered=max(first.answered, operation.answered),
                )
            else:
                known[post].append(_with(operation, made.get(operation.decision)))
        for name, (post, operation) in client.said.items():
            known[post].append(_with(operation, by_actor.get(name)))
    for (post, revision), operation in claimed.items():
        known[post].append(_with(operation, by_machine.get((post, revision))))
    return known


def _with(operation: Operation, row: Decision | None) -> Operation:
    if row is None:
        return operation
    return replace(
        operation,
        decision=row.pk,
        revision=row.revision,
        supersedes=row.supersedes_id or 0,
    )


def broken_invariants(site: Site) -> dict[str, int]:
    """Count, of everything about a site at rest, what must not be; only what is not zero."""
    mine = Q(site=site)
    open_cases = Case.objects.filter(mine, state=CaseState.OPEN)
    held = Post.objects.filter(mine, status=Status.DECIDED, outcome=Outcome.REVIEW)
    teaching = Verdict.objects.filter(case__site=site, kind__in=["spam", "not_spam"])
    standing = set(teaching.filter(undone_by=None).values_list("pk", flat=True))
    labels = Label.objects.in_force().filter(mine, source="verdict")
    counts = {
        "posts decided without a decision in force": Post.objects.filter(
            mine, status=Status.DECIDED
        ).exclude(decision__revision=F("revision")),
        "decisions in force that are not their post's": Decision.objects.filter(
            mine, superseded_by=None, in_force_for=None
        ),
        "posts with several first decisions": Decision.objects.filter(mine, supersedes=None)
        .values("post")
        .annotate(count=Count("pk"))
        .filter(count__gt=1),
        "posts with several open cases": open_cases.exclude(lane=Lane.AUDIT)
        .values("post")
        .annotate(count=Count("pk"))
        .filter(count__gt=1),
        "held posts that nobody is asked about": held.exclude(
            pk__in=open_cases.filter(decision=F("post__decision")).values("post")
        ),
        "withdrawn posts that somebody is asked about": open_cases.filter(
            post__status=Status.WITHDRAWN
        ),
        "rounds without exactly one verdict": Case.objects.filter(mine, state=CaseState.JUDGED)
        .annotate(
            count=Count(
                "verdicts",
                filter=Q(verdicts__round=F("round"), verdicts__kind__in=DECIDING),
            )
        )
        .exclude(count=1),
        "events that were not told": Event.objects.filter(mine, delivered_at=None),
    }
    broken = {name: rows.count() for name, rows in counts.items()}
    broken["labels that differ from verdicts"] = len(
        standing ^ set(labels.values_list("verdict_id", flat=True))
    )
    return {name: count for name, count in broken.items() if count}
