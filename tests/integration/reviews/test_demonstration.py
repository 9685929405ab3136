"""The demo forum: what it shows, that it comes once, and that nothing of it is left."""

import random
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db.models import Count, Q
from django.utils import timezone

from moderation.models import AuditDraw, Post, Site
from moderation.types import Stratum
from reviews.demonstration import filling, rhythm, story
from reviews.demonstration.site import USERNAME
from reviews.measuring import work
from reviews.models import Case, QueueDepth, SearchEntry, Verdict
from reviews.states import CaseState, Lane
from tests.integration.console.factory import make_case
from tests.integration.world import browser_of, make_site


def test_nothing_of_it_in_production(settings):
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="no place in production"):
        call_command("demo_data")
    assert not Site.objects.exists()


def test_people_answer_by_day():
    chance = random.Random(1)
    night = timezone.now().replace(hour=2, minute=0)
    for hour in range(24):
        opened = night + timedelta(hours=hour)
        answered = rhythm.answered_at(opened, chance)
        assert opened < answered < opened + timedelta(hours=11)
        assert answered.hour in rhythm.SITTINGS
    opened_one_by_one = (night + timedelta(minutes=40 * n) for n in range(60))
    answered_at = sorted(rhythm.answered_at(opened, chance) for opened in opened_one_by_one)
    assert len(work.gaps(answered_at)) >= 30, "several at a sitting"


def test_two_weeks_are_filled_once_and_leave_nothing_behind(as_owner):
    theirs = make_case(make_site())
    User.objects.create_superuser(USERNAME)
    # What still waits of so few posts hangs on the hour.
    now = timezone.now().replace(hour=12, minute=0) - timedelta(days=1)
    told: list[tuple[int, int]] = []
    made = filling.fill(size=60, now=now, tell=lambda *each: told.append(each))
    assert told == [(done, made) for done in range(1, made + 1)]
    site = Site.objects.get(name=filling.SITE)
    posts = Post.objects.filter(site=site)
    assert made == posts.count() > 60
    assert filling.fill(size=60) == 0 and posts.count() == made
    assert posts.values("revisions__language").distinct().count() > 4
    days = {(now - post.created_at).days for post in posts}
    assert 0 in days and len(days) > 7
    blocks = AuditDraw.objects.filter(site=site, stratum=Stratum.BLOCK)
    assert site.created_at <= min(post.created_at for post in posts)
    assert blocks.filter(selected=True).count() > blocks.count() / 2, "five a day, of few"
    assert all(abs(post.pk.int >> 80) == int(post.created_at.timestamp() * 1000) for post in posts)
    assert posts.filter(created_at__gt=now).count() == 0
    cases = Case.objects.filter(site=site)
    assert cases.filter(state=CaseState.OPEN).exists() and cases.exclude(closed_at=None).exists()
    assert cases.filter(state=CaseState.OPEN, lane=Lane.REPORTED).count() >= story.REPORTED_NOW
    measuring = cases.filter(Q(lane=Lane.LOOK) | Q(audit__isnull=False), state=CaseState.OPEN)
    assert measuring.count() <= story.MEASURING_LEFT, "most cases show all that there is"
    verdicts = Verdict.objects.filter(case__site=site)
    assert verdicts.filter(created_at__gt=now).count() <= 20, "those of the bulk answer alone"
    assert verdicts.aggregate(n=Count("user", distinct=True))["n"] == 3
    assert posts.filter(hidden_at__isnull=False).count() == 1
    assert QueueDepth.objects.filter(site=site, cases__gt=0).exists()
    assert SearchEntry.objects.filter(site=site).count() >= made - 1
    browser = browser_of(User.objects.get(username=USERNAME))
    for page in ("", "activity/?span=week", "quality/", "search?q=the", "many/", "hidden/"):
        assert browser.get(f"/review/{page}").status_code == 200, page

    with as_owner():
        assert filling.remove() == made
        assert filling.remove() == 0
    assert Site.objects.filter(name=filling.SITE).count() == 0
    assert not User.objects.filter(username__startswith="demo-", is_active=True).exists()
    assert [post.pk for post in Post.objects.all()] == [theirs.post_id]
