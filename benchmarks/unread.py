"""What becomes of posts that nobody can read, and how many honest ones are held as such.

    python -m benchmarks.unread --json [--posts N] [--readers FILE ...]

By set, of the honest posts of its train rows: how many the shipped model alone would allow and
are held because too little of them could be read (`newly_held`). And of spam of those rows in
each cipher below: how many are held or blocked (`caught`), by the probability without that rule
(`before`) and with it (`now`); many keys, so that what is read here and there does not decide.
The model may have seen the posts as they were written, none of them in a cipher.

With `--readers`, instead, what the readers of disguises do to honest posts: of at most 2,000 rows
of each CSV file (column `text`; without those labelled spam), how many they read otherwise than
browsers show them in small letters (`changed`), and the share above .5 and .95 `without` them and
`with` them.
"""

import csv
import os
import random
import re
import string
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final
from unittest import mock

from benchmarks.corpus import PLATFORMS, arguments
from benchmarks.output import print_json
from classifiers import features
from classifiers.assess import assess_batch
from classifiers.text.rendering import rendered
from classifiers.training.data.dataset import Row, read
from classifiers.types import UNREAD_TEXT, Content, History, Scorer

REVIEW_FROM: Final = 0.3
BATCH: Final = 64
MOST: Final = 2_000
"""Posts of a file that are read with readers and without."""
SHORTEST: Final = 40
LONGEST: Final = 300
SPAM_OF: Final = ("sms_uci", "youtube_psy", "youtube_lmfao", "youtube_eminem", "x_janitr")
_ASCII: Final = string.ascii_lowercase

Cipher = Callable[[str, random.Random], str]


def _by_key(text: str, chance: random.Random) -> str:
    """Each letter moved on by the next of a key (Vigenère)."""
    key = [chance.randrange(1, 26) for _ in range(chance.randint(4, 9))]
    moved, place = [], 0
    for char in text.lower():
        if char in _ASCII:
            char = _ASCII[(_ASCII.index(char) + key[place % len(key)]) % 26]
            place += 1
        moved.append(char)
    return "".join(moved)


def _in_signs(signs: Sequence[str], count: int = 26, between: str = "") -> Cipher:
    """Each letter as signs drawn for this text; with more than 26, several for each."""

    def cipher(text: str, chance: random.Random) -> str:
        drawn = chance.sample(list(signs), count)
        words = [
            between.join(drawn[chance.randrange(_ASCII.index(char), count, 26)] for char in word)
            for word in (
                "".join(char for char in word if char in _ASCII) for word in text.lower().split()
            )
            if word
        ]
        return " ".join(words)

    return cipher


CIPHERS: Final[dict[str, Cipher]] = {
    "letters by a key": _by_key,
    "letters exchanged": _in_signs(_ASCII),
    "signs of private use": _in_signs([chr(0xE000 + place) for place in range(500)], 78),
    "a dead script": _in_signs([chr(0x12000 + place) for place in range(500)], 78),
    "pictures": _in_signs([chr(0x1F400 + place) for place in range(60)], 52),
    "numbers by a table": _in_signs([str(number) for number in range(10, 99)], 26, " "),
}


def _judged(
    texts: Sequence[str], scorers: Sequence[Scorer]
) -> tuple[list[float], list[float], list[bool]]:
    """Probabilities without and with the rule, and where it spoke."""
    before: list[float] = []
    now: list[float] = []
    spoke: list[bool] = []
    for start in range(0, len(texts), BATCH):
        part = [Content(text=text) for text in texts[start : start + BATCH]]
        judged = assess_batch(part, [History()] * len(part), [()] * len(part), scorers)
        before += [one.scores[0].probability for one in judged]
        now += [one.probability or 0.0 for one in judged]
        spoke += [any(signal.code == UNREAD_TEXT for signal in one.signals) for one in judged]
    return before, now, spoke


def _caught(probabilities: Sequence[float]) -> float:
    return round(sum(one >= REVIEW_FROM for one in probabilities) / max(len(probabilities), 1), 3)


