from __future__ import annotations

import unicodedata
from datetime import timedelta

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from classifiers.text.characters import BIDI_CONTROLS
from moderation.policy import Rules
from moderation.types import Mode, Outcome, PostType, StatementsFor

FALLBACKS = [(Outcome.BLOCK.value, "keep unpublished"), (Outcome.ALLOW.value, "publish")]
STATEMENTS = [
    (StatementsFor.ALL.value, "every block"),
    (
        StatementsFor.NO_COPIES.value,
        "every block but of campaigns: copies of known spam, and what one answer blocked together",
    ),
    (StatementsFor.NONE.value, "no block"),
]
SMALL_SHARE = [MinValueValidator(0.0001), MaxValueValidator(0.5)]
PROBABILITY = [MinValueValidator(0.0), MaxValueValidator(1.0)]


def in_one_line(text: str) -> str:
    """Return the text in one line, without characters that tell others where to stand.

    >>> in_one_line("Harbour\\r\\nBcc: \\u202egnp")
    'Harbour Bcc: gnp'
    """
    return " ".join("".join(" " if _ends_line(char) else char for char in text).split())


def _ends_line(char: str) -> bool:
    return char in BIDI_CONTROLS or unicodedata.category(char) in ("Cc", "Zl", "Zp")


class Site(models.Model):
    """A tenant: one website, forum, app or shop whose posts are kept apart from all others."""

    name = models.CharField(max_length=200, unique=True)
    pool_labels = models.BooleanField(
        default=False,
        help_text="Let this site's labels train the model that all sites share. Otherwise they "
        "train only a model of its own.",
    )
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Raises ValidationError for a name of several lines, or that is not read as it stands.

        Mails, files and log lines name the site.
        """
        if any(map(_ends_line, self.name)):
            raise ValidationError({"name": "A name is one line, without control characters."})

    @property
    def slot(self) -> str:
        """The model slot of this site alone; see `classifiers.versions.lineup`."""
        return f"site:{self.pk}"


class Guidelines(models.Model):
    """What a site asks of its members, in its operators' words: one version, never changed.

    `moderation.guidelines` reads its rules. A policy names the version that stood with it, so
    that each decision does.
    """

    site = models.ForeignKey(
        Site, on_delete=models.PROTECT, related_name="guidelines", db_index=False
    )
    version = models.PositiveIntegerField()
    text = models.TextField()
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        verbose_name_plural = "guidelines"
        constraints = (
            models.UniqueConstraint(fields=["site", "version"], name="guidelines_one_a_version"),
        )

    def __str__(self) -> str:
        return f"{self.site} guidelines {self.version}"


class PolicyQuerySet(models.QuerySet["Policy"]):
    def in_force(self) -> PolicyQuerySet:
        """The newest revision of each site."""
        return self.order_by("site_id", "-revision").distinct("site_id")


class Policy(models.Model):
    """How a site turns a probability into an outcome: one immutable revision.

    A change is a new row, so that each decision names the rules it was made under.
    """

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="policies")
    revision = models.PositiveIntegerField()
    mode = models.CharField(
        max_length=16, choices=[(m.value, m.value) for m in Mode], default=Mode.REVIEW_ONLY
    )
    review_from = models.FloatField(
        default=0.3, validators=PROBABILITY, help_text="Below this probability a post is allowed."
    )
    block_from = models.FloatField(
        default=0.95,
        validators=PROBABILITY,
        help_text="From this probability on a post is, or would be, blocked. Unproven until "
        "audits certify it.",
    )
    published_types = ArrayField(
        models.CharField(max_length=16, choices=[(t.value, t.value) for t in PostType]),
        default=list,
        blank=True,
        help_text="Post types that stay published while they wait for review; others are held.",
    )
    max_hold = models.DurationField(
        default=timedelta(hours=24), help_text="How long a post may be held unanswered."
    )
    hold_fallback = models.CharField(
        max_length=8,
        choices=FALLBACKS,
        default=Outcome.BLOCK,
        help_text="What happens to a post held longer than that. A post that could not be "
        "judged is never published by this.",
    )
    blocks_per_hour = models.PositiveIntegerField(
        default=200, help_text="Automatic blocks an hour; beyond them posts are held instead."
    )
    promise = models.FloatField(
        default=0.01,
        db_default=0.01,
        validators=SMALL_SHARE,
        help_text="In mode certified: of honest posts, at most this share may be blocked by the "
        "model. Until audits have shown it, people judge what it would block.",
    )
    block_audits_per_day = models.PositiveSmallIntegerField(default=5)
    allow_audits_per_day = models.PositiveSmallIntegerField(default=2)
    missed_limit = models.FloatField(
        null=True,
        blank=True,
        validators=SMALL_SHARE,
        verbose_name="limit of missed spam",
        help_text="Of the posts that the machine allows, at most this share may be spam (0.02: 20 "
        "of 1,000). Watched by random draws, up to twenty a day; you are told when it is broken "
        "beyond doubt. Empty: no limit.",
    )
    missed_reviews_per_day = models.PositiveSmallIntegerField(
        default=20,
        db_default=20,
        verbose_name="posts a day to ask about when it is broken",
        help_text="When that limit is broken, people are asked about so many more posts a day, "
        "those of the allowed ones that are most like spam. They stay published meanwhile. 0: you "
        "are only told.",
    )
    honeypot_field = models.CharField(
        max_length=64,
        default="honeypot",
        blank=True,
        help_text="Key in `metadata` that carries the form field people do not see.",
    )
    statements = models.CharField(
        max_length=16,
        choices=STATEMENTS,
        default=StatementsFor.ALL,
        db_default=StatementsFor.ALL.value,
        help_text="Which blocks come with reasons, in coarse words, that the site can show the "
        "author.",
    )
    appeal_days = models.PositiveSmallIntegerField(
        default=30,
        db_default=30,
        validators=[MaxValueValidator(3_650)],
        help_text="For how many days after a block its author may appeal. 0: not at all.",
    )
    guidelines = models.ForeignKey(
        Guidelines,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        help_text="What the site asks of its members, as it reads under this revision.",
    )
    guidelines_public = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Link the guidelines from statements of reasons and the page for appeals, where "
        "everybody who has the link can read them.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = PolicyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "policies"
        constraints = (
            models.UniqueConstraint(fields=["site", "revision"], name="policy_one_a_revision"),
            models.CheckConstraint(
                condition=models.Q(
                    review_from__gte=0,
                    review_from__lte=models.F("block_from"),
                    block_from__lte=1,
                ),
                name="policy_thresholds_ordered",
            ),
        )

    def __str__(self) -> str:
        return f"{self.site} policy {self.revision}"

    @property
    def rules(self) -> Rules:
        """What `moderation.policy.decide` goes by."""
        return Rules(
            mode=Mode(self.mode),
            review_from=self.review_from,
            block_from=self.block_from,
            published_types=frozenset(map(PostType, self.published_types)),
        )
