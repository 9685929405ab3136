"""Texts made to keep a judge busy: what 100 kB cost against 25 kB, step by step."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count, islice, product
from typing import Any, Final

from benchmarks.drills import Report, drill, scaled
from classifiers.assess import assess
from classifiers.heuristics import HEURISTICS, family_of
from classifiers.text.normalize import fingerprint
from classifiers.types import AuthorFacts, Content, Heuristic, History
from classifiers.versions import artifacts
from moderation import lists
from reviews.console.case.marks import mark

CHARACTERS: Final = 100_000
"""The longest text that the API takes (docs/API.md)."""
EXPONENT: Final = 1.35
"""Above this the cost grows faster than the text: 1 is linear, 2 quadratic."""
NOISE_SECONDS: Final = 0.02
"""Of what takes less for the longest text, no exponent is asked."""
SEARCHED: Final = 300
"""Texts that the search for slow ones tries."""
PIECES: Final = (
    "a", "A", "0", ".", ",", "!", "?", "@", "/", ":", "-", "_", "#", "&", "%", "(", ")", "[",
    "]", "{", "}", "<", ">", "*", "~", "'", "\"", "\\", "|", "=", "+", "$", "\u20ac", "\n",
    "\t", "\xa0", "\u200b", "\u202e", "\u0301", "\u0489", "\u20dd", "\ufe0f", "\u200d",
    "\U0001f600", "\U0001d400", "\u0430", "\u05d0", "\u0627", "\u4e00", "\uac00", "\u1100",
    "\ufdfa", "\u0130", "\u1e9e", "\ufb03", "\u2460", "dot", "punkt", "www.", "http://",
    "https://", "hxxp://", "[.]", "(dot)", "[:]//", "://", ".com", ".co.uk", "xn--", "mailto:",
    "127.0.0.1", "[::1]", "+49", "href='", "](/", "a.b.", "a@b.", "@@", "&amp;", "&#46;", "%2e",
    "a-b_", "$99.99", "FREE", "telegram", "whatsapp", "0\ufe0f\u20e3", " ", "a ", ". ", "a b ",
    "1 2 ",
)  # fmt: skip
NEAR_MISSES: Final = (
    "http://a.", "http://a.b.", "hxxp://", "www.www.", "a@b@", "a.b@c.", "a-", "a.a-", "[.]a",
    "a [dot] ", "a dot ", "a . ", "(((", "[[[[", "]](", "[a](b", "<a href=", "{{{}",
    "s p a c e d ", "s.p.a.c.e ", "s\u200bp", "\u0430\u0435\u043e", "Z\u0351\u036b\u0343\u036a",
    "\u202eabc", "12.34.", "1.2.3.4.", "1-800-", "+1 (800) ", "9999999999", "$1,000,", "!!!!",
    "ABC ", "ha ha ", "free free ", "x\ufe0f", "\U0001f1e9\U0001f1ea", "http://user:pass@",
    "http://[::", "a/b/c/", "?a=b&c=", "#tag ", "\u0f3a\u0f3b", "\ufdfa", "word\n", "\n\n",
    "<<>>", "~~~~", "```", "&lt;&gt;", "%41%41",
)  # fmt: skip
EVER_NEW: Final = "\ue000"
"""Stands for two signs that differ each time."""
NEVER_THE_SAME: Final = (
    "\u52a0\ue000\u5fae\ue000\u4fe1\ue000\u8d5a ", "a\ue000b\ue000c\ue000d ", "a\ue000 ", "\ue000",
)  # fmt: skip
"""What each repeat of which brings something new."""
_SIGNS: Final = [chr(place) for place in range(0x2190, 0x2300)]

Step = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds of one step for a text, at a quarter, a half and the whole of its length."""

    step: str
    piece: str
    """What the text repeats."""
    seconds: tuple[float, float, float]

    @property
    def exponent(self) -> float:
        """Slope of log(cost) over log(length), from the shortest to the longest."""
        shortest, _, longest = self.seconds
        return math.log(longest / max(shortest, 1e-9)) / math.log(4)

    @property
    def is_superlinear(self) -> bool:
        return self.seconds[-1] > NOISE_SECONDS and self.exponent > EXPONENT


