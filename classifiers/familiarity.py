"""What a model makes of its own word where it meets much that it never met before.

Where the community is new, a linear model is as loud as at home and right less often. So its
log-odds are multiplied by a trust in [0, 1] that falls with the share of unfamiliar n-grams;
`classifiers.training.doubt` measures how fast, on platforms that were left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

LEAST_TRUST: Final = 0.05
"""However strange a post is, what speaks for spam in it still counts a little."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Trust is exp(-rate * unfamiliar): all of it for a post that is familiar through and through.

    >>> float(Doubt(2.0).trust(np.array([0.5]))[0]).__round__(3)
    0.368
    """

    rate: float = 0.0

    def trust(self, unfamiliar: Numbers) -> Numbers:
        """What log-odds are multiplied by, one for each share."""
        return np.maximum(np.exp(-self.rate * unfamiliar), LEAST_TRUST)

    def as_dict(self) -> dict[str, float]:
        return {"rate": self.rate}

    @classmethod
    def from_dict(cls, stored: Mapping[str, object]) -> Doubt:
        """Raises ValueError for anything but a finite rate that is not negative."""
        rate = stored.get("rate")
        if not isinstance(rate, int | float) or not 0.0 <= rate < float("inf"):
            raise ValueError("doubt needs a finite rate from 0 on")
        return cls(float(rate))
