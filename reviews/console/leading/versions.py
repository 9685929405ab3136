"""Which models serve, which are on their way, and what is known of each.

Read from rows alone: the models' libraries would make every web process larger by 25 MB, and are
imported only by what changes something.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

import classifiers
from classifiers.exceptions import RegistryError
from classifiers.models import (
    GLOBAL_SLOT,
    ModelFile,
    ModelVersion,
    Rollout,
    RolloutStage,
    Stage,
)
from moderation.models import Site
from reviews.console.leading.system import operators_only
from reviews.console.views import members_only, notice, person
from reviews.models import Alarm, AlarmKind, LabelSource, Learnt, RetrainRun, RetrainState
from reviews.notices import alarms
from reviews.people.countable import midnight
from reviews.people.permissions import may, sites_of
from reviews.roles import Act

SLOTS = 50
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
CARD = "card.md"


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


class ReasonForm(forms.Form):
    reason = forms.CharField(
        max_length=300,
        help_text="Kept with the version.",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


@require_safe
@members_only(Act.MEASURE, Act.SET)
def page(request: HttpRequest) -> HttpResponse:
    user = person(request)
    sites = sites_of(user, Act.MEASURE) | sites_of(user, Act.SET)
    waiting = alarms_waiting(list(sites.distinct()), every_site=user.is_superuser)
    own = [alarm for alarm in waiting if not alarm.site_id or may(user, Act.SETTLE, alarm.site_id)]
    context = {
        "own": own,
        "others": [alarm for alarm in waiting if alarm not in own],
        "slots": overview(
            list(sites.distinct().order_by("name")[:SLOTS]), every_site=user.is_superuser
        ),
        "changes": user.is_superuser,
        "hours": settings.WINNOW_ROLLOUT_HOURS,
        "days": f"{settings.WINNOW_CANARY_MOST_HOURS / 24:.3g}",
        "posts": settings.WINNOW_SHADOW_POSTS,
        "here": "models",
    }
    return render(request, "console/models.html", context)


def alarms_waiting(sites: Sequence[Site], *, every_site: bool) -> list[Alarm]:
    """That a new model was stopped; of the model that sites share for who sees every site."""
    shared = Q(site=None) if every_site else Q()
    found = Alarm.objects.filter(Q(site__in=sites) | shared, kind=AlarmKind.ROLLOUT)
    return list(found.filter(answered_at=None).order_by("-pk")[:SLOTS])


@require_safe
@members_only(Act.MEASURE, Act.SET)
def card(request: HttpRequest, version_id: int) -> HttpResponse:
    """A model's card, as it was written when the model was made."""
    user = person(request)
    sites = sites_of(user, Act.MEASURE) | sites_of(user, Act.SET)
    slots = {GLOBAL_SLOT, *(site.slot for site in sites.distinct())}
    version = ModelVersion.objects.filter(pk=version_id, slot__in=slots).first()
    if version is None:
        return notice(request, "No such model", "It is not of your sites.", status=404)
    context = {"version": version, "card": card_of(version), "here": "models"}
    return render(request, "console/model_card.html", context)


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


def card_of(version: ModelVersion) -> str:
    """What is kept of it in the database, or came with the code."""
    row = ModelFile.objects.filter(digest=version.digest, name=CARD).first()
    if row is not None:
        return bytes(row.content).decode("utf-8", "replace")
    shipped = Path(classifiers.__file__).parent / "starter" / CARD
    is_shipped = isinstance(version.manifest, dict) and version.manifest.get("starter")
    return shipped.read_text(encoding="utf-8") if is_shipped else ""


@require_http_methods(["GET", "POST"])
@operators_only
def promote(request: HttpRequest, version_id: int) -> HttpResponse:
    def change(version: ModelVersion, reason: str) -> str:
        from classifiers.versions import registry

        registry.promote(name=version.name, reason=reason)
        return f"{version.name} serves from now on; workers follow within seconds."

    says = (
        "It serves at once, whatever audits, shadow and canary would say. The version that serves "
        "now is kept and can be rolled back to. A certificate for another model covers nothing of "
        "what this one blocks: where a site blocks by certificate, people judge again first."
    )
    done = "Put into service"
    return _change(request, version_id, "Put it into service", says, change, goes_on=done)


@require_http_methods(["GET", "POST"])
@operators_only
def roll_back(request: HttpRequest, version_id: int) -> HttpResponse:
    def change(version: ModelVersion, reason: str) -> str:
        from classifiers.versions import registry

        back = registry.rollback(slot=version.slot, reason=reason)
        serving = back.name if back else "the model that all sites share"
        return f"{serving} serves again; workers follow within seconds."

    says = (
        "The version that served before takes over at once. A site that has none left is served by "
        "the model that all sites share. A certificate for this version covers nothing any more."
    )
    return _change(request, version_id, "Roll back", says, change)


@require_http_methods(["GET", "POST"])
@operators_only
def try_out(request: HttpRequest, version_id: int) -> HttpResponse:
    def change(version: ModelVersion, reason: str) -> str:
        from classifiers.versions import registry

        baseline = ModelVersion.objects.serving(version.slot) or registry.ensure_starter()
        share = settings.WINNOW_CANARY_PERCENT / 100
        registry.begin_rollout(version=version, baseline=baseline, share=share, reason=reason)
        return f"{version.name} is on trial now."

    says = (
        "It is compared on stored audits as they are now, then runs in shadow, then as canary, and "
        "takes over if nothing speaks against it. One that was stopped because audits are too few "
        "goes on without them, but for a new recipe, which they must show to be better."
    )
    return _change(request, version_id, "Try it", says, change, goes_on="Tried again")


@require_http_methods(["GET", "POST"])
@operators_only
def stop(request: HttpRequest, version_id: int) -> HttpResponse:
    def change(version: ModelVersion, reason: str) -> str:
        from classifiers.versions import registry

        for rollout in Rollout.objects.open().filter(version=version):
            registry.move_rollout(rollout, RolloutStage.STOPPED, reason=reason, now=timezone.now())
        return f"{version.name} is no longer on trial."

    says = "It is a candidate as before, and judges nothing. What was measured so far is kept."
    return _change(request, version_id, "Stop the trial", says, change)


def _change(
    request: HttpRequest,
    version_id: int,
    heading: str,
    says: str,
    change: Callable[[ModelVersion, str], str],
    *,
    goes_on: str = "",
) -> HttpResponse:
    """Ask whether it is meant and why; then do it.

    `goes_on`: how, in words, a candidate goes on; that it was stopped waits for nobody then.
    """
    version = ModelVersion.objects.filter(pk=version_id).first()
    if version is None:
        return notice(request, "No such model", "There is no such version.", status=404)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = f"{form.cleaned_data['reason']} (by {person(request).get_username()})"
        try:
            messages.success(request, change(version, reason))
            if goes_on:
                trials = version.rollouts.values_list("pk", flat=True)
                note = f"{goes_on}: {reason}"
                alarms.answer_trials(trials, user=person(request), note=note)
        except RegistryError as error:
            messages.error(request, str(error))
        return redirect("console:models")
    context: dict[str, Any] = {
        "heading": heading, "says": says, "version": version, "form": form, "here": "models",
    }  # fmt: skip
    return render(request, "console/model_change.html", context)
