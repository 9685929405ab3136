"""What the page of models tells of each slot: what serves, what is on its way, and how it fared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from classifiers.models import GLOBAL_SLOT, ModelVersion, Rollout, RolloutStage, Stage
from moderation.models import Site
from reviews.models import LabelSource, Learnt, RetrainRun, RetrainState
from reviews.people.countable import midnight

VERSIONS = 8
"""Shown of one slot, the newest."""
STEPS = (
    (RolloutStage.AUDITS, "Stored audits"),
    (RolloutStage.SHADOW, "Shadow"),
    (RolloutStage.CANARY, "Canary"),
    (RolloutStage.DONE, "All"),
)
FIGURES = (
    ("roc_auc", "area under the ROC curve"),
    ("recall_at_fpr_1_percent", "recall at 1 % false positives"),
    ("log_loss", "log-loss"),
    ("ece", "calibration error"),
)


@dataclass(frozen=True, slots=True)
class Step:
    """One stage of a rollout, as a line of four."""

    label: str
    state: str
    """done, present, stopped, ahead, or skipped: it went into service without."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A rollout as the page shows it."""

    rollout: Rollout
    steps: tuple[Step, ...]
    certified: tuple[tuple[str, str], ...]
    """Of each site that blocks by certificate, what its stored audits said."""
    checks: tuple[tuple[str, str], ...]
    """How much worse than the serving model it is in slices and on known cases."""

    @property
    def is_open(self) -> bool:
        return self.rollout.ended_at is None


@dataclass(frozen=True, slots=True)
class Shown:
    """A version as the page shows it."""

    version: ModelVersion
    measured: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    """By how it was measured: names and values."""
    beside: tuple[tuple[str, str], ...]
    """How much worse than its parent it was on labels held back, by what was looked at."""
    code: str
    trial: Trial | None

    @property
    def said(self) -> str:
        """Why it stands where it does, where that came after its trial."""
        if self.trial is None or self.trial.is_open:
            return ""
        said = self.version.reason
        return "" if said == self.trial.rollout.reason else said

    @property
    def can_serve(self) -> bool:
        return self.version.stage != Stage.PRODUCTION

    @property
    def can_be_tried(self) -> bool:
        return self.version.stage in (Stage.CANDIDATE, Stage.RETIRED) and not (
            self.trial is not None and self.trial.is_open
        )


@dataclass(frozen=True, slots=True)
class Slot:
    """What serves some posts, and what may."""

    name: str
    serving: Shown | None
    others: tuple[Shown, ...]
    can_roll_back: bool
    said: str
    """What became of the model of the last retraining."""
    looked: str
    """How the latest turn ended, where it made no model."""
    learnt: tuple[int, int] | None
    """Labels that the site's own learner learnt from, and how many of them moderators gave; None
    for the model that sites share."""


def overview(sites: Sequence[Site], *, every_site: bool) -> list[Slot]:
    """The slots of these sites, the shared one first; a fixed number of queries.

    How the last training of the shared model ended may name any site, and is told to those alone
    who see every one.
    """
    names = {GLOBAL_SLOT: "All sites without a model of their own"}
    names |= {site.slot: site.name for site in sites}
    versions = ModelVersion.objects.filter(slot__in=names).select_related("parent")
    tried = Rollout.objects.filter(slot__in=names).select_related("baseline", "version")
    trials = {rollout.version_id: rollout for rollout in tried.order_by("pk")}
    known = {str(site.pk): site.name for site in sites}
    by_slot: dict[str, list[Shown]] = {}
    for version in versions:
        found = trials.get(version.pk)
        trial = _trial(found, known) if found else None
        by_slot.setdefault(version.slot, []).append(_shown(version, trial))
    told = set(names) if every_site else set(names) - {GLOBAL_SLOT}
    runs = RetrainRun.objects.filter(slot__in=told).order_by("slot", "-pk").distinct("slot")
    made = {run.slot: run for run in runs.finished()}
    ended = {run.slot: run for run in runs.filter(finished_at__isnull=False)}
    learnt = _learnt(sites)
    return [
        _slot(name, by_slot.get(slot, []), made.get(slot), ended.get(slot), learnt.get(slot))
        for slot, name in names.items()
    ]


