"""What is said of all sites that share a model, once a period, to whoever runs the installation."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from classifiers.models import ModelVersion, Stage
from reviews.measuring import pooled
from reviews.models import Membership, PooledCertificate, Role
from reviews.operating import facts
from tests.integration.reviews.promised import DAY, MODEL, NOW, judge, reviewed, send
from tests.integration.world import make_moderator, make_site

pytestmark = pytest.mark.usefixtures("broker")
BEGAN = NOW - 32 * DAY


def test_it_is_said_once_a_period_of_all_and_shown_to_nobody_of_one_site(client, monkeypatch):
    ModelVersion.objects.create(name=MODEL, digest="1" * 64, stage=Stage.RETIRED)
    sites = [make_site() for _ in range(4)]
    for number, site in enumerate(sites):
        site.user = make_moderator(site)
        if number == 3:
            # What another model decided, as on a site with one of its own, is not told of.
            judge(site, send(site, 9, probability=0.97, at=BEGAN, model="model-own"), "ham")
            continue
        blocks, allowed = reviewed(site, at=BEGAN)
        judge(site, blocks[:-1] if number else blocks, "spam")
        judge(site, allowed, "ham")
    assert pooled.certify(now=BEGAN + 30 * DAY) is None, "answers are still waited for"
    said = pooled.certify(now=NOW)
    assert (said.sites, said.left_out, said.judged_by) == (3, 0, [MODEL])
    assert (said.blocked, said.judged, said.wrong, said.unanswered) == (120, 120, 0, 2)
    assert (said.allowed, said.allowed_drawn, said.allowed_spam) == (720, 180, 0)
    assert 2 / 722 < said.bound < 0.1 and said.chance == 1.0
    assert said.period_to - said.period_from == pooled.PERIOD
    assert pooled.certify(now=NOW) is None
    with pytest.raises(IntegrityError), transaction.atomic():
        PooledCertificate.objects.create(
            **{name: getattr(said, name) for name in FIELDS}, sites=2, period_from=NOW - DAY
        )

    monkeypatch.setattr(facts, "_kept", None)
    sentence = "promises nothing of any single site"
    Membership.objects.filter(user=sites[0].user).update(role=Role.OWNER)
    client.force_login(sites[0].user)
    assert sentence not in client.get("/review/promises/").content.decode()
    assert client.get("/review/system/").status_code == 403
    client.force_login(User.objects.create_superuser("ops"))
    page = client.get("/review/system/").content.decode()
    assert sentence in page and "the 3 sites that shared a model" in page


FIELDS = (
    "judged_by", "bound", "delta", "left_out", "blocked", "judged", "wrong", "allowed",
    "allowed_drawn", "allowed_spam", "unanswered", "chance", "spam_of_honest", "honest_of_spam",
    "period_to", "created_at",
)  # fmt: skip


def test_of_two_sites_nothing_is_said(db):
    ModelVersion.objects.create(name=MODEL, digest="1" * 64, stage=Stage.RETIRED)
    for site in (make_site(), make_site()):
        reviewed(site, at=BEGAN)
    assert pooled.certify(now=NOW + timedelta(days=1)) is None
