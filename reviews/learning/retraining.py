"""The loop: labels -> snapshot -> train -> evaluate -> register -> roll out, or keep and say why.

A slot is "global" or "site:<id>". The global model learns from the sites that pool their
labels; every other site trains a model of its own. The row of RetrainRun is the lease on a
slot: a run that stops renewing it has failed, and the next one says so. Until the one
transaction that promotes, nothing that serves is touched.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import structlog
from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from classifiers.exceptions import AlreadyRegistered, RolloutRunning
from classifiers.models import GLOBAL_SLOT, ModelVersion, Rollout, Stage
from classifiers.versions import artifacts, registry
from moderation import leases
from moderation.exceptions import LeaseLost, ModerationError
from moderation.models import Site
from reviews.exceptions import NothingToLearn, RetrainRunning, ReviewError, TrainingFailed
from reviews.labels import checks, export, sources
from reviews.labels.labelling import audited, effective
from reviews.labels.weighing import weigh
from reviews.learning import recorded, rolling, subprocesses
from reviews.learning.slots import certified_by, sites_of_slot, slots_due
from reviews.learning.stretches import WINDOW
from reviews.models import Label, RetrainRun, RetrainState

log = structlog.get_logger(__name__)

TOO_LITTLE: Final = 3
"""Exit status of a training that has too few labels."""

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Trained:
    """What the training process says of the model it made."""

    promote: bool
    reason: str
    """Why, or why not, in words."""
    sources: tuple[Mapping[str, Any], ...] = ()
    """What came of each reporter's labels; see `classifiers.training.gates.influence`."""
    doubts: tuple[int, ...] = ()
    """Labels that are likely wrong, the likeliest first."""


def retrain(
    *,
    slot: str = GLOBAL_SLOT,
    force: bool = False,
    at_once: bool = False,
    tell: Tell = lambda sentence: None,
    limits: subprocesses.Limits = subprocesses.Limits(),
) -> RetrainRun:
    """Goes once round the loop for one slot, and returns how it ended.

    Without `force`, labels that are the same as in the last finished run are not learnt again.
    `at_once`: a model that is no worse serves without a trial.
    Raises SlotMissing, RetrainRunning; a training that fails raises too, after its row says so.
    """
    sites = sites_of_slot(slot)
    run = _begin(slot, timezone.now())
    folder = _folder_of(run)
    for left in folder.parent.glob(f"{_named(slot)}-*"):
        shutil.rmtree(left, ignore_errors=True)  # of a run that was killed
    running = RetrainRun.objects.filter(pk=run.pk, state=RetrainState.RUNNING)
    lease = leases.Hold(running)
    try:
        _make_empty(folder)
        _turn(run, sites, folder, lease, force=force, at_once=at_once, tell=tell, limits=limits)
    except NothingToLearn as why:
        _end(run, RetrainState.SKIPPED, why.sentence)
    except LeaseLost:
        raise
    except BaseException as error:
        _end(run, RetrainState.FAILED, f'While it was at "{run.stage}": {_words(error)}')
        raise
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    tell(f"{run.get_state_display()}: {run.reason}")
    return run


def retrain_due(
    *, force: bool = False, at_once: bool = False, tell: Tell = lambda sentence: None
) -> list[RetrainRun]:
    """Retrains every slot that is due, one after another; stops where another process is at it.

    A slot that fails holds up no other: its row says why.
    """
    begun = RetrainRun.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    slots = slots_due()
    for slot in slots:
        if RetrainRun.objects.running(timezone.now()).exists():
            tell("Another retraining is running; the rest is left to it.")
            break
        tell(f"{slot}:")
        try:
            retrain(slot=slot, force=force, at_once=at_once, tell=tell)
        except Exception as error:
            # A full disk, say: the slots after it would be left out each night.
            log.exception("retrain.failed", slot=slot)
            tell(_words(error))
    return list(RetrainRun.objects.filter(pk__gt=begun, slot__in=slots).order_by("pk"))


