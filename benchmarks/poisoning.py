"""What labels do to a model that are given in order to harm it, with defence and without.

    python -m benchmarks.poisoning --json [--data DIR] [--sets NAME...] [--most N] [--seeds N]
        [--cells NAME...] [--quick]

Real posts (train and valid; never test), cross-fitted: of each third, models of the other two are
asked. Moderators label MODERATED of these, the rest is feedback of REPORTERS honest people with a
record; hostile labels come on top, so that they are 1 or 10 % of all feedback, from one reporter:

- `dictionary`: posts full of words of honest posts, called spam. A moderator who is asked calls
  them spam, too, so that whoever sends them is trusted.
- `ham_labelling`: spam, sent again and called ham.
- `turned`: EARNED true labels first, then both of the above by turns.
- `many_ids`: the same from IDS reporters of one key, each of whom earned trust by EARNED_OF_ID.
- `proven_ids`: the same with EARNED_OF_PROVEN, by which they stand for themselves.
- `id_after_id`: the same, but each earns and turns before the next begins.
- `many_keys`: the same, but of KEYS keys.
- `among_honest`: as `many_ids`, behind the key of the honest people.
- `new_site`: as `turned`, from a site in a pool whose people judge elsewhere: 10 or 50 % of all
  labels are its, at half their weight, and no moderator checks them. Its key is the source.

`honest_ids` is no attack: the feedback is of HONEST_IDS people of one key without a record, who are
wrong now and then. `counted` is the share of all feedback that trains, by weight, and of honest
feedback where there is hostile.

Defended, a reporter's labels weigh what `classifiers.trust` says after the blind checks that they
are drawn for, are capped, and pass `training.gates.influence` or stay out, tried on what a
training would hold back. Recall and false
positives are those at BLOCK_FROM; `f1` is at 0.5. Drops and rises are in points against the model
without the hostile labels and without defence: what the defence itself costs is among them. Each
is the mean of `--seeds` draws of who said what, and `recall_drop_from`, `recall_drop_to` bound it
(95 %, by drawing posts with their near-duplicates anew). The
worst of a `new_site` stand apart. `untried` is such a site believed at half its weight.
`named` is the share of models for which a hostile source was named.
"""

import random
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np

from benchmarks.corpus import SETS, arguments, load
from benchmarks.hostile_labels import (
    ATTACKS,
    HOSTILE,
    NEW_SITE,
    VERDICT,
    Stream,
    attacked,
    by_many,
    honest,
    is_hostile,
)
from benchmarks.output import print_json
from classifiers import trust
from classifiers.arrays import Flags, Numbers
from classifiers.training.data import examples
from classifiers.training.data.dataset import Row, Snapshot
from classifiers.training.data.division import folds
from classifiers.training.data.examples import Examples
from classifiers.training.evaluate import bootstrap_means, f1
from classifiers.training.fitting.recipe import STRENGTH, judged, train
from classifiers.training.gates.influence import REPORTED, screen
from classifiers.training.held_back import hold_back
from classifiers.trust import Compared
from classifiers.types import Content

FOLDS: Final = 3
MOST: Final = 800
"""Posts of a set, drawn at random: so many have labels on a site that feedback could harm."""
SHARES: Final = (0.01, 0.1)
SHARES_OF_SITE: Final = (0.1, 0.5)
CELLS: Final = (
    *((attack, share) for attack in ATTACKS for share in SHARES),
    *((NEW_SITE, share) for share in SHARES_OF_SITE),
)
HONEST_IDS: Final = "honest_ids"
BLOCK_FROM: Final = 0.95
ERRS: Final = 0.02
"""Share of checks that moderators answer wrongly."""
RECORD: Final = 30
"""Comparisons with honest people from before."""
LEAST_WRONG: Final = 2
LATEST: Final = 100
"""As in `reviews.labels.sources`."""
DRAWS: Final = 2_000


