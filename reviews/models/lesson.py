from __future__ import annotations

from django.db import models

from moderation.models import Site
from reviews.models.case import Case


class Lesson(models.Model):
    """That a case was opened because its answer would teach: it was chosen, so it measures nothing.

    The application cannot delete it.
    """

    case = models.OneToOneField(
        Case, primary_key=True, on_delete=models.PROTECT, related_name="lesson"
    )
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", db_index=False)
    doubt = models.FloatField(help_text="How unsure the model was; 1 is most.")
    created_at = models.DateTimeField()

    class Meta:
        indexes = (models.Index(fields=["site", "-created_at"], name="lesson_site_newest"),)

    def __str__(self) -> str:
        return f"lesson of case {self.case_id}"
