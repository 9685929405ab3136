from __future__ import annotations

from django.db import models

from moderation.models.site import Site


class Author(models.Model):
    """Someone who posts on a site, by the site's own id for them."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="authors", db_index=False)
    external_id = models.CharField(max_length=200)
    name = models.CharField(max_length=200, blank=True)
    email = models.CharField(max_length=320, blank=True)
    url = models.CharField(max_length=2000, blank=True)
    registered_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    spam_verdicts = models.PositiveIntegerField(default=0)
    ham_verdicts = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["site", "external_id"], name="author_once_a_site"),
        )

    def __str__(self) -> str:
        return self.name or self.external_id
