"""A new community, post by post: each is judged, then its label is told, as in the TREC spam
track (Cormack, Lynam: TREC 2005 spam track overview).

The same code judges and learns as in serving. What is measured is what a site would have seen:
no probability comes from a state that knew the post's label.
"""

from __future__ import annotations

from bisect import insort
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from classifiers import learner
from classifiers.arrays import Flags, Numbers, Places
from classifiers.calibration import probabilities
from classifiers.learner import Evidence, State, Topics, topics
from classifiers.training.data import in_turn
from classifiers.training.data.dataset import Row
from classifiers.training.evaluate import errors, log_loss, metrics, roc_auc
from classifiers.training.reliability import reliability
from classifiers.types import Metrics, Scorer

MARKS: Final = (0, 20, 50, 100, 300, 1000)
"""Labels after which the learning curve is read."""
BAND: Final = (0.3, 0.95)
"""Probabilities between which a post goes to a moderator under a site's usual policy."""
DRAWN: Final = 0.05
"""Share of all other posts that a moderator sees."""
ONE_IN: Final = 100
"""The threshold lets one in so many of the earlier honest posts through."""


@dataclass(frozen=True, slots=True)
class Labels:
    """Which posts get a label, and how many posts later."""

    late: int = 0
    reviewed: bool = False
    """Only posts within BAND, and DRAWN of the others."""

    @classmethod
    def parse(cls, text: str) -> Labels:
        """`all`, `reviewed` or `late:N`. Raises ValueError for anything else."""
        kind, colon, number = text.partition(":")
        if text in ("all", "reviewed"):
            return cls(reviewed=text == "reviewed")
        if kind == "late" and colon and number.isascii() and number.isdigit():
            return cls(late=int(number))
        raise ValueError(f"{text!r} is none of all, reviewed and late:N.")


@dataclass(frozen=True, slots=True, eq=False)
class Played:
    """What was said of each post; all of one length, in the order of the file."""

    spam: Flags
    said: Numbers
    """Log-odds of the site's learner."""
    shared: Numbers
    """Log-odds without it."""
    known: Places
    """Labels that the learner knew when it judged the post."""
    labelled: Flags
    """Whether the label was told by the end."""
    state: State


class Follower:
    """A site's learner as the service keeps it: made anew when the site's topics are."""

    def __init__(self) -> None:
        self.state = State.new()
        self._heard: deque[Evidence] = deque(maxlen=topics.MOST)
        self._told: list[tuple[Evidence, bool]] = []
        self._count = 0

    def hear(self, post: Evidence) -> None:
        """After a post came."""
        self._heard.append(post)
        self._count += 1
        if topics.due(self._count, self.state.topics):
            self.state = State.new(topics=Topics.of(self._heard))
            for told, spam in self._told:
                self.state = learner.learn(self.state, told, spam)
            self._teach()
        if self._is_complete():
            self._told = []

    def learn(self, post: Evidence, spam: bool) -> None:
        """After a label was told."""
        self.state = learner.learn(self.state, post, spam)
        self._teach()
        if not self._is_complete():
            self._told.append((post, spam))

    def _teach(self) -> None:
        if self.state.teaches:
            self.state = learner.teach(self.state, list(self._heard))

    def _is_complete(self) -> bool:
        return self.state.topics is not None and self.state.topics.complete


def see(
    rows: Sequence[Row], scorers: Sequence[Scorer], *, beside: bool = True
) -> list[Evidence | None]:
    """What `seen` gives, all of it: as many kilobytes a post as it has hundreds of letters."""
    return list(seen(rows, scorers, beside=beside))


def seen(
    rows: Sequence[Row], scorers: Sequence[Scorer], *, beside: bool = True
) -> Iterator[Evidence | None]:
    """What a learner sees of each post; None for one that could not be judged.

    Scorers as `lineup.thorough` makes them show it the embedding of every post; `beside` as in
    `in_turn.judged`.
    """
    return map(learner.see, in_turn.judged(rows, scorers, beside=beside))


def from_scratch(evidence: Evidence) -> Evidence:
    """The same post, of which no model knows anything."""
    return replace(evidence, log_odds=0.0, meant=0.0)


def play(
    evidence: Sequence[Evidence], spam: Flags, labels: Labels = Labels(), seed: int = 0
) -> Played:
    """As `follow` does, posts that were all seen before."""
    return follow(zip(evidence, spam.tolist(), strict=True), labels, seed)


