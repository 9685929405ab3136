"""Words of reporters, and their checks."""

from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.utils import timezone

from moderation import outbox
from moderation.deciding import feedback
from moderation.models import ApiKey, Post, Site
from reviews.labels import checks, weighing
from reviews.labels.labelling import effective
from reviews.models import (
    Case,
)
from reviews.states import CaseState, Lane, VerdictKind
from tests.integration.reviews.world import make_case
from tests.integration.world import NOW, answer

SOON = timezone.now() + timedelta(hours=1)
TOMORROW = SOON + timedelta(days=1)


def say(key: ApiKey, label: str = "spam", actor: str = "17", **decision: object) -> Post:
    """Have a reporter say what a fresh post is, as a site's moderator."""
    post = make_case(key.site, text=f"Post {Post.objects.count()}", **decision).post
    feedback.receive(
        post=post, label=label, actor_id=actor, actor_role="moderator", api_key=key, now=NOW
    )
    outbox.deliver(now=NOW + timedelta(seconds=1))
    return post


def check_all(user: User, kind: VerdictKind, now: datetime = SOON) -> list[Case]:
    """Open what is to be checked and answer it."""
    checks.open_due(now=now)
    asked = list(Case.objects.filter(lane=Lane.LOOK, state=CaseState.OPEN).order_by("pk"))
    for case in asked:
        answer(case, user, kind, now=now)
    return asked


def weighs(site: Site) -> list[float]:
    sites = Site.objects.filter(pk=site.pk)
    found = weighing.weigh(effective(sites), caps=False).of_reporters.values()
    return sorted(each.weight for each in found)