def honest(rows: Sequence[Row], scorers: Sequence[Scorer]) -> dict[str, dict[str, float]]:
    """By language, the posts that nobody could read and those that are held for it alone."""
    groups: dict[str, list[str]] = {}
    for row in rows:
        if not row.spam:
            groups.setdefault(row.content.language or "unsaid", []).append(row.content.text)
    found = {}
    for language, texts in groups.items():
        before, now, spoke = _judged(texts, scorers)
        pairs = zip(before, now, strict=True)
        held = sum(one < REVIEW_FROM <= other for one, other in pairs)
        found[language] = {
            "posts": len(texts),
            "unread": sum(spoke),
            "newly_held": held,
            "percent": round(100.0 * held / len(texts), 2),
        }
    return found


def enciphered(spam: Sequence[str], scorers: Sequence[Scorer]) -> dict[str, dict[str, float]]:
    """By cipher, the share of spam that is not allowed."""
    found = {}
    for name, cipher in CIPHERS.items():
        texts = [cipher(text, random.Random(f"{name} {text}")) for text in spam]
        before, now, spoke = _judged(texts, scorers)
        found[name] = {
            "posts": len(texts),
            "unread": round(sum(spoke) / max(len(texts), 1), 3),
            "before": _caught(before),
            "now": _caught(now),
        }
    return found


def by_readers(texts: Sequence[str], scorers: Sequence[Scorer]) -> dict[str, Any]:
    """How probabilities and readings of posts differ without the readers of disguises."""
    found: dict[str, Any] = {"posts": len(texts)}
    bodies = {}
    for name, reader in (("without", _as_shown), ("with", features._plain)):
        features.read.cache_clear()
        with mock.patch.object(features, "_plain", reader):
            probabilities, _, _ = _judged(texts, scorers)
            bodies[name] = [features.read(Content(text=text)).body for text in texts]
        found[name] = {
            f"above_{limit}": round(sum(one > limit for one in probabilities) / len(texts), 4)
            for limit in (0.5, 0.95)
        }
    features.read.cache_clear()
    found["changed"] = sum(map(str.__ne__, bodies["without"], bodies["with"]))
    return found


def _as_shown(text: str) -> str:
    """In small letters with single spaces, and no letter more than three times in a row."""
    shown = unicodedata.normalize("NFKC", rendered(text)).casefold()
    return re.sub(r"([^\d\s])\1{3,}", r"\1\1\1", " ".join(shown.split()))


def _honest(file: Path) -> list[str]:
    with file.open(encoding="utf-8", newline="") as lines:
        texts = [row["text"] for row in csv.DictReader(lines) if row.get("label") != "spam"]
    return random.Random(file.name).sample(texts, min(len(texts), MOST))


def main(given_arguments: list[str] | None = None) -> None:
    """Prints one JSON object: `honest` by file and language, `ciphers` by name; or by file."""
    parser = arguments("unread")
    parser.add_argument("--posts", type=int, default=60, help="of each file, in each cipher")
    parser.add_argument("--readers", type=Path, nargs="+", help="CSV files with a column text")
    given = parser.parse_args(given_arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    import django

    django.setup()
    from classifiers.versions import lineup

    scorers = lineup.shipped().scorers
    if given.readers:
        told = {file.stem: by_readers(_honest(file), scorers) for file in given.readers}
        print_json(told, given)
        return
    count = 5 if given.quick else given.posts
    found: dict[str, dict[str, Any]] = {"honest": {}}
    spam: list[str] = []
    for file in (file for files in PLATFORMS.values() for file in files):
        rows = [row for row in read(given.data / file / f"{file}.csv").rows if row.split == "train"]
        found["honest"][file] = honest(rows[:: 20 if given.quick else 1], scorers)
        if file in SPAM_OF:
            texts = [row.content.text for row in rows if row.spam]
            long = [text for text in texts if SHORTEST <= len(text) <= LONGEST]
            spam += random.Random(file).sample(long, min(count, len(long)))
    found["ciphers"] = enciphered(spam, scorers)
    print_json(found, given)


if __name__ == "__main__":
    main()
