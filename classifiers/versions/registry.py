"""The only place that changes which model serves; each function is one transaction.

The row of RegistryState is locked first, so changes come one after another, and its revision
grows in the same transaction: who sees the new revision sees the change.
"""

from __future__ import annotations

import logging
import re
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from classifiers.exceptions import (
    AlreadyRegistered,
    ArtifactError,
    ModelUnavailable,
    NothingToRollBackTo,
    NotPromotable,
    RegistryError,
    RolloutRunning,
    UnknownModelVersion,
)
from classifiers.models import (
    GLOBAL_SLOT,
    ModelVersion,
    RegistryState,
    Rollout,
    RolloutStage,
    Stage,
)
from classifiers.scorers.linear import LinearScorer
from classifiers.versions import artifacts, store

logger = logging.getLogger(__name__)

_DIGEST = re.compile(r"[0-9a-f]{64}")
_SERVED = " It had been put into service: "
SHIPPED = "The model that comes with the code."


def model_folder() -> Path:
    """Where installed models lie, one directory each, named by digest."""
    return Path(settings.WINNOW_MODEL_DIR)


def directory_of(version: ModelVersion) -> Path:
    """Where the version's files lie on this machine, fetched from the database if need be.

    Raises NotPromotable for a path out of the folder, ModelUnavailable and ArtifactError for a
    model that cannot be fetched.
    """
    if not _DIGEST.fullmatch(version.path):
        raise NotPromotable(f"{version.name}: {version.path!r} is not the name of a model.")
    installed = model_folder() / version.path
    if installed.is_dir():
        return installed
    if _is_starter(version.digest):
        return artifacts.STARTER
    return store.fetch(version.digest, into=model_folder())


def load(version: ModelVersion) -> LinearScorer:
    """The version's scorer. A damaged copy on this machine is replaced from the database.

    Raises an ArtifactError or RegistryError that names what is wrong.
    """
    directory = directory_of(version)
    try:
        return artifacts.load(directory, digest=version.digest, version=version.name)
    except ArtifactError as damaged:
        logger.error("the copy of the model %s is refused: %s", version.name, damaged)
        try:
            directory = store.fetch(version.digest, into=model_folder())
        except ModelUnavailable:
            raise damaged from None
        return artifacts.load(directory, digest=version.digest, version=version.name)


def note_problem(version: ModelVersion, problem: str) -> None:
    """Keep with the version why it could not be loaded, for people to see; empty: it could."""
    if version.problem != problem:
        version.problem = problem
        ModelVersion.objects.filter(pk=version.pk).update(problem=problem)


def register(
    *,
    directory: Path,
    slot: str = GLOBAL_SLOT,
    parent: ModelVersion | None = None,
    reason: str = "",
    name: str = "",
) -> ModelVersion:
    """Copy the model into the model folder and note it as a candidate.

    Without `name` it takes the manifest's, with a piece of the digest where that is taken.
    Raises ArtifactError for a model that does not load, AlreadyRegistered for one that this
    slot holds.
    """
    artifacts.load(directory)
    manifest, installed = artifacts.install(directory, model_folder())
    with transaction.atomic():
        _lock_and_count()
        if ModelVersion.objects.filter(slot=slot, digest=manifest.digest).exists():
            raise AlreadyRegistered(f"{slot}: {manifest.digest}.")
        store.put(installed, digest=manifest.digest)
        return ModelVersion.objects.create(
            name=name or _free_name(manifest),
            slot=slot,
            digest=manifest.digest,
            path=installed.name,
            manifest=dict(manifest.stored),
            parent=parent,
            reason=reason,
            snapshot_hash=manifest.snapshot,
        )


def promote(*, name: str, reason: str) -> ModelVersion:
    """Make the version serve its slot; the one that served until now is retired.

    Raises UnknownModelVersion, and NotPromotable for a version whose files do not load.
    """
    with transaction.atomic():
        _lock_and_count()
        version = _find(name)
        if version.stage == Stage.PRODUCTION:
            return version
        _check_loads(version)
        _replace_production(version, reason)
        version.promoted_at = timezone.now()
        version.save(update_fields=["stage", "reason", "promoted_at"])
        return version


def rollback(*, slot: str = GLOBAL_SLOT, reason: str) -> ModelVersion | None:
    """Bring back the latest earlier production version of the slot that still loads.

    Again and again it goes further back, never forward. `None`: a site had none left, and is
    served by the global model from now on. Both keep the reason, when it was, and why each was put
    into service before. Raises NothingToRollBackTo.
    """
    with transaction.atomic():
        _lock_and_count()
        serving = ModelVersion.objects.in_production(slot)
        if serving is None:
            raise NothingToRollBackTo(f"Nothing is in production in {slot}.")
        said = f"rolled back on {timezone.now():%d %B %Y, %H:%M} UTC: {_ended(reason)}"
        for version in ModelVersion.objects.earlier_production(serving):
            if _loads(version):
                _replace_production(version, f"{serving.name} was {said}{_served(version)}")
                version.save(update_fields=["stage", "reason"])
                serving.stage, serving.reason = Stage.RETIRED, f"R{said[1:]}{_served(serving)}"
                serving.save(update_fields=["stage", "reason"])
                return version
        if slot == GLOBAL_SLOT:
            raise NothingToRollBackTo(f"{serving.name} is the first of {slot}.")
        _retire(serving, f"R{said[1:]}{_served(serving)}")
        return None


