from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models


class Preferences(models.Model):
    """How one moderator works; nobody needs such a row."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="preferences"
    )
    languages = ArrayField(
        models.CharField(max_length=3),
        default=list,
        db_default=[],
        blank=True,
        help_text="Codes of the languages that they read; empty for all.",
    )
    covers = models.BooleanField(
        default=True,
        db_default=True,
        help_text="Cover explicit words until they ask for them.",
    )
    keys = models.BooleanField(
        default=True,
        db_default=True,
        help_text="Let single keys answer; some people dictate, or press keys unmeant.",
    )
    digest = models.BooleanField(
        default=False, db_default=False, help_text="Send them a mail a day about their sites."
    )
    digest_on = models.DateField(
        null=True, blank=True, editable=False, help_text="The day of the last one."
    )

    class Meta:
        verbose_name_plural = "preferences"

    def __str__(self) -> str:
        return f"preferences of {self.user}"
