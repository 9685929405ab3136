"""Whether people still say what a certificate was issued on.

Answers are corrected after it: a second look comes late, a difference is settled, somebody takes a
verdict back. How often people err is reckoned with in every bound; what shows more error than that
no longer carries the promise.
"""

from __future__ import annotations

from datetime import datetime

from classifiers.guarantees import promise
from classifiers.guarantees.certificates import Draws
from classifiers.guarantees.promise import PeriodCounts
from classifiers.guarantees.reviewers import Mistakes
from moderation.models import Certificate
from reviews.measuring import draws
from reviews.measuring.draws import Question
from reviews.queue.priority import DEADLINE


def withdrawn(certificate: Certificate, now: datetime) -> str:
    """Why it would not be issued on what is said of its would-be blocks now; empty where it would.

    Allowed posts are not asked about: that a few more of them are spam moves the bound little. What
    was scored again for a candidate is asked about where it was: `learning.upholding`.
    """
    if certificate.replayed or not is_settled(certificate, now):
        return ""
    asked = Question(
        certificate.site_id,
        certificate.model,
        certificate.policy.mode,
        certificate.policy.block_from,
        certificate.period_from,
        certificate.period_to,
    )
    wrong = Draws.of(draws.drawn(asked)).wrong(certificate.threshold)
    more = len(wrong.at) - certificate.wrong
    if more <= 0:
        return ""
    seen = PeriodCounts(
        wrong=len(wrong.at),
        allowed=certificate.allowed,
        drawn=certificate.allowed_drawn,
        spam=certificate.allowed_spam,
        chance=certificate.mean_chance or certificate.chance,
        together=certificate.together,
        part=certificate.part or 1.0,
        share=certificate.share or 1.0,
        least=certificate.chance,
        chances=tuple(wrong.chances.tolist()),
    )
    mistakes = Mistakes(certificate.spam_of_honest, certificate.honest_of_spam)
    if promise.is_kept(seen, mistakes, certificate.promise):
        return ""
    return corrected(more)


def is_settled(certificate: Certificate, now: datetime) -> bool:
    """Two who differ have until the deadline of the draws to be settled."""
    return now >= certificate.period_to + DEADLINE


def corrected(more: int) -> str:
    """So many more draws are called honest than when it was issued."""
    were = "answer that it stood on was" if more == 1 else "answers that it stood on were"
    return f"{more} {were} corrected since: on what is said now it would not be issued."
