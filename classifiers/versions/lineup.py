"""The scorers in use, loaded once a process and loaded anew when the registry changes.

Nothing is loaded at import: a worker's children load after the fork.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, Final

from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, InterfaceError, connection

from classifiers.encoder import loaded
from classifiers.exceptions import (
    ArtifactError,
    EncoderUnusable,
    RegistryError,
    UnknownModelVersion,
)
from classifiers.models import GLOBAL_SLOT, ModelVersion, RegistryState, Rollout, RolloutStage
from classifiers.scorers.linear import LinearScorer
from classifiers.types import Scorer
from classifiers.versions import artifacts, registry
from classifiers.versions.rollout import is_drawn

logger = logging.getLogger(__name__)

KEPT: Final = 32
"""Loaded models kept in memory a process; each takes about four megabytes."""
RETRY_AFTER: Final = 30.0
"""Seconds until a model that would not load is tried again."""

ANSWER_WITHIN: Final = 2
"""Seconds that a command waits for a database which it can do without."""


@dataclass(frozen=True, slots=True)
class Lineup:
    """What judges the posts of one slot."""

    model: str
    """`ModelVersion.name`, or the shipped model's own name."""
    scorers: tuple[Scorer, ...]
    digest: str
    revision: int = 0
    """Revision of the registry that this line-up was read at; 0 without a database."""
    canary: Canary | None = None
    """What judges a share of the posts meanwhile, if anything does."""

    @property
    def has_encoders(self) -> bool:
        """Whether each text encoder that it would ask is installed in this process."""
        linear = (each for each in self.scorers if isinstance(each, LinearScorer))
        return all(each.head is None or each.encoder is not None for each in linear)


@dataclass(frozen=True, slots=True)
class Canary:
    """A candidate that judges the posts of a share of the authors."""

    rollout: int
    lineup: Lineup
    share: float
    salt: str = field(repr=False)

    def judges(self, who: str) -> bool:
        return is_drawn(who, trial=self.rollout, share=self.share, salt=self.salt)


class _Loaded:
    """Models by digest, least recently used first; for several threads at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._models: OrderedDict[tuple[str, str], LinearScorer] = OrderedDict()
        self._refused: dict[str, float] = {}

    def get(self, version: ModelVersion) -> LinearScorer | None:
        """The scorer, or None (and an error in the log) for a model that does not load."""
        with self._lock:
            return self._get(version)

    def clear(self) -> None:
        with self._lock:
            self._models.clear()
            self._refused.clear()

    def _get(self, version: ModelVersion) -> LinearScorer | None:
        key = (version.digest, version.name)
        if key in self._models:
            self._models.move_to_end(key)
            return self._models[key]
        if time.monotonic() < self._refused.get(version.digest, 0.0):
            return None
        try:
            scorer = equipped(registry.load(version))
        except (ArtifactError, RegistryError) as error:
            self._refused[version.digest] = time.monotonic() + RETRY_AFTER
            logger.error("the model %s cannot be loaded: %s", version.name, error)
            registry.note_problem(version, str(error))
            return None
        registry.note_problem(version, "")
        self._models[key] = scorer
        while len(self._models) > KEPT:
            self._models.popitem(last=False)
        return scorer


_loaded = _Loaded()
_held: OrderedDict[str, Lineup] = OrderedDict()
_holding = threading.Lock()


def current(slot: str = GLOBAL_SLOT) -> Lineup:
    """The line-up of the slot: its own model, else the global one, else the shipped one.

    One small query when nothing has changed. While a new model cannot be loaded, the one that
    served before goes on serving.
    """
    revision = RegistryState.present()
    held = _held.get(slot)
    if held is not None and held.revision == revision:
        return _hold(slot, held)
    version = ModelVersion.objects.serving(slot)
    if version is None:
        return _hold(slot, shipped(revision))
    scorer = _loaded.get(version)
    if scorer is None:
        return held or _substitute(version)
    canary = _canary(slot, version)
    return _hold(slot, Lineup(version.name, (scorer,), version.digest, revision, canary))


def _hold(slot: str, used: Lineup) -> Lineup:
    """Keep it for the slot, and no more slots than models are kept for."""
    with _holding:
        _held[slot] = used
        _held.move_to_end(slot)
        while len(_held) > KEPT:
            _held.popitem(last=False)
    return used


def shipped(revision: int = 0) -> Lineup:
    """The line-up of the model that comes with the code; needs no database."""
    scorer, digest = _shipped(artifacts.STARTER)
    return Lineup(scorer.version, (scorer,), digest, revision)


def named(model: str) -> Lineup:
    """The line-up of a model directory or of a registered version's name.

    Raises ArtifactError, and UnknownModelVersion where no database answers too.
    """
    if Path(model).is_dir():
        return of_directory(Path(model))
    _connect_quickly()
    try:
        version = ModelVersion.objects.filter(name=model).first()
    except (DatabaseError, InterfaceError) as error:
        raise UnknownModelVersion(f"{model!r} is no directory, and no database answers.") from error
    if version is None:
        raise UnknownModelVersion(f"{model!r} is neither a directory nor a version.")
    return Lineup(version.name, (equipped(registry.load(version)),), version.digest)


def of_version(version: ModelVersion) -> Lineup | None:
    """The line-up of a registered version, kept in memory; None for one that does not load."""
    scorer = _loaded.get(version)
    return None if scorer is None else Lineup(version.name, (scorer,), version.digest)


def of_directory(directory: Path) -> Lineup:
    """The line-up of a model that lies in a directory; needs no database.

    Raises ArtifactError.
    """
    digest = artifacts.inspect(directory).digest
    scorer = equipped(artifacts.load(directory, digest=digest))
    return Lineup(scorer.version, (scorer,), digest)


def manifests(used: Lineup, model: str | None = None) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Name and manifest of what judges, and of what it came from, as far as they are at hand.

    `model` is what `named` was given, if it was.
    """
    stored: Mapping[str, Any] | None
    if model and Path(model).is_dir():
        stored = artifacts.inspect(Path(model)).stored
    else:
        stored = _manifest(used.digest)
    met: set[str] = set()
    while stored is not None:
        yield str(stored["name"]), stored
        parent = str(stored.get("parent", {}).get("digest", ""))
        stored = _manifest(parent) if parent and parent not in met else None
        met.add(parent)


