"""Heuristics: pure functions from a post and what is remembered to what they notice.

One family a file; a new one is its file and a line in `_FAMILIES` (docs/HOWTO-heuristic.md).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from types import ModuleType
from typing import Final

from classifiers.heuristics import (
    behaviour,
    community,
    contact,
    honeypot,
    invisible,
    links,
    lookalikes,
    repetition,
    scripts,
    shorteners,
    shouting,
    standard_string,
)
from classifiers.types import Content, Heuristic, History, Signal

logger = logging.getLogger(__name__)

BEHAVIOUR_CAP: Final = 1.5
"""Log-odds that behaviour may add or take in all: from 50 % to 82 %, no further."""

_FAMILIES: Final[tuple[ModuleType, ...]] = (
    standard_string,
    honeypot,
    links,
    shorteners,
    contact,
    shouting,
    repetition,
    lookalikes,
    invisible,
    scripts,
    behaviour,
    community,
)

HEURISTICS: Final[tuple[Heuristic, ...]] = tuple(family.notice for family in _FAMILIES)


def _declared(kind: str) -> tuple[str, ...]:
    return tuple(sorted(code for family in _FAMILIES for code in getattr(family, kind, ())))


def family_of(heuristic: Heuristic) -> str:
    """Return the family's name, the first part of its codes."""
    return heuristic.__module__.rpartition(".")[2]


TEXT_SIGNALS: Final = _declared("TEXT_SIGNALS")
"""Codes of Signals about the text: their weight is learnt, `log_odds` is 0."""
BEHAVIOUR_SIGNALS: Final = _declared("BEHAVIOUR_SIGNALS")
"""Codes of Signals about behaviour: their `log_odds` is set by hand and capped."""
DECISIVE_SIGNALS: Final = _declared("DECISIVE_SIGNALS")
"""Codes of Signals that mean spam alone."""


def notice(content: Content, history: History) -> tuple[Signal, ...]:
    """Return what all heuristics notice, in the order of the list.

    Never raises: a heuristic that does gives a failed Signal and the others still run.
    """
    return notice_with(HEURISTICS, content, history)


def notice_with(
    heuristics: Iterable[Heuristic], content: Content, history: History
) -> tuple[Signal, ...]:
    """Return what these heuristics notice; see `notice`."""
    return _capped([signal for one in heuristics for signal in _run(one, content, history)])


def _run(heuristic: Heuristic, content: Content, history: History) -> Sequence[Signal]:
    try:
        return heuristic(content, history)
    except Exception as error:
        family = family_of(heuristic)
        # No traceback and no message: either could quote the post.
        place = error.__traceback__
        while place is not None and place.tb_next is not None:
            place = place.tb_next
        line = place.tb_lineno if place is not None else 0
        logger.error("heuristic %s failed: %s in line %d", family, type(error).__name__, line)
        sentence = f"The heuristic '{family}' failed and could not judge this post."
        return (Signal(f"{family}.failed", sentence, value=0.0, failed=True),)


def _capped(signals: Sequence[Signal]) -> tuple[Signal, ...]:
    total = sum(signal.log_odds for signal in signals)
    if abs(total) <= BEHAVIOUR_CAP:
        return tuple(signals)
    scale = BEHAVIOUR_CAP / abs(total)
    return tuple(
        replace(signal, log_odds=signal.log_odds * scale) if signal.log_odds else signal
        for signal in signals
    )
