from __future__ import annotations

from django.core.validators import MinValueValidator
from django.db import models

from moderation.models import Site

DAY_OR_MORE = [MinValueValidator(1)]


class Retention(models.Model):
    """How long a site's posts are remembered. A site without such a row keeps everything.

    `moderation` and `reviews` never delete: the database's own functions do, and only what this
    row lets them; see `reviews.retention`.
    """

    site = models.OneToOneField(Site, on_delete=models.CASCADE, related_name="retention")
    words_days = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=DAY_OR_MORE,
        verbose_name="days until words are deleted",
        help_text="With them goes everything personal: titles, links, authors, addresses. Empty: "
        "never.",
    )
    facts_days = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=DAY_OR_MORE,
        verbose_name="days until facts are deleted",
        help_text="Outcomes, probabilities, audits, labels: the whole post is gone. Empty: never.",
    )
    words_to = models.UUIDField(
        null=True, editable=False, help_text="Up to this post no words are left to delete."
    )
    ran_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name_plural = "retention"
        constraints = (
            models.CheckConstraint(
                condition=models.Q(words_days__isnull=True) | models.Q(words_days__gte=1),
                name="retention_words_a_day",
            ),
            models.CheckConstraint(
                condition=models.Q(facts_days__isnull=True)
                | models.Q(facts_days__gte=1, words_days__isnull=True)
                | models.Q(facts_days__gte=models.F("words_days")),
                name="retention_facts_outlive_words",
            ),
        )

    def __str__(self) -> str:
        return f"retention of {self.site}"
