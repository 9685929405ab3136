from __future__ import annotations

from django.conf import settings
from django.db import models

from moderation.models import Site


class Role(models.TextChoices):
    MODERATOR = "moderator", "moderator"
    OWNER = "owner", "site owner"


class Membership(models.Model):
    """What a person may do on one site. Superusers may do everything on every site."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships"
    )
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices, default=Role.MODERATOR)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["user", "site"], name="membership_once_a_site"),
        )

    def __str__(self) -> str:
        return f"{self.user} on {self.site}"
