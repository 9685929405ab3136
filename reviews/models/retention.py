from __future__ import annotations

from typing import Final

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from moderation.models import Site

LOOKS_BACK: Final = 100
"""Days that certificates, their watch and the figures look back at most: were the posts gone
before, both what was blocked wrongly and how much was blocked would be counted too low."""
CENTURY = MaxValueValidator(36_500)


class Retention(models.Model):
    """How long a site's posts are remembered. A site without such a row keeps everything.

    `moderation` and `reviews` never delete: the database's own functions do, and only what this
    row lets them; see `reviews.retention`.
    """

    site = models.OneToOneField(Site, on_delete=models.CASCADE, related_name="retention")
    words_days = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), CENTURY],
        verbose_name="days until words are deleted",
        help_text="With them goes everything personal: titles, links, authors, addresses. Empty: "
        "never.",
    )
    facts_days = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(LOOKS_BACK), CENTURY],
        verbose_name="days until facts are deleted",
        help_text="Outcomes, probabilities, audits, labels: the whole post is gone. At least 100, "
        "as what is promised and measured looks back so far. Empty: never.",
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
            models.CheckConstraint(
                condition=models.Q(facts_days__isnull=True) | models.Q(facts_days__gte=LOOKS_BACK),
                name="retention_facts_outlive_figures",
            ),
        )

    def __str__(self) -> str:
        return f"retention of {self.site}"
