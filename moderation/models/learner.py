from __future__ import annotations

from django.db import models

from moderation.models.site import Site


class SiteLearner(models.Model):
    """What one site's labels taught beside the model that judges it: one row a site.

    It stands on one model and is passed over while another judges the site.
    """

    site = models.OneToOneField(
        Site, primary_key=True, on_delete=models.CASCADE, related_name="learner"
    )
    state = models.BinaryField(default=b"", help_text="Numbers alone; see classifiers.learner.")
    revision = models.PositiveBigIntegerField(
        default=0, help_text="Raised at each change; decisions name it."
    )
    labels = models.PositiveIntegerField(default=0, help_text="How many it stands on.")
    model = models.CharField(max_length=100, blank=True)
    digest = models.CharField(max_length=64, blank=True, help_text="Of the model it stands on.")
    problem = models.TextField(
        blank=True, help_text="Why it cannot be used and will be made anew; empty when well."
    )
    looked_label = models.PositiveBigIntegerField(
        default=0, help_text="The newest label when labels were last compared."
    )
    looked_at = models.DateTimeField(null=True)
    changed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"learner of {self.site_id}"
