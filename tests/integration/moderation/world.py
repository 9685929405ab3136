"""What the tests of moderation write with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
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
