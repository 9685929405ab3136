"""What a candidate may have learnt of stored draws, itself or by the models that it comes from."""

from datetime import timedelta

import pytest
from django.utils import timezone

from classifiers.models import ModelVersion
from moderation.access import create_key
from moderation.models import ApiKey, Feedback
from reviews.learning.taught import taught
from reviews.models import Label, RetrainRun
from tests.integration.reviews.promised import NOW, judge, send
from tests.integration.world import make_moderator, make_site


@pytest.fixture
def key(db) -> ApiKey:
    site = make_site()
    site.user = make_moderator(site)
    return create_key(site=site, name="forum")[0]


@pytest.fixture
def draws(key):
    return send(key.site, 2, probability=0.97, at=NOW)


def words(draws) -> list:
    return [(draw.decision.post_id, 1) for draw in draws]


def say(key: ApiKey, draws) -> None:
    for draw in draws:
        said = {"post_id": draw.decision.post_id, "revision": 1, "label": "ham"}
        spoken = Feedback.objects.create(
            actor_id="1", actor_role="owner", api_key=key, created_at=NOW, **said
        )
        Label.objects.create(
            site=key.site, source="feedback", feedback=spoken, created_at=NOW, **said
        )


def model(name: str, parent: ModelVersion | None = None, **more) -> ModelVersion:
    return ModelVersion.objects.create(name=name, digest=name, path=name, parent=parent, **more)


def trained(name: str, parent: ModelVersion | None) -> ModelVersion:
    """From all labels that there are."""
    made = model(name, parent)
    RetrainRun.objects.create(
        slot="global", state="promoted", model=made, started_at=NOW, lease_until=NOW,
        last_label_id=Label.objects.latest("pk").pk,
    )  # fmt: skip
    return made


def test_what_a_model_learnt_before_the_audit_those_that_come_from_it_know(key, draws):
    before = send(key.site, 1, probability=0.97, at=NOW)
    judge(key.site, before, "spam")
    starter = model("starter", manifest={"starter": True})
    older = trained("older", starter)
    say(key, draws)
    first = trained("first", older)
    judge(key.site, draws, "ham")
    second = trained("second", first)
    assert taught(trained("third", second), words(draws)) == set(words(draws))
    assert taught(trained("other", older), words(draws)) == set(), "audits left these out"
    assert taught(older, words(draws)) == set(), "said since"
    assert taught(second, words(before)) == set()


def test_a_model_from_elsewhere_may_have_learnt_all_that_was_said_before_it_came(key, draws):
    say(key, draws)
    judge(key.site, draws, "ham")
    brought = model("brought")
    child = trained("child", brought)
    assert taught(child, words(draws)) == set(words(draws))
    ModelVersion.objects.filter(pk=brought.pk).update(created_at=NOW - timedelta(days=1))
    child.refresh_from_db()
    assert taught(child, words(draws)) == set(), "it came first"
    ModelVersion.objects.filter(pk=brought.pk).update(
        created_at=timezone.now(), manifest={"starter": True}
    )
    child.refresh_from_db()
    assert taught(child, words(draws)) == set(), "shipped, it knows nothing of this installation"
