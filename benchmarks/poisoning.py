"""What labels do to a model that are given in order to harm it, with defence and without.

    python -m benchmarks.poisoning --json [--data DIR] [--sets NAME...] [--most N] [--quick]

Real posts (train and valid; never test), cross-fitted: of each third, models of the other two are
asked. Moderators label MODERATED of these, the rest is feedback of REPORTERS honest people with a
record; hostile labels come on top, so that they are 1 or 10 % of all feedback, from one reporter:

- `dictionary`: posts full of words of honest posts, called spam. A moderator who is asked calls
  them spam, too, so that whoever sends them is trusted.
- `ham_labelling`: spam, sent again and called ham.
- `turned`: EARNED true labels first, then both of the above by turns.
- `many_ids`: the same from IDS reporters of one key, each of whom earned trust by EARNED_OF_ID.
- `new_site`: as `turned`, from a site in a pool whose people judge elsewhere: 10 or 50 % of all
  labels are its, at half their weight, and no moderator checks them. Its key is the source.

Defended, a reporter's labels weigh what `classifiers.trust` says after the blind checks that they
are drawn for, are capped, and pass `training.gates.influence` or stay out, tried on what a
training would hold back. Recall and false
positives are those at BLOCK_FROM; `f1` is at 0.5. Drops and rises are in points against the model
without the hostile labels and without defence: what the defence itself costs is among them. The
worst of a `new_site` stand apart. `untried` is such a site believed at half its weight.
`named` counts models, of FOLDS, for which the hostile reporter was named.
"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.corpus import SETS, arguments, load
from classifiers import features, trust
from classifiers.arrays import Flags, Numbers
from classifiers.training.data import examples
from classifiers.training.data.dataset import Row, Snapshot
from classifiers.training.data.division import folds
from classifiers.training.data.examples import Examples, signals_of
from classifiers.training.evaluate import f1
from classifiers.training.fitting.recipe import STRENGTH, judged, train
from classifiers.training.gates.influence import REPORTED, screen, together
from classifiers.training.held_back import hold_back
from classifiers.trust import Compared
from classifiers.types import Content

FOLDS: Final = 3
MOST: Final = 800
"""Posts of a set, drawn at random: so many have labels on a site that feedback could harm."""
MODERATED: Final = 0.6
REPORTERS: Final = 8
SHARES: Final = (0.01, 0.1)
ATTACKS: Final = ("dictionary", "ham_labelling", "turned", "many_ids")
NEW_SITE: Final = "new_site"
SHARES_OF_SITE: Final = (0.1, 0.5)
CELLS: Final = (
    *((attack, share) for attack in ATTACKS for share in SHARES),
    *((NEW_SITE, share) for share in SHARES_OF_SITE),
)
EARNED: Final = 40
EARNED_OF_ID: Final = 6
IDS: Final = 10
WORDS: Final = 120
"""Of a post of the dictionary attack."""
BLOCK_FROM: Final = 0.95
ERRS: Final = 0.02
"""Share of checks that moderators answer wrongly."""
HOSTILE: Final = f"{REPORTED}hostile"


@dataclass(frozen=True, slots=True, eq=False)
class Stream:
    """Labels as they were given, in order; all fields of one length."""

    posts: Examples
    source: NDArray[np.object_]
    true: Flags
    """A moderator who is asked says the same."""

    def with_hostile(self, other: Stream) -> Stream:
        # A copy stays with what it was copied from.
        cluster = np.concatenate([self.posts.cluster, other.posts.cluster])
        joined = replace(together(self.posts, other.posts), cluster=cluster)
        return Stream(
            joined,
            np.concatenate([self.source, other.source]),
            np.concatenate([self.true, other.true]),
        )


def measure(name: str, posts: Examples, texts: Sequence[str]) -> dict[str, Any]:
    """The figures of one set, by attack and share."""
    fold = folds(posts.cluster, posts.spam, FOLDS)
    said: dict[str, Numbers] = {}
    flagged: dict[str, int] = {}
    for number in range(FOLDS):
        left, chance = fold == number, random.Random(number)
        stream = _stream(posts.keep(~left), chance)
        words = [text for text, out in zip(texts, left, strict=True) if not out]
        asked = posts.keep(left)
        _note(said, "clean", left, _trained(stream.posts, asked))
        defended, _ = _defended(stream, chance)
        _note(said, "clean, defended", left, _trained(defended, asked))
        for attack, share in CELLS:
            key = f"{attack} {share:.0%}"
            poisoned = stream.with_hostile(_hostile(attack, share, stream, words, chance))
            _note(said, key, left, _trained(poisoned.posts, asked))
            if attack == NEW_SITE:
                _note(said, f"{key}, untried", left, _trained(_at_half(poisoned), asked))
            kept, named = _defended(poisoned, chance, unchecked=attack == NEW_SITE)
            _note(said, f"{key}, defended", left, _trained(kept, asked))
            flagged[key] = flagged.get(key, 0) + named
        print(f"{name}: {number + 1} of {FOLDS}", file=sys.stderr)
    clean = _figures(said.pop("clean"), posts.spam)
    shown: dict[str, Any] = {"posts": len(fold), "spam": int(posts.spam.sum()), "clean": clean}
    for key, chances in said.items():
        found = _figures(chances, posts.spam)
        shown[key] = found | {
            "recall_drop": round(clean["recall"] - found["recall"], 2),
            "false_positive_rise": round(found["false_positives"] - clean["false_positives"], 2),
            "f1_drop": round(clean["f1"] - found["f1"], 2),
        }
    return shown | {"named": flagged}


def _note(said: dict[str, Numbers], key: str, left: Flags, chances: Numbers) -> None:
    said.setdefault(key, np.zeros(len(left)))[left] = chances


def _figures(chances: Numbers, spam: Flags) -> dict[str, float]:
    """In percent."""
    caught = chances >= BLOCK_FROM
    return {
        "recall": round(100.0 * float(caught[spam].mean()), 2),
        "false_positives": round(100.0 * float(caught[~spam].mean()), 2),
        "f1": round(100.0 * (f1(chances, spam) or 0.0), 2),
    }


def _stream(posts: Examples, chance: random.Random) -> Stream:
    sources = [
        "verdict" if chance.random() < MODERATED else f"{REPORTED}{chance.randrange(REPORTERS)}"
        for _ in posts.spam
    ]
    return Stream(posts, np.array(sources, dtype=object), np.ones(len(sources), dtype=bool))


def _hostile(
    attack: str, share: float, stream: Stream, texts: Sequence[str], chance: random.Random
) -> Stream:
    beside = len(stream.true) if attack == NEW_SITE else int((stream.source != "verdict").sum())
    count = max(1, round(beside * share / (1.0 - share)))
    spam, ham = (np.flatnonzero(stream.posts.spam == kind) for kind in (True, False))
    vocabulary = [word for place in ham for word in texts[int(place)].split()]
    parts = []
    both = attack not in ("dictionary", "ham_labelling")
    if both:
        first = IDS * EARNED_OF_ID if attack == "many_ids" else EARNED
        earned = [chance.choice((*spam, *ham)) for _ in range(first)]
        parts.append((stream.posts.keep(_marks(earned, len(stream.true))), True))
    for turn, kind in enumerate(("dictionary", "ham_labelling")):
        of_kind = count if attack == kind else 0
        if both:
            of_kind = (count + 1 - turn) // 2
        if not of_kind:
            continue
        if kind == "dictionary":
            written = [" ".join(chance.choices(vocabulary, k=WORDS)) for _ in range(of_kind)]
            parts.append((of_texts(written, stream.posts), True))
        else:
            chosen = stream.posts.keep(
                _marks([chance.choice(spam) for _ in range(of_kind)], len(stream.true))
            )
            parts.append((replace(chosen, spam=np.zeros(len(chosen.spam), dtype=bool)), False))
    found = [
        Stream(
            each,
            _names(attack, len(each.spam)),
            np.full(len(each.spam), true, dtype=bool),
        )
        for each, true in parts
    ]
    whole = found[0]
    for each in found[1:]:
        whole = whole.with_hostile(each)
    return whole


def _names(attack: str, count: int) -> NDArray[np.object_]:
    """Who says so many things; where they are several, by turns."""
    if attack != "many_ids":
        return np.full(count, HOSTILE, dtype=object)
    return np.array([f"{HOSTILE}{n % IDS}/hostile" for n in range(count)], dtype=object)


def _at_half(stream: Stream) -> Examples:
    """What a site that judges elsewhere sends, at half its weight, and all else."""
    hostile = stream.source == HOSTILE
    return replace(stream.posts, weights=np.where(hostile, trust.TEACHES_FROM, 1.0))


def _marks(places: Sequence[int], size: int) -> Any:
    """Places, as `keep` takes them: a post may be there more than once."""
    return np.array(places, dtype=np.int64) if size else np.zeros(0, dtype=np.int64)


def of_texts(texts: Sequence[str], beside: Examples) -> Examples:
    """Posts of these words, called spam, alike to none of those beside them."""
    contents = [Content(text=text) for text in texts]
    matrix = features.matrix(contents, signals_of(contents))
    first = int(beside.cluster.max()) + 1
    return Examples(
        matrix,
        np.ones(len(texts), dtype=bool),
        np.ones(len(texts)),
        np.arange(first, first + len(texts), dtype=np.int64),
        np.array([len(text) for text in texts], dtype=np.int64),
        np.zeros(len(texts)),
        features.pieces_of(contents),
    )


def _defended(
    stream: Stream, chance: random.Random, *, unchecked: bool = False
) -> tuple[Examples, bool]:
    """What may train of the stream, and whether the hostile source was named.

    `unchecked`: it is a site whose labels no moderator checks.
    """
    names = sorted({source for source in stream.source if source != "verdict"})
    trusted = {name: _earned(stream, name, chance) for name in names}
    if unchecked:
        trusted[HOSTILE] = trust.TEACHES_FROM
    people = stream.source == "verdict"
    weights = np.array([1.0 if source == "verdict" else trust.weight(trusted[source])
                        for source in stream.source])  # fmt: skip
    measured = np.zeros(len(people), dtype=bool)
    measured[people] = _held_back(stream.posts.keep(people))
    usable = (weights > 0.0) & ~measured
    told = {int(place): float(weights[place]) for place in np.flatnonzero(usable & ~people)}
    groups = {place: _groups(str(stream.source[place]), whole_key=unchecked) for place in told}
    for place, weight in trust.capped(told, groups, float(people.sum())).items():
        weights[place] = weight
    weighed = replace(stream.posts, weights=weights)
    rows = [
        Row(Content(text=""), bool(spam), source=source, trust=trusted.get(source, 1.0))
        for spam, source in zip(weighed.spam, stream.source, strict=True)
    ]
    admitted, tried = screen(
        weighed,
        rows,
        weighed.keep(measured),
        usable=usable,
        strength=STRENGTH,
    )
    # What batches were tried on trains afterwards here: all labels of moderators always do, in
    # the long run, once they are no longer the latest.
    hostile = [trusted[name] for name in names if name.startswith(HOSTILE)]
    named = (bool(hostile) and max(hostile) < trust.TEACHES_FROM) or any(
        each.source.startswith(HOSTILE) and each.flagged for each in tried
    )
    return weighed.keep(admitted | measured), named


def _groups(source: str, *, whole_key: bool) -> tuple[tuple[str, float], ...]:
    """The caps that hold for a source's labels; a site's that nobody checks is a key as a whole."""
    if whole_key and source == HOSTILE:
        return ((source, trust.MOST_OF_KEY),)
    _, _, of_key = source.partition("/")
    return ((source, trust.MOST_OF_REPORTER), (f"key {of_key}", trust.MOST_OF_KEY))


def _held_back(posts: Examples) -> Flags:
    """What a training would keep of the moderators' labels to try batches on, the last given."""
    rows = [Row(Content(text=""), bool(spam), time=place) for place, spam in enumerate(posts.spam)]
    return hold_back(Snapshot(rows, ""), posts)


