from __future__ import annotations

from django.conf import settings
from django.db import models

from moderation.models.site import Site
from moderation.types import ListKind, ListVerdict


class ListEntry(models.Model):
    """An author, domain or address that a site always allows or never wants.

    `value` is the author's external id, a registrable domain or host, an IP address or
    network in CIDR form, or an e-mail address.
    """

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="list_entries")
    kind = models.CharField(max_length=8, choices=[(k.value, k.value) for k in ListKind])
    value = models.CharField(max_length=320)
    verdict = models.CharField(max_length=8, choices=[(v.value, v.value) for v in ListVerdict])
    note = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name_plural = "list entries"
        constraints = (
            models.UniqueConstraint(
                fields=["site", "kind", "value"], name="list_entry_says_one_thing"
            ),
        )

    def __str__(self) -> str:
        return f"{self.verdict} {self.kind} {self.value}"
