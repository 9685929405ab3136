from __future__ import annotations

from django.db import models

from moderation.models import Post, Site


class Embedding(models.Model):
    """A post's words as one vector. Goes with the words: a trigger on posts sees to it."""

    post = models.OneToOneField(
        Post, primary_key=True, on_delete=models.CASCADE, related_name="embedding"
    )
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", db_index=False)
    revision = models.PositiveIntegerField()
    encoder = models.CharField(max_length=64, help_text="Digest of the language model.")
    vector = models.BinaryField(help_text="Of length 1; 16 bits a number, little-endian.")
    created_at = models.DateTimeField()
    told = models.JSONField(
        null=True,
        # The release before this one, and what it left, are not told.
        db_default=models.Value({}, models.JSONField()),
        help_text="{decision, parts}: the words behind what the language model said for that "
        "decision; {} where nothing can be told; NULL until it was looked at.",
    )

    class Meta:
        indexes = (
            models.Index(fields=["site", "-post"], name="embedding_site_newest"),
            models.Index(
                fields=["-post"], condition=models.Q(told__isnull=True), name="embedding_untold"
            ),
        )

    def __str__(self) -> str:
        return f"embedding of {self.post_id}"


class Likeness(models.Model):
    """Two posts of one site that say much the same; told once, by the one compared later."""

    post = models.ForeignKey(
        Post, on_delete=models.CASCADE, related_name="likenesses", db_index=False
    )
    other = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="+", db_index=False)
    similarity = models.FloatField(help_text="Cosine; 1 for the same words.")

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["post", "other"], name="likeness_once"),
            models.CheckConstraint(
                condition=~models.Q(post=models.F("other")), name="likeness_of_two"
            ),
        )
        indexes = (models.Index(fields=["other", "-similarity"], name="likeness_other"),)

    def __str__(self) -> str:
        return f"{self.post_id} like {self.other_id}"
