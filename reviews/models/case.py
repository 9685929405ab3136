from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from moderation.models import AuditDraw, Decision, Guidelines, Post, Site
from reviews.states import CaseState, Lane, VerdictKind

FREE = models.Q(state=CaseState.OPEN, holder__isnull=True)


class Case(models.Model):
    """A question to a moderator about one revision of a post.

    `priority` is fixed when the case opens or its facts change, so that an index holds the
    order; see `reviews.queue.priority`.
    """

    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="cases")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="+")
    revision = models.PositiveIntegerField()
    decision = models.ForeignKey(
        Decision,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="The decision in question; a verdict is refused once it is superseded.",
    )
    audit = models.OneToOneField(
        AuditDraw, null=True, blank=True, on_delete=models.PROTECT, related_name="case"
    )
    lane = models.CharField(max_length=16, choices=[(x.value, x.value) for x in Lane])
    state = models.CharField(
        max_length=8, choices=[(s.value, s.value) for s in CaseState], default=CaseState.OPEN
    )
    round = models.PositiveSmallIntegerField(
        default=0, help_text="Raised each time the case is reopened."
    )
    priority = models.FloatField()
    passed = models.BooleanField(
        default=False, db_default=False, help_text="Somebody could not tell, in this round."
    )
    compared = models.BooleanField(
        default=False,
        # The release before this one, and what it left, are not compared.
        db_default=True,
        help_text="Posts like this one were looked for, as it reads now.",
    )
    holder = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
    )
    lease_until = models.DateTimeField(null=True, blank=True)
    barred = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        help_text="Who gave the decision that is appealed against: while the site has another "
        "moderator, they do not judge the appeal.",
    )
    language = models.CharField(
        max_length=3,
        default="",
        db_default="",
        blank=True,
        help_text="Of the words, as `reviews.queue.languages` knows it; empty where nobody does.",
    )
    meant_for = ArrayField(
        models.BigIntegerField(),
        default=list,
        db_default=[],
        blank=True,
        help_text="Ids of those who may judge it; empty for everybody.",
    )
    reported = models.FloatField(
        null=True,
        blank=True,
        help_text="The chance that members who reported the post are right; empty where none did.",
    )
    anew = models.BooleanField(
        default=False,
        db_default=False,
        help_text="A senior decided the post anew, after an answer by the post alone.",
    )
    of_many = models.BooleanField(
        default=False,
        db_default=False,
        help_text="An answer to many opened it for what it answered: nobody was shown it alone.",
    )
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_because = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = (
            # An audit asks about the words that were drawn: an edit leaves it open, and may
            # open a second case about the new words. A look stands beside whatever is open.
            models.UniqueConstraint(
                fields=["post"],
                condition=models.Q(state=CaseState.OPEN)
                & ~models.Q(lane__in=[Lane.AUDIT, Lane.LOOK]),
                name="case_one_open_to_decide",
            ),
            models.UniqueConstraint(
                fields=["post", "revision"],
                condition=models.Q(state=CaseState.OPEN) & ~models.Q(lane=Lane.LOOK),
                name="case_one_open_of_words",
            ),
            models.CheckConstraint(
                condition=~models.Q(lane=Lane.LOOK)
                | (models.Q(audit__isnull=True) & ~models.Q(meant_for=[])),
                name="case_look_is_addressed",
            ),
            models.CheckConstraint(
                condition=~models.Q(lane=Lane.AUDIT) | models.Q(audit__isnull=False),
                name="case_audit_names_draw",
            ),
            # Whoever appeals selects: their cases measure nothing.
            models.CheckConstraint(
                condition=~models.Q(lane=Lane.APPEAL) | models.Q(audit__isnull=True),
                name="case_appeal_is_no_audit",
            ),
            models.CheckConstraint(
                condition=models.Q(state=CaseState.OPEN, closed_at__isnull=True)
                | (
                    ~models.Q(state=CaseState.OPEN)
                    & models.Q(closed_at__isnull=False, holder__isnull=True)
                ),
                name="case_closed_is_let_go",
            ),
            models.CheckConstraint(
                condition=models.Q(holder__isnull=True, lease_until__isnull=True)
                | models.Q(holder__isnull=False, lease_until__isnull=False),
                name="case_lease_is_whole",
            ),
        )
        indexes = (
            models.Index(
                fields=["site", "-priority", "id"],
                condition=FREE & models.Q(passed=False),
                name="case_fresh_by_priority",
            ),
            models.Index(
                fields=["site", "-priority", "id"],
                condition=FREE & models.Q(passed=True),
                name="case_passed_by_priority",
            ),
            models.Index(
                fields=["site", "language", "passed", "-priority", "id"],
                condition=FREE,
                name="case_free_by_language",
            ),
            models.Index(
                fields=["site", "lane", "opened_at"],
                condition=models.Q(state=CaseState.OPEN),
                name="case_open_by_lane",
            ),
            models.Index(
                fields=["-id"], condition=models.Q(compared=False), name="case_uncompared"
            ),
            models.Index(
                fields=["site"],
                condition=models.Q(state=CaseState.OPEN)
                & ~models.Q(meant_for=[])
                & ~models.Q(lane=Lane.LOOK),
                name="case_open_addressed",
            ),
            models.Index(
                fields=["holder"], condition=models.Q(holder__isnull=False), name="case_held"
            ),
            models.Index(
                fields=["lease_until"],
                condition=models.Q(holder__isnull=False),
                name="case_lease_ends",
            ),
        )

    def __str__(self) -> str:
        return f"case {self.pk}"


class Verdict(models.Model):
    """A moderator's answer to a case, or the undoing of one. Append-only."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="verdicts")
    round = models.PositiveSmallIntegerField()
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=16, choices=[(k.value, k.value) for k in VerdictKind])
    note = models.TextField(blank=True)
    guidelines = models.ForeignKey(
        Guidelines,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_index=False,
        help_text="The guidelines whose rule was named, if one was.",
    )
    rule = models.PositiveSmallIntegerField(null=True, blank=True)
    seen = models.ForeignKey(
        Decision, on_delete=models.PROTECT, related_name="+", help_text="The decision it answers."
    )
    decision = models.OneToOneField(
        Decision,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="verdict",
        help_text="The decision it made, if it made one.",
    )
    undoes = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="undone_by"
    )
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["case", "round"],
                condition=models.Q(
                    kind__in=[VerdictKind.SPAM, VerdictKind.NOT_SPAM, VerdictKind.REMOVE]
                ),
                name="verdict_one_a_round",
            ),
            models.CheckConstraint(
                condition=~models.Q(kind__in=[VerdictKind.CANNOT_TELL, VerdictKind.ESCALATE])
                | models.Q(decision__isnull=True),
                name="verdict_passing_decides_nothing",
            ),
            models.CheckConstraint(
                condition=models.Q(kind=VerdictKind.UNDO, undoes__isnull=False)
                | (~models.Q(kind=VerdictKind.UNDO) & models.Q(undoes__isnull=True)),
                name="verdict_undo_names_what",
            ),
        )
        indexes = (
            models.Index(fields=["user", "-id"], name="verdict_user_newest"),
            models.Index(fields=["user", "created_at"], name="verdict_user_day"),
        )

    def __str__(self) -> str:
        return f"{self.kind} on case {self.case_id}"
