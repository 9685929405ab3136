"""Clients that do something at random, each at once with all others: sites, moderators, workers."""

import json
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client as Caller
from django.utils import timezone

from benchmarks import observed
from benchmarks.recorded import Operation
from moderation import claims, outbox, pipeline
from moderation.deciding import holds
from moderation.exceptions import StaleDecision
from moderation.models import Site
from reviews.exceptions import AlreadyAnswered, CaseHeld, ReviewError, StaleCase
from reviews.judging import undoing, verdicts
from reviews.models import Case, Verdict
from reviews.queue import claiming
from reviews.states import VerdictKind

CLIENTS: Final = 8
HOT: Final = 8
"""Posts that are worked on at a time, and operations on each before the next one joins."""
EACH: Final = 60
FAR: Final = timedelta(days=400)
LATER: Final = timedelta(minutes=10)
"""When the leases of now have ended."""
A_FEW: Final = claims.RetryStage("attempts = 0", size=3, turns=1)
TEXTS: Final = (
    "Thanks, that worked for me as well.",
    "I put my notes here: https://example.org/notes - have a look",
    "Congratulations! You won a FREE phone, claim it now at http://bit.ly/claim-4u",
    "Cheap pills, no prescription, order at www.pills-4-you.example NOW",
)
ANSWERS: Final = (
    VerdictKind.SPAM,
    VerdictKind.NOT_SPAM,
    VerdictKind.REMOVE,
    VerdictKind.CANNOT_TELL,
)
"""A post that somebody calls dangerous leaves everybody's queue: there is nothing to race for."""
REFUSALS: Final = ((CaseHeld, "held"), (AlreadyAnswered, "answered"))


@dataclass(slots=True)
class Request:
    """What was sent under one Idempotency-Key, and every answer to it."""

    path: str
    body: dict[str, Any]
    key: str
    answers: list[tuple[float, float, int, bytes, bool]] = field(default_factory=list)
    """Asked, answered, status, body, and whether it was said to be a repetition."""


@dataclass(slots=True)
class World:
    """What the clients share."""

    site: Site
    key: str
    posts: dict[str, UUID] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    """What was last said of each, as far as anybody here knows; empty once it is withdrawn."""
    requests: list[Request] = field(default_factory=list)


