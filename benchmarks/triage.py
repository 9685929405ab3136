"""In which order a queue is best worked off: ours, first in first out, and one that knows all.

    python -m benchmarks.triage --json [--data DIR] [--sets NAME...] [--seeds N]

A site's posts are drawn from one labelled set, train and valid, with replacement; each brings the
probability of a model that saw neither it nor its near-duplicates (`benchmarks.quality.cross_fit`;
words alone, the encoder is not asked). Those that need a person come at random, at so many an
hour, until POSTS came; then the bell rings, and what still waits has waited until then. One queue
is worked around the clock; how long a judgement takes varies as an exponential does, with a mean
of the time between two cases divided by the capacity.

**What is assumed of a site.** A post is drawn for an audit, live, with the chance AUDITED, whatever
it says. Of the others a share PUBLISHED stays published while it waits, the rest is held.
Members report so many of the published posts, with the chances REPORTED. On a site of the kind
`every post` each is a case; with `default policy` those at or above the default `review_from`
are, and, of those below, which are published, what is reported or audited. Each post is read by
so many people an hour, the same as long as it stands: log-normal with sigma VIEWS, of which the
first hundredth of posts has a fifth. `ours` is of a site that does not tell the product so,
`told_views` of one that does, for every post. A post is held for HOLD hours and blocked then; its
case goes on waiting.

**What is measured.** The time to catch live spam, from when its case opens, weighted by views; the
median and the 95th percentile of how long a held honest post waits; and the harm, in which both
count with their cost of an hour (`true_cost`). A reduction is 1 - (ours / first in first out), for
each seed; `share` is ours divided by the reduction of the order that knows labels and views and
takes the highest cost of an hour first. No order does less harm on average (the c-mu rule: Cox,
Smith, Queues, 1961), but one may be better at one of the two at the other's cost: then the share
is above 1. Intervals hold the middle 95 % of the seeds.
"""

import heapq
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

import numpy as np
from scipy.special import expit

from benchmarks import measuring
from benchmarks.corpus import SETS, Corpus, arguments, load
from benchmarks.ours import Material, Trained
from benchmarks.output import print_json
from benchmarks.quality import cross_fit
from classifiers.arrays import Flags, Numbers, Places
from moderation.policy import Rules
from moderation.types import Outcome, Severity
from reviews.lanes import Lane
from reviews.queue import priority

POSTS: Final = 10_000
QUICK_POSTS: Final = 400
SEEDS: Final = 20
CAPACITIES: Final = (0.9, 1.0, 1.2)
PACES: Final = (6.0, 60.0, 600.0)
"""Cases an hour; capacities other than 1 are played at USUAL_PACE alone."""
USUAL_PACE: Final = 60.0
AUDITED: Final = 0.01
PUBLISHED: Final = 0.5
REPORTED: Final = {True: 0.3, False: 0.01}
"""By whether it is spam."""
VIEWS: Final = 1.5
KINDS: Final = {"every post": 0.0, "default policy": Rules().review_from}
"""From which probability on a post that nobody pointed at is a case."""
QUEUES: Final = tuple(name for name in SETS if name != "email_spamassassin")
"""Mail waits in no such queue, and its models take longer than all else; `--sets` has it."""
CHOSEN_ON: Final = ("youtube", "x_janitr")
"""Sets on which the constants of `reviews.queue.priority` were chosen, with other seeds."""

DUE: Final = priority.DUE / priority.HOUR
SOON: Final = priority.SOON / priority.HOUR
HOLD: Final = 24.0
"""Hours that a post is held at most, unless its site says otherwise."""
HURRIED: Final = HOLD - priority.ends_within(HOLD * priority.HOUR) / priority.HOUR


@dataclass(frozen=True, slots=True)
class Site:
    """How a queue is filled and worked off."""

    review_from: float
    pace: float = USUAL_PACE
    capacity: float = 1.0
    posts: int = POSTS


