from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from moderation.models import Site
from reviews.roles import GIVEN, LABELS, Role

__all__ = ["Membership", "Role"]


class Membership(models.Model):
    """What a person may do on one site: `reviews.roles` says what each role may.

    Superusers may do everything on every site.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships"
    )
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(
        max_length=16,
        choices=[(role.value, label) for role, label in LABELS.items()],
        default=Role.MODERATOR,
    )
    lanes = ArrayField(
        models.CharField(max_length=16, choices=[(lane.value, lane.value) for lane in GIVEN]),
        default=list,
        db_default=[],
        blank=True,
        help_text="Which cases they judge; none chosen: all. Who judges both held and published "
        "posts also judges the random audits among them.",
    )
    writes_as = models.CharField(
        max_length=200,
        blank=True,
        default="",
        db_default="",
        verbose_name="writes as",
        help_text="Their own id as an author on the site, as the site sends it: they do not judge "
        "what they wrote themselves.",
    )
    sees_hidden = models.BooleanField(
        default=False,
        db_default=False,
        verbose_name="sees hidden posts",
        help_text="Named for posts that were found dangerous or illegal: nobody else sees them.",
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=["user", "site"], name="membership_once_a_site"),
        )

    def __str__(self) -> str:
        return f"{self.user} on {self.site}"
