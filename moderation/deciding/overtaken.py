"""Blocks that nothing carries any more by the time they are recorded.

A batch is judged before the transaction that records it, for seconds where a text encoder reads it.
What was rolled back or ended meanwhile blocks nothing that is recorded later. It does where a
worker cannot load what was rolled back to, for there the one before goes on serving.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from classifiers.models import ModelVersion, RegistryState, Stage
from moderation.models import Certificate
from moderation.policy import Ruling, hold_overtaken
from moderation.types import Ground, Outcome

if TYPE_CHECKING:
    # At run time it would bring the models' libraries into the web process.
    from moderation.judging.scoring import Judged

MODEL: Final = "Would be blocked, but the model ceased to serve while it was judged."
CERTIFICATE: Final = "Would be blocked, but the certificate ended while it was judged."


def hold(
    judged: Sequence[Judged], rulings: Sequence[Ruling], *, now: datetime
) -> list[tuple[Judged, Ruling]]:
    """Return both, each block by the model held where what it rests on changed since it was judged.

    Belongs to the transaction that records the rulings. Two queries at most for a batch, a third
    where the registry changed meanwhile, none for a batch without such blocks.
    """
    given = list(zip(judged, rulings, strict=True))
    if not any(map(_is_by_model, rulings)):
        return given
    stopped = _stopped(judged)
    promised = {each.promised.pk for each in judged if each.promised is not None}
    in_force = set(
        Certificate.objects.in_force(now).filter(pk__in=promised).values_list("pk", flat=True)
        if promised
        else ()
    )
    return [_held(*each, stopped=stopped, in_force=in_force) for each in given]


def _held(
    judged: Judged, ruling: Ruling, *, stopped: set[str], in_force: set[int]
) -> tuple[Judged, Ruling]:
    present = judged
    if judged.promised is not None and judged.promised.pk not in in_force:
        present = replace(judged, promised=None)
    if not _is_by_model(ruling):
        return present, ruling
    if judged.findings.assessment.model in stopped:
        return present, hold_overtaken(ruling, MODEL)
    if judged.certificate is not None and present.certificate is None:
        return present, hold_overtaken(ruling, CERTIFICATE)
    return present, ruling


def _stopped(judged: Sequence[Judged]) -> set[str]:
    """The models that judged some of these and serve nobody any more."""
    revision = RegistryState.present()
    models = {each.findings.assessment.model for each in judged if each.registry != revision}
    if not models:
        return models
    serving = ModelVersion.objects.filter(stage__in=(Stage.PRODUCTION, Stage.CANARY))
    return models - set(serving.filter(name__in=models).values_list("name", flat=True))


def _is_by_model(ruling: Ruling) -> bool:
    return ruling.outcome is Outcome.BLOCK and ruling.by is Ground.MODEL
