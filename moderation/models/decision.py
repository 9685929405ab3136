from __future__ import annotations

from django.conf import settings
from django.db import models

from moderation.models.post import Post
from moderation.models.site import Policy, Site
from moderation.types import PEOPLE, Arm, FeedbackLabel, Ground, Mode, Outcome, Source, Stratum

CAPPED_GROUNDS = (Ground.MODEL, Ground.COPY)
"""Blocks on these grounds count towards a site's cap on automatic blocks."""


class Decision(models.Model):
    """What was decided about one revision of a post, by whom, under which rules. Append-only.

    The decisions of a post form one chain: exactly one has no predecessor, and each is
    superseded at most once, so exactly one is in force.
    """

    post = models.ForeignKey(
        Post, on_delete=models.PROTECT, related_name="decisions", db_index=False
    )
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", db_index=False)
    revision = models.PositiveIntegerField()
    outcome = models.CharField(max_length=8, choices=[(o.value, o.value) for o in Outcome])
    published = models.BooleanField(help_text="Whether readers may see the post meanwhile.")
    source = models.CharField(max_length=16, choices=[(s.value, s.value) for s in Source])
    by = models.CharField(max_length=16, choices=[(g.value, g.value) for g in Ground], blank=True)
    label = models.CharField(
        max_length=4,
        choices=[(x.value, x.value) for x in FeedbackLabel],
        blank=True,
        help_text="What a person said the words are; empty where nobody said so, as when a post "
        "was removed for another reason.",
    )
    fingerprint = models.BinaryField(
        null=True, editable=False, help_text="Of the words that were decided about."
    )
    probability = models.FloatField(null=True, blank=True)
    site_probability = models.FloatField(
        null=True, blank=True, help_text="What the site's own learner made of it, if it has one."
    )
    would_be = models.CharField(
        max_length=8,
        choices=[(o.value, o.value) for o in Outcome],
        null=True,
        blank=True,
        help_text="What the thresholds alone would have said, before mode, lists and cap.",
    )
    reasons = models.JSONField(default=list, help_text="[{code, sentence, weight}]")
    failed = models.BooleanField(default=False, help_text="Some judge could not judge.")
    capped = models.BooleanField(default=False, help_text="Held because of the cap on blocks.")
    mode = models.CharField(max_length=16, choices=[(m.value, m.value) for m in Mode])
    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="+")
    model = models.CharField(max_length=100, blank=True)
    arm = models.CharField(
        max_length=8,
        blank=True,
        default="",
        db_default="",
        choices=[(a.value, a.value) for a in Arm],
        help_text="While a canary judged a share of the posts: whether this was one of them.",
    )
    learner_revision = models.PositiveBigIntegerField(default=0)
    community = models.JSONField(
        null=True,
        editable=False,
        help_text="Where the post stood among others of its site; numbers alone, to learn from.",
    )
    supersedes = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="superseded_by"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    actor = models.CharField(
        max_length=200, blank=True, help_text="The site's own id of who sent feedback."
    )
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["post"],
                condition=models.Q(supersedes__isnull=True),
                name="decision_one_first_a_post",
            ),
            models.CheckConstraint(
                condition=models.Q(probability__isnull=True)
                | models.Q(probability__gte=0, probability__lte=1),
                name="decision_probability_is_one",
            ),
            models.CheckConstraint(
                condition=~models.Q(outcome=Outcome.BLOCK, published=True)
                & ~models.Q(outcome=Outcome.ALLOW, published=False),
                name="decision_outcome_agrees_with_published",
            ),
            models.CheckConstraint(
                condition=models.Q(label="") | models.Q(source__in=sorted(PEOPLE)),
                name="decision_label_is_a_persons",
            ),
        )
        indexes = (
            models.Index(fields=["post", "-id"], name="decision_post_newest"),
            models.Index(
                fields=["site", "-created_at"],
                condition=models.Q(
                    source=Source.MACHINE, outcome=Outcome.BLOCK, by__in=CAPPED_GROUNDS
                ),
                name="decision_capped_blocks",
            ),
            models.Index(
                fields=["site", "created_at"],
                condition=models.Q(by=Ground.CAUTION),
                name="decision_cautions",
            ),
            models.Index(
                fields=["site", "fingerprint"],
                condition=models.Q(fingerprint__isnull=False) & ~models.Q(label=""),
                name="decision_labelled_words",
            ),
            models.Index(
                fields=["site", "created_at"], condition=~models.Q(arm=""), name="decision_arms"
            ),
        )

    def __str__(self) -> str:
        return f"{self.outcome} by {self.source}"


class Score(models.Model):
    """What one model said of one revision, serving or in shadow: the raw matter of monitoring."""

    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="scores", db_index=False)
    revision = models.PositiveIntegerField()
    scorer = models.CharField(max_length=50)
    model = models.CharField(max_length=100)
    probability = models.FloatField(null=True)
    serving = models.BooleanField(default=True)
    unfamiliar = models.FloatField(
        null=True, help_text="Share of the post's n-grams that the model never met."
    )
    created_at = models.DateTimeField()

    class Meta:
        indexes = (
            models.Index(fields=["post"], name="score_post"),
            models.Index(
                fields=["model", "post"],
                condition=models.Q(serving=False),
                name="score_not_serving",
            ),
        )

    def __str__(self) -> str:
        return f"{self.scorer} {self.probability}"


class AuditDraw(models.Model):
    """One throw of the dice for one machine decision. Append-only.

    `selected` is `draw < probability`, with `draw` uniform on [0, 1) and `probability` fixed
    before the throw, so that audited posts are a sample with known inclusion probabilities.
    """

    decision = models.OneToOneField(Decision, on_delete=models.PROTECT, related_name="audit")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", db_index=False)
    stratum = models.CharField(max_length=8, choices=[(s.value, s.value) for s in Stratum])
    probability = models.FloatField()
    draw = models.FloatField()
    selected = models.BooleanField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=models.Q(probability__gte=0, probability__lte=1, draw__gte=0, draw__lt=1),
                name="audit_draw_in_range",
            ),
            models.CheckConstraint(
                condition=models.Q(selected=True, draw__lt=models.F("probability"))
                | models.Q(selected=False, draw__gte=models.F("probability")),
                name="audit_selected_by_draw",
            ),
        )
        indexes = (
            models.Index(fields=["site", "stratum", "created_at"], name="audit_site_stratum"),
        )

    def __str__(self) -> str:
        return f"{self.stratum} p={self.probability:.4f}"
