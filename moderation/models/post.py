from __future__ import annotations

from datetime import datetime

from django.db import models
from uuid_utils.compat import uuid7

from moderation.models.author import Author
from moderation.models.site import Site
from moderation.types import Outcome, PostType, Severity, Status


class PostQuerySet(models.QuerySet["Post"]):
    def held_past(self, moment: datetime) -> PostQuerySet:
        """Held posts whose time ran out before `moment`."""
        return self.filter(hold_until__lte=moment)


class Post(models.Model):
    """Identity, standing and work state of something a site's user wrote.

    The words live in `PostRevision`. The row is the work: while `status` is pending, a
    worker claims it by raising `attempts`, setting `lease_until` and naming its session.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="posts", db_index=False)
    external_id = models.CharField(max_length=200, null=True, blank=True)
    author = models.ForeignKey(
        Author,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="posts",
        db_index=False,
    )
    type = models.CharField(
        max_length=16, choices=[(t.value, t.value) for t in PostType], default=PostType.OTHER
    )
    ip = models.GenericIPAddressField(null=True, blank=True)
    revision = models.PositiveIntegerField(default=1)
    status = models.CharField(
        max_length=16, choices=[(s.value, s.value) for s in Status], default=Status.PENDING
    )
    outcome = models.CharField(
        max_length=8,
        choices=[(o.value, o.value) for o in Outcome],
        null=True,
        blank=True,
        help_text="That of the decision in force; empty while pending.",
    )
    decision = models.OneToOneField(
        "moderation.Decision",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="in_force_for",
        help_text="The decision in force; while pending, the one on an earlier revision.",
    )
    exposure = models.FloatField(
        null=True,
        blank=True,
        help_text="How many see it, over those who see a usual post of the site; empty: as many.",
    )
    severity = models.CharField(
        max_length=8,
        choices=[(s.value, s.value) for s in Severity],
        default=Severity.NORMAL,
        db_default=Severity.NORMAL.value,
        help_text="How bad spam would be there.",
    )
    fingerprint = models.BinaryField(null=True, editable=False)
    hold_until = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    session_pid = models.IntegerField(null=True, editable=False)
    session_start = models.DateTimeField(
        null=True, editable=False, help_text="Of the database session that claimed the post."
    )
    created_at = models.DateTimeField()
    submitted_at = models.DateTimeField(help_text="When the present revision came in.")
    decided_at = models.DateTimeField(null=True, blank=True)
    pruned_at = models.DateTimeField(
        null=True, blank=True, help_text="When its words and all that is personal were deleted."
    )
    hidden_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When it was found dangerous or illegal. Until that is taken back nobody but "
        "those who were named for it sees it, and its words are neither changed nor deleted.",
    )

    objects = PostQuerySet.as_manager()

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["site", "external_id"],
                condition=models.Q(external_id__isnull=False),
                name="post_external_id_once_a_site",
            ),
            models.CheckConstraint(
                condition=~models.Q(status=Status.DECIDED)
                | models.Q(outcome__isnull=False, decision__isnull=False),
                name="post_decided_has_decision",
            ),
        )
        indexes = (
            models.Index(fields=["site", "-id"], name="post_site_newest"),
            models.Index(fields=["site", "outcome", "-id"], name="post_site_outcome"),
            models.Index(fields=["author", "-created_at"], name="post_author_newest"),
            models.Index(fields=["author", "-id"], name="post_author_by_id"),
            models.Index(
                fields=["site", "-id"],
                condition=models.Q(status=Status.WITHDRAWN),
                name="post_withdrawn",
            ),
            models.Index(
                fields=["site", "ip", "-created_at"],
                condition=models.Q(ip__isnull=False),
                name="post_site_address",
            ),
            models.Index(
                fields=["site", "fingerprint", "-created_at"],
                condition=models.Q(fingerprint__isnull=False),
                name="post_same_words",
            ),
            models.Index(
                fields=["site", "fingerprint"],
                condition=models.Q(hidden_at__isnull=False),
                name="post_hidden_words",
            ),
            models.Index(
                fields=["submitted_at"],
                condition=models.Q(status=Status.PENDING),
                name="post_pending",
            ),
            models.Index(
                fields=["submitted_at"],
                condition=models.Q(status=Status.PENDING, attempts__gt=0),
                name="post_tried",
            ),
            models.Index(
                fields=["hold_until"],
                condition=models.Q(hold_until__isnull=False),
                name="post_held",
            ),
        )

    def __str__(self) -> str:
        return str(self.id)


class PostRevision(models.Model):
    """The words of a post as they came in once. Never changed; an edit is a new row."""

    post = models.ForeignKey(
        Post, on_delete=models.PROTECT, related_name="revisions", db_index=False
    )
    revision = models.PositiveIntegerField()
    text = models.TextField()
    title = models.TextField(blank=True)
    permalink = models.TextField(blank=True)
    context = models.TextField(blank=True)
    language = models.CharField(max_length=35, blank=True)
    author_name = models.CharField(max_length=200, blank=True)
    author_email = models.CharField(max_length=320, blank=True)
    author_url = models.CharField(max_length=2000, blank=True)
    user_agent = models.TextField(blank=True)
    registered_at = models.DateTimeField(null=True, blank=True)
    posted_at = models.DateTimeField(null=True, blank=True)
    honeypot = models.TextField(
        blank=True, help_text="What came in the form field that people do not see."
    )
    metadata = models.JSONField(default=dict, blank=True)
    digest = models.CharField(max_length=64, help_text="SHA-256 of everything submitted.")
    request_id = models.CharField(
        max_length=64, blank=True, default="", db_default="", help_text="Of the request it came in."
    )
    traceparent = models.CharField(max_length=55, blank=True, default="", db_default="")
    created_at = models.DateTimeField()

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["post", "revision"], name="revision_once_a_post"),
        )

    def __str__(self) -> str:
        return f"{self.post_id} r{self.revision}"
