from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from moderation.models import Post, Site


class SearchEntry(models.Model):
    """What a post is found by. Goes with the words: a trigger on posts sees to it."""

    post = models.OneToOneField(
        Post, primary_key=True, on_delete=models.CASCADE, related_name="search_entry"
    )
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", db_index=False)
    revision = models.PositiveIntegerField()
    words = SearchVectorField(help_text="In no language: sites mix them.")
    grams = ArrayField(models.IntegerField(), help_text="Pieces of words; see reviews.grams.")
    keys = ArrayField(
        models.BigIntegerField(), help_text="Hashed domains and e-mail address, each with the site."
    )

    places = models.GeneratedField(
        expression=models.Func(
            models.F("site_id"), models.F("post_id"), function="reviews_search_places"
        ),
        output_field=ArrayField(models.BigIntegerField()),
        db_persist=True,
        help_text="Its site, and the stretches of time it lies in; see reviews.windows.",
    )

    class Meta:
        # One for all, so that it can be asked for words within a stretch of time. Without a list
        # of what is still to be put in order, which every such question would read to its end.
        indexes = (
            GinIndex(
                fields=["words", "grams", "keys", "places"], fastupdate=False, name="search_all"
            ),
        )

    def __str__(self) -> str:
        return f"search entry of {self.post_id}"


class SearchProgress(models.Model):
    """How far the entries follow the decisions: one row."""

    decision_id = models.PositiveBigIntegerField(
        default=0, help_text="Posts of decisions up to this one have their entries."
    )

    def __str__(self) -> str:
        return f"up to decision {self.decision_id}"


class SavedSearch(models.Model):
    """A question that somebody asks again."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_searches"
    )
    name = models.CharField(max_length=80)
    query = models.CharField(max_length=2000, help_text="As in the address of the page.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["user", "name"], name="saved_search_once_a_name"),
        )

    def __str__(self) -> str:
        return self.name
