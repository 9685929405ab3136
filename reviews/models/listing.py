from __future__ import annotations

from django.conf import settings
from django.db import models

from moderation.models import Site
from moderation.types import ListKind, ListVerdict

SAYS = [("", "nothing"), *((v.value, v.value) for v in ListVerdict)]


class ListChange(models.Model):
    """That a moderator changed a site's list from a case. The application keeps it.

    It names nobody any more once the words of the post are deleted that it was made from: a
    trigger on posts sees to it.
    """

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", db_index=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    case_id = models.PositiveBigIntegerField()
    post_id = models.UUIDField(db_index=True)
    kind = models.CharField(max_length=8, choices=[(k.value, k.value) for k in ListKind])
    value = models.CharField(max_length=320, blank=True)
    before = models.CharField(max_length=8, choices=SAYS, blank=True)
    after = models.CharField(max_length=8, choices=SAYS, blank=True)
    undoes = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="undone_by"
    )
    created_at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=["site", "-id"], name="list_change_newest"),)

    def __str__(self) -> str:
        return f"{self.kind}: {self.after or 'nothing'}"
