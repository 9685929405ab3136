from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

from moderation.models import Site
from reviews.models.case import Case, Verdict
from reviews.states import LookKind, LookReason

SHARE = [MinValueValidator(0.0), MaxValueValidator(1.0)]
LEAST_PLAIN = 0.05


class LookPlan(models.Model):
    """How much of what a site's people judge is judged a second time, blind.

    A site without such a row goes by the defaults.
    """

    site = models.OneToOneField(Site, on_delete=models.CASCADE, related_name="look_plan")
    second_share = models.FloatField(
        default=0.05,
        validators=SHARE,
        verbose_name="second looks",
        help_text="Share of answered cases that somebody else judges again without knowing it.",
    )
    spam_share = models.FloatField(
        default=0.1,
        validators=SHARE,
        verbose_name="second looks at audited blocks",
        help_text="The same for audited posts that the machine would block and that were called "
        "spam. Those that were called anything else are always looked at again, as are audited "
        "posts that the machine allowed and somebody called spam.",
    )
    gold_share = models.FloatField(
        default=0.02,
        validators=SHARE,
        verbose_name="known cases",
        help_text="Share of answers after which somebody meets a case on which two others agreed.",
    )
    plain_share = models.FloatField(
        default=0.2,
        validators=[MinValueValidator(LEAST_PLAIN), MaxValueValidator(1.0)],
        verbose_name="ordinary cases without evidence",
        help_text="Share of ordinary cases that are judged by the post alone. Audits, known cases "
        "and second looks always are, and hide among these.",
    )

    checks_per_day = models.PositiveSmallIntegerField(
        default=10,
        db_default=10,
        verbose_name="checks of reporters a day",
        help_text="Of what the site’s owners and moderators said with a key, at most so much is "
        "judged again: it tells whose labels may train.",
    )
    doubts_per_day = models.PositiveSmallIntegerField(
        default=5,
        db_default=5,
        verbose_name="likely wrong labels a day",
        help_text="At most so many labels that a training doubts are judged again.",
    )
    lessons_per_day = models.PositiveSmallIntegerField(
        default=5,
        db_default=5,
        verbose_name="posts to learn from a day",
        help_text="At most so many allowed posts that would teach most come into the queue.",
    )

    class Meta:
        verbose_name = "second looks"
        verbose_name_plural = "second looks"
        constraints = (
            models.CheckConstraint(
                condition=models.Q(
                    second_share__gte=0,
                    second_share__lte=1,
                    spam_share__gte=0,
                    spam_share__lte=1,
                    gold_share__gte=0,
                    gold_share__lte=1,
                    plain_share__gte=LEAST_PLAIN,
                    plain_share__lte=1,
                ),
                name="look_plan_shares",
            ),
        )

    def __str__(self) -> str:
        return f"second looks on {self.site}"


class Look(models.Model):
    """That a verdict is to be compared with what somebody says who does not know of it.

    Drawn with a known probability when the verdict is given, a case of its own once it is due, and
    answered by a verdict that decides nothing. The application cannot delete it.
    """

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=8, choices=[(k.value, k.value) for k in LookKind])
    why = models.CharField(max_length=8, choices=[(r.value, r.value) for r in LookReason])
    verdict = models.ForeignKey(
        Verdict, on_delete=models.PROTECT, related_name="looks", help_text="What is looked at."
    )
    probability = models.FloatField(help_text="With which it was drawn.")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Who is to look, where it is somebody in particular.",
    )
    own = models.BooleanField(
        default=False, help_text="By whoever gave the verdict, a day later: nobody else was there."
    )
    due_at = models.DateTimeField()
    case = models.OneToOneField(
        Case, null=True, blank=True, on_delete=models.PROTECT, related_name="look"
    )
    answer = models.OneToOneField(
        Verdict, null=True, blank=True, on_delete=models.PROTECT, related_name="answers_look"
    )
    dispute = models.OneToOneField(
        Case,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="disputed_by",
        help_text="Asks a third person, whose verdict decides.",
    )
    ended = models.CharField(max_length=200, blank=True, help_text="Why nobody looked.")
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["verdict"],
                condition=models.Q(kind=LookKind.SECOND),
                name="look_second_once",
            ),
            models.CheckConstraint(
                condition=models.Q(probability__gt=0, probability__lte=1),
                name="look_probability",
            ),
            models.CheckConstraint(
                condition=models.Q(answer__isnull=True) | models.Q(case__isnull=False, ended=""),
                name="look_answer_has_case",
            ),
            models.CheckConstraint(
                condition=models.Q(dispute__isnull=True) | models.Q(kind=LookKind.SECOND),
                name="look_gold_disputes_nothing",
            ),
        )
        indexes = (
            models.Index(
                fields=["due_at"],
                condition=models.Q(case__isnull=True, ended=""),
                name="look_due",
            ),
            models.Index(fields=["site", "-id"], name="look_site_newest"),
        )

    def __str__(self) -> str:
        return f"{self.kind} look at {self.verdict_id}"