def _begin(slot: str, now: datetime) -> RetrainRun:
    """Takes the slot. Raises RetrainRunning while another run holds it."""
    running = RetrainRun.objects.filter(slot=slot, state=RetrainState.RUNNING)
    running.lapsed(now).update(
        state=RetrainState.FAILED,
        reason="It stopped without a word.",
        finished_at=now,
    )
    try:
        with transaction.atomic():
            return RetrainRun.objects.create(slot=slot, started_at=now, **leases.fresh(now))
    except IntegrityError:
        raise RetrainRunning(f"A retraining of {slot} is running already.") from None


def _turn(
    run: RetrainRun,
    sites: QuerySet[Site],
    folder: Path,
    lease: leases.Hold,
    *,
    force: bool,
    at_once: bool,
    tell: Tell,
    limits: subprocesses.Limits,
) -> None:
    def enter(stage: str, sentence: str) -> None:
        run.stage = stage
        lease.check(stage=stage)
        tell(sentence)

    on_its_way = Rollout.objects.open().filter(slot=run.slot).first()
    if on_its_way is not None and not force:
        hint = _by_hand(on_its_way.version) if at_once else ""
        raise NothingToLearn(f"{on_its_way.version} is still being rolled out.{hint}")
    enter("snapshot", "Writing the labels to a file.")
    snapshot = _write_snapshot(run, sites, folder, lease)
    if not force and (said := _learnt_before(run, at_once=at_once)):
        raise NothingToLearn(said)
    enter("train", f"Training on {snapshot.spam:,} spam and {snapshot.ham:,} ham.")
    parent = _parent(run.slot)
    trained = _train(folder, parent, lease, limits)
    enter("register", "Noting the new model.")
    recorded.store(snapshot.sha256, folder)
    version = _register(run, folder / "model", parent, trained)
    sources.note(trained.sources)
    checks.doubt(trained.doubts)
    run.model = version
    enter("promote", f"{version.name} is there.")
    _settle(run, version, parent, trained, lease, at_once=at_once)


def _write_snapshot(
    run: RetrainRun, sites: QuerySet[Site], folder: Path, lease: leases.Hold
) -> export.Exported:
    sources.follow(sites)
    in_force = effective(sites)
    snapshot = export.write_file(
        in_force,
        folder / recorded.SNAPSHOT,
        weighing=weigh(in_force, shared=run.slot == GLOBAL_SLOT),
        while_writing=lease.keep,
    )
    older = _measuring(sites, run.started_at)
    export.write_file(older, folder / "measured.jsonl", while_writing=lease.keep)
    run.snapshot_digest, run.labels = snapshot.sha256, snapshot.labels
    run.last_label_id = snapshot.last_label_id
    run.sites = list(sites.order_by("pk").values_list("pk", flat=True))
    run.save(update_fields=["snapshot_digest", "labels", "last_label_id", "sites"])
    if not snapshot.labels:
        raise NothingToLearn("There are no labels to learn from.")
    return snapshot


def _learnt_before(run: RetrainRun, *, at_once: bool) -> str:
    """In words, that the last finished run had these labels; empty where it had others."""
    finished = RetrainRun.objects.finished().filter(slot=run.slot).select_related("model")
    before = finished.order_by("-pk").first()
    if before is None or before.snapshot_digest != run.snapshot_digest:
        return ""
    said = f"No new labels since the retraining of {before.started_at:%d %B %Y}."
    made = before.model
    if not at_once or made is None or made.stage == Stage.PRODUCTION:
        return said
    kept = f" It was kept: {before.reason}" if before.state == RetrainState.KEPT else ""
    return f"{said} {made} is made of them.{kept}{_by_hand(made)}"


def _by_hand(version: ModelVersion) -> str:
    return f" `manage.py promote_model {version}` puts it into service without a trial."


def _measuring(sites: QuerySet[Site], now: datetime) -> QuerySet[Label]:
    """Audits that may say whose labels train: older ones than those that judge what comes of it."""
    return audited(sites).filter(created_at__lt=now - WINDOW)


def _parent(slot: str) -> ModelVersion:
    """The version that serves this slot now; the model that comes with the code at first."""
    return ModelVersion.objects.serving(slot) or registry.ensure_starter()


