from __future__ import annotations

from django.db import models

from moderation.models.site import Site


class Sighting(models.Model):
    """That a site's posts brought some domain, address or number: which one only a hash tells.

    The hash is keyed with the installation's secret. Authors are bits of a 63-bit sketch, so a
    row says about how many brought it and never who.
    """

    pk = models.CompositePrimaryKey("site_id", "hash")
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+", db_index=False)
    hash = models.BigIntegerField()
    authors = models.BigIntegerField()
    trusted = models.BigIntegerField(help_text="Of those, whose post was found honest.")
    first_at = models.DateTimeField()
    last_at = models.DateTimeField(help_text="To about a day.")

    class Meta:
        indexes = (models.Index(fields=["site", "last_at"], name="sighting_oldest"),)

    def __str__(self) -> str:
        return f"sighting {self.hash} of {self.site_id}"


class SiteTalk(models.Model):
    """What a site usually talks of, as hashed counts (`classifiers.talk`): one row a site."""

    site = models.OneToOneField(
        Site, primary_key=True, on_delete=models.CASCADE, related_name="talk"
    )
    revision = models.PositiveBigIntegerField(default=0)
    heard_to = models.PositiveBigIntegerField(
        default=0, help_text="The newest decision whose post was heard."
    )
    key = models.CharField(max_length=16, blank=True, help_text="Tells which secret hashes.")
    counted = models.PositiveBigIntegerField(
        default=0, help_text="Posts whose contacts were counted with that secret."
    )
    seed = models.PositiveBigIntegerField(default=0)
    posts = models.PositiveIntegerField(default=0, help_text="Posts heard, faded.")
    words = models.BinaryField(default=b"", help_text="Posts by hashed word; compressed.")
    mean = models.FloatField(default=0.0)
    variance = models.FloatField(default=0.0)
    scripts = models.JSONField(default=dict, help_text="Posts by script.")
    changed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"talk of {self.site_id}"
