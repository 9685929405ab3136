"""What the posts of cases that look alike say, and answers to them."""

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from reviews.labels import looks
from reviews.models import Case, Verdict
from reviews.states import VerdictKind
from tests.integration.world import answer

WORDS: dict[str, Any] = {"text": "the same words", "title": "One title"}
BLOCKED = {"outcome": "block", "would_be": "block", "probability": 0.97}
LATE = looks.PAUSE + timedelta(seconds=1)


def judge(case: Case, user: User, kind: VerdictKind, ago: timedelta = timedelta(0)) -> Verdict:
    case.refresh_from_db()
    return answer(case, user, kind, now=timezone.now() - ago)


def open_looks() -> None:
    looks.open_due(now=timezone.now() + timedelta(hours=1))
