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

    Two who differ have until the deadline of the draws to be settled. What was scored again for a
    candidate is not asked about: the model that decided on it is another. Allowed posts are not
    either: that a few more of them are spam moves the bound little.
    """
    if certificate.replayed or now < certificate.period_to + DEADLINE:
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
    were = "answer that it stood on was" if more == 1 else "answers that it stood on were"
    return f"{more} {were} corrected since: on what is said now it would not be issued."