def _learnt(sites: Sequence[Site]) -> dict[str, tuple[int, int]]:
    """Of each slot of a site: how many labels its learner learnt from, and how many are verdicts.

    Of those given before midnight: an answer that measures makes none, and the count would tell.
    """
    earlier = Learnt.objects.filter(site__in=sites, label__created_at__lt=midnight())
    found = earlier.values_list("site", "label__source")
    counted: Counter[tuple[int, str]] = Counter()
    for site_id, source, count in found.annotate(n=Count("pk")):
        counted[site_id, ""] += count
        counted[site_id, source] += count
    return {
        site.slot: (counted[site.pk, ""], counted[site.pk, LabelSource.VERDICT]) for site in sites
    }


def _slot(
    name: str,
    shown: Sequence[Shown],
    made: RetrainRun | None,
    ended: RetrainRun | None,
    learnt: tuple[int, int] | None,
) -> Slot:
    serving = next((each for each in shown if each.version.stage == Stage.PRODUCTION), None)
    others = [each for each in shown if each is not serving]
    others.sort(key=lambda each: each.trial is None or not each.trial.is_open)
    back = any(each.version.stage == Stage.RETIRED and each.version.promoted_at for each in others)
    site_of_its_own = serving is not None and serving.version.slot != GLOBAL_SLOT
    return Slot(
        name, serving, tuple(others[:VERSIONS]), serving is not None and (back or site_of_its_own),
        _ended(made, shown) if made else "", _without_model(made, ended), learnt,
    )  # fmt: skip


def _ended(run: RetrainRun, shown: Sequence[Shown]) -> str:
    """What became of the model of a retraining: where a trial stopped it, why."""
    trial = next((each.trial for each in shown if each.version.pk == run.model_id), None)
    if run.state != RetrainState.ROLLING or trial is None or trial.is_open:
        return f"{run.get_state_display()}: {run.reason}"
    if trial.rollout.stage == RolloutStage.STOPPED:
        return f"{trial.rollout.version}, stopped on its way: {trial.rollout.reason}"
    return f"rolled out: {run.reason}"


def _without_model(made: RetrainRun | None, ended: RetrainRun | None) -> str:
    """How the latest turn ended, where it made no model: most nights there is nothing new."""
    if ended is None or ended.finished_at is None or ended == made:
        return ""
    state = ended.get_state_display()
    return f"{ended.finished_at:%d %B %Y, %H:%M} UTC, {state}: {ended.reason}"


def _shown(version: ModelVersion, trial: Trial | None) -> Shown:
    measured = [
        (
            how,
            tuple(
                (words, f"{values[name]:.3f}")
                for name, words in FIGURES
                if values.get(name) is not None
            ),
        )
        for how, values in _part(version.manifest, "metrics").items()
        if isinstance(values, dict)
    ]
    code = str(_part(version.manifest, "code").get("sha256", ""))[:12]
    beside = _told(_part(version.manifest, "gate").get("checks"))
    return Shown(version, tuple(each for each in measured if each[1]), beside, code, trial)


def _told(checks: Any) -> tuple[tuple[str, str], ...]:
    """What is kept of checks, in words; nothing of what another release wrote otherwise."""
    rows = checks if isinstance(checks, list) else []
    return tuple(
        (str(row.get("what", "")), str(row.get("says", "")))
        for row in rows
        if isinstance(row, dict)
    )


def _part(manifest: Any, name: str) -> dict[str, Any]:
    """A part of a manifest; nothing of one that another release wrote otherwise."""
    part = manifest.get(name) if isinstance(manifest, dict) else None
    return part if isinstance(part, dict) else {}


def _trial(rollout: Rollout, names: dict[str, str]) -> Trial:
    steps = [Step(label, state) for (_, label), state in zip(STEPS, way(rollout), strict=True)]
    said = rollout.audits.get("certified", {})
    told = tuple((names[site], each["says"]) for site, each in said.items() if site in names)
    return Trial(rollout, tuple(steps), told, _told(rollout.audits.get("checks")))


def way(rollout: Rollout) -> list[str]:
    """The state of each step. How far it came is told by what was left behind there.

    What audits say is written before they stop it, or it moves on: where it moved on it has a
    cursor.
    """
    reached = 0
    if rollout.cursor or rollout.shadow or rollout.stage == RolloutStage.SHADOW:
        reached = 1
    if rollout.canary or rollout.stage == RolloutStage.CANARY:
        reached = 2
    if rollout.stage == RolloutStage.DONE:
        # One that is put into service by hand leaves out what was ahead of it.
        passed = (rollout.audits.get("says"), rollout.cursor or rollout.shadow, rollout.canary)
        return [*("done" if each else "skipped" for each in passed), "done"]
    here = "stopped" if rollout.stage == RolloutStage.STOPPED else "present"
    ahead = len(STEPS) - reached - 1
    return ["done"] * reached + [here] + ["ahead"] * ahead
