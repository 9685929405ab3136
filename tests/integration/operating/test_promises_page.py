"""What who leads a site reads of promises is what the draws say."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from moderation import sites
from moderation.models import Site
from moderation.types import Mode
from reviews import measuring, promises
from reviews.models import Measured, Membership, Role
from reviews.operating import facts, findings
from tests.integration.reviews.promised import DAY, FOUR_DAYS, NOW, judge, reviewed, send
from tests.integration.reviews.world import make_moderator, make_site

pytestmark = pytest.mark.django_db
HOSTILE = "<b>Forum\u202e"


@pytest.fixture
def site(db):
    made = make_site()
    Site.objects.filter(pk=made.pk).update(created_at=NOW - 10 * DAY, name=HOSTILE)
    made.refresh_from_db()
    sites.change_policy(site=made, mode=Mode.CERTIFIED, promise=0.05, block_from=0.9)
    made.user = make_moderator(made)
    return made


@pytest.fixture
def page(client):
    client.force_login(User.objects.create_superuser("ops"))
    return lambda: " ".join(client.get("/review/promises/").content.decode().split())


def test_from_nothing_to_a_broken_promise(site, page, monkeypatch):
    assert "Not measured yet" in page() and "<b>Forum" not in page()
    spam, honest = reviewed(site, blocks=40, allowed=160, drawn=40)
    judge(site, spam[:39], "spam")
    judge(site, honest[:38], "ham")
    judge(site, honest[38:39], "spam")
    measuring.measure_due(now=NOW)
    said = page()
    assert "People judge what the model would block" in said
    assert "1 of 40 would-be blocks wrong or unanswered: at most 17.1 %" in said
    assert "more verdicts" in said
    assert "2 had none within three days" in said
    assert "Of 160 allowed, 40 were drawn: 1 spam, 38 honest, 1 unanswered" in said
    assert "0.0 to 2.63 blocks of 100 wrong" in said

    more, others = reviewed(site, at=NOW - FOUR_DAYS + DAY / 2)
    judge(site, more, "spam")
    judge(site, others, "ham")
    assert promises.certify(site=site, now=NOW)
    assert "(promised: 5 %, 95 % confidence)" in page()

    judge(site, send(site, 60, probability=0.97, at=NOW + DAY, blocks=True), "ham")
    promises.follow(now=NOW + 2 * DAY)
    assert "<strong>The last promise was broken</strong>" in page()
    told = findings._promises(facts.Facts(NOW, facts.measure().database))
    assert told.state is findings.State.WATCH and "it blocks no more there" in told.sentence


def test_measuring_again_waits_an_hour(site):
    measuring.measure_due(now=NOW)
    measuring.measure_due(now=NOW + timedelta(minutes=30))
    assert Measured.objects.get().measured_at == NOW
    measuring.measure_due(now=NOW + timedelta(minutes=61))
    assert Measured.objects.get().measured_at > NOW


def test_it_is_for_who_leads_the_site(client, site):
    client.force_login(site.user)
    assert client.get("/review/promises/").status_code == 403
    Membership.objects.filter(user=site.user).update(role=Role.OWNER)
    another = make_site()
    said = client.get("/review/promises/").content.decode()
    assert "Forum" in said and another.name not in said
