"""What becomes of a model that came with new code."""

from datetime import timedelta

import pytest
from django.utils import timezone

from classifiers.models import ModelVersion, Rollout
from classifiers.versions import lineup, registry
from moderation.models import Certificate
from reviews.learning import rolling, upgrading
from tests.integration.moderation.world import make_certificate


@pytest.fixture
def old(make) -> ModelVersion:
    """The shipped model of an earlier release, which serves; the new one has just been noted."""
    make("starter-old", -3.0)
    ModelVersion.objects.update(manifest={**ModelVersion.objects.get().manifest, "starter": True})
    version = registry.promote(name="starter-old", reason="")
    registry.ensure_starter()
    return version


def serving() -> str:
    version = ModelVersion.objects.in_production("global")
    assert version is not None
    return version.name


def follow() -> None:
    upgrading.follow(now=timezone.now())


def shipped() -> str:
    return lineup.shipped().model


def test_where_nothing_stands_on_the_older_one_it_serves(old):
    assert serving() == "starter-old"
    follow()
    assert serving() == shipped()
    assert not Rollout.objects.exists()


def test_where_certificates_stand_on_the_older_one_it_is_tried_once(old, site):
    make_certificate(site, timezone.now(), model="starter-old")
    for _ in range(2):
        follow()
        tried = Rollout.objects.get()
        assert (tried.version.name, tried.baseline) == (shipped(), old)
        assert serving() == "starter-old"
    rolling.follow(seconds=60)
    tried.refresh_from_db()
    assert tried.stage == "stopped", "no draws carry the certificate over"
    assert Certificate.objects.current(timezone.now()).exists()
    follow()
    assert (serving(), Rollout.objects.count()) == ("starter-old", 1)


def test_it_waits_for_a_candidate_that_is_on_its_way(old, site, make):
    make_certificate(site, timezone.now(), model="starter-old")
    other = rolling.begin(version=make("one"), baseline=old)
    follow()
    assert Rollout.objects.get() == other
    registry.move_rollout(other, "stopped", reason="", now=timezone.now())
    follow()
    assert Rollout.objects.open().get().version.name == shipped()


def test_a_certificate_that_ended_holds_up_nothing(old, site):
    make_certificate(site, timezone.now() - timedelta(days=2), model="starter-old")
    follow()
    assert serving() == shipped()


def test_one_that_does_not_load_is_replaced_whatever_stands_on_it(old, site, monkeypatch):
    make_certificate(site, timezone.now(), model="starter-old")
    monkeypatch.setattr(lineup, "of_version", lambda version: None)
    follow()
    assert serving() == shipped()


def test_what_people_put_back_stays(old):
    follow()
    registry.promote(name="starter-old", reason="It was better.")
    follow()
    assert serving() == "starter-old"


def test_it_replaces_no_model_that_was_trained_here(old, make):
    make("one")
    registry.promote(name="one", reason="")
    follow()
    assert serving() == "one"
