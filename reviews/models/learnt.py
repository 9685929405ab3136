from __future__ import annotations

from django.db import models

from moderation.models import Site
from reviews.models.label import Label


class Learnt(models.Model):
    """A label that its site's learner stands on; written together with the learner's state."""

    label = models.OneToOneField(
        Label, primary_key=True, on_delete=models.CASCADE, related_name="learnt"
    )
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+")

    def __str__(self) -> str:
        return f"label {self.label_id}, learnt"
