"""What became of posts is told apart by how light its colour is, or by stripes."""

from __future__ import annotations

import re
from itertools import combinations, pairwise
from pathlib import Path

import pytest

from reviews.console.leading.activity_charts import WORDS
from reviews.measuring.activity import Fate

SHEET = Path("reviews/console/static/console/console.css").read_text(encoding="utf-8")
STRIPED = {Fate.RAN_OUT: "#striped", Fate.WITHDRAWN: "#lined"}


def lightness(colour: str) -> float:
    """Relative luminance, by WCAG 2.2."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return float(sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True)))


def contrast(one: str, other: str) -> float:
    low, high = sorted((lightness(one), lightness(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_no_two_are_told_apart_by_hue_alone(scheme):
    def colour(fate: Fate) -> str:
        (name,) = re.findall(rf"\.chart \.{fate}, .*fill: var\(--([a-z-]+)\)", SHEET)
        return re.findall(rf"--{name}: (#[0-9a-f]{{6}});", SHEET)[scheme]

    for fate, pattern in STRIPED.items():
        assert f'.chart .{fate} {{ fill: url("{pattern}")' in SHEET
    plain = {fate: colour(fate) for fate in WORDS if fate not in STRIPED}
    for one, other in combinations(plain, 2):
        assert contrast(plain[one], plain[other]) >= 1.25, (one, other)
    for one, other in pairwise(WORDS):
        if one in plain and other in plain:
            assert contrast(plain[one], plain[other]) >= 1.8, (one, other)
