"""Which sites train which slot, and which slots are due."""

from __future__ import annotations

from typing import Final

from django.db.models import QuerySet
from django.utils import timezone

from classifiers.models import GLOBAL_SLOT, site_slot
from moderation.models import Certificate, Site
from reviews.exceptions import SlotMissing
from reviews.labels.labelling import effective
from reviews.models import Label

OWN_MODEL_FROM: Final = 20
"""Labels of each class from which a site's own model is trained without being asked for."""


def slots_due() -> list[str]:
    """The slots that the nightly run looks at: the global one where sites pool their labels,
    and those of the other sites that have enough labels.
    """
    shared = [GLOBAL_SLOT] if Site.objects.filter(pool_labels=True).exists() else []
    own = Site.objects.filter(pool_labels=False).order_by("pk")
    return shared + [site_slot(site.pk) for site in own if _has_enough(site)]


def slot_of(site: Site) -> str:
    """The slot that this site's labels train."""
    return GLOBAL_SLOT if site.pool_labels else site.slot


def sites_of_slot(slot: str) -> QuerySet[Site]:
    """The sites whose labels train this slot, and no others. Raises SlotMissing."""
    if slot == GLOBAL_SLOT:
        return Site.objects.filter(pool_labels=True)
    sites = [site for site in Site.objects.all() if site.slot == slot]
    if not sites:
        raise SlotMissing(f"There is no slot {slot!r}.")
    if sites[0].pool_labels:
        raise SlotMissing(f"{sites[0]} pools its labels: they train the model that all share.")
    return Site.objects.filter(pk=sites[0].pk)


def certified_by(model: str) -> list[Site]:
    """The sites whose certificates name this model: with another they would end."""
    held = Certificate.objects.current(timezone.now()).filter(model=model)
    return [certificate.site for certificate in held.select_related("site").order_by("site")]


def _has_enough(site: Site) -> bool:
    in_force = effective(Site.objects.filter(pk=site.pk))
    labels = Label.objects.filter(pk__in=in_force.values("pk"))
    return all(
        labels.filter(label=label)[:OWN_MODEL_FROM].count() >= OWN_MODEL_FROM
        for label in ("spam", "ham")
    )
