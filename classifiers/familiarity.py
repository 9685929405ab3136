"""What a model makes of its own word where it meets much that it never met before.

A linear model is as loud about the new as about the known, and right less often. So beyond the
share of unfamiliar n-grams that is usual where it was trained, its log-odds are multiplied by a
trust that falls; how fast was measured on other platforms' posts (docs/BENCHMARK-TABLES.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]

RATES: Final = (4.0, 2.0, 1.0, 0.0)
"""How fast trust may fall; training takes the first that costs nothing where it was trained."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Trust is exp(-rate * (unfamiliar - usual)), and 1 up to `usual`.

    >>> Doubt(0.25, 4.0).trust(np.array([0.2, 0.5])).round(2).tolist()
    [1.0, 0.37]
    """

    usual: float = 1.0
    """Share of unfamiliar n-grams that few posts of the known kind pass."""
    rate: float = RATES[0]

    def trust(self, unfamiliar: Numbers) -> Numbers:
        """What log-odds are multiplied by, one for each share."""
        return np.exp(-self.rate * np.maximum(unfamiliar - self.usual, 0.0))

    def as_dict(self) -> dict[str, float]:
        return {"usual": self.usual, "rate": self.rate}

    @classmethod
    def from_dict(cls, stored: Mapping[str, object]) -> Doubt:
        """Raises ValueError for anything but a share and a rate that is not negative."""
        usual, rate = stored.get("usual"), stored.get("rate")
        if not isinstance(usual, int | float) or not 0.0 <= usual <= 1.0:
            raise ValueError("doubt begins at a share, from 0 to 1")
        if not isinstance(rate, int | float) or not 0.0 <= rate <= 100.0:
            raise ValueError("doubt grows at a rate from 0 on")
        return cls(float(usual), float(rate))