@dataclass(slots=True)
class Cell:
    """What models of one kind say of all posts, a row for each seed."""

    said: Numbers
    named: int = 0
    counted: float = 0.0

    def note(self, seed: int, left: Flags, chances: Numbers) -> None:
        self.said[seed, left] = chances


def measure(
    posts: Examples, texts: Sequence[str], seeds: int, cells: Sequence[str]
) -> dict[str, Any]:
    """The figures of one set, by attack and share; `cells` are the attacks that are tried."""
    fold = folds(posts.cluster, posts.spam, FOLDS)
    found: dict[str, Cell] = defaultdict(lambda: Cell(np.zeros((seeds, len(fold)))))
    for seed in range(seeds):
        for number in range(FOLDS):
            _measure_fold(posts, texts, fold == number, (seed, number), found, cells)
            print(f"seed {seed}: {number + 1} of {FOLDS}", file=sys.stderr)
    clean = found.pop("clean")
    shown: dict[str, Any] = {
        "posts": len(fold),
        "spam": int(posts.spam.sum()),
        "clean": _figures(clean.said, posts.spam),
    }
    for key, cell in found.items():
        shown[key] = _compared(cell, clean, posts)
        if key.endswith("defended"):
            shown[key]["counted"] = round(cell.counted / (seeds * FOLDS), 3)
            shown[key]["named"] = round(cell.named / (seeds * FOLDS), 2)
    return shown


def _measure_fold(
    posts: Examples,
    texts: Sequence[str],
    left: Flags,
    place: tuple[int, int],
    found: dict[str, Cell],
    cells: Sequence[str],
) -> None:
    seed, _ = place
    # A cell's draws do not depend on which others there are.
    stream = honest(posts.keep(~left), random.Random(str(place)))
    words = [text for text, out in zip(texts, left, strict=True) if not out]
    asked = posts.keep(left)

    def note(key: str, taught: Examples) -> None:
        found[key].note(seed, left, _trained(taught, asked))

    def defend(key: str, said: Stream, *, unchecked: bool = False, known: bool = True) -> None:
        chance = random.Random(f"{place} {key}")
        kept, named, counted = _defended(said, chance, unchecked=unchecked, known=known)
        note(f"{key}, defended", kept)
        found[f"{key}, defended"].named += named
        found[f"{key}, defended"].counted += counted

    note("clean", stream.posts)
    defend("clean", stream)
    if HONEST_IDS in cells:
        many = by_many(stream, random.Random(f"{place} {HONEST_IDS}"))
        note(HONEST_IDS, many.posts)
        defend(HONEST_IDS, many, known=False)
    for attack, share in CELLS:
        if attack not in cells:
            continue
        key = f"{attack} {share:.0%}"
        poisoned = attacked(attack, share, stream, words, random.Random(f"{key} {place}"))
        note(key, poisoned.posts)
        if attack == NEW_SITE:
            note(f"{key}, untried", _at_half(poisoned))
        defend(key, poisoned, unchecked=attack == NEW_SITE)


def _compared(cell: Cell, clean: Cell, posts: Examples) -> dict[str, float]:
    """The figures of a cell beside those of models that nobody harmed."""
    found, before = (_figures(each.said, posts.spam) for each in (cell, clean))
    lost = ((clean.said >= BLOCK_FROM).mean(0) - (cell.said >= BLOCK_FROM).mean(0))[posts.spam]
    means = bootstrap_means(100.0 * lost, posts.cluster[posts.spam], DRAWS)
    low, high = np.quantile(means, (0.025, 0.975))
    return found | {
        "recall_drop": round(before["recall"] - found["recall"], 2),
        "recall_drop_from": round(float(low), 2),
        "recall_drop_to": round(float(high), 2),
        "false_positive_rise": round(found["false_positives"] - before["false_positives"], 2),
        "f1_drop": round(before["f1"] - found["f1"], 2),
    }


def _figures(said: Numbers, spam: Flags) -> dict[str, float]:
    """In percent."""
    caught = said >= BLOCK_FROM
    return {
        "recall": round(100.0 * float(caught[:, spam].mean()), 2),
        "false_positives": round(100.0 * float(caught[:, ~spam].mean()), 2),
        "f1": round(100.0 * float(np.mean([f1(each, spam) or 0.0 for each in said])), 2),
    }


