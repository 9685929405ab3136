"""From labelled posts to a calibrated model, and what it is worth on posts it did not see."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import Final

import numpy as np
from scipy import sparse

from classifiers.arrays import Flags, Numbers, Places
from classifiers.calibration import LARGEST, Platt, bounded, probabilities
from classifiers.encoder.languages import UNREAD
from classifiers.encoder.model import Encoder
from classifiers.exceptions import TooFewLabels
from classifiers.familiarity import LIMIT, RATES, Doubt, MetPieces
from classifiers.scorers.head import Band, Head
from classifiers.scorers.linear import LinearScorer, Weights
from classifiers.training import halves
from classifiers.training.data.division import folds
from classifiers.training.data.examples import Examples, Progress, silent
from classifiers.training.evaluate import losses
from classifiers.training.fitting import band, passage_limit
from classifiers.training.fitting.calibrate import fit_platt
from classifiers.training.fitting.fit import DROPPED, Fits
from classifiers.training.fitting.head import STRENGTH as HEAD_STRENGTH
from classifiers.training.fitting.head import Joint, fit_joint
from classifiers.training.fitting.passage_limit import PassageLimit, Passages

FOLDS: Final = 5
LEAST_OF_CLASS: Final = 5
"""Labels of each class below which nothing is learnt."""
STRENGTH: Final = 0.03
"""Pull towards zero of a model without a parent: of 0.01 to 0.3 the best within one community."""
CHILD_STRENGTHS: Final = (0.1, 0.3, 1.0)
"""Pulls towards the parent to choose from, by log-loss on folds."""
CALIBRATION_PRIOR: Final = 5.0
"""How many labels' worth of trust the parent's calibration has."""
USUAL: Final = 0.95
"""Share of the training posts that are as familiar as is usual; see `familiarity`."""
USUAL_AWAY: Final = 0.5
"""The same where the posts are of platforms that the model did not see; see
docs/BENCHMARKS.md."""
ANSWERED: Final = 0.98
"""Share of the training posts, at least, that are not too unfamiliar to be answered."""
DOUBT_MAY_COST: Final = 0.01
"""Share by which log-loss may rise on posts of the known kind."""
LEAST_FOREIGN: Final = 50
"""Posts that the encoder seems not to read that must show that it does."""


@dataclass(frozen=True, slots=True, eq=False)
class Unseen:
    """What models of the same making said of posts they had not seen; one a row."""

    raw: Numbers
    """Log-odds, not calibrated."""
    unfamiliar: Numbers


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A model, and what models of the same making said of posts they had not seen."""

    weights: Weights
    calibration: Platt
    doubt: Doubt
    known: MetPieces
    head: Head | None
    strength: float
    unseen: Numbers
    """Calibrated probabilities of the training posts, each by a model without its fold."""
    asked: float = 0.0
    """Share of the training posts for which the encoder would be asked."""
    passages: PassageLimit | None = None
    """None where there were no posts to measure it on."""

    def scorer(self, version: str, encoder: Encoder | None = None) -> LinearScorer:
        made = LinearScorer(
            version,
            self.weights,
            self.calibration,
            self.doubt,
            self.head,
            self.known,
            passage_limit=None if self.passages is None else self.passages.log_odds,
        )
        return made.with_encoder(encoder)


