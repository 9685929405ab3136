"""What the tests of moderation write with."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from classifiers.types import AuthorFacts, Content, Score, Signal
from moderation.types import Draft

NOW = datetime(2026, 1, 15, 12, tzinfo=UTC)
SPAM = "WIN a FREE £1000 prize!! Call 09061701461 now to claim, text WIN to 80086. Txt STOP to end"
HAM = "Thanks for the explanation yesterday, I will try the second approach over the weekend."
GTUBE = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"


def draft(text: str = HAM, **given: Any) -> Draft:
    """Return a draft; `given` are fields of Draft, Content or AuthorFacts."""
    author = {k: given.pop(k) for k in ("name", "email", "url", "ip", "user_agent") if k in given}
    fields = ("title", "type", "language", "permalink", "context", "honeypot")
    content = {k: given.pop(k) for k in fields if k in given}
    return Draft(content=Content(text=text, author=AuthorFacts(**author), **content), **given)


def make_certificate(site: Any, now: datetime = NOW, **changes: Any) -> Any:
    """A certificate of `fixed-1` that is in force from now on for a day."""
    from moderation.models import Certificate
    from moderation.sites import policy_of

    policy = policy_of(site)
    return Certificate.objects.create(
        **{
            "site": site,
            "policy": policy,
            "model": "fixed-1",
            "promise": 0.01,
            "bound": 0.008,
            "delta": 0.05,
            "grid": [0.9],
            "threshold": 0.96,
            **dict.fromkeys(("posts", "blocked", "judged", "wrong", "unanswered"), 0),
            **dict.fromkeys(("allowed", "allowed_drawn", "allowed_spam"), 0),
            **dict.fromkeys(("chance", "spam_of_honest", "honest_of_spam"), 0.0),
            "period_from": now - timedelta(days=1),
            "period_to": now,
            "created_at": now,
            "expires_at": now + timedelta(days=1),
            **changes,
        }
    )


class FixedScorer:
    """Says given probabilities, by text, and `otherwise` of every other text."""

    name, version = "fixed", "fixed-1"

    def __init__(self, said: Mapping[str, float | Exception], otherwise: float) -> None:
        self.said, self.otherwise = said, otherwise

    def score(
        self, contents: Sequence[Content], signals: Sequence[Sequence[Signal]]
    ) -> list[Score]:
        return [Score(self.name, self.version, self._of(content.text)) for content in contents]

    def _of(self, text: str) -> float:
        found = self.said.get(text, self.otherwise)
        if isinstance(found, Exception):
            raise found
        return found
