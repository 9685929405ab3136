"""May a new model take over by itself? The rule, and its answer in words.

1. At least LEAST_HELD_BACK labels of each class were kept from training.
2. On these, the mean log-loss is not above the parent's.
3. On these, neither log-loss nor errors at 0.5 are shown to be worse: the 95 % interval of the
   difference, by paired bootstrap over clusters of near-duplicates, does not lie above zero.
4. No regression case that the parent gets right is got clearly wrong: a site in other words and
   languages takes some of them for doubtful, and what is doubtful goes to people.
5. In no slice of these labels, nor in calibration or cost, is it clearly worse than the parent
   (`classifiers.training.gates.against_parent`); where labels are too few to say, that is said.

Without a parent only 1 and 4 apply, and 4 to every case.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifiers.arrays import Flags, Numbers
from classifiers.guarantees import paired
from classifiers.guarantees.paired import Check
from classifiers.training.evaluate import bootstrap_means, errors, losses

LEAST_HELD_BACK: Final = 20
CLEARLY: Final = 0.7
"""Probability of the wrong answer from which a regression case is got wrong."""
DRAWS: Final = 2_000


@dataclass(frozen=True, slots=True)
class Gate:
    """The answer, and the reason as it is shown to operators."""

    promote: bool
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class HeldBack:
    """Labels that were kept from training, and what child and parent say of them."""

    spam: Flags
    cluster: NDArray[np.int64]
    child: Numbers
    parent: Numbers | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Cases:
    """The project's own regression cases, and what child and parent say of them."""

    texts: tuple[str, ...]
    spam: Flags
    child: Numbers
    parent: Numbers | None = None

    def broken(self) -> list[str]:
        """The texts of those that the child gets clearly wrong and the parent right."""
        wrong = np.where(self.spam, 1.0 - self.child, self.child) >= CLEARLY
        if self.parent is not None:
            wrong &= errors(self.parent, self.spam) == 0
        return [text for text, broke in zip(self.texts, wrong, strict=True) if broke]


def judge(held: HeldBack, cases: Cases, checks: Sequence[Check] = ()) -> Gate:
    """Whether the child may be promoted; the reason names the first rule that it breaks."""
    spam, ham = int(held.spam.sum()), int((~held.spam).sum())
    if min(spam, ham) < LEAST_HELD_BACK:
        return Gate(
            False,
            f"Kept as a candidate: {spam} spam and {ham} ham labels were held back, and "
            f"promoting by itself needs {LEAST_HELD_BACK} of each.",
        )
    counted = f"on {spam} spam and {ham} ham labels held back"
    worse = _worse(held)
    if worse:
        return Gate(False, f"Kept as a candidate: {counted}, {worse}.")
    broken = cases.broken()
    if broken:
        return Gate(
            False,
            f"Kept as a candidate: {len(broken)} regression case(s) are judged wrongly, "
            f"first “{broken[0][:80]}”.",
        )
    for check in checks:
        if check.is_worse:
            return Gate(
                False, f"Kept as a candidate: {counted}, clearly worse: {check.what}, {check.says}."
            )
    further = f"; {paired.counted(checks)}" if checks else ""
    return Gate(True, f"Passed: {counted}, {_compared(held)}; all regression cases hold{further}.")


def _worse(held: HeldBack) -> str:
    """What is worse than the parent, in words; empty when nothing is."""
    if held.parent is None:
        return ""
    loss = losses(held.child, held.spam) - losses(held.parent, held.spam)
    if loss.mean() > 0.0:
        return f"log-loss is worse ({_compared(held)})"
    for name, difference in (
        ("log-loss is", loss),
        ("errors at 0.5 are", errors(held.child, held.spam) - errors(held.parent, held.spam)),
    ):
        low = np.quantile(bootstrap_means(difference, held.cluster, DRAWS), 0.025)
        if low > 0.0:
            return f"{name} shown to be worse ({_compared(held)})"
    return ""


def _compared(held: HeldBack) -> str:
    def figures(probabilities: Numbers) -> str:
        loss = losses(probabilities, held.spam).mean()
        return f"{loss:.3f}, {int(errors(probabilities, held.spam).sum())}"

    if held.parent is None:
        return f"log-loss and errors at 0.5 are {figures(held.child)}"
    return (
        f"log-loss and errors at 0.5 are {figures(held.child)} "
        f"against {figures(held.parent)} of the parent"
    )
