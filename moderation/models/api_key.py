from __future__ import annotations

from django.conf import settings
from django.db import models

from moderation.models.site import Site


class KeyKind(models.TextChoices):
    """Which wire format a key speaks; compatible dialects add theirs."""

    NATIVE = "native", "native API"


class ApiKey(models.Model):
    """A site's credential. The key itself is shown once; only its SHA-256 is stored.

    A key carries 192 random bits, so a fast digest is as safe as a slow one.
    """

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="api_keys")
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=16, choices=KeyKind.choices, default=KeyKind.NATIVE)
    prefix = models.CharField(max_length=16, unique=True)
    digest = models.CharField(max_length=64, unique=True)
    requests_per_minute = models.PositiveIntegerField(
        default=60_000, help_text="Posts count singly, also inside a batch."
    )
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.prefix}… ({self.name})"


class IdempotencyKey(models.Model):
    """A request already answered, so that the same request again gets the same answer."""

    api_key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=255)
    digest = models.CharField(max_length=64, help_text="SHA-256 of method, path and body.")
    status = models.PositiveSmallIntegerField()
    response = models.JSONField()
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["api_key", "key"], name="idempotency_one_answer"),
        )

    def __str__(self) -> str:
        return self.key
