from __future__ import annotations

from django.conf import settings
from django.db import models

from moderation.models import Site


class PageView(models.Model):
    """That somebody opened a page or sent a form, and about what. Append-only.

    What it is about is named by id: the row outlives the words, and repeats none of them but what
    was searched for.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    site = models.ForeignKey(
        Site, null=True, blank=True, on_delete=models.PROTECT, related_name="+", db_index=False
    )
    page = models.CharField(
        max_length=100, help_text="The name of its address, as the code has it."
    )
    subject = models.CharField(max_length=100, blank=True, help_text="The id of what it shows.")
    asked = models.CharField(max_length=500, blank=True, help_text="What was searched for.")
    sent = models.BooleanField(help_text="A form was sent, and the page not merely looked at.")
    saw_all = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Of a case: also what is kept from whoever judges it, as auditors are shown it.",
    )
    request_id = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        indexes = (
            models.Index(fields=["user", "-id"], name="page_view_user_newest"),
            models.Index(fields=["site", "-id"], name="page_view_site_newest"),
            models.Index(fields=["subject", "-id"], name="page_view_subject"),
            models.Index(
                fields=["user"], condition=models.Q(saw_all=True), name="page_view_saw_all"
            ),
        )

    def __str__(self) -> str:
        return f"{self.page} {self.subject}".strip()