def _at_half(stream: Stream) -> Examples:
    """What a site that judges elsewhere sends, at half its weight, and all else."""
    hostile = stream.source == HOSTILE
    return replace(stream.posts, weights=np.where(hostile, trust.TEACHES_FROM, 1.0))


def _defended(
    stream: Stream, chance: random.Random, *, unchecked: bool = False, known: bool = True
) -> tuple[Examples, bool, float]:
    """What may train of the stream, whether a hostile source was named, and what share of the
    weight of honest feedback trains.

    `unchecked`: it is a site whose labels no moderator checks. `known`: see `_judged`.
    """
    found, confirmed = _judged(stream, chance, known=known)
    people = stream.source == VERDICT
    weights = people.astype(np.float64)
    names, trusted = stream.source.copy(), people.astype(np.float64)
    groups: dict[int, tuple[tuple[str, float], ...]] = {}
    for place in map(int, np.flatnonzero(~people)):
        source, of_key = str(stream.source[place]), key_of(str(stream.source[place]))
        if unchecked and source == HOSTILE:
            weights[place] = trusted[place] = trust.TEACHES_FROM
            groups[place] = ((source, trust.MOST_OF_SITE),)
            continue
        own, key, checked = found[source].reputation, found[of_key].reputation, confirmed.get(place)
        weights[place] = trust.weight_of(own, key, confirmed=checked)
        trusted[place] = own.trusted if own.is_proven else trust.TEACHES_FROM
        names[place] = source if own.is_proven else of_key
        groups[place] = trust.caps(own, reporter=source, site="site", confirmed=checked)
    measured = np.zeros(len(people), dtype=bool)
    measured[people] = _held_back(stream.posts.keep(people))
    usable = (weights > 0.0) & ~measured
    told = {int(place): float(weights[place]) for place in np.flatnonzero(usable & ~people)}
    for place, weight in trust.capped(told, groups, float(people.sum())).items():
        weights[place] = weight
    weighed = replace(stream.posts, weights=weights)
    rows = [
        Row(
            Content(text=""),
            bool(spam),
            source=names[place],
            trust=trusted[place],
            seconded=confirmed.get(place, False),
        )
        for place, spam in enumerate(weighed.spam)
    ]
    admitted, tried = screen(
        weighed,
        rows,
        weighed.keep(measured),
        usable=usable,
        strength=STRENGTH,
    )
    flagged = {name for name, each in found.items() if each.reputation.flagged}
    flagged |= {each.source for each in tried if each.flagged}
    named = any(is_hostile(name) for name in flagged)
    theirs = np.array([not is_hostile(str(source)) for source in stream.source]) & ~people
    counted = float(weights[theirs & admitted].sum() / theirs.sum())
    # What batches were tried on trains afterwards here: all labels of moderators always do, in
    # the long run, once they are no longer the latest.
    return weighed.keep(admitted | measured), named, counted


def key_of(source: str) -> str:
    """The key of a reporter, as a source; their own where they share none."""
    name, _, key = source.partition("/")
    return f"{REPORTED}{key}" if key else f"{name}, key"


def _held_back(posts: Examples) -> Flags:
    """What a training would keep of the moderators' labels to try batches on, the last given."""
    rows = [Row(Content(text=""), bool(spam), time=place) for place, spam in enumerate(posts.spam)]
    return hold_back(Snapshot(rows, ""), posts)


