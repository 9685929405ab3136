"""What is to be set up before a site's first post is judged, for whoever may set it up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.urls import reverse

from moderation.models import ApiKey, Policy, Site
from moderation.types import Mode
from reviews.admin_site.scope import sites_where
from reviews.models import Membership

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser, User


@dataclass(frozen=True, slots=True)
class Step:
    """One thing to do, and whether it was done for at least one site."""

    words: str
    why: str
    link: str
    done: bool


def steps_for(user: User | AnonymousUser) -> list[Step]:
    """Return what this person may set up on their sites; nothing once all of it is done."""
    sites = Site.objects.filter(sites_where(user, "change", "moderation.site"))
    of = {"site__in": sites}
    form = reverse("admin:moderation_site_changelist")
    if len(found := list(sites.values_list("pk", flat=True)[:2])) == 1:
        form = reverse("admin:moderation_site_change", args=found)
    steps = {
        "moderation.add_site": Step(
            "Create a site",
            "Each community has one, with rules of its own.",
            reverse("admin:moderation_site_add"),
            bool(found),
        ),
        "moderation.add_apikey": Step(
            "Make an API key",
            "The site sends its posts with it. It is shown once.",
            reverse("admin:moderation_apikey_add"),
            ApiKey.objects.filter(**of).exists(),
        ),
        "moderation.change_site": Step(
            "Set the policy",
            "How far the machine may go, and what happens to posts that nobody answers. A new site "
            "starts with “review only”.",
            form,
            Policy.objects.filter(**of).exclude(revision=1, mode=Mode.REVIEW_ONLY).exists(),
        ),
        "reviews.add_membership": Step(
            "Name the moderators",
            "Who has a role on a site finds its posts in the queue.",
            reverse("admin:reviews_membership_add"),
            Membership.objects.filter(**of).exists(),
        ),
    }
    shown = [step for permission, step in steps.items() if user.has_perm(permission)]
    return [] if all(step.done for step in shown) else shown