def _earned(stream: Stream, name: str, chance: random.Random) -> float:
    """The trust of a reporter after the checks that their labels were drawn for."""
    # Honest people have a record from before.
    compared = (
        [] if name == HOSTILE else [Compared(chance.random() >= ERRS, True) for _ in range(30)]
    )
    trusted = trust.trust(compared)
    for true in stream.true[stream.source == name]:
        if chance.random() < trust.chance_of_check(trusted):
            compared.append(Compared(bool(true) != (chance.random() < ERRS), True))
            trusted = trust.trust(compared)
    return trusted


def _trained(posts: Examples, asked: Examples) -> Numbers:
    made = train(posts, strength=STRENGTH)
    return judged(made.scorer("poisoned"), asked)


def main(given_arguments: list[str] | None = None) -> int:
    """Prints one JSON object: a key for each set, and the worst of all, defended and not."""
    parser = arguments("poisoning")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--most", type=int, default=MOST, help=f"posts of a set; {MOST}")
    given = parser.parse_args(given_arguments)
    found: dict[str, Any] = {}
    for name in given.sets:
        corpus = load(given.data, {name: SETS[name]}, quick=given.quick)
        rows = [row for row in corpus.snapshot.rows if row.split != "test"]
        random.Random(0).shuffle(rows)
        rows = rows[: given.most]
        posts = replace(examples.of(Snapshot(rows, "")), copies=None)
        found[name] = measure(name, posts, [row.content.text for row in rows])
    print(json.dumps(found | worst(found), indent=None if given.json else 2))
    return 0


def worst(found: dict[str, Any]) -> dict[str, float]:
    """The largest drop and rise over sets, attacks and shares; `undefended_` without defence, and
    with `new_site_` of a site that is new in a pool.
    """
    shown: dict[str, float] = {}
    for of, attacks in (("", ATTACKS), (f"{NEW_SITE}_", (NEW_SITE,))):
        for defence, ending in (("", ", defended"), ("undefended_", "%")):
            cases = [
                figures
                for of_set in found.values()
                for key, figures in of_set.items()
                if key.startswith(attacks) and key.endswith(ending)
            ]
            for key, name in (
                ("worst_recall_drop_points", "recall_drop"),
                ("worst_false_positive_rise_points", "false_positive_rise"),
                ("worst_f1_drop_points", "f1_drop"),
            ):
                shown[of + defence + key] = max(case[name] for case in cases)
    return shown


if __name__ == "__main__":
    sys.exit(main())
