"""Does blocking fall back between certificates?

    python -m benchmarks.promise.year [--json] [--data DIR] [--shelf DIR] [--sites N]

A year of sites whose model stays as it is: they draw as the policy says, with and without a
certificate in force, look once a day where a certificate is due, and block while one is in force.
Told of the days since the first certificate: the share with one in force, and how often there was
none. Once as it is (`renewal`), and once where each certificate stands on the draws since the last
one's period alone, and may follow it in its last seven days (`plain`); and once where a wave of
spam comes every 30 days, the first after 15 (`waves`).
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from benchmarks.promise.certifying import GRID, A, Chances, chances_of_blocks
from benchmarks.promise.posts import Pool, figure
from benchmarks.promise.sites import (
    BLOCK_FROM,
    BOUND,
    DAY,
    DEADLINE,
    Stream,
    lately,
    stream,
    with_waves,
)
from classifiers.arrays import Flags, Numbers
from classifiers.guarantees import certificates, exact, renewal, watch
from classifiers.guarantees.certificates import Volumes

VOLUMES: Final = (50, 200, 2_000)
YEAR: Final = 365
PREVALENCE: Final = 0.2
PLAIN_DAYS: Final = 7
SITES: Final = 16


@dataclass(slots=True)
class Certified:
    """A certificate, in days."""

    threshold: float
    since: float
    until: float
    issued: float

    @property
    def expires(self) -> float:
        return self.issued + watch.LASTS_DAYS


@dataclass(slots=True)
class Site:
    """A site as its year goes on."""

    posts: Stream
    widens: bool
    drawn: Flags
    in_force: Numbers
    """With which each post would be drawn, under a certificate, if it were blocked."""
    chances: Chances
    used: Numbers
    """With which each post was drawn, if it was blocked."""
    certificates: list[Certified] = field(default_factory=list)

    def live(self, day: int) -> bool:
        """One day with its draws and its look; whether the model blocks at its end."""
        now = float(day + 1)
        present = self.certificates[-1] if self.certificates else None
        if present is not None and present.expires <= now:
            present = None
        before, after = np.searchsorted(self.posts.at, [day * DAY, now * DAY])
        today = slice(int(before), int(after))
        chance = self.in_force[today] if present is not None else np.ones(after - before)
        blocks = self.posts.blocks[today]
        self.chances.of_blocks[day] = chance[blocks].min(initial=1.0)
        self.used[today] = chance
        chance = np.where(blocks, chance, self.chances.of_allowed[today])
        self.drawn[today] = self.posts.throws[today] < chance
        early = renewal.RENEWED_DAYS if self.widens else PLAIN_DAYS
        if present is None or present.expires - now <= early:
            self._look(now, early)
        return bool(self.certificates) and self.certificates[-1].expires > now

    def _look(self, now: float, early: float) -> None:
        since = self._since(early)
        known = self.posts.draws(self.drawn, now * DAY, self.used)
        known = known.keep(known.at >= since * DAY)
        ways = []
        for until, draws, volumes in certificates.ways(
            known, now * DAY, DEADLINE, lambda *ends: self._volumes(since, *ends)
        ):
            found = certificates.certify(
                draws, volumes, block_from=BLOCK_FROM, mistakes=BOUND, most=A
            )
            if found is not None and found.is_worth:
                ways.append(Certified(found.threshold, since, until / DAY, now))
        self.certificates += sorted(ways, key=lambda each: each.threshold)[:1]

    def _volumes(self, since: float, *until: float) -> Volumes:
        """From a day on, until seconds."""
        return self.chances.volumes(self.posts, since * DAY, *until)

    def _since(self, early: float) -> float:
        if not self.certificates:
            return 0.0
        last = self.certificates[-1]
        due = last.expires - early
        came = self._volumes(last.until, due * DAY)
        if not self.widens or renewal.are_enough(
            allowed=came.allowed, chance=came.chance, promise=A
        ):
            return last.until
        known = [end for each in self.certificates for end in (each.since, each.until)]
        return renewal.start(known, last=last.until)


def year(posts: Stream, *, widens: bool) -> tuple[Site, Flags]:
    """The site at the end of its year, and on which days it blocked."""
    came = lately(posts.at, posts.allowed)
    allowed = np.array([watch.chance_of_allowed(each) for each in came.tolist()])
    drawn = np.zeros(len(posts.at), dtype=bool)
    in_force, chances = chances_of_blocks(posts), Chances(np.ones(YEAR), allowed)
    site = Site(posts, widens, drawn, in_force, chances, np.ones(len(posts.at)))
    return site, np.array([site.live(day) for day in range(YEAR)])


def measure(found: Sequence[Pool], sites: int, seed: int = 9) -> dict[str, Any]:
    """All figures."""
    generator = np.random.default_rng(seed)
    told: dict[str, Any] = {}
    for volume in VOLUMES:
        runs: dict[str, list[tuple[float, int, int, int]]] = {
            "plain": [],
            "renewal": [],
            "waves": [],
        }
        for number in range(sites):
            pool = found[number % len(found)]
            rates = dict(zip(GRID, pool.rates(GRID), strict=True))
            usual = np.ones(YEAR), np.full(YEAR, PREVALENCE)
            calm, stormy = (
                stream(
                    generator,
                    pool,
                    prevalence=shares,
                    volume=volume,
                    days=float(YEAR),
                    busy=busy,
                )
                for busy, shares in (usual, with_waves(*usual))
            )
            for name, all_of_them in runs.items():
                posts = stormy if name == "waves" else calm
                site, blocks = year(posts, widens=name != "plain")
                if not site.certificates:
                    continue
                days = blocks[int(blocks.argmax()) :]
                gaps = int((np.diff(days.astype(int)) < 0).sum())
                true = sum(rates[each.threshold] <= A for each in site.certificates)
                all_of_them.append((float(days.mean()), gaps, true, len(site.certificates)))
        told[str(volume)] = {name: _figures(each, sites) for name, each in runs.items()}
        print(f"{volume} a day: {told[str(volume)]}", file=sys.stderr, flush=True)
    return {"promise": A, "by_posts_a_day": told}


def _figures(runs: list[tuple[float, int, int, int]], sites: int) -> dict[str, Any]:
    if not runs:
        return {"sites": sites, "certified": 0}
    share, gaps, true, issued = np.array(runs).T
    ends = exact.interval(int(true.sum()), int(issued.sum()))
    return {
        "sites": sites,
        "certified": len(runs),
        "blocking_share_of_days": round(float(share.mean()), 3),
        "without_any_gap": round(float((gaps == 0).mean()), 3),
        "gaps_a_year": round(float(gaps.mean()), 2),
        "certificates": int(issued.sum()),
        "true_share": round(float(true.sum() / issued.sum()), 4),
        "true_interval_95": [round(ends.low, 4), round(ends.high, 4)],
    }


if __name__ == "__main__":
    figure("promise.year", measure, SITES, quick=2, of="of each volume")