def train(
    posts: Examples,
    *,
    parent: LinearScorer | None = None,
    strength: float | None = None,
    anchors: Examples | None = None,
    platforms: Places | None = None,
    encoder: Encoder | None = None,
    head_strength: float | None = None,
    progress: Progress = silent,
    processes: int = 1,
) -> Trained:
    """The model of these posts, shrunk towards `parent`; stacked and calibrated on folds.

    `anchors` are learnt besides, so that the labels of one queue do not make it forget what is
    spam anywhere; nothing is measured or calibrated on them. Without `strength`: STRENGTH, or
    the one of CHILD_STRENGTHS that does best on the folds. With `platforms`, one number a post,
    each is a fold of its own: the model is then calibrated for a community it never saw.
    `encoder` names the embeddings of the posts; with `head_strength` its part is kept, whatever
    it is worth on the folds. `processes` as in `examples`.

    Raises TooFewLabels below LEAST_OF_CLASS labels of a class.
    """
    spam, ham = int(posts.spam.sum()), int((~posts.spam).sum())
    if min(spam, ham) < LEAST_OF_CLASS:
        raise TooFewLabels(f"{spam} spam and {ham} ham; {LEAST_OF_CLASS} of each are needed.")
    fold = folds(posts.cluster, posts.spam, FOLDS) if platforms is None else platforms
    base = calibrated(parent) if parent is not None else None
    usual = (STRENGTH,) if base is None else CHILD_STRENGTHS
    strengths = usual if strength is None else (strength,)
    models = _Models(posts, base, strengths, anchors, at_home=platforms is None)
    count = min(processes, halves.processes(len(posts.spam)))
    strength, raw, weights, parts = models.best(fold, progress, count)
    before = known_before(parent, anchors)
    unseen = Unseen(raw, unmet(posts.pieces, fold, before))
    calibration = _platt(unseen.raw, posts)
    doubt = _doubt(
        calibration.log_odds(unseen.raw),
        unseen.unfamiliar,
        posts,
        away=platforms is not None,
    )
    cheap = bounded(calibration.log_odds(unseen.raw) * doubt.trust(unseen.unfamiliar))
    known = before | MetPieces.of(posts.pieces)
    made = Trained(
        weights.rounded(), calibration, doubt, known, None, strength, probabilities(cheap)
    )

    def with_limit(made: Trained) -> Trained:
        raw, trust = unseen.raw[parts.of] + parts.more, doubt.trust(unseen.unfamiliar[parts.of])
        said = bounded(calibration.log_odds(raw) * trust)
        away = platforms is not None
        found = passage_limit.limit(parts.of, parts.brief, said, made.unseen, away=away)
        return replace(made, passages=found if posts.contents else None)

    if posts.embeddings is None or encoder is None:
        return with_limit(made)
    above = inherited(parent, encoder)
    pull = HEAD_STRENGTH if head_strength is None else head_strength

    def joint(these: Examples) -> tuple[Head, Numbers]:
        head, full = stacked(these, fold, unseen, doubt, above, encoder, pull)
        if platforms is None:
            return head, full
        # What is learnt of an encoder on a few platforms holds less well on another than it does
        # on them: there words and encoder have an equal say.
        return halfway(head, calibration), (full + cheap) / 2.0

    keep = head_strength is not None
    return with_limit(_with_head(made, posts, unseen, cheap, joint, keep=keep))


def _with_head(
    made: Trained,
    posts: Examples,
    unseen: Unseen,
    cheap: Numbers,
    joint: Callable[[Examples], tuple[Head, Numbers]],
    *,
    keep: bool,
) -> Trained:
    """The model with the encoder's part, where that earns its place: less log-loss on the folds.

    With `keep` it stays in any case.

    It is asked of posts that it seems not to read only where that is shown to help.
    """
    foreign = posts.foreign > UNREAD
    head, full = joint(posts)
    limit = 1.0
    if not _better(posts, full, cheap, foreign, LEAST_FOREIGN):
        limit = UNREAD
        head, full = joint(replace(posts, weights=np.where(foreign, 0.0, posts.weights)))
        full = np.where(foreign, cheap, full)
    if not (keep or _better(posts, full, cheap, np.ones(len(cheap), dtype=bool), 1)):
        return made
    chosen = band.choose(
        cheap,
        full,
        posts.spam,
        weights=posts.weights,
        unfamiliar=unseen.unfamiliar,
        lengths=posts.lengths,
        foreign=posts.foreign,
        limit=limit,
    )
    asked = chosen.asks(cheap, unseen.unfamiliar, posts.lengths, posts.foreign)
    return replace(
        made,
        head=replace(head, band=chosen),
        unseen=probabilities(np.where(asked, full, cheap)),
        asked=float(asked.mean()),
    )


