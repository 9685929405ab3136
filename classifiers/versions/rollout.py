"""Whom a canary judges, and whether what it does to them is worse.

Authors are assigned by a hash of who they are, of the trial and of its secret salt, so the same
author stays on one side, each trial divides them otherwise, and nobody who chooses a name chooses a
side. An event, such as a decision that turned out to be
wrong, falls on an author of the canary's with the probability of its share if the canary is no
worse, whatever came before; so the share of the events that fall there is tested at any time
(`classifiers.guarantees.sequences.evidence`). One event an author counts: those of one author are
not independent.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from classifiers.guarantees import sequences
from classifiers.guarantees.exact import Interval

DELTA: Final = 0.05
"""Chance at most with which a canary that is no worse is stopped, by either of two tests."""
STOPPED: Final = -math.log(DELTA / 2)
"""Evidence of one test, as a natural logarithm, at which a canary is stopped."""


def is_drawn(who: str, *, trial: int, share: float, salt: str) -> bool:
    """Whether `who` falls into the share of a trial; always the same for both."""
    # Trials that an earlier version began have no salt, and keep their sides.
    drawn = int.from_bytes(sha256(f"{salt}{trial}:{who}".encode()).digest()[:8], "big")
    return drawn < share * 2.0**64


@dataclass(frozen=True, slots=True)
class Events:
    """Authors to whom something happened, on either side."""

    canary: int
    control: int

    def evidence(self, share: float) -> float:
        """Natural logarithm of the evidence that it happens more often to the canary's; 0: none."""
        both = self.canary + self.control
        return float(sequences.evidence(self.canary, both, share)) if both else 0.0

    def share(self) -> Interval:
        """Of the authors to whom it happened, those of the canary's, with 95 % confidence at all
        times at once: it is looked at every few minutes.
        """
        both = self.canary + self.control
        return sequences.interval(self.canary, both, DELTA) if both else Interval(0.0, 1.0)
