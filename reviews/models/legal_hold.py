from __future__ import annotations

from django.conf import settings
from django.db import models

from moderation.models import Post, Site
from reviews.models.case import Verdict
from reviews.states import HoldAct


class LegalHold(models.Model):
    """That a post was hidden from all but named people, or shown again. Append-only.

    Whether it is hidden now stands with the post itself (`hidden_at`), which the database keeps
    from being emptied or deleted as long as it is.
    """

    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="legal_holds")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", db_index=False)
    act = models.CharField(max_length=8, choices=[(a.value, a.value) for a in HoldAct])
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    verdict = models.ForeignKey(
        Verdict, null=True, blank=True, on_delete=models.PROTECT, related_name="legal_holds"
    )
    copy_of = models.UUIDField(
        null=True, blank=True, help_text="The hidden post that it says the same as."
    )
    created_at = models.DateTimeField()

    class Meta:
        indexes = (
            models.Index(fields=["site", "-id"], name="legal_hold_site_newest"),
            models.Index(
                fields=["copy_of"],
                condition=models.Q(copy_of__isnull=False),
                name="legal_hold_copies",
            ),
        )

    def __str__(self) -> str:
        return f"{self.post_id} {self.act}"