def begin_rollout(
    *, version: ModelVersion, baseline: ModelVersion, share: float, reason: str = ""
) -> Rollout:
    """Note that a candidate is on its way. Raises RolloutRunning where another is, in its slot."""
    now = timezone.now()
    try:
        with transaction.atomic():
            return Rollout.objects.create(
                version=version,
                baseline=baseline,
                slot=version.slot,
                share=share,
                reason=reason,
                started_at=now,
                stage_since=now,
            )
    except IntegrityError:
        raise RolloutRunning(f"{version.slot}.") from None


def move_rollout(rollout: Rollout, stage: RolloutStage, *, reason: str, now: datetime) -> None:
    """Move a rollout on to shadow or canary, or to its end; workers follow within seconds.

    Does nothing where it ended meanwhile. Who serves all is promoted, which ends its rollout.
    """
    with transaction.atomic():
        _lock_and_count()
        ended = now if stage == RolloutStage.STOPPED else None
        if (
            not Rollout.objects.open()
            .filter(pk=rollout.pk)
            .update(stage=stage, stage_since=now, reason=reason, ended_at=ended)
        ):
            return
        rollout.stage, rollout.stage_since, rollout.reason = stage, now, reason
        rollout.ended_at = ended
        stages = {RolloutStage.SHADOW: Stage.SHADOW, RolloutStage.CANARY: Stage.CANARY}
        changed = {"stage": stages.get(stage, Stage.CANDIDATE), "reason": reason}
        ModelVersion.objects.filter(pk=rollout.version_id).update(**changed)


def ensure_starter() -> ModelVersion:
    """Note the shipped model; it serves where nothing served.

    Safe to repeat. What becomes of it where another model serves is decided elsewhere.
    """
    manifest = artifacts.inspect(artifacts.STARTER)
    with transaction.atomic():
        _lock_state()
        versions = ModelVersion.objects.filter(slot=GLOBAL_SLOT)
        known = versions.filter(digest=manifest.digest).first()
        version = known or register(directory=artifacts.STARTER, reason="Came with the code.")
        if ModelVersion.objects.in_production(GLOBAL_SLOT) is None:
            return promote(name=version.name, reason=SHIPPED)
        return version


def _lock_state() -> RegistryState:
    RegistryState.objects.get_or_create(pk=RegistryState.ONLY)
    return RegistryState.objects.select_for_update().get(pk=RegistryState.ONLY)


def _lock_and_count() -> None:
    state = _lock_state()
    state.revision += 1
    state.save(update_fields=["revision"])


def _ended(reason: str) -> str:
    """As a sentence: another one follows."""
    return reason if not reason or reason.endswith((".", "!", "?")) else f"{reason}."


def _served(version: ModelVersion) -> str:
    """Why it was put into service, however often it was rolled back to since."""
    why = version.reason.rpartition(_SERVED)[2]
    return f"{_SERVED}{why}" if why else ""


def _find(name: str) -> ModelVersion:
    try:
        return ModelVersion.objects.select_for_update().get(name=name)
    except ModelVersion.DoesNotExist:
        raise UnknownModelVersion(f"{name!r}.") from None


def _check_loads(version: ModelVersion) -> None:
    try:
        load(version)
    except (ArtifactError, ModelUnavailable) as error:
        raise NotPromotable(f"{version.name}: {error}") from error


def _loads(version: ModelVersion) -> bool:
    try:
        _check_loads(version)
    except RegistryError:
        return False
    return True


def _replace_production(version: ModelVersion, reason: str) -> None:
    # Retired first: the partial unique index allows no moment with two.
    serving = ModelVersion.objects.filter(slot=version.slot, stage=Stage.PRODUCTION)
    serving.update(stage=Stage.RETIRED)
    _end_rollouts(version.slot, version)
    version.stage = Stage.PRODUCTION
    version.reason = reason


def _end_rollouts(slot: str, version: ModelVersion | None) -> None:
    """A trial ends with the version that it is measured by; the one that serves now was rolled out.

    Whoever else was on trial there is a candidate as before.
    """
    now = timezone.now()
    trials = Rollout.objects.open().filter(slot=slot)
    if version is not None:
        trials.filter(version=version).update(stage=RolloutStage.DONE, ended_at=now)
    others = list(trials.filter(ended_at__isnull=True).values_list("version", flat=True))
    ModelVersion.objects.filter(pk__in=others).update(stage=Stage.CANDIDATE)
    serving = version.name if version else "another model"
    trials.update(
        stage=RolloutStage.STOPPED, ended_at=now, reason=f"Meanwhile {serving} took over."
    )


def _retire(version: ModelVersion, reason: str) -> None:
    if version.stage == Stage.PRODUCTION:
        _end_rollouts(version.slot, None)
    else:
        Rollout.objects.open().filter(version=version).update(
            stage=RolloutStage.STOPPED, ended_at=timezone.now(), reason="It was retired."
        )
    version.stage = Stage.RETIRED
    version.reason = reason
    version.save(update_fields=["stage", "reason"])


def _free_name(manifest: artifacts.Manifest) -> str:
    taken = ModelVersion.objects.filter(name=manifest.name).exists()
    return f"{manifest.name}-{manifest.digest[:8]}" if taken else manifest.name


def _is_starter(digest: str) -> bool:
    try:
        return artifacts.inspect(artifacts.STARTER).digest == digest
    except ArtifactError:
        return False
