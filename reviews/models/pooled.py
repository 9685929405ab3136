from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models


class PooledCertificate(models.Model):
    """Of the honest posts of all sites that share a model, at most `bound` were blocked by it, or
    would have been, in one period. It belongs to the installation and says nothing of any one site.

    The application cannot change or delete it.
    """

    judged_by = ArrayField(
        models.CharField(max_length=100), help_text="Models that judged the sites in the period."
    )
    bound = models.FloatField(help_text="The share that was shown.")
    delta = models.FloatField(help_text="Chance of error.")
    sites = models.PositiveIntegerField()
    left_out = models.PositiveIntegerField(
        help_text="Sites that share the model and draw nothing, so that nothing is known of them."
    )
    blocked = models.PositiveIntegerField(help_text="Posts that it blocked or would have.")
    judged = models.PositiveIntegerField(help_text="Of these, drawn.")
    wrong = models.PositiveIntegerField(help_text="Of these, honest.")
    allowed = models.PositiveIntegerField()
    allowed_drawn = models.PositiveIntegerField()
    allowed_spam = models.PositiveIntegerField()
    unanswered = models.PositiveIntegerField(help_text="Draws without an answer in time.")
    chance = models.FloatField(help_text="The least probability with which a block was drawn.")
    spam_of_honest = models.FloatField(
        help_text="Of honest posts, people are held to call at most this share spam."
    )
    honest_of_spam = models.FloatField()
    period_from = models.DateTimeField()
    period_to = models.DateTimeField()
    created_at = models.DateTimeField()

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(fields=["period_from"], name="pooled_certificate_once"),
            models.CheckConstraint(
                condition=models.Q(sites__gte=3)
                & models.Q(period_from__lt=models.F("period_to"))
                & models.Q(bound__gte=0, bound__lte=1),
                name="pooled_certificate_is_of_many",
            ),
        )

    def __str__(self) -> str:
        return f"{self.sites} sites until {self.period_to:%Y-%m-%d}"
