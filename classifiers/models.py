"""Which models there are, which one serves, and why."""

from __future__ import annotations

import secrets

from django.db import models
from django.db.models import Q

GLOBAL_SLOT = "global"


def site_slot(site_id: int) -> str:
    """The slot of one site's own model."""
    return f"site:{site_id}"


class Stage(models.TextChoices):
    CANDIDATE = "candidate", "candidate"
    SHADOW = "shadow", "shadow"
    CANARY = "canary", "canary"
    PRODUCTION = "production", "production"
    RETIRED = "retired", "retired"


class ModelVersionQuerySet(models.QuerySet["ModelVersion"]):
    def in_production(self, slot: str) -> ModelVersion | None:
        """The version of exactly this slot that serves, if any."""
        return self.filter(slot=slot, stage=Stage.PRODUCTION).first()

    def serving(self, slot: str) -> ModelVersion | None:
        """The version that serves this slot: its own, else the global one, if any."""
        return self.in_production(slot) or self.in_production(GLOBAL_SLOT)

    def earlier_production(self, version: ModelVersion) -> ModelVersionQuerySet:
        """What served this slot before `version`, the latest first."""
        return self.filter(
            slot=version.slot, stage=Stage.RETIRED, promoted_at__lt=version.promoted_at
        ).order_by("-promoted_at")


class ModelVersion(models.Model):
    """One trained model. Its files lie in the model folder, in a directory named `path`."""

    name = models.CharField(max_length=120, unique=True)
    slot = models.CharField(max_length=40, default=GLOBAL_SLOT)
    stage = models.CharField(max_length=12, choices=Stage.choices, default=Stage.CANDIDATE)
    digest = models.CharField(max_length=64)
    path = models.CharField(max_length=200)
    manifest = models.JSONField(default=dict)
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children"
    )
    reason = models.TextField(blank=True)
    """In words: why this version was promoted, kept back or retired."""
    snapshot_hash = models.CharField(max_length=64, blank=True)
    problem = models.TextField(blank=True, default="", db_default="")
    """Why a machine could not load it the last time, and serves something else; empty when it
    could."""
    created_at = models.DateTimeField(auto_now_add=True)
    promoted_at = models.DateTimeField(null=True, blank=True)

    objects = ModelVersionQuerySet.as_manager()

    class Meta:
        ordering = ("-created_at", "-pk")
        constraints = (
            models.UniqueConstraint(
                fields=["slot"],
                condition=Q(stage="production"),
                name="one_production_version_a_slot",
            ),
            models.UniqueConstraint(
                fields=["slot", "digest"], name="one_version_a_slot_and_digest"
            ),
            models.CheckConstraint(
                condition=Q(stage__in=Stage.values), name="model_version_stage_is_known"
            ),
            models.CheckConstraint(
                condition=Q(slot=GLOBAL_SLOT) | Q(slot__regex=r"^site:[0-9]+$"),
                name="model_version_slot_is_known",
            ),
            models.CheckConstraint(
                condition=~Q(stage="production") | Q(promoted_at__isnull=False),
                name="production_was_promoted",
            ),
        )

    def __str__(self) -> str:
        return self.name


class RolloutStage(models.TextChoices):
    AUDITS = "audits", "on stored audits"
    SHADOW = "shadow", "in shadow"
    CANARY = "canary", "canary"
    DONE = "done", "serves all"
    STOPPED = "stopped", "stopped"


class RolloutQuerySet(models.QuerySet["Rollout"]):
    def open(self) -> RolloutQuerySet:
        """At most one a slot."""
        return self.filter(ended_at__isnull=True)


def new_salt() -> str:
    return secrets.token_hex(16)


class Rollout(models.Model):
    """A candidate's way into service: stored audits, shadow, a share of the posts, all of them."""

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="rollouts")
    baseline = models.ForeignKey(
        ModelVersion,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="What served when it began, and is its measure.",
    )
    slot = models.CharField(max_length=40)
    stage = models.CharField(
        max_length=8, choices=RolloutStage.choices, default=RolloutStage.AUDITS
    )
    share = models.FloatField(help_text="Of authors, whose posts the canary judges.")
    salt = models.CharField(
        max_length=32,
        default=new_salt,
        db_default="",
        editable=False,
        help_text="Secret: who knows it knows whose posts the canary judges.",
    )
    reason = models.TextField(blank=True, help_text="In words: why it stands where it does.")
    audits = models.JSONField(default=dict, help_text="What stored audits say of it.")
    shadow = models.JSONField(default=dict, help_text="What it makes of posts that another judges.")
    canary = models.JSONField(default=dict, help_text="What came of the posts that it judged.")
    cursor = models.BigIntegerField(
        default=0, help_text="Decisions up to this one are not looked at in shadow any more."
    )
    started_at = models.DateTimeField()
    stage_since = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = RolloutQuerySet.as_manager()

    class Meta:
        ordering = ("-pk",)
        constraints = (
            models.UniqueConstraint(
                fields=["slot"],
                condition=Q(ended_at__isnull=True),
                name="one_open_rollout_a_slot",
            ),
            models.CheckConstraint(
                condition=Q(stage__in=["done", "stopped"], ended_at__isnull=False)
                | Q(stage__in=["audits", "shadow", "canary"], ended_at__isnull=True),
                name="rollout_ends_once",
            ),
            models.CheckConstraint(
                condition=Q(share__gt=0, share__lt=1), name="rollout_share_is_a_part"
            ),
        )

    def __str__(self) -> str:
        return f"{self.version} {self.stage}"


class RegistryState(models.Model):
    """One row. `revision` grows with every change, so that workers notice by one cheap query."""

    ONLY: int = 1

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    revision = models.BigIntegerField(default=0)

    @classmethod
    def present(cls) -> int:
        """The revision; 0 before the first change."""
        row = cls.objects.filter(pk=cls.ONLY).values_list("revision", flat=True)
        return row.first() or 0

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(id=1), name="registry_state_is_one_row"),)

    def __str__(self) -> str:
        return f"revision {self.revision}"


class ModelFile(models.Model):
    """One file of a model, by the model's digest; see `classifiers.versions.store`."""

    digest = models.CharField(max_length=64)
    name = models.CharField(max_length=64)
    content = models.BinaryField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["digest", "name"], name="one_file_a_digest_and_name"),
        )

    def __str__(self) -> str:
        return f"{self.digest[:12]} {self.name}"