def _better(posts: Examples, ours: Numbers, theirs: Numbers, among: Flags, least: int) -> bool:
    """Whether the one log-odds have less weighted log-loss among so many posts at least."""
    if among.sum() < least:
        return False
    found = [
        float(posts.weights[among] @ losses(probabilities(z[among]), posts.spam[among]))
        for z in (ours, theirs)
    ]
    return found[0] < found[1]


def stacked(
    posts: Examples,
    fold: Places,
    unseen: Unseen,
    doubt: Doubt,
    parent: Joint | None,
    encoder: Encoder,
    strength: float,
) -> tuple[Head, Numbers]:
    """The encoder's part, calibrated, and full log-odds of each post by parts without its fold."""
    vectors = posts.embeddings
    if vectors is None:
        raise ValueError("there are no embeddings to stack")

    def joint(chosen: Flags) -> Joint:
        return fit_joint(
            unseen.raw[chosen],
            vectors[chosen],
            posts.spam[chosen],
            posts.weights[chosen],
            strength=strength,
            parent=parent,
        )

    found = np.zeros(len(posts.spam))
    for number in np.unique(fold):
        left = fold == number
        found[left] = joint(~left).log_odds(unseen.raw[left], vectors[left])
    calibration, whole = _platt(found, posts), joint(np.ones(len(fold), dtype=bool))
    vector = (whole.vector * calibration.slope).astype(np.float32)
    head = Head(
        encoder.digest,
        encoder.name,
        vector,
        whole.slope * calibration.slope,
        whole.shift * calibration.slope + calibration.shift,
        Band(-LARGEST, LARGEST),
        float(vectors.mean(axis=0) @ vector),
        doubt,
    )
    return head, bounded(calibration.log_odds(found) * doubt.trust(unseen.unfamiliar))


def judged(scorer: LinearScorer, posts: Examples) -> Numbers:
    """Probabilities, one a post, as `scorer.score` gives them for what was noticed in the text."""
    raw = scorer.weights.log_odds(posts.matrix)
    strange = scorer.known.unfamiliar(posts.pieces)
    cheap = bounded(scorer.calibration.log_odds(raw) * scorer.doubt.trust(strange))
    if scorer.head is None or scorer.encoder is None or posts.embeddings is None:
        return probabilities(cheap)
    full = bounded(scorer.head.log_odds(raw, posts.embeddings, strange))
    asked = scorer.head.band.asks(cheap, strange, posts.lengths, posts.foreign)
    return probabilities(np.where(asked, full, cheap))


def halfway(head: Head, calibration: Platt) -> Head:
    """The head whose log-odds are the mean of the full and of the cheap ones."""
    return replace(
        head,
        vector=head.vector / np.float32(2.0),
        slope=(head.slope + calibration.slope) / 2.0,
        shift=(head.shift + calibration.shift) / 2.0,
        usual=head.usual / 2.0,
    )


def inherited(parent: LinearScorer | None, encoder: Encoder) -> Joint | None:
    """The parent's head in terms of the parent's calibrated cheap log-odds."""
    if parent is None or parent.head is None or parent.head.encoder != encoder.digest:
        return None
    slope = parent.head.slope / parent.calibration.slope
    shift = parent.head.shift - slope * parent.calibration.shift
    return Joint(slope, parent.head.vector, shift)


def known_before(parent: LinearScorer | None, anchors: Examples | None) -> MetPieces:
    """What is known besides the posts themselves."""
    known = MetPieces.none() if parent is None else parent.known
    return known if anchors is None else known | MetPieces.of(anchors.pieces)


def unmet(pieces: sparse.csr_matrix, fold: Places, before: MetPieces) -> Numbers:
    """Of each post, to who knows what was `before` and the posts of the other folds."""
    found = np.zeros(len(fold))
    for number in np.unique(fold):
        left = fold == number
        found[left] = (before | MetPieces.of(pieces[~left])).unfamiliar(pieces[left])
    return found