@dataclass(frozen=True, slots=True, eq=False)
class Cases:
    """What came, in order of coming; all of one length, times in hours."""

    opened: Numbers
    service: Numbers
    """How long a person takes over it."""
    lane: Sequence[Lane]
    published: Flags
    probability: Numbers
    spam: Flags
    views: Numbers
    """An hour, over those of the mean post."""

    @property
    def horizon(self) -> float:
        return float(self.opened[-1])

    @property
    def live_spam(self) -> Flags:
        return self.published & self.spam

    @property
    def held_honest(self) -> Flags:
        return ~self.published & ~self.spam


def probabilities(corpus: Corpus) -> tuple[Numbers, Flags]:
    """Of the posts of train and valid, each from a model that did not see it; and their labels."""
    used = np.flatnonzero(~corpus.test)
    trained = Trained(Material.of(corpus, None, with_encoder=False))
    return expit(cross_fit(trained, corpus, used)), corpus.spam[used]


def arrivals(probability: Numbers, spam: Flags, site: Site, seed: int) -> Cases:
    """The cases of one site and seed. Capacity and pace change the times alone, by a factor."""
    generator = np.random.default_rng(seed)
    chosen: list[Places] = []
    lanes: list[Lane] = []
    while len(lanes) < site.posts:
        drawn = generator.integers(0, len(spam), site.posts)
        audited = generator.random(site.posts) < AUDITED
        doubted = probability[drawn] >= site.review_from
        published = ~doubted | (generator.random(site.posts) < PUBLISHED)
        told = np.where(spam[drawn], REPORTED[True], REPORTED[False])
        reported = published & (generator.random(site.posts) < told)
        lane = np.select(
            [audited, reported, ~doubted, published],
            [Lane.AUDIT, Lane.REPORTED, "", Lane.PUBLISHED],
            Lane.HELD,
        )
        chosen.append(drawn[lane != ""])
        lanes += [Lane(name) for name in lane[lane != ""].tolist()]
    places = np.concatenate(chosen)[: site.posts]
    lanes = lanes[: site.posts]
    return Cases(
        opened=np.cumsum(generator.exponential(1.0 / site.pace, site.posts)),
        service=generator.exponential(1.0 / (site.pace * site.capacity), site.posts),
        lane=lanes,
        published=np.array([lane is not Lane.HELD for lane in lanes]),
        probability=probability[places],
        spam=spam[places],
        views=np.exp(VIEWS * generator.standard_normal(site.posts) - VIEWS**2 / 2.0),
    )


def ours(cases: Cases, *, told_views: bool = False) -> Numbers:
    """What the product stores with each case."""
    views = cases.views if told_views else np.ones(len(cases.views))
    facts = zip(cases.lane, cases.published, cases.probability, cases.opened, views, strict=True)
    return np.array(
        [
            priority.priority(
                lane=lane,
                published=bool(published),
                probability=float(probability),
                opened_at=priority.EPOCH + timedelta(hours=float(opened)),
                weight=priority.weight_of(float(seen), Severity.NORMAL),
            )
            for lane, published, probability, opened, seen in facts
        ]
    )


def hurried(cases: Cases) -> Numbers:
    """What the product stores with each held case HURRIED hours after it came; minus infinity with
    the others."""
    found = np.full(len(cases.opened), -np.inf)
    for place in np.flatnonzero(~cases.published).tolist():
        found[place] = priority.before_end(
            lane=cases.lane[place],
            probability=float(cases.probability[place]),
            opened_at=priority.EPOCH + timedelta(hours=float(cases.opened[place])),
            weight=1.0,
            becomes=Outcome.BLOCK,
        )
    return found


def true_cost(cases: Cases) -> Numbers:
    """Of an hour; a held honest post costs 1, live spam that the mean number of people see 1.5."""
    return np.where(cases.live_spam, 1.5 * cases.views, np.where(cases.held_honest, 1.0, 0.0))


FIRST_COME: Final = "first_come"
OURS: Final = "ours"
TOLD_VIEWS: Final = "told_views"
ALL_KNOWING: Final = "all_knowing"
ORDERS: Final = (FIRST_COME, OURS, TOLD_VIEWS, ALL_KNOWING)


def orders(cases: Cases) -> dict[str, Numbers]:
    """Ranks by each order; the highest comes first."""
    return {
        FIRST_COME: -cases.opened,
        OURS: ours(cases),
        TOLD_VIEWS: ours(cases, told_views=True),
        ALL_KNOWING: true_cost(cases),
    }


