"""What becomes of a model that came with new code, where an older one of that kind serves."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime

from classifiers.exceptions import RolloutRunning
from classifiers.models import GLOBAL_SLOT, ModelVersion, Rollout, Stage
from classifiers.versions import lineup, registry
from moderation.models import Certificate
from reviews.learning import rolling


def follow(*, now: datetime) -> None:
    """Put the newest shipped model into service; where certificates stand on the older one that
    serves, try it instead, as any candidate: it ends none without bringing one along.

    Done once for each: what people decide about it afterwards stands.
    """
    old = ModelVersion.objects.in_production(GLOBAL_SLOT)
    if old is None or not old.manifest.get("starter"):
        return
    noted = ModelVersion.objects.filter(
        slot=GLOBAL_SLOT,
        stage=Stage.CANDIDATE,
        manifest__starter=True,
        created_at__gt=old.promoted_at,
    )
    new = noted.exclude(pk__in=Rollout.objects.values("version")).first()
    if new is None:
        return
    stand = Certificate.objects.current(now).filter(model=old.name)
    if stand.exists() and lineup.of_version(old) is not None:
        with suppress(RolloutRunning):
            rolling.begin(version=new, baseline=old)
    else:
        registry.promote(name=new.name, reason=registry.SHIPPED)
