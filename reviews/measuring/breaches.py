"""What speaks against a certificate since it was issued: what people say of its blocks."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import numpy as np

from classifiers.arrays import Numbers
from classifiers.guarantees import renewal, watch
from classifiers.guarantees.breach import (
    Audits,
    Days,
    WrongBlocks,
    evidence,
    evidence_by_known,
    unwatched,
)
from classifiers.guarantees.reviewers import Mistakes
from moderation.models import Certificate
from moderation.types import FeedbackLabel, Mode
from reviews.measuring import draws, wrong_blocks
from reviews.measuring.answers import About, answers, appealed, blind, confirmed
from reviews.measuring.draws import Question
from reviews.measuring.mistaken import people
from reviews.queue.priority import DEADLINE

DAY: Final = timedelta(days=1)
SPENT: Final = (watch.LASTS_DAYS - renewal.RENEWED_DAYS) * DAY
"""After so long a certificate has as much to spend as any."""
ByDay = tuple[Numbers, Numbers, Numbers]


@dataclass(frozen=True, slots=True)
class BreachEvidence:
    """Evidence against a certificate."""

    logarithm: float
    """Natural logarithm of the evidence: 0 is none."""
    sentence: str
    broken: float
    """From which on it is broken beyond doubt."""
    silent: float = 0.0
    """As `logarithm`, where draws without an answer in time count as wrong blocks."""
    unanswered: int = 0


def evidence_against(certificate: Certificate, now: datetime) -> BreachEvidence:
    """What speaks against the certificate since it was issued.

    Silence breaks no promise: it says nothing of the model, but that it is not watched. Draws
    count in their order, up to the first that waits for a first word, or for a second that it is
    honest; what has none in time is not found. What is said with a key is no answer. The promise is
    about posts: each counts once, however often it is edited; but wrong blocks of one author come
    together.
    """
    judges = people(site=certificate.site, now=now)
    mistakes, delta = judges.for_certificates(watch.DELTA_A_YEAR)
    broken = watch.broken(delta, after_days=_after(certificate) / DAY)
    stretch = _Stretch.of(certificate, now)
    late = (now - DEADLINE).timestamp()
    waits = (
        at
        for about, at in stretch.made.items()
        if at > late
        and (about.draw not in stretch.judged or stretch.twice.get(about.draw, False) is None)
    )
    moment = min(waits, default=None)
    until = now if moment is None else min(datetime.fromtimestamp(moment, now.tzinfo), now)
    before = math.inf if moment is None else moment
    days, volumes = stretch.days(until, before)
    unanswered = sum(
        at < before and about.draw not in stretch.judged for about, at in stretch.made.items()
    )
    most = certificate.promise
    by_draws = BreachEvidence(
        evidence(days, most=most, mistakes=mistakes),
        _of_draws(days, unanswered),
        min([broken, *_going_on(certificate, mistakes, delta)]),
        unwatched(days, most=most, mistakes=mistakes),
        unanswered,
    )
    apart = Counter(wrong_blocks.whose(stretch.wrong).values())
    alone = sum(map(stretch.alone, stretch.wrong))
    size = int((now - certificate.created_at) / DAY) + 1
    every, _, now_blocked = volumes if until == now else stretch.volumes(now, size)
    others_now, blocks = int(every.sum()), int(now_blocked.sum())
    by_known = replace(
        by_draws,
        logarithm=evidence_by_known(
            [*apart.values()],
            others=others_now,
            audits=days.audits if until == now or not apart else stretch.audits(now, size),
            blocked=blocks,
            most=most,
            mistakes=mistakes,
        ),
        sentence=f"Of {others_now + blocks} posts that the model allowed or blocked since, "
        f"{len(stretch.wrong)} honest ones "
        f"{_of_authors(len(set(draws.authors(stretch.wrong).values())))} are known to have been "
        "blocked" + (f", {alone} by the word of a key alone." if alone else "."),
        broken=broken,
    )
    return max(by_draws, by_known, key=lambda each: (each.logarithm >= each.broken, each.logarithm))


def _of_draws(days: Days, unanswered: int) -> str:
    honest, twice = (int(found.blocks.sum()) for found in (days.once, days.twice))
    said = f"Of {days.drawn.sum():.0f} blocks drawn since, people called {honest or 'none'} honest"
    if honest:
        agreed = {0: "none of them", honest: "each"}.get(twice, f"{twice} of them")
        said += f", {_of_authors(len(days.once.day))}, {agreed} by two people"
    silent = f"; {unanswered} had no answer within {DEADLINE.days} days" if unanswered else ""
    return f"{said}{silent}."


def _of_authors(count: int) -> str:
    return f"of {count} author{'s' if count != 1 else ''}"


def _going_on(certificate: Certificate, mistakes: Mistakes, delta: float) -> Iterator[float]:
    """Evidence at which the tests that went on from certificates shortly before break this one.

    What a certificate spent is not lost with its end: its test goes on with the next one's draws,
    whichever model is theirs, from the evidence against its promise that it had if that was below
    1, and else from 1: what spoke against an earlier promise does not speak against this one. A
    product of test supermartingales of one stretch after another is one, and this is no larger.
    """
    carried = 0.0
    while (former := _before(certificate)) is not None and not former.broken:
        if certificate.created_at - former.created_at >= SPENT:
            return
        ended = former.ended_at or certificate.created_at
        # What waits still counts as well blocked: the evidence can only grow by its answer.
        days, _ = _Stretch.of(former, ended).days(ended, math.inf)
        carried += min(evidence(days, most=former.promise, mistakes=mistakes), 0.0)
        yield watch.broken(delta, after_days=_after(former) / DAY) - carried
        certificate = former


@dataclass(frozen=True, slots=True)
class _Stretch:
    """The posts that were drawn when a certificate's model blocked them, and what was said."""

    asked: Question
    made: dict[About, float]
    said: dict[int, str]
    """What anybody says of the draws, by draw."""
    judged: dict[int, str]
    """What people say who were asked: blind, or on appeal."""
    twice: dict[int, bool | None]
    wrong: dict[UUID, int | None]
    """The posts that are known to be honest, as `wrong_blocks.known_wrong`."""
    uncovered: Sequence[Sequence[str]]
    """When the certificate covered nothing."""

    @classmethod
    def of(cls, certificate: Certificate, until: datetime) -> _Stretch:
        since = certificate.created_at
        asked = Question(certificate.site_id, certificate.model, Mode.CERTIFIED, None, since, until)
        made = draws.blocked(asked)
        said = answers(list(made), for_claim=False)
        twice = confirmed(said, FeedbackLabel.HAM)
        judged = appealed({each.decision: each.draw for each in made})
        judged |= blind([each.draw for each in made])
        wrong = wrong_blocks.known_wrong(asked, made)
        uncovered = [*(certificate.waited or ())]
        if certificate.unwatched_at and certificate.unwatched_at < until:
            uncovered.append([certificate.unwatched_at.isoformat(), until.isoformat()])
        return cls(asked, made, said, judged, twice, wrong, uncovered)

    def alone(self, post: UUID) -> bool:
        """Whether a post is called honest by the word of a key alone, which is not given blind."""
        return self.wrong.get(post) is not None

    def days(self, until: datetime, moment: float) -> tuple[Days, ByDay]:
        """What came day by day, of blocks before the moment, and how many posts until then."""
        since = self.asked.since
        settled = {about.draw: at for about, at in self.made.items() if at < moment}
        posts = {about.draw: about.post for about in self.made}
        honest = {draw for draw in settled if self.said.get(draw) == FeedbackLabel.HAM}
        sure = [draw for draw in settled if draw in honest and self.twice.get(draw)]
        once = [draw for draw in settled if draw in honest]
        worst = [draw for draw in settled if self.judged.get(draw) != FeedbackLabel.SPAM]
        size = int((until - since) / DAY) + 1
        known = wrong_blocks.whose({posts[draw]: self.wrong.get(posts[draw]) for draw in once})
        # One key's word of many posts would else be the least of silences.
        theirs = draws.authors(posts[draw] for draw in worst)

        def day_of(draw: int) -> int:
            return int((settled[draw] - since.timestamp()) // DAY.total_seconds())

        def count(draws: Iterable[int]) -> Numbers:
            of = np.array([day_of(draw) for draw in draws], dtype=np.int64)
            return np.bincount(of, minlength=size).astype(np.float64)

        def found(draws: Sequence[int], whose: Mapping[UUID, Hashable]) -> WrongBlocks:
            return WrongBlocks.of(map(day_of, draws), (whose[posts[draw]] for draw in draws))

        volumes = others, chance, _ = self.volumes(until, size)
        return (
            Days(
                others,
                self.audits(until, size),
                chance,
                count(settled),
                found(once, known),
                found(sure, known),
                found(worst, theirs),
            ),
            volumes,
        )

    def audits(self, until: datetime, size: int) -> Audits:
        """Of the allowed posts of so many days those that were drawn and that nobody called spam
        who was asked, those without an answer among them: these count for the model.
        """
        asked = replace(self.asked, until=until)
        drawn = draws.audited(asked, self.uncovered)
        said = blind(drawn)
        kept = [each for draw, each in drawn.items() if said.get(draw) != FeedbackLabel.SPAM]
        least = draws.least_of_allowed(asked)
        return Audits(
            np.array([day for day, _ in kept], dtype=np.int64),
            np.array([chance for _, chance in kept], dtype=np.float64),
            np.array([min(least.get(d, 1.0), least.get(d - 1, 1.0)) for d in range(size)]),
        )

    def volumes(self, until: datetime, size: int) -> ByDay:
        """Of each of so many days: posts that the model allowed while the certificate covered what
        it blocked, the greatest chance with which a block was drawn, and blocks.

        The certificate divided by what the model allowed. Posts that lists, the honeypot or copies
        block, or that are held, can be sent by the thousand, and say nothing of what it blocks.
        """
        by_day = draws.by_day(replace(self.asked, until=until), self.uncovered)
        rows = [by_day.get(day, (0, 0, 1.0)) for day in range(size)]
        others, blocks, chance = np.array(rows, dtype=np.float64).reshape(size, 3).T
        return others, chance, blocks


def _before(certificate: Certificate) -> Certificate | None:
    """The site's certificate before this one."""
    return Certificate.objects.filter(site=certificate.site_id, pk__lt=certificate.pk).first()


def _after(certificate: Certificate) -> timedelta:
    """The time since the site's certificate before this one was issued."""
    former = _before(certificate)
    return certificate.created_at - former.created_at if former else timedelta.max
