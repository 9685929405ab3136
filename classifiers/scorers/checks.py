"""What every scorer must hold to; `CHECKS` runs on each kind of scorer as it is.

A check takes a scorer and raises AssertionError with a sentence that says what is wrong.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Final

from classifiers.types import REST, USUAL, AuthorFacts, Content, Score, Scorer, Signal

_TEXTS: Final = (
    "Great video, thanks for sharing!",
    "Earn $5000 a week from home, click http://example.com/now",
    "",
    " \n\t ",
    "ฝากถอนไม่มีขั้นต่ำ สมัครวันนี้รับเครดิตฟรี",
    "Ｆｒｅｅ 𝓬𝓪𝓼𝓱 💰💰💰",
    "\x00 control \ud800 lone surrogate",
    "a",
)
CONTENTS: Final = (
    *(Content(text=text) for text in _TEXTS),
    Content(text="See my page", title="Hello", author=AuthorFacts(name="Ann", url="example.com")),
)
LONG: Final = Content(text="buy cheap pills now " * 5_000)
TOLERANCE: Final = 1e-6


def _require(holds: bool, sentence: str) -> None:
    if not holds:
        raise AssertionError(sentence)


def _score(scorer: Scorer, contents: Sequence[Content]) -> list[Score]:
    nothing: list[tuple[Signal, ...]] = [()] * len(contents)
    return scorer.score(contents, nothing)


def check_one_score_a_content(scorer: Scorer) -> None:
    for contents in ((), CONTENTS[:1], CONTENTS):
        found = len(_score(scorer, contents))
        _require(found == len(contents), f"{found} scores for {len(contents)} contents")


def check_probabilities(scorer: Scorer) -> None:
    for score in _score(scorer, CONTENTS):
        probability = score.probability
        _require(
            isinstance(probability, float)
            and math.isfinite(probability)
            and 0.0 <= probability <= 1.0,
            f"{probability!r} is not a probability",
        )


def check_names_itself(scorer: Scorer) -> None:
    for score in _score(scorer, CONTENTS):
        _require(
            (score.scorer, score.version) == (scorer.name, scorer.version) and bool(scorer.name),
            f"a score is of {score.scorer} {score.version}",
        )


def check_order_is_kept(scorer: Scorer) -> None:
    forward = [score.probability for score in _score(scorer, CONTENTS)]
    backward = [score.probability for score in _score(scorer, CONTENTS[::-1])]
    _require(_close(forward, backward[::-1]), "the order of the batch changes who scores what")


def check_batch_equals_single(scorer: Scorer) -> None:
    batch = [score.probability for score in _score(scorer, CONTENTS)]
    single = [_score(scorer, [content])[0].probability for content in CONTENTS]
    _require(_close(batch, single), "a post scores differently alone and in a batch")


def check_deterministic(scorer: Scorer) -> None:
    _require(_score(scorer, CONTENTS) == _score(scorer, CONTENTS), "two runs differ")


def check_hundred_thousand_characters(scorer: Scorer) -> None:
    scores = _score(scorer, [LONG, CONTENTS[0]])
    alone = _score(scorer, CONTENTS[:1])
    _require(
        _close([scores[1].probability], [alone[0].probability]),
        "a long post changes what its neighbour scores",
    )


def check_contributions_are_ranked(scorer: Scorer) -> None:
    for score in _score(scorer, CONTENTS):
        sizes = [abs(part.weight) for part in score.contributions if part.code not in (USUAL, REST)]
        _require(
            all(map(math.isfinite, sizes)) and sizes == sorted(sizes, reverse=True),
            "contributions do not go from large to small",
        )


def check_contributions_add_up(scorer: Scorer) -> None:
    for score in _score(scorer, CONTENTS):
        if not score.contributions or score.contributions[-1].code != REST:
            continue
        total = sum(part.weight for part in score.contributions)
        odds = math.log(score.probability / (1.0 - score.probability))
        _require(abs(total - odds) < 1e-3, f"contributions of {total} for log-odds of {odds}")


def _close(left: Sequence[float], right: Sequence[float]) -> bool:
    return all(abs(a - b) <= TOLERANCE for a, b in zip(left, right, strict=True))


CHECKS: Final[tuple[Callable[[Scorer], None], ...]] = (
    check_one_score_a_content,
    check_probabilities,
    check_names_itself,
    check_order_is_kept,
    check_batch_equals_single,
    check_deterministic,
    check_hundred_thousand_characters,
    check_contributions_are_ranked,
    check_contributions_add_up,
)