def _manifest(digest: str) -> Mapping[str, Any] | None:
    shipped = artifacts.inspect(artifacts.STARTER)
    if shipped.digest == digest:
        return shipped.stored
    try:
        version = ModelVersion.objects.filter(digest=digest).first()
    except (DatabaseError, InterfaceError):
        return None
    return None if version is None else version.manifest


def equipped(scorer: LinearScorer) -> LinearScorer:
    """The scorer with the encoder that its head was fitted for: its own, or the one installed here.

    Without it the scorer judges by words alone, and says so where it would have asked.
    """
    if scorer.head is None or scorer.encoder is not None:
        return scorer
    try:
        found = loaded.current()
    except EncoderUnusable as error:
        logger.error("%s judges without its encoder: %s", scorer.version, error)
        return scorer
    if found is None or found.digest != scorer.head.encoder:
        logger.warning("%s judges without its encoder: not installed here", scorer.version)
    return scorer.with_encoder(found)


def thorough(used: Lineup) -> Lineup:
    """The same judges, who say the same, and embed every post that the encoder can read.

    For a site's learner. As it is where no encoder is at hand.
    """
    return replace(used, scorers=tuple(_thorough(scorer) for scorer in used.scorers))


def _thorough(scorer: Scorer) -> Scorer:
    if not isinstance(scorer, LinearScorer):
        return scorer
    try:
        return replace(scorer, reader=scorer.encoder or loaded.current())
    except EncoderUnusable as error:
        logger.error("no post is embedded for its site's learner: %s", error)
        return scorer


def current_or_shipped() -> Lineup:
    """The global line-up if a database answers within seconds, else the shipped one.

    For commands that need no server: it changes how this process connects.
    """
    _connect_quickly()
    try:
        return current()
    except (DatabaseError, InterfaceError, ImproperlyConfigured) as error:
        logger.info("no database answers (%s): the shipped model judges", type(error).__name__)
        return shipped()


def _connect_quickly() -> None:
    connection.settings_dict["OPTIONS"].setdefault("connect_timeout", ANSWER_WITHIN)


def forget() -> None:
    """Drop what this process holds, as after a restart."""
    _held.clear()
    _loaded.clear()
    _shipped.cache_clear()


def _canary(slot: str, serving: ModelVersion) -> Canary | None:
    """None also for a candidate that cannot be loaded: then nothing is tried on anybody."""
    trials = Rollout.objects.open().filter(stage=RolloutStage.CANARY, slot__in={slot, serving.slot})
    for rollout in sorted(trials.select_related("version"), key=lambda each: each.slot != slot):
        tried = of_version(rollout.version)
        if tried is not None:
            return Canary(rollout.pk, tried, rollout.share, rollout.salt)
    return None


def _substitute(refused: ModelVersion) -> Lineup:
    """What served before; for a process that never served this slot. Not kept, so that the
    right model is tried again.
    """
    for version in _stand_ins(refused):
        scorer = _loaded.get(version)
        if scorer is not None:
            return Lineup(version.name, (scorer,), version.digest)
    return shipped()


def _stand_ins(refused: ModelVersion) -> Iterator[ModelVersion]:
    yield from ModelVersion.objects.earlier_production(refused)
    overall = ModelVersion.objects.in_production(GLOBAL_SLOT)
    if overall is not None and overall.pk != refused.pk:
        yield overall
        yield from ModelVersion.objects.earlier_production(overall)


@cache
def _shipped(directory: Path) -> tuple[LinearScorer, str]:
    digest = artifacts.inspect(directory).digest
    return equipped(artifacts.load(directory, digest=digest)), digest
