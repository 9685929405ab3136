"""Whether people still say what the certificates were issued on that stored draws carried.

As `reviews.measuring.upheld`, for draws that another model decided on.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import numpy as np

from classifiers.guarantees import replayed
from classifiers.guarantees.replayed import Replayed
from classifiers.guarantees.reviewers import Mistakes
from classifiers.models import Rollout
from moderation.alone import alone
from moderation.models import Certificate
from reviews.learning import certifying
from reviews.learning.stretches import Stretch
from reviews.measuring import promises, upheld


def follow(*, now: datetime, keep: Callable[[], None] = lambda: None) -> None:
    """End what would not be issued on what is said now; `keep` is called before each site."""
    for certificate in Certificate.objects.current(now).filter(replayed=True):
        if not promises.is_first_today(certificate, now):
            continue
        keep()
        with alone(f"asking again about the certificate of site {certificate.site_id}"):
            if because := withdrawn(certificate, now):
                promises.withdraw(certificate, because, now)


def withdrawn(certificate: Certificate, now: datetime) -> str:
    """Why it would not be issued on what is said of its draws now; empty where it would.

    Posts whose score was forgotten count as not blocked, and all the chance of error as spent on
    this candidate's trial: neither may end what still holds.
    """
    if not upheld.is_settled(certificate, now):
        return ""
    rollout = Rollout.objects.filter(version__name=certificate.model).order_by("-pk").first()
    said = rollout.audits.get("certified", {}) if rollout else {}
    trial = said.get(str(certificate.site_id), {}).get("trial")
    if rollout is None or trial is None:
        return ""
    stretch = Stretch(
        (certificate.site_id,), certificate.period_from, certificate.period_to, certified=True
    )
    again = certifying.replay(rollout, stretch, unknown=0.0)
    wrong = again.found(certificate.threshold)
    if len(wrong) <= certificate.wrong:
        return ""
    counted = Replayed(
        judged=(),
        least=certificate.chance,
        rest=certificate.posts - certificate.allowed,
        allowed=certificate.allowed,
        allowed_scores=np.zeros(0),
        scored=again.scored,
        drawn=certificate.allowed_drawn,
        spam=certificate.allowed_spam,
        together=certificate.together,
    )
    mistakes = Mistakes(certificate.spam_of_honest, certificate.honest_of_spam)
    bound = replayed.wrongly_blocked(wrong, counted, mistakes, replayed.spent(trial))
    if bound <= certificate.promise:
        return ""
    return upheld.corrected(len(wrong) - certificate.wrong)
