from __future__ import annotations

from django.db import models

from moderation.models import Site
from reviews.models.case import Case, Verdict
from reviews.models.label import Label
from reviews.states import CheckReason


class Check(models.Model):
    """That a moderator is asked about a label, without knowing of it.

    A case of its own in the lane of second looks; its answer decides and teaches nothing. Where it
    differs, an ordinary case asks once more, and that answer is a label. The application cannot
    delete it.
    """

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    label = models.OneToOneField(Label, on_delete=models.PROTECT, related_name="check_of")
    why = models.CharField(max_length=8, choices=[(r.value, r.value) for r in CheckReason])
    probability = models.FloatField(help_text="With which it was drawn; 1 where it was chosen.")
    case = models.OneToOneField(
        Case, null=True, blank=True, on_delete=models.PROTECT, related_name="checks"
    )
    answer = models.OneToOneField(
        Verdict, null=True, blank=True, on_delete=models.PROTECT, related_name="answers_check"
    )
    dispute = models.OneToOneField(
        Case, null=True, blank=True, on_delete=models.PROTECT, related_name="settles_check"
    )
    ended = models.CharField(max_length=200, blank=True, help_text="Why nobody looked.")
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(probability__gt=0, probability__lte=1),
                name="check_probability",
            ),
            models.CheckConstraint(
                condition=models.Q(answer__isnull=True) | models.Q(case__isnull=False, ended=""),
                name="check_answer_has_case",
            ),
        )
        indexes = (
            models.Index(
                fields=["site", "id"],
                condition=models.Q(case__isnull=True, ended=""),
                name="check_waits",
            ),
            models.Index(fields=["site", "-created_at"], name="check_site_newest"),
        )

    def __str__(self) -> str:
        return f"check of label {self.label_id}"
