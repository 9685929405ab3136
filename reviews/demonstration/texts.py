"""What the made-up people write: texts that were written for this project."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import classifiers

WRITTEN: Final = Path(classifiers.__file__).parent / "training" / "written"
ENGLISH: Final = 0.55
"""Share of the posts; the others are in all the other languages."""
SPAM: Final = 0.22
LONGEST: Final = 1_200
TYPES: Final = frozenset({"comment", "post", "review", "message"})
NAMES: Final = {
    "en": (
        "Robin Ashdown",
        "Kezia Moor",
        "Tom Underhill",
        "Priya Nair",
        "Callum Reyes",
        "Ines Hart",
    ),
    "de": ("Jonas Wiede", "Hannah Brandl", "Malte Korff"),
    "es": ("Lucía Ferrán", "Diego Olmos"),
    "fr": ("Maëlle Durieux", "Théo Lanvin"),
    "pt": ("Rafaela Pinho", "Davi Moreno"),
    "ru": ("Аня Ветрова", "Павел Лугин"),
    "zh": ("小林", "陈雨桐"),
    "ja": ("みなと", "あおい"),
    "ar": ("ليلى", "سامي"),
    "tr": ("Ece", "Mert Aydın"),
}
"""Of members; where a language has none, names of others."""
PASSERS_BY: Final = (
    "Amanda", "BestDeals24", "crypto_max", "Dr. Ola", "Grace W.", "iPhone Outlet", "Jenny",
    "Mr. Feng", "promo-team", "Sofia R", "TrustedLoans", "viktor1988",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Written:
    """One text, and what it is."""

    text: str
    language: str
    type: str
    spam: bool


def read() -> list[Written]:
    """Return all texts that fit a forum. Raises FileNotFoundError where they were left out."""
    files = sorted(WRITTEN.glob("*.jsonl"))
    if not files:
        raise FileNotFoundError(WRITTEN)
    rows = (json.loads(line) for file in files for line in file.read_text("utf-8").splitlines())
    return [
        Written(row["text"], row["lang"], row["type"], row["label"] == "spam")
        for row in rows
        if row["type"] in TYPES and len(row["text"]) <= LONGEST
    ]


def choose(texts: Sequence[Written], count: int, chance: random.Random) -> list[Written]:
    """Return so many, none twice, in shares of a busy forum with some spam."""
    groups: dict[tuple[bool, bool], list[Written]] = {}
    for each in texts:
        groups.setdefault((each.language == "en", each.spam), []).append(each)
    for group in groups.values():
        chance.shuffle(group)
    chosen = []
    for _ in range(count):
        of_kind = groups.get((chance.random() < ENGLISH, chance.random() < SPAM))
        if of_kind:
            chosen.append(of_kind.pop())
    return chosen