@dataclass(slots=True)
class Client:
    """Does something at random, again and again, and writes down what it was answered."""

    world: World
    user: User
    chance: random.Random
    operations: int
    history: list[tuple[UUID, Operation]] = field(default_factory=list)
    made: list[tuple[int, int]] = field(default_factory=list)
    """Place in `history` of what made a decision, and the decision: looked up at the end."""
    attempted: Counter[str] = field(default_factory=Counter)
    performed: Counter[str] = field(default_factory=Counter)
    """What changed something."""
    earlier: list[tuple[Case, int]] = field(default_factory=list)
    """Cases that were looked at, and the decision that they asked about then."""
    failure: BaseException | None = None
    caller: Caller = field(default_factory=lambda: Caller(SERVER_NAME="localhost"))

    def run(self) -> None:
        actions: Sequence[Callable[[int], object]] = (
            [self.submit] * 7
            + [self.judge] * 4
            + [self.answer] * 9
            + [self.tell] * 5
            + [self.say] * 3
            + [self.hold, self.repeat, self.look] * 2
            + [self.take_back, self.withdraw, self.expire]
        )
        try:
            for number in range(self.operations):
                self.chance.choice(actions)(number)
        except BaseException as failure:
            self.failure = failure
        finally:
            connection.close()

    # As a site, over the API.

    def submit(self, number: int, post: str = "") -> None:
        names = {post or self._some(number)}
        if not post and self.chance.random() < 0.2:
            names |= {self._some(number) for _ in range(2)}
        items = [self._post(name) for name in sorted(names)]
        request = Request("posts", items[0], self._key())
        if len(items) > 1:
            request.path, request.body = "posts/batch", {"posts": items}
        self._count("submit", self._send(request) == 202)

    def say(self, number: int, post: str = "") -> None:
        name = post or self._some(number)
        if name in self.world.posts:
            role = self.chance.choice(["owner", "moderator", "member", "member"])
            key = self._key()
            said = {"label": self.chance.choice(["spam", "ham"])}
            body = {**said, "actor": {"id": key, "role": role}}
            path = f"posts/{self.world.posts[name]}/feedback"
            self._count("feedback", self._send(Request(path, body, key)) == 201)

    def withdraw(self, number: int, post: str = "") -> None:
        name = post or self._some(number)
        if not self.world.texts.get(name) or name not in self.world.posts:
            return
        identity, asked = self.world.posts[name], time.monotonic()
        self.world.texts[name] = ""
        answer = self.caller.delete(f"/api/v1/posts/{identity}", headers=self._headers())
        self._note(identity, "withdraw", asked)
        self._count("withdraw", answer.status_code == 204)

    def repeat(self, number: int) -> None:
        """Ask once more what was asked before, or is being asked just now."""
        if not self.world.requests:
            return
        request = self.chance.choice(self.world.requests[-10:])
        if request.path != "posts" or not request.answers or self.chance.random() < 0.8:
            self._count("repeat", self._send(request) == -1)
            return
        other = Request(request.path, {**request.body, "language": "en"}, request.key)
        assert self._ask(other) == 422, "One key served two requests."
        self._count("another request under the key", False)

    def _post(self, name: str) -> dict[str, Any]:
        known = self.world.texts.get(name)
        text = self.chance.choice(TEXTS)
        if text == known and self.chance.random() < 0.7:
            text = TEXTS[(TEXTS.index(text) + 1) % len(TEXTS)]
        self.world.texts[name] = text
        return {"external_id": name, "text": text, "author": {"id": author_of(name)}}

    def _send(self, request: Request) -> int:
        """Return the status; -1 if the answer was that of before."""
        if request not in self.world.requests[-20:]:
            self.world.requests.append(request)
        status = self._ask(request)
        return -1 if request.answers[-1][4] else status

    def _ask(self, request: Request) -> int:
        asked = time.monotonic()
        answer = self.caller.post(
            f"/api/v1/{request.path}",
            json.dumps(request.body).encode(),
            content_type="application/json",
            headers={**self._headers(), "Idempotency-Key": request.key},
        )
        repeated = answer.headers.get("Idempotency-Replayed") == "true"
        answered = time.monotonic()
        request.answers.append((asked, answered, answer.status_code, answer.content, repeated))
        for post in posts_in(answer.json()) if answer.status_code == 202 else ():
            self.world.posts.setdefault(post["external_id"], UUID(post["id"]))
        return answer.status_code

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.world.key}"}

    def _key(self) -> str:
        return f"{self.user.pk}-{self.chance.randrange(10**12)}"

    # As a moderator.

    def answer(self, number: int) -> None:
        if self.earlier and self.chance.random() < 0.08:
            self._answer(*self.chance.choice(self.earlier), timezone.now())
            return
        case, now = self._claim()
        if case is None:
            return
        if self.chance.random() < 0.2:
            meddle = self.chance.choice([self.submit, self.say, self.withdraw])
            meddle(number, case.post.external_id or "")
        self._answer(case, case.decision_id, now)

    def _claim(self) -> tuple[Case | None, datetime]:
        later = self.chance.random() < 0.1
        now, asked = timezone.now() + (LATER if later else timedelta(0)), time.monotonic()
        case = claiming.claim_next(user=self.user, now=now)
        self._count("claim", case is not None)
        if case is not None:
            at = observed.microseconds(now)
            self._note(case.post_id, "claim", asked, case=observed.case_of(case), at=at)
            self.earlier = [*self.earlier[-5:], (case, case.decision_id)]
        return case, now

    def _answer(self, case: Case, seen: int, now: datetime) -> None:
        kind, asked = self.chance.choice(ANSWERS), time.monotonic()
        facts = {
            "case": observed.case_of(case),
            "seen": seen,
            "at": observed.microseconds(now),
        }
        try:
            given = verdicts.submit_verdict(
                case_id=case.pk, user=self.user, kind=kind, seen_decision_id=seen, now=now
            )
        except (StaleCase, CaseHeld, AlreadyAnswered, StaleDecision) as refusal:
            why = next((word for error, word in REFUSALS if isinstance(refusal, error)), "stale")
            self._note(case.post_id, "refused", asked, answer=why, **facts)
            self._count("verdict", False)
            return
        self._note(case.post_id, "verdict", asked, answer=kind.value, given=given.pk, **facts)
        self._decided(given.decision_id)
        self._count("verdict", True)
        if self.chance.random() < 0.3:
            self.take_back(0)

    def take_back(self, number: int) -> None:
        mine = Verdict.objects.filter(user=self.user).exclude(kind=VerdictKind.UNDO)
        if self.chance.random() < 0.9:
            mine = mine.filter(undone_by=None)
        given = mine.select_related("case").order_by("-pk").first()
        if given is None:
            return
        now, asked = timezone.now(), time.monotonic()
        facts = {
            "case": observed.case_of(given.case),
            "given": given.pk,
            "at": observed.microseconds(now),
        }
        try:
            taken = undoing.undo(verdict_id=given.pk, user=self.user, now=now)
        except (ReviewError, StaleDecision):
            self._note(given.case.post_id, "kept", asked, **facts)
            self._count("undo", False)
            return
        self._note(given.case.post_id, "undo", asked, **facts)
        self._decided(taken.decision_id)
        self._count("undo", True)

    def hold(self, number: int) -> None:
        """Claim a case, and keep it for longer or let it go; or one that was held before."""
        held, _ = self._claim()
        earlier = [case for case, _ in self.earlier]
        case = self.chance.choice(earlier) if earlier and self.chance.random() < 0.4 else held
        if case is None:
            return
        now, asked = timezone.now(), time.monotonic()
        if self.chance.random() < 0.5:
            kind, done = "renew", claiming.renew(case=case, user=self.user, now=now)
        else:
            kind, done = "release", claiming.release(case=case, user=self.user)
        facts = {"at": observed.microseconds(now), "answer": "done" if done else "not"}
        self._note(case.post_id, kind, asked, case=observed.case_of(case), **facts)
        self._count(kind, done)

    # As a worker.

    def judge(self, number: int) -> None:
        claimed = claims.claim(A_FEW) or claims.claim(claims.ALONE)
        if claimed and self.chance.random() < 0.1:
            meddle = self.chance.choice([self.submit, self.say, self.withdraw])
            meddle(number, claimed[0].external_id or "")
        # What was claimed is not of the model; that somebody judges is.
        asked = time.monotonic()
        made = {row.post_id: row for row in pipeline.moderate(claimed)} if claimed else {}
        for post in claimed:
            self._note(post.pk, "judge", asked, revision=post.revision)
            self._decided(made[post.pk].pk if post.pk in made else None)
        self._count("judge", bool(made))

    def expire(self, number: int) -> None:
        asked = time.monotonic()
        expired = holds.expire_holds(now=timezone.now() + FAR, limit=2)
        for decision in expired:
            self._note(decision.post_id, "expire", asked)
            self._decided(decision.pk)
        self._count("expire", bool(expired))

    def tell(self, number: int, now: datetime | None = None) -> int:
        asked, before = time.monotonic(), len(observed.told.committed)
        count = outbox.deliver(now=now or timezone.now() + FAR)
        for telling in observed.told.committed[before:]:
            operation = Operation("told", asked, telling.committed, news=telling.news)
            self.history.append((telling.post, operation))
        self._count("tell", count > 0)
        return count

    # As somebody who looks.

    def look(self, number: int) -> None:
        name = self._some(number)
        if name in self.world.posts:
            self.look_at(name)

    def look_at(self, name: str) -> None:
        asked = time.monotonic()
        view = observed.look(self.world.posts[name], alone=author_of(name) != "everybody")
        self._note(self.world.posts[name], "look", asked, view=view)

    def _some(self, number: int) -> str:
        return f"post-{number * CLIENTS // EACH + self.chance.randrange(HOT)}"

    def _note(self, post: UUID, kind: str, asked: float, **facts: Any) -> None:
        operation = Operation(kind, asked, time.monotonic(), user=self.user.pk, **facts)
        self.history.append((post, operation))

    def _decided(self, decision: int | None) -> None:
        """By what was noted last."""
        if decision:
            self.made.append((len(self.history) - 1, decision))

    def _count(self, kind: str, done: bool) -> None:
        self.attempted[kind] += 1
        self.performed[kind] += done


def author_of(name: str) -> str:
    """Of every second post the same; each of the others has one of its own."""
    return "everybody" if int(name.removeprefix("post-")) % 2 else f"author-of-{name}"


def posts_in(answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the posts that the answer to one, or to a batch, shows."""
    return [item["post"] for item in answer["results"]] if "results" in answer else [answer]
