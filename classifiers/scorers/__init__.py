"""The kinds of scorers there are; a new one is a file here and a line in `KINDS`."""

from __future__ import annotations

from typing import Final

from classifiers.scorers.linear import LinearScorer

KINDS: Final = {"linear": LinearScorer}
