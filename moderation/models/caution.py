from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import models

from moderation.models.site import Policy, Site


class CautionQuerySet(models.QuerySet["Caution"]):
    def in_force(self, now: datetime) -> CautionQuerySet:
        """At most one a site."""
        return self.filter(ended_at__isnull=True, created_at__lte=now)

    def under(self, policies: Iterable[Policy], *, now: datetime) -> dict[int, Caution]:
        """Return, by site, those of sites that have a limit and give people for it.

        There is no query where none has.
        """
        sites = {
            policy.site_id
            for policy in policies
            if policy.missed_limit is not None and policy.missed_reviews_per_day
        }
        if not sites:
            return {}
        return {found.site_id: found for found in self.in_force(now).filter(site__in=sites)}


class Caution(models.Model):
    """More spam was let through than a site allows: people are asked about more of its posts.

    Posts that the model would allow with at least `asks_from` come to a person as well, and stay
    published meanwhile. It takes nothing away and blocks nothing. The application cannot delete it.
    """

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="cautions")
    limit = models.FloatField(help_text="Share of the allowed posts that may be spam.")
    asks_from = models.FloatField(help_text="From this probability on a person is asked.")
    a_day = models.PositiveSmallIntegerField(help_text="About so many posts a day, and no more.")
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_because = models.CharField(max_length=300, blank=True)

    objects = CautionQuerySet.as_manager()

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(
                fields=["site"],
                condition=models.Q(ended_at__isnull=True),
                name="caution_one_a_site",
            ),
            models.CheckConstraint(
                condition=models.Q(asks_from__gte=0, asks_from__lte=1, a_day__gt=0),
                name="caution_asks_something",
            ),
        )

    def __str__(self) -> str:
        return f"{self.site} asks from {self.asks_from}"