def follow(
    posts: Iterable[tuple[Evidence, bool]], labels: Labels = Labels(), seed: int = 0
) -> Played:
    """Judges all posts in turn, and learns each label `labels.late` posts after its post.

    Of the posts only those are kept that wait for their label, and the newest of the site.
    """
    site = Follower()
    spam: list[bool] = []
    said: list[float] = []
    shared: list[float] = []
    known: list[int] = []
    labelled: list[bool] = []
    generator = np.random.default_rng(seed)
    low, high = (float(np.log(edge / (1.0 - edge))) for edge in BAND)
    waiting: deque[tuple[int, Evidence]] = deque()
    for place, (post, truth) in enumerate(posts):
        spam.append(truth)
        shared.append(post.log_odds)
        said.append(learner.judge(site.state, post))
        known.append(site.state.revision)
        labelled.append(False)
        drawn = generator.random() < DRAWN
        if not labels.reviewed or low < said[place] < high or drawn:
            waiting.append((place, post))
        while waiting and waiting[0][0] <= place - labels.late:
            due, learnt = waiting.popleft()
            site.learn(learnt, spam[due])
            labelled[due] = True
        site.hear(post)
    return Played(
        np.array(spam, dtype=bool),
        np.array(said, dtype=np.float64),
        np.array(shared, dtype=np.float64),
        np.array(known, dtype=np.int64),
        np.array(labelled, dtype=bool),
        site.state,
    )


def figures(played: Played, cluster: Places | None = None) -> dict[str, Any]:
    """The keys of `evaluate_model`, the learning curve, and what a threshold would have done.

    `cluster` holds the number of each post's near-duplicates; without, all count as different.
    """
    chances = probabilities(played.said)
    found: dict[str, Any] = dict(metrics(chances, played.spam, cluster, scores=played.said))
    found["labels"] = int(played.labelled.sum())
    found["without_labels"] = {
        **_part(played.shared, played.spam),
        **reliability(probabilities(played.shared), played.spam, cluster),
    }
    found["curve"] = curve(played, cluster)
    found["threshold"] = threshold(played)
    found["worst_stretch"] = worst_stretch(played)
    return found


def curve(played: Played, cluster: Places | None = None) -> list[dict[str, float | int | None]]:
    """For each mark, the posts that were judged with so many labels and fewer than the next."""
    ends = (*MARKS[1:], np.iinfo(np.int64).max)
    parts = []
    for mark, end in zip(MARKS, ends, strict=True):
        chosen = (played.known >= mark) & (played.known < end)
        if chosen.any():
            said, spam = played.said[chosen], played.spam[chosen]
            among = None if cluster is None else cluster[chosen]
            told = reliability(probabilities(said), spam, among)
            part = {**_part(said, spam), "excess_log_loss": told["excess_log_loss"]}
            parts.append({"labels": mark, "posts": len(spam), **part})
    return parts


def _part(log_odds: Numbers, spam: Flags) -> dict[str, float | int | None]:
    area = roc_auc(log_odds, spam)
    chances = probabilities(log_odds)
    return {
        "error": float(errors(chances, spam).mean()) if len(spam) else None,
        "one_minus_roca_percent": None if area is None else 100.0 * (1.0 - area),
        "log_loss": log_loss(chances, spam),
    }


def worst_stretch(played: Played) -> Metrics:
    """The posts in a row on which labels did most harm: how many, and the log-loss in nats that
    the site's learner had more than the model without it, summed.
    """
    more = np.where(played.spam, -1.0, 1.0)
    lost = np.logaddexp(0.0, more * played.said) - np.logaddexp(0.0, more * played.shared)
    total = np.append(0.0, np.cumsum(lost))
    rise = total - np.minimum.accumulate(total)
    end = int(rise.argmax())
    begin = int(total[: end + 1].argmin())
    return {"posts": end - begin, "nats": float(rise[end])}


def threshold(played: Played) -> Metrics:
    """What a threshold does that is set anew before each post, on honest posts known till then.

    It is the highest of them that leaves one in ONE_IN of them above; before there are ONE_IN
    of them, no post counts. `false_positive_rate` is what came of it.
    """
    honest: list[float] = []
    counted, above = np.zeros(2, dtype=np.int64), np.zeros(2, dtype=np.int64)
    told = 0
    order = np.flatnonzero(played.labelled)
    for place in range(len(played.spam)):
        while told < played.known[place]:
            due = order[told]
            if not played.spam[due]:
                insort(honest, float(played.said[due]))
            told += 1
        if len(honest) >= ONE_IN:
            kind = int(played.spam[place])
            counted[kind] += 1
            above[kind] += played.said[place] > honest[-1 - len(honest) // ONE_IN]
    ham, spam = counted.tolist()
    return {
        "posts": ham + spam,
        "recall": float(above[1] / spam) if spam else None,
        "false_positive_rate": float(above[0] / ham) if ham else None,
    }