def _train(
    folder: Path, parent: ModelVersion, lease: leases.Hold, limits: subprocesses.Limits
) -> Trained:
    """Trains and evaluates in a process apart.

    Raises NothingToLearn with its reason, TrainingFailed with its last words.
    """
    command = [
        *(sys.executable, "-m", "classifiers.training.run"),
        *("--snapshot", str(folder / recorded.SNAPSHOT)),
        *("--parent", str(registry.directory_of(parent))),
        *("--output", str(folder / "model")),
        *("--encoder", str(settings.WINNOW_ENCODER)),
        *("--measured", str(folder / "measured.jsonl")),
        *("--record", str(folder / recorded.RECORD)),
    ]
    finished = subprocesses.run(command, folder=folder, limits=limits, while_running=lease.keep)
    if finished.status == TOO_LITTLE:
        raise NothingToLearn(finished.errors.strip().splitlines()[-1])
    if finished.status != 0:
        raise TrainingFailed(_last_words(finished))
    try:
        said = json.loads(finished.output.splitlines()[-1])
        return Trained(
            bool(said["promote"]),
            str(said["reason"]),
            tuple(said["sources"]),
            tuple(said["doubts"]),
        )
    except (ValueError, LookupError, TypeError) as error:
        raise TrainingFailed(f"What it said cannot be read: {error!r}.") from error


def _register(
    run: RetrainRun, directory: Path, parent: ModelVersion, trained: Trained
) -> ModelVersion:
    try:
        return registry.register(
            directory=directory, slot=run.slot, parent=parent, reason=trained.reason
        )
    except AlreadyRegistered:
        digest = artifacts.inspect(directory).digest
        return ModelVersion.objects.get(slot=run.slot, digest=digest)


@transaction.atomic
def _settle(
    run: RetrainRun,
    version: ModelVersion,
    parent: ModelVersion,
    trained: Trained,
    lease: leases.Hold,
    *,
    at_once: bool,
) -> None:
    """Rolls out, or keeps and says why; one transaction with the end of the run."""
    lease.check()
    if not trained.promote:
        _end(run, RetrainState.KEPT, trained.reason)
    elif ModelVersion.objects.serving(run.slot) != parent:
        _end(run, RetrainState.KEPT, f"Another model took over than {parent}, its measure.")
    elif settings.WINNOW_ROLLOUT and not at_once:
        _roll_out(run, version, parent, trained)
    elif sites := certified_by(parent.name):
        names = ", ".join(str(site) for site in sites)
        _end(
            run,
            RetrainState.KEPT,
            f"Certificates of {names} are for {parent}: promote {version} by hand, and it is "
            "certified anew, or wait until they end.",
        )
    else:
        registry.promote(name=version.name, reason=trained.reason)
        _end(run, RetrainState.PROMOTED, trained.reason)


def _roll_out(
    run: RetrainRun, version: ModelVersion, parent: ModelVersion, trained: Trained
) -> None:
    if version.stage == Stage.PRODUCTION:
        _end(run, RetrainState.KEPT, f"It is {version}, which serves already.")
        return
    try:
        rolling.begin(version=version, baseline=parent)
    except RolloutRunning:
        _end(run, RetrainState.KEPT, "Another candidate is still being rolled out.")
    else:
        _end(run, RetrainState.ROLLING, trained.reason)


def _end(run: RetrainRun, state: RetrainState, reason: str) -> None:
    run.state, run.reason, run.finished_at = state, reason, timezone.now()
    RetrainRun.objects.filter(pk=run.pk, state=RetrainState.RUNNING).update(
        state=state,
        reason=reason,
        finished_at=run.finished_at,
        stage=run.stage,
        model=run.model,
    )


def _folder_of(run: RetrainRun) -> Path:
    """Its own: one that lost its lease clears up behind itself, while the next is at work."""
    return Path(settings.WINNOW_STATE_DIR) / "retrain" / f"{_named(run.slot)}-{run.pk}"


def _named(slot: str) -> str:
    return slot.replace(":", "-")


def _make_empty(folder: Path) -> None:
    """Readable by us alone: it holds people's words."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, mode=0o700)


def _words(error: BaseException) -> str:
    return (
        error.sentence
        if isinstance(error, (ReviewError, ModerationError))
        else str(error) or repr(error)
    )


def _last_words(finished: subprocesses.Finished) -> str:
    ended = f"killed by signal {-finished.status}" if finished.status < 0 else "stopped"
    lines = finished.errors.strip().splitlines()[-3:]
    return f"The training process was {ended}: {' '.join(lines) or 'without a word'}"