@drill(20, "hostile texts of 100 kB through heuristics, lists and the whole judgement")
def hostile_texts(scale: float) -> Report:
    steps = _judges()
    found = _search(steps["assess"], tries=scaled(SEARCHED, scale, least=20))
    pieces = [*PIECES, *NEAR_MISSES, "".join(NEAR_MISSES), *NEVER_THE_SAME]
    pieces = pieces[:: max(1, round(1 / scale))]
    costs = [_cost(step, piece, run) for piece in (*pieces, *found) for step, run in steps.items()]
    grown = [cost for cost in costs if cost.is_superlinear]
    judged = [cost for cost in costs if cost.step == "assess"]
    dearest = max(judged, key=lambda cost: cost.seconds[-1])
    steepest = max(
        (cost for cost in costs if cost.seconds[-1] > NOISE_SECONDS), key=lambda c: c.exponent
    )
    return Report(
        measured={
            "texts": len(pieces) + len(found),
            "steps": len(steps),
            "dearest": _shown(dearest),
            "steepest": _shown(steepest),
            "superlinear": [_shown(cost) for cost in grown],
        },
        criteria={"no step costs more than in proportion to the text": not grown},
    )


def _shown(cost: Cost) -> dict[str, Any]:
    return {
        "step": cost.step,
        "repeated": ascii(cost.piece[:40]),
        "ms_at_100kb": round(cost.seconds[-1] * 1000, 1),
        "exponent": round(cost.exponent, 2),
    }


def _judges() -> dict[str, Step]:
    """Return every step that a text goes through, by name; none of them needs a server."""
    history = History()
    scorers = (artifacts.load(artifacts.STARTER),)

    def content(text: str) -> Content:
        author = AuthorFacts(name=text[:200], email=text[:320], url=text[:2_000])
        return Content(text=text, title=text[:1_000], context=text[:10_000], author=author)

    def noticing(heuristic: Heuristic) -> Step:
        return lambda text: heuristic(content(text), history)

    steps = {family_of(one): noticing(one) for one in HEURISTICS}
    steps["lists"] = lambda text: len(
        [*lists.candidates(lists.subject_of(site_id=1, author="u", content=content(text)))]
    )
    steps["marks for people"] = mark
    steps["fingerprint"] = fingerprint
    steps["assess"] = lambda text: assess(content(text), history, (), scorers)
    return steps


_fresh = count()


def _cost(step: str, piece: str, run: Step) -> Cost:
    """Measure; again and longer when it looks superlinear, since noise only adds."""
    cost = Cost(step, piece, _seconds(run, piece, repeats=2))
    if cost.is_superlinear:
        cost = Cost(step, piece, _seconds(run, piece, repeats=7))
    return cost


def _seconds(run: Step, piece: str, *, repeats: int) -> tuple[float, float, float]:
    quarter, half, full = (
        min(_once(run, _text(piece, length)) for _ in range(repeats))
        for length in (CHARACTERS // 4, CHARACTERS // 2, CHARACTERS)
    )
    return quarter, half, full


def _text(piece: str, length: int) -> str:
    # Texts that were seen are remembered; each is made a new one.
    return f"{next(_fresh)} {_repeated(piece, length)}"


def _repeated(piece: str, length: int) -> str:
    if EVER_NEW not in piece:
        return piece * (length // len(piece))
    signs = map("".join, product(_SIGNS, repeat=2))
    times = length // (len(piece) + piece.count(EVER_NEW))
    return "".join(piece.replace(EVER_NEW, sign) for sign in islice(signs, times))


def _once(run: Step, text: str) -> float:
    began = time.thread_time()
    run(text)
    return time.thread_time() - began


def _search(run: Step, *, tries: int) -> Sequence[str]:
    """Return the pieces that cost most when repeated: the best of some, changed at random."""
    chance = random.Random(20)
    length = CHARACTERS // 16

    def cost(piece: str) -> float:
        return _once(run, _text(piece, length))

    def made() -> str:
        return "".join(chance.choices(PIECES, k=chance.randint(1, 8)))

    def changed(piece: str) -> str:
        place = chance.randint(0, len(piece))
        gone = chance.randint(0, 2)
        return (piece[:place] + chance.choice(PIECES) + piece[place + gone :])[:200]

    kept = sorted((cost(piece), piece) for piece in {made() for _ in range(tries // 3)})[-8:]
    for _ in range(tries - tries // 3):
        piece = changed(chance.choice(kept)[1])
        kept = sorted({*kept, (cost(piece), piece)})[-8:]
    return [piece for _, piece in kept]
