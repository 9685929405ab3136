"""Two weeks told in the order in which they happened, by the functions that serve every day."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Final
from uuid import UUID

from django.contrib.auth.models import User
from django.db import connection
from django.db.models import Q

from moderation import pipeline
from moderation.deciding import feedback
from moderation.ids import id_at
from moderation.models import ApiKey, Event, Post, Site
from moderation.submitting import posts
from moderation.types import ActorRole, Draft, FeedbackLabel, Outcome
from reviews.demonstration import people, rhythm
from reviews.demonstration.texts import Written, choose
from reviews.exceptions import ReviewError
from reviews.judging import appeals, verdicts
from reviews.labels import looks
from reviews.labels.feedback import on_feedback
from reviews.models import Case
from reviews.queue.intake import follow_decisions
from reviews.states import AppealVia, CaseState, Lane, VerdictKind

LATELY: Final = timedelta(days=3)
LEFT_LATELY: Final = (2, 5)
"""Of each five cases that were opened lately, two are left open; all before are answered."""
MEASURING_LEFT: Final = 3
"""Cases that measure and still wait: they come without evidence, and who looks around wants it."""
MISTAKEN: Final = 0.05
"""Share of the answers that are wrong."""
NOTED: Final = 0.1
REPORTED: Final = 0.5
"""Share of the spam that got through, and that some member reports."""
APPEALED: Final = 0.4
"""Share of the blocked posts of honest people."""
CAMPAIGNS: Final = (11, 7, 5)
"""Posts of each; the last comes in now."""
LATEST: Final = 50
"""Posts among which those are looked for that are reported at the end."""
REPORTED_NOW: Final = 2
NOTES: Final = (
    "Same shop as last week, other domain.",
    "Regular member, link goes to their own photos.",
    "Asked in the team chat; we let self-promotion stand in this thread.",
    "Account is an hour old.",
    "Machine translation, but a real question.",
)
PLEAS: Final = (
    "This was my own review of the place, I have no tie to them. Please look again.",
    "I only linked to my repair notes. What is wrong with it?",
    "Das war eine ehrliche Frage, bitte noch einmal ansehen.",
    "No soy un bot. Llevo dos años en este foro.",
)
Tell = Callable[[int, int], object]
"""Is told how many posts came in, of how many."""
MOVE: Final = """
UPDATE moderation_postrevision SET post_id = %(new)s WHERE post_id = %(old)s;
UPDATE moderation_post SET id = %(new)s WHERE id = %(old)s
"""


@dataclass(order=True, slots=True)
class _Due:
    when: datetime
    number: int
    do: Callable[[datetime], None] = field(compare=False)


class Story:
    """Posts, and all that follows from them, up to `end`."""

    def __init__(
        self, *, site: Site, key: ApiKey, judges: list[User], end: datetime, seed: int = 1
    ) -> None:
        self.site, self.key, self.judges, self.end = site, key, judges, end
        self.chance = random.Random(seed)  # noqa: S311 - the same story each time
        self.numbers, self.order, self.lately = count(1), count(), count()
        self.is_spam: dict[UUID, bool] = {}
        self.asked: set[int] = set()
        self.due: list[_Due] = []
        self.tell: Tell = lambda done, of: None
        self.posts = 0

    def plan(self, texts: list[Written], *, size: int, besides: int = 0) -> None:
        """Say which posts come in when; `besides` those that are submitted otherwise."""
        chosen = choose(texts, size, self.chance)
        moments = rhythm.moments(len(chosen), end=self.end, chance=self.chance)
        context = ""
        for text, moment in zip(chosen, moments, strict=True):
            self._at(moment, self._posting(text, answers=context))
            context = "" if text.spam or self.chance.random() < 0.6 else text.text[:200]
        spam = [text for text in chosen if text.spam and "http" in text.text] or chosen
        starts = (timedelta(days=6), timedelta(days=2), timedelta(hours=3))
        for ago, times, text in zip(starts, CAMPAIGNS, spam, strict=False):
            for moment in rhythm.burst(times, start=self.end - ago, chance=self.chance):
                self._at(moment, self._posting(text))
        self.posts = len(self.due) + besides

    def happen(self) -> None:
        """Do all that is due, in order; what it leads to is due later."""
        day = self.end - timedelta(days=rhythm.DAYS)
        while self.due and self.due[0].when < self.end:
            each = heapq.heappop(self.due)
            each.do(each.when)
            if each.when - day > timedelta(hours=6):
                day = each.when
                looks.open_due(now=day)
            self._notice_cases()
        looks.open_due(now=self.end)
        self._catch_up()

    def _catch_up(self) -> None:
        """Have what measures answered just before the end, but for the oldest."""
        waiting = Case.objects.filter(site=self.site, state=CaseState.OPEN)
        measuring = waiting.filter(Q(lane=Lane.LOOK) | Q(audit__isnull=False)).order_by("opened_at")
        # Who cannot tell leaves a case to the next one.
        for judge in self.judges:
            cases = list(measuring[MEASURING_LEFT:])
            for left, case in zip(range(len(cases), 0, -1), cases, strict=True):
                moment = self.end - timedelta(seconds=30 * left)
                if judge in self._who_may(case):
                    self.judge(case, judge, self._kind(case), max(case.opened_at, moment))

    def leave_waiting(self) -> None:
        """Have members report what got through, just before the end: chance may leave none."""
        quiet = Post.objects.filter(site=self.site, hidden_at=None, cases=None).order_by("-pk")
        passed = [*quiet.filter(outcome=Outcome.ALLOW)[:LATEST]]
        passed.sort(key=lambda post: not self.is_spam[post.pk])
        for number, post in enumerate(passed[:REPORTED_NOW]):
            self.report(post, self.end - timedelta(minutes=9 * (number + 1)))

    def _at(self, when: datetime, do: Callable[[datetime], None]) -> None:
        heapq.heappush(self.due, _Due(when, next(self.order), do))

    # What happens

    def _posting(self, text: Written, *, answers: str = "") -> Callable[[datetime], None]:
        def post(now: datetime) -> None:
            self._react(self.submit(text, now, answers=answers), now)

        return post

    def submit(self, text: Written, now: datetime, *, answers: str = "") -> Post:
        """Have somebody write this, and the machine judge it."""
        number = next(self.numbers)
        writer = (
            people.passer_by(number, now, self.chance)
            if text.spam
            else people.member(text.language, self.end, self.chance)
        )
        draft = people.draft(text, by=writer, number=number, when=now, answers=answers)
        made = self._store(draft, now)
        self.is_spam[made.pk] = text.spam
        pipeline.moderate([made], now=now + timedelta(seconds=2))
        follow_decisions(post_ids=[made.pk], now=now + timedelta(seconds=3))
        made.refresh_from_db()
        self.tell(number, self.posts)
        return made

    def _store(self, draft: Draft, now: datetime) -> Post:
        """Store a post that came in then: its id tells the time."""
        (made,) = posts.submit(site=self.site, drafts=[draft], now=now)
        old, bits = made.pk, self.chance.getrandbits(62)
        made.pk = id_at(now, bits)
        with connection.cursor() as cursor:
            for statement in MOVE.split(";"):
                cursor.execute(statement, {"old": old, "new": made.pk})
        return made

    def _react(self, post: Post, now: datetime) -> None:
        spam = self.is_spam[post.pk]
        later = now + timedelta(hours=self.chance.uniform(0.5, 9))
        if spam and post.outcome == Outcome.ALLOW and self.chance.random() < REPORTED:
            self._at(later, lambda when: self.report(post, when))
        if not spam:
            self._at(later + timedelta(hours=14), lambda when: self._appeal(post, when))

    def report(self, post: Post, now: datetime) -> None:
        """Have some member say that it is spam."""
        writer = people.member("en", self.end, self.chance)
        feedback.receive(
            post=post,
            label=FeedbackLabel.SPAM,
            actor_id=writer.id,
            actor_role=ActorRole.MEMBER,
            api_key=self.key,
            now=now,
        )
        on_feedback(list(Event.objects.filter(post=post).order_by("-pk")[:1]), now=now)

    def _appeal(self, post: Post, now: datetime) -> None:
        post.refresh_from_db()
        if post.outcome != Outcome.BLOCK or self.chance.random() > APPEALED:
            return
        words = self.chance.choice(PLEAS)
        try:
            appeals.file(post_id=post.pk, via=AppealVia.LINK, words=words, now=now)
        except ReviewError:
            return

    def _notice_cases(self) -> None:
        waiting = Case.objects.filter(site=self.site, state=CaseState.OPEN)
        for pk, opened in waiting.exclude(pk__in=self.asked).values_list("pk", "opened_at"):
            self.asked.add(pk)
            when = rhythm.answered_at(opened, self.chance)
            left, of = LEFT_LATELY
            if opened < self.end - LATELY or next(self.lately) % of >= left:
                self._at(when, self._answering(pk))

    def _answering(self, case_id: int) -> Callable[[datetime], None]:
        def answer(now: datetime) -> None:
            case = Case.objects.get(pk=case_id)
            if case.state != CaseState.OPEN:
                self.asked.discard(case_id)
                return
            if may := self._who_may(case):
                self.judge(case, may[rhythm.sitting(now) % len(may)], self._kind(case), now)

        return answer

    def _who_may(self, case: Case) -> list[User]:
        return [
            judge
            for judge in self.judges
            if judge.pk != case.barred_id and judge.pk in (case.meant_for or [judge.pk])
        ]

    def judge(self, case: Case, judge: User, kind: VerdictKind, now: datetime) -> None:
        """Give an answer, unless somebody was there first: an appeal, a second look, oneself."""
        note = self.chance.choice(NOTES) if self.chance.random() < NOTED else ""
        try:
            verdicts.submit_verdict(
                case_id=case.pk,
                user=judge,
                kind=kind,
                seen_decision_id=case.decision_id,
                note=note,
                now=now,
            )
        except ReviewError:
            return

    def _kind(self, case: Case) -> VerdictKind:
        spam = self.is_spam[case.post_id] != (self.chance.random() < MISTAKEN)
        if not spam:
            return VerdictKind.NOT_SPAM
        if case.lane not in (Lane.LOOK, Lane.APPEAL) and self.chance.random() < 0.06:
            return VerdictKind.REMOVE if self.chance.random() < 0.5 else VerdictKind.CANNOT_TELL
        return VerdictKind.SPAM