@dataclass(slots=True)
class Earning:
    """The trust of a reporter, or of a key as a whole, as `reviews.labels.sources` follows it."""

    record: list[Compared]
    of_key: bool
    reputation: trust.Reputation = field(default_factory=trust.Reputation)
    highest: float = 0.0

    def look(self) -> None:
        record = self.record[-LATEST:]
        earned = trust.trust_of_key(record) if self.of_key else trust.trust(record)
        self.highest = max(self.highest, earned)
        agreed = sum(each.agrees for each in record)
        lost = self.highest >= trust.TEACHES_FROM > earned and len(record) - agreed >= LEAST_WRONG
        flagged = (
            self.reputation.flagged
            or (lost and not self.of_key)
            or trust.is_distrusted(record, of_key=self.of_key)
        )
        self.reputation = trust.Reputation(0.0 if flagged else earned, agreed, flagged)


def _judged(
    stream: Stream, chance: random.Random, *, known: bool
) -> tuple[dict[str, Earning], dict[int, bool]]:
    """Where reporters and keys stand after the checks that their labels were drawn for, and which
    labels moderators confirmed, or did not. `known`: honest people have a record from before.
    """
    found: dict[str, Earning] = {}
    for name in sorted({str(source) for source in stream.source if source != VERDICT}):
        before = RECORD if known and not is_hostile(name) else 0
        agreed = [Compared(chance.random() >= ERRS, True) for _ in range(before)]
        found[name] = Earning(agreed, of_key=False)
        found.setdefault(key_of(name), Earning([], of_key=True)).record += agreed
    for each in found.values():
        each.look()
    confirmed: dict[int, bool] = {}
    for place in np.argsort(stream.when, kind="stable"):
        name = str(stream.source[place])
        if name == VERDICT:
            continue
        both = [found[name], found[key_of(name)]]
        if chance.random() >= trust.chance_of_check(*(each.reputation for each in both)):
            continue
        agrees = confirmed[int(place)] = bool(stream.true[place]) != (chance.random() < ERRS)
        for each in both:
            each.record.append(Compared(agrees, True))
            each.look()
    return found, confirmed


def _trained(posts: Examples, asked: Examples) -> Numbers:
    made = train(posts, strength=STRENGTH)
    return judged(made.scorer("poisoned"), asked)


def main(given_arguments: list[str] | None = None) -> None:
    """Prints one JSON object: a key for each set, and the worst of all, defended and not."""
    parser = arguments("poisoning")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--most", type=int, default=MOST, help=f"posts of a set; {MOST}")
    parser.add_argument("--seeds", type=int, default=1, help="draws of who said what; 1")
    cells = (*ATTACKS, NEW_SITE, HONEST_IDS)
    parser.add_argument("--cells", nargs="+", choices=cells, default=list(cells))
    given = parser.parse_args(given_arguments)
    found: dict[str, Any] = {}
    for name in given.sets:
        corpus = load(given.data, {name: SETS[name]}, quick=given.quick)
        rows = [row for row in corpus.snapshot.rows if row.split != "test"]
        random.Random(0).shuffle(rows)
        rows = rows[: given.most]
        posts = replace(examples.of(Snapshot(rows, "")), copies=None)
        print(name, file=sys.stderr)
        found[name] = measure(posts, [row.content.text for row in rows], given.seeds, given.cells)
    print_json(found | worst(found), given)


def worst(found: dict[str, Any]) -> dict[str, float]:
    """The largest drop and rise over sets, attacks and shares; `undefended_` without defence, and
    with `new_site_` of a site that is new in a pool, with `honest_ids_` where nobody is hostile.
    """
    shown: dict[str, float] = {}
    for of, attacks in (("", ATTACKS), *((f"{own}_", (own,)) for own in (NEW_SITE, HONEST_IDS))):
        for defence, ending in (("", ", defended"), ("undefended_", "")):
            cases = [
                figures
                for of_set in found.values()
                for key, figures in of_set.items()
                if key.startswith(attacks) and key.partition(", ")[2] == ending[2:]
            ]
            for key, name in (
                ("worst_recall_drop_points", "recall_drop"),
                ("worst_false_positive_rise_points", "false_positive_rise"),
                ("worst_f1_drop_points", "f1_drop"),
            ):
                if cases:
                    shown[of + defence + key] = max(case[name] for case in cases)
    return shown


if __name__ == "__main__":
    main()