def waits(
    cases: Cases,
    rank: Numbers,
    reserved: Flags | None = None,
    hurried: Numbers | None = None,
) -> Numbers:
    """How long each case waited for its answer, or for the bell, the highest rank first.

    Of equals the first that came. A case that is being judged is not put aside for another.
    `reserved` says of each claim, in their order, whether it takes first what is due soon, as
    `reviews.queue.claiming` has it; without it none does. `hurried` are the ranks of cases that
    still wait HURRIED hours after they came.
    """
    opened, service = cases.opened.tolist(), cases.service.tolist()
    sooner = (-rank).tolist()
    horizon = cases.horizon
    closed = np.full(len(opened), horizon)
    claims = iter([] if reserved is None else reserved.tolist())
    waiting: list[tuple[float, int]] = []
    audits: deque[int] = deque()
    ending: deque[int] = deque()
    answered: set[int] = set()
    now, come = 0.0, 0
    while True:
        if len(answered) == come:
            if come == len(opened):
                break
            now = max(now, opened[come])
        while come < len(opened) and opened[come] <= now:
            heapq.heappush(waiting, (sooner[come], come))
            if cases.lane[come] is Lane.AUDIT:
                audits.append(come)
            elif hurried is not None and hurried[come] > rank[come]:
                ending.append(come)
            come += 1
        while ending and opened[ending[0]] + HURRIED <= now:
            place = ending.popleft()
            if hurried is not None and place not in answered:
                heapq.heappush(waiting, (-float(hurried[place]), place))
        while audits and audits[0] in answered:
            audits.popleft()
        if next(claims, False) and audits and opened[audits[0]] <= now - DUE + SOON:
            place = audits.popleft()
        else:
            while (place := heapq.heappop(waiting)[1]) in answered:
                pass
        answered.add(place)
        now += service[place]
        if now > horizon:
            break
        closed[place] = now
    return np.asarray(closed - cases.opened, dtype=np.float64)


def figures(cases: Cases, waited: Numbers) -> dict[str, float]:
    """In hours; of the last two, shares: audits not answered in time, honest posts whose hold ends.

    Raises ValueError where nothing was live spam, or no honest post was held."""
    spam, honest = cases.live_spam, cases.held_honest
    if not spam.any() or not honest.any():
        raise ValueError("no live spam, or no honest post held")
    audits = np.array([lane is Lane.AUDIT for lane in cases.lane])
    return {
        "time_to_catch": float(np.average(waited[spam], weights=cases.views[spam])),
        "honest_wait": float(np.median(waited[honest])),
        "honest_wait_p95": float(np.quantile(waited[honest], 0.95)),
        "harm": float((true_cost(cases) * waited).mean()),
        "longest_wait": float(waited.max()),
        "longest_wait_of_audit": float(waited[audits].max(initial=0.0)),
        "late_audits": float((waited[audits] > DUE).mean()),
        "unread_honest": float((waited[honest] > HOLD).mean()),
    }


REDUCED: Final = ("time_to_catch", "honest_wait", "honest_wait_p95", "harm")


@dataclass(frozen=True, slots=True, eq=False)
class Played:
    """One site under each order; arrays over the seeds."""

    live_spam: float
    """Of all cases."""
    held_honest: float
    hours: Mapping[str, Mapping[str, Numbers]]
    """By order and figure."""

    def reduction(self, name: str, key: str) -> Numbers:
        return 1.0 - self.hours[name][key] / self.hours[FIRST_COME][key]

    def told(self) -> dict[str, Any]:
        """For the output."""
        return {
            "live_spam": round(self.live_spam, 3),
            "held_honest": round(self.held_honest, 3),
            "hours": {
                name: {key: round(float(several.mean()), 3) for key, several in found.items()}
                for name, found in self.hours.items()
            },
            "reductions": {
                name: {key: _summary(self.reduction(name, key)) for key in REDUCED}
                for name in self.hours
                if name != FIRST_COME
            },
            "share": {key: _summary(_share([self], OURS, key)) for key in REDUCED},
        }


