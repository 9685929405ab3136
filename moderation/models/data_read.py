from __future__ import annotations

from django.db import models

from moderation.models.api_key import ApiKey
from moderation.models.site import Site


class ReadKind(models.TextChoices):
    POST = "post", "one post, with its words"
    POSTS = "posts", "a page of posts, without words"
    APPEALS = "appeals", "the appeals of a post"
    EXPORT = "export", "labels and words, as a file"


class DataRead(models.Model):
    """That a key or a command took out people's data. Append-only.

    A post is named by id: the row outlives it, and repeats nothing of it.
    """

    site = models.ForeignKey(
        Site, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False,
        help_text="Empty: of all sites.",
    )  # fmt: skip
    api_key = models.ForeignKey(
        ApiKey, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    account = models.CharField(
        max_length=100, blank=True, help_text="Of the operating system, that ran the command."
    )
    kind = models.CharField(max_length=8, choices=ReadKind.choices)
    post = models.UUIDField(null=True, blank=True)
    count = models.PositiveIntegerField(help_text="Posts, appeals or labels.")
    request_id = models.CharField(max_length=64, blank=True)
    day = models.DateField(help_text="In UTC.")
    created_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "data read"
        constraints = (
            models.UniqueConstraint(
                fields=["post", "api_key", "kind", "day"], name="data_read_once_a_day"
            ),
        )
        indexes = (models.Index(fields=["site", "-id"], name="data_read_site_newest"),)

    def __str__(self) -> str:
        return f"{self.kind} {self.post or ''}".strip()
