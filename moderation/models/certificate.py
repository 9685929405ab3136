from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.db import models
from django.db.models.functions import Coalesce

from moderation.models.site import Policy, Site
from moderation.types import Mode

WATCHED_WITHIN: Final = timedelta(hours=6)
"""For so long a certificate covers blocks without anybody having looked whether it holds."""


class CertificateQuerySet(models.QuerySet["Certificate"]):
    def current(self, now: datetime) -> CertificateQuerySet:
        """Neither ended nor expired, watched or not; at most one a site."""
        return self.filter(ended_at__isnull=True, created_at__lte=now, expires_at__gt=now)

    def unwatched(self, now: datetime) -> CertificateQuerySet:
        """Those that nobody found to hold of late."""
        late = models.Q(looked__lte=now - WATCHED_WITHIN)
        looked = Coalesce("watched_at", "created_at")
        return self.alias(looked=looked).filter(late | models.Q(unwatched_at__isnull=False))

    def in_force(self, now: datetime) -> CertificateQuerySet:
        """Those that cover blocks; at most one a site. What nobody watches blocks nothing."""
        looked = Coalesce("watched_at", "created_at")
        watched = self.current(now).filter(unwatched_at__isnull=True)
        return watched.alias(looked=looked).filter(looked__gt=now - WATCHED_WITHIN)

    def waiting(self, now: datetime) -> CertificateQuerySet:
        """Those that cover nothing until people have answered."""
        return self.current(now).exclude(unwatched_because="")

    def taken_away(self) -> CertificateQuerySet:
        """The last of each site that blocks by one, where it ended before its time: was broken, or
        could not be watched.
        """
        newest = self.order_by("site", "-pk").distinct("site").values("pk")
        return self.wanted().filter(pk__in=newest, ended_at__lt=models.F("expires_at"))

    def wanted(self) -> CertificateQuerySet:
        """Those of sites that block by one."""
        present = Policy.objects.in_force().values("pk")
        sites = Policy.objects.filter(pk__in=present, mode=Mode.CERTIFIED).values("site")
        return self.filter(site__in=sites)

    def under(self, policies: Iterable[Policy], *, now: datetime) -> dict[int, Certificate]:
        """Return, by site, those of sites that block by one; no query where none does."""
        sites = {policy.site_id for policy in policies if policy.mode == Mode.CERTIFIED}
        if not sites:
            return {}
        return {found.site_id: found for found in self.in_force(now).filter(site__in=sites)}


class Certificate(models.Model):
    """Of a site's honest posts, at most `bound` lie at or above `threshold` for one model.

    With a chance of error of `delta`, for posts that come as those of its period did. It says
    nothing of what spammers or members do differently later.
    """

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="certificates")
    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="+")
    model = models.CharField(max_length=100)
    replayed = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Shown on draws of what another model decided, scored again.",
    )
    promise = models.FloatField(help_text="The share that was promised.")
    bound = models.FloatField(help_text="The share that was shown.")
    delta = models.FloatField(help_text="Chance of error.")
    grid = models.JSONField(help_text="Thresholds that were tried, strictest first.")
    threshold = models.FloatField(help_text="From this probability on the model may block.")
    posts = models.PositiveIntegerField(help_text="That the machine judged in the period.")
    blocked = models.PositiveIntegerField(
        help_text="Of these, at or above the threshold: posts that the model would block."
    )
    judged = models.PositiveIntegerField(help_text="Would-be blocks that were drawn, all told.")
    wrong = models.PositiveIntegerField(
        help_text="Of these, at or above the threshold: honest, or without an answer in time."
    )
    wrong_authors = models.PositiveIntegerField(
        null=True, blank=True, help_text="Whose these are; empty where that was not counted."
    )
    unanswered = models.PositiveIntegerField(
        help_text="Draws without an answer in time, of would-be blocks and of allowed posts."
    )
    allowed = models.PositiveIntegerField(help_text="Posts that the model allowed.")
    allowed_drawn = models.PositiveIntegerField()
    allowed_spam = models.PositiveIntegerField(help_text="Spam, or without an answer in time.")
    chance = models.FloatField(
        help_text="The least probability with which a would-be block was drawn."
    )
    mean_chance = models.FloatField(
        null=True,
        blank=True,
        help_text="The same in the mean over the allowed posts, on which the bound stands; empty "
        "where that was not kept.",
    )
    part = models.FloatField(
        null=True,
        blank=True,
        help_text="Of the chance of error for how many allowed posts are honest, what their sample "
        "could spend; empty where that was not kept.",
    )
    share = models.FloatField(
        null=True,
        blank=True,
        help_text="Of the allowed posts, those of days that their sample is of; of the others none "
        "counts as honest. Empty where that was not kept.",
    )
    together = models.FloatField(
        default=1.0,
        db_default=1.0,
        help_text="So many posts counted as one, because posts of one author are alike.",
    )
    spam_of_honest = models.FloatField(
        help_text="Of honest posts, people are held to call at most this share spam."
    )
    honest_of_spam = models.FloatField()
    period_from = models.DateTimeField()
    period_to = models.DateTimeField()
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    watched_at = models.DateTimeField(
        null=True, blank=True, help_text="When it was last looked at and found to hold."
    )
    unwatched_at = models.DateTimeField(
        null=True, blank=True, help_text="Since when looks have failed for so long that it is told."
    )
    unwatched_because = models.CharField(
        max_length=300,
        blank=True,
        default="",
        db_default="",
        help_text="Where looks did not fail: which answers it waits for, and covers nothing until.",
    )
    waited = models.JSONField(
        null=True,
        blank=True,
        help_text="Stretches in which it waited to be found to hold, from and until: it covered "
        "nothing, and what came then says nothing for it.",
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_because = models.CharField(max_length=300, blank=True)
    doubted = models.BooleanField(
        default=False, help_text="Something speaks against it, so that every block is drawn."
    )
    broken = models.BooleanField(default=False, help_text="It ended because it is not true.")

    objects = CertificateQuerySet.as_manager()

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(
                fields=["site"],
                condition=models.Q(ended_at__isnull=True),
                name="certificate_one_a_site",
            ),
            models.CheckConstraint(
                condition=models.Q(bound__lte=models.F("promise"))
                & models.Q(wrong__lte=models.F("judged"))
                & models.Q(period_from__lte=models.F("period_to"))
                & models.Q(created_at__lt=models.F("expires_at")),
                name="certificate_shows_what_it_promises",
            ),
        )

    def __str__(self) -> str:
        return f"{self.site} from {self.threshold}"

    @property
    def covered_until(self) -> datetime:
        """From when on it covers nothing, unless somebody finds before that it holds."""
        looked = (self.watched_at or self.created_at) + WATCHED_WITHIN
        return min(looked, self.unwatched_at or looked)

    def is_watched(self, now: datetime) -> bool:
        """Whether somebody found it to hold of late."""
        return now < self.covered_until

    def covers(self, *, model: str, policy: Policy) -> bool:
        """Whether it speaks of what this model blocks under this policy."""
        return self.model == model and self.bound <= policy.promise
