"""What a site's own learner makes of its posts, beside the model that all share.

`reviews.learning.adapting` learns, for it knows the labels; here states are kept, read and asked.
A learner that cannot be read is passed over and noted: the model judges alone meanwhile.
"""

from __future__ import annotations

import logging
import math
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from classifiers.exceptions import ClassifierError
from classifiers.learner import Evidence, State, explain, judge, see
from classifiers.types import Assessment, Content, Contribution
from classifiers.versions import lineup
from classifiers.versions.lineup import Lineup
from moderation.judging import replay
from moderation.models import PostRevision, Site, SiteLearner
from moderation.types import LEARNT

logger = logging.getLogger(__name__)

KEPT: Final = 32
"""States kept in memory a process; each takes two to three megabytes."""


@dataclass(frozen=True, slots=True, eq=False)
class Learner:
    """A site's learner as it was at one revision."""

    revision: int
    state: State

    def ask(self, assessment: Assessment) -> Assessment:
        """The assessment with what this site makes of the post, where a number was formed.

        It is not too strange for both where the site's labels know its words.
        """
        evidence = see(assessment)
        if evidence is None:
            return assessment
        try:
            log_odds = judge(self.state, evidence)
            if not math.isfinite(log_odds):
                raise ValueError("not a number")
        except Exception as error:
            self._note(error)
            return assessment
        return replace(
            assessment,
            site_probability=0.5 + 0.5 * math.tanh(log_odds / 2),
            strange=assessment.strange and not self.state.knows(evidence),
        )

    def explain(self, content: Content, assessment: Assessment) -> tuple[Contribution, ...]:
        """What this site's labels made of the post, under codes that begin with LEARNT.

        First how many labels there were, with no weight; then parts that add up to the log-odds
        of `ask`. Empty where it was not asked.
        """
        if assessment.site_probability is None:
            return ()
        try:
            parts = explain(self.state, content, assessment)
        except Exception as error:
            self._note(error)
            return ()
        labels = self.state.revision
        said = (
            f"Learnt from {labels} label{'' if labels == 1 else 's'} of this site "
            f"(revision {self.revision})."
        )
        return (
            Contribution(f"{LEARNT}from", said, 0.0),
            *(replace(part, code=f"{LEARNT}{part.code}") for part in parts),
        )

    def _note(self, error: Exception) -> None:
        # No message: it could quote the post. The model's word stands without this one.
        logger.error("the learner's revision %s failed: %s", self.revision, type(error).__name__)


_held: OrderedDict[int, Learner] = OrderedDict()
_holding = threading.Lock()


def learners_of(lineups: Mapping[int, Lineup]) -> dict[int, Learner]:
    """The learners that stand on the line-up which judges their site, by site."""
    rows = SiteLearner.objects.filter(site__in=lineups, labels__gt=0, problem="")
    known = rows.values_list("site_id", "revision", "digest")
    found = {}
    for site_id, revision, digest in known:
        if digest != lineups[site_id].digest:
            continue
        learner = _held.get(site_id)
        if learner is None or learner.revision != revision:
            learner = _read(site_id)
        if learner is not None:
            found[site_id] = learner
    with _holding:
        for site_id, learner in found.items():
            _held[site_id] = learner
            _held.move_to_end(site_id)
        while len(_held) > KEPT:
            _held.popitem(last=False)
    return found


def evidence_of(words: Sequence[PostRevision], used: Lineup) -> list[Evidence | None]:
    """What a learner sees of revisions of a site's posts; None where no number was formed.

    `words` carry their posts. Everything is as it was when the posts were submitted: labels on
    other posts of the author count if they were there by then.
    """
    if not words:
        return []
    assessed = replay.prepare(words).judge(used)
    return [see(assessment) for assessment in assessed]


def lineup_of(site: Site) -> Lineup:
    """What judges the site's posts."""
    return lineup.current(site.slot)


def read(row: SiteLearner) -> State:
    """Raises LearnerUnreadable, LearnerOutdated."""
    return State.from_bytes(bytes(row.state))


def forget() -> None:
    """Drop what this process holds, as after a restart."""
    _held.clear()


def _read(site_id: int) -> Learner | None:
    row = SiteLearner.objects.get(pk=site_id)
    try:
        return Learner(row.revision, read(row))
    except ClassifierError as error:
        logger.error("the learner of site %s cannot be read: %s", site_id, error)
        same = SiteLearner.objects.filter(pk=site_id, revision=row.revision)
        same.update(problem=f"It cannot be read: {error}")
        return None