def _doubt(log_odds: Numbers, unfamiliar: Numbers, posts: Examples, *, away: bool) -> Doubt:
    """The strongest doubt that costs hardly anything on these posts, which nobody had seen.

    A model that is made for posts like these answers nearly all of them, whatever it has met.
    """

    def loss(doubt: Doubt) -> float:
        z = log_odds * doubt.trust(unfamiliar)
        return float(posts.weights @ losses(probabilities(z), posts.spam))

    usual = float(np.quantile(unfamiliar, USUAL_AWAY if away else USUAL))
    limit = LIMIT if away else max(LIMIT, float(np.quantile(unfamiliar, ANSWERED)))
    free = loss(Doubt(usual, 0.0)) * (1.0 + DOUBT_MAY_COST)
    doubts = [Doubt(usual, rate, limit) for rate in RATES]
    return next((doubt for doubt in doubts if loss(doubt) <= free), doubts[-1])


def _platt(log_odds: Numbers, posts: Examples) -> Platt:
    return fit_platt(
        log_odds,
        posts.spam,
        weights=posts.weights,
        prior=Platt(),
        prior_strength=CALIBRATION_PRIOR,
    )


def calibrated(scorer: LinearScorer) -> Weights:
    """Weights whose plain log-odds are the scorer's calibrated ones."""
    slope, shift = scorer.calibration.slope, scorer.calibration.shift
    vector = scorer.weights.vector * np.float32(slope)
    return Weights(vector, scorer.weights.bias * slope + shift)


class _Models:
    """Models of these posts at several strengths, without each fold in turn and of all."""

    def __init__(
        self,
        posts: Examples,
        parent: Weights | None,
        strengths: Sequence[float],
        anchors: Examples | None,
        *,
        at_home: bool,
    ) -> None:
        if not strengths:
            raise ValueError("no strength to choose from")
        learnt = posts.with_anchors(anchors)
        self._posts, self._strengths = posts, strengths
        self._beside = len(learnt.spam) - len(posts.spam)
        self._fits = Fits(
            learnt.matrix,
            learnt.spam,
            parent=parent,
            weights=learnt.weights,
            copies=learnt.copies,
            at_home=at_home,
            dropped=DROPPED if parent is None and not at_home else 0.0,
        )

    def best(
        self, fold: Places, progress: Progress, processes: int
    ) -> tuple[float, Numbers, Weights, Passages]:
        """The strength of least weighted log-loss on folds, raw log-odds there, the model.

        And what passages of honest posts say there, beyond their posts.
        """
        posts = self._posts
        looked_at = passage_limit.drawn(posts)
        numbers: list[int | None] = [None, *np.unique(fold).tolist()]
        done = iter(range(len(numbers)))

        def model(number: int | None) -> list[_Model]:
            progress("fitting", next(done), len(numbers))
            if number is None:
                return [_Model(weights) for weights in self._fits.at(self._strengths)]
            left = fold == number
            rows = np.append(~left, np.ones(self._beside, dtype=bool))
            matrix = posts.matrix[left]
            models = self._fits.at(self._strengths, rows)
            parts = passage_limit.passages_of(posts, looked_at[left[looked_at]], models)
            return [
                _Model(None, weights.log_odds(matrix), said)
                for weights, said in zip(models, parts, strict=True)
            ]

        whole, *parts = halves.each(model, numbers, processes)
        progress("fitting", len(numbers), len(numbers))
        found = []
        for place, strength in enumerate(self._strengths):
            raw = np.zeros(len(fold))
            for number, part in zip(numbers[1:], parts, strict=True):
                raw[fold == number] = part[place].raw
            loss = float(posts.weights @ losses(Platt().probabilities(raw), posts.spam))
            found.append((loss, place, strength, raw))
        _, place, strength, raw = min(found, key=itemgetter(0))
        weights = whole[place].weights
        if weights is None:
            raise RuntimeError("the model of all posts was not kept")
        said = Passages.all_of([part[place].passages for part in parts])
        return strength, raw, weights, said


@dataclass(frozen=True, slots=True, eq=False)
class _Model:
    """The weights, or what they say of a fold that they did not see."""

    weights: Weights | None
    raw: Numbers = field(default_factory=lambda: np.zeros(0))
    passages: Passages = field(default_factory=lambda: Passages.all_of([]))