def play(probability: Numbers, spam: Flags, site: Site, seeds: Sequence[int]) -> Played:
    """Raises ValueError as `figures` does."""
    found: dict[str, list[dict[str, float]]] = {name: [] for name in ORDERS}
    shares = []
    for seed in seeds:
        cases = arrivals(probability, spam, site, seed)
        reserved = np.random.default_rng([seed, 1]).random(site.posts) < priority.RESERVED
        shares.append((cases.live_spam.mean(), cases.held_honest.mean()))
        ending = hurried(cases)
        for name, rank in orders(cases).items():
            kept = (reserved, ending) if name in (OURS, TOLD_VIEWS) else (None, None)
            found[name].append(figures(cases, waits(cases, rank, *kept)))
    live_spam, held_honest = np.mean(shares, axis=0).tolist()
    hours = {
        name: {key: np.array([one[key] for one in several]) for key in several[0]}
        for name, several in found.items()
    }
    return Played(live_spam, held_honest, hours)


def _mean(sites: Sequence[Played], name: str, key: str) -> Numbers:
    """Mean reduction over sites, for each seed."""
    return np.asarray(np.mean([site.reduction(name, key) for site in sites], axis=0))


def _share(sites: Sequence[Played], name: str, key: str) -> Numbers:
    return _mean(sites, name, key) / _mean(sites, ALL_KNOWING, key)


def _summary(values: Numbers) -> dict[str, Any]:
    return {"mean": round(float(values.mean()), 3), "interval_95": measuring.interval(values, 3)}


def overall(sites: Sequence[Played]) -> dict[str, Any]:
    """The mean of some sites, under keys of one level."""
    found: dict[str, Any] = {}
    for key in REDUCED:
        for title, values in (
            ("reduction", _mean(sites, OURS, key)),
            ("reduction_share", _share(sites, OURS, key)),
            ("reduction_share_told_views", _share(sites, TOLD_VIEWS, key)),
        ):
            summary = _summary(values)
            found[f"{key}_{title}"] = summary["mean"]
            found[f"{key}_{title}_interval_95"] = summary["interval_95"]
    return found


def sites_of(posts: int) -> list[tuple[str, Site]]:
    """The sites that are played with the posts of each set, by kind."""
    return [
        (kind, Site(review_from, pace, capacity, posts))
        for kind, review_from in KINDS.items()
        for pace in PACES
        for capacity in CAPACITIES
        if capacity == 1.0 or pace == USUAL_PACE
    ]


def main(given_arguments: list[str] | None = None) -> None:
    """Prints one JSON object.

    The keys of `overall`, for all sites of capacity 1 whose posts are of sets that nothing was
    chosen on (of all sets, where no other was asked for); `of`, those sets; `sites`, figures of
    each site; `left_out`, sites with no live spam or no honest post held.
    """
    parser = arguments("triage")
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(QUEUES))
    parser.add_argument("--seeds", type=int, default=SEEDS, metavar="N")
    parser.add_argument("--first-seed", type=int, default=0, metavar="N")
    given = parser.parse_args(given_arguments)
    seeds = range(given.first_seed, given.first_seed + given.seeds)
    measured = [name for name in given.sets if name not in CHOSEN_ON] or given.sets
    found: dict[str, Any] = {"of": measured, "sites": [], "left_out": []}
    counted: list[Played] = []
    for name in given.sets:
        corpus = load(given.data, {name: SETS[name]}, quick=given.quick)
        probability, spam = probabilities(corpus)
        for kind, site in sites_of(QUICK_POSTS if given.quick else POSTS):
            title = {"set": name, "kind": kind, "pace": site.pace, "capacity": site.capacity}
            try:
                played = play(probability, spam, site, seeds)
            except ValueError as error:
                found["left_out"].append({**title, "because": str(error)})
                continue
            found["sites"].append({**title, **played.told()})
            if name in measured and site.capacity == 1.0:
                counted.append(played)
        print(name, file=sys.stderr, flush=True)
    if counted:
        found = {**overall(counted), **found}
    print_json(found, given)


if __name__ == "__main__":
    main()
