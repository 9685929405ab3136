"""Makes the demo forum, whole or not at all, and takes it away."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from django.apps import apps
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import ForeignKey, Model, ProtectedError
from django.utils import timezone

from moderation import access, guidelines
from moderation.exceptions import LeaseLost, LeaseTaken
from moderation.models import Post, Site
from moderation.sites import change_policy, create_site
from moderation.types import Mode
from reviews.demonstration import people, rhythm, texts
from reviews.demonstration.rules import GUIDELINES
from reviews.demonstration.site import USERNAME
from reviews.demonstration.story import LATELY, Story, Tell
from reviews.exceptions import ReviewError
from reviews.judging import bulk, scopes
from reviews.models import Case, LookPlan, Membership, QueueDepth, Role, SavedSearch
from reviews.queue import depth
from reviews.search import indexing
from reviews.states import CaseState, Lane, VerdictKind

SITE: Final = "Demo forum"
POSTS: Final = 600
APPS: Final = ("moderation", "reviews")
DANGEROUS: Final = texts.Written(
    "(This stands for a post that is dangerous. It was made up, and says nothing.)",
    "en", "comment", True,
)  # fmt: skip
SEARCHES: Final = {
    "Blocked by the machine": "state=block&by=machine",
    "“casino” in words": "q=casino&inside=on",
}
INDEX_SECONDS: Final = 60.0


def fill(
    *, size: int = POSTS, now: datetime | None = None, tell: Tell = lambda done, of: None
) -> int:
    """Make the forum and return how many posts it has; 0 if it is there already."""
    end = now or timezone.now()
    written = texts.read()
    with transaction.atomic():
        site = Site.objects.filter(name=SITE).first()
        site = site or _create(end - timedelta(days=rhythm.DAYS))
        # One at a time: whoever comes second finds it filled.
        Site.objects.select_for_update(no_key=True).get(pk=site.pk)
        if Post.objects.filter(site=site).exists():
            return 0
        change_policy(site=site, max_hold=LATELY)
        guidelines.publish(site=site, text=GUIDELINES, public=True)
        _invite(site)
        key, _ = access.create_key(site=site, name="demo")
        plan = {"second_share": 0.35, "gold_share": 0.1, "plain_share": 0.1}
        LookPlan.objects.update_or_create(site=site, defaults=plan)
        judges = people.moderators(site)
        story = Story(site=site, key=key, judges=judges, end=end)
        story.tell = tell
        story.plan(written, size=size, besides=1)
        story.happen()
        _hide_one(story, end)
    _index()
    _answer_many(site, judges[0])
    with transaction.atomic():
        # One answer for many may be about what was just reported.
        story.leave_waiting()
        _note_depths(site, end)
    return Post.objects.filter(site=site).count()


def _create(at: datetime) -> Site:
    """As old as its posts: of a young site another share is drawn for measuring."""
    site = create_site(name=SITE, mode=Mode.PROVISIONAL)
    Site.objects.filter(pk=site.pk).update(created_at=at)
    site.created_at = at
    return site


def _invite(site: Site) -> None:
    """The demo's own moderator finds it all in their queue."""
    for user in User.objects.filter(username=USERNAME):
        given = {"role": Role.OWNER, "sees_hidden": True}
        Membership.objects.get_or_create(user=user, site=site, defaults=given)
        for name, query in SEARCHES.items():
            SavedSearch.objects.get_or_create(
                user=user, name=name, defaults={"query": f"{query}&site={site.pk}"}
            )


def _hide_one(story: Story, end: datetime) -> None:
    moment = end - timedelta(days=1)
    post = story.submit(DANGEROUS, moment)
    story.report(post, moment + timedelta(minutes=5))
    case = Case.objects.filter(post=post, state=CaseState.OPEN).first()
    if case is not None:
        story.judge(case, story.judges[0], VerdictKind.DANGER, moment + timedelta(minutes=9))


def _note_depths(site: Site, end: datetime) -> None:
    """What a look every five minutes would have seen."""
    cases = list(Case.objects.filter(site=site).values_list("opened_at", "closed_at"))
    start = end - depth.KEPT
    rows = []
    for number in range(int(depth.KEPT / depth.EVERY)):
        moment = depth.bucket(start + number * depth.EVERY)
        waited = [
            opened
            for opened, closed in cases
            if opened <= moment and (not closed or closed > moment)
        ]
        oldest = (moment - min(waited)).total_seconds() if waited else None
        rows.append(
            QueueDepth(
                site=site,
                taken_at=moment,
                cases=len(waited),
                oldest_seconds=None if oldest is None else int(oldest),
            )
        )
    QueueDepth.objects.bulk_create(rows, ignore_conflicts=True)


def _index() -> None:
    """A worker would do so within a minute; where none runs, nobody would."""
    end = time.monotonic() + INDEX_SECONDS
    while time.monotonic() < end:
        try:
            indexing.follow(seconds=end - time.monotonic())
        except (LeaseTaken, LeaseLost):
            time.sleep(0.5)
        else:
            return


def _answer_many(site: Site, judge: User) -> None:
    """One answer for a campaign, so that there is one to look at and to take back."""
    open_cases = Case.objects.filter(site=site, state=CaseState.OPEN, lane=Lane.HELD)
    for case in open_cases.select_related("post").order_by("pk"):
        scope = scopes.alike(case_id=case.pk, post=case.post)
        run = scopes.dry_run(scope, user=judge)
        if len(run.listed) < 3:
            continue
        try:
            action = bulk.start(
                scope,
                user=judge,
                kind=VerdictKind.SPAM,
                newest=run.newest,
                expected=len(run.listed),
            )
        except ReviewError:
            continue
        bulk.go_on(action, most=100)
        return


def remove() -> int:
    """Delete the forum with all that belongs to it, as the owner of the tables; how many posts."""
    with transaction.atomic():
        site = Site.objects.filter(name=SITE).first()
        if site is None:
            return 0
        count = Post.objects.filter(site=site).count()
        # A hidden post is preserved until somebody shows it again.
        Post.objects.filter(site=site).update(hidden_at=None)
        for model, path in _belonging():
            model._default_manager.filter(**{path: site})._raw_delete(connection.alias)
        SavedSearch.objects.filter(query__endswith=f"site={site.pk}").delete()
        Site.objects.filter(pk=site.pk)._raw_delete(connection.alias)
    for user in User.objects.filter(username__in=people.MODERATORS):
        try:
            user.delete()
        except ProtectedError:
            user.is_active = False
            user.save(update_fields=["is_active"])
    return count


def _belonging() -> Iterable[tuple[type[Model], str]]:
    """Yield each model whose rows belong to a site, and the way there; the farthest first.

    Foreign keys are looked at when all is over, so only the ways have to be there still. A way
    that a row need not have is taken where there is no other.
    """
    models = [model for app in APPS for model in apps.get_app_config(app).get_models()]
    ways: dict[type[Model], str] = {Site: ""}
    for optional in (False, True):
        found = deque(ways)
        while found:
            target = found.popleft()
            for model in models:
                for field in model._meta.get_fields():
                    if (
                        isinstance(field, ForeignKey)
                        and field.related_model is target
                        and field.null == optional
                        and model not in ways
                    ):
                        ways[model] = f"{field.name}__{ways[target]}".removesuffix("__")
                        found.append(model)
    del ways[Site]
    return sorted(ways.items(), key=lambda item: -item[1].count("__"))
