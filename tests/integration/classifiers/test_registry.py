from pathlib import Path

import pytest
from django.db import IntegrityError, transaction

from classifiers.exceptions import (
    AlreadyRegistered,
    ArtifactError,
    NothingToRollBackTo,
    NotPromotable,
    UnknownModelVersion,
)
from classifiers.models import ModelFile, ModelVersion, RegistryState, Stage
from classifiers.types import Content
from classifiers.versions import artifacts, lineup, registry
from tests.integration.world import at_once
from tests.unit.classifiers import models


@pytest.fixture(autouse=True)
def _fresh(settings, tmp_path):
    settings.WINNOW_MODEL_DIR = tmp_path / "models"
    RegistryState.objects.all().delete()
    ModelVersion.objects.all().delete()
    lineup.forget()
    yield
    lineup.forget()


@pytest.fixture
def make(tmp_path: Path):
    def make(name: str, bias: float = 0.0, slot: str = "global") -> ModelVersion:
        models.write(tmp_path / name, models.blank(name, bias))
        return registry.register(directory=tmp_path / name, slot=slot)

    return make


def ruin(version: ModelVersion) -> None:
    """The model is damaged here and gone from the database."""
    (registry.directory_of(version) / artifacts.WEIGHTS).write_bytes(b"")
    ModelFile.objects.filter(digest=version.digest).delete()


def serving(slot: str = "global") -> str:
    """Who serves, and does it judge?"""
    found = lineup.current(slot)
    assert found.scorers[0].score([Content(text="a")], [()])[0].version == found.model
    return found.model


def test_an_empty_registry_is_served_by_the_shipped_model():
    assert serving() == lineup.shipped().model


def test_a_candidate_does_not_serve_until_it_is_promoted(make):
    registry.ensure_starter()
    first = serving()
    make("one")
    assert serving() == first
    registry.promote(name="one", reason="It is better.")
    assert serving() == "one"
    version = ModelVersion.objects.get(name="one")
    assert (version.stage, version.reason) == (Stage.PRODUCTION, "It is better.")
    assert version.promoted_at is not None


def test_the_models_files_are_kept_apart_from_where_they_came_from(make, tmp_path):
    make("one")
    (tmp_path / "one" / artifacts.WEIGHTS).unlink()
    registry.promote(name="one", reason="")
    assert serving() == "one"


def test_nothing_is_loaded_and_one_query_asked_while_nothing_changes(
    make, django_assert_num_queries, monkeypatch
):
    make("one")
    registry.promote(name="one", reason="")
    serving()
    monkeypatch.setattr(artifacts, "load", None)
    with django_assert_num_queries(1):
        lineup.current()


def test_a_site_is_served_by_its_own_model_else_by_the_global_one(make):
    make("one")
    registry.promote(name="one", reason="")
    make("mine", slot="site:7")
    assert serving("site:7") == "one"
    registry.promote(name="mine", reason="")
    assert (serving("site:7"), serving("site:8"), serving()) == ("mine", "one", "one")


def test_rolling_back_goes_further_back_each_time(make):
    for name in ("one", "two", "three"):
        make(name, bias=float(len(name)) + ord(name[0]))
        registry.promote(name=name, reason="")
    assert registry.rollback(reason="Too strict.").name == "two"
    assert serving() == "two"
    assert registry.rollback(reason="Still.").name == "one"
    assert serving() == "one"
    with pytest.raises(NothingToRollBackTo):
        registry.rollback(reason="")
    assert serving() == "one"


def test_why_a_model_was_put_into_service_outlives_every_rollback(make):
    for name in ("one", "two", "three"):
        make(name, bias=float(len(name)) + ord(name[0]))
        registry.promote(name=name, reason=f"Reason {name}.")
    registry.rollback(reason="Too strict.")
    registry.rollback(reason="Still (by Noor)")
    kept = [ModelVersion.objects.get(name=name).reason for name in ("one", "two", "three")]
    assert kept[0].startswith("two was rolled back on")
    assert "UTC: Still (by Noor). It had" in kept[1] and "UTC: Too strict. It had" in kept[2]
    for name, reason in zip(("one", "two", "three"), kept, strict=True):
        assert reason.endswith(f" It had been put into service: Reason {name}.")
        assert reason.count("put into service") == 1


def test_a_site_that_rolls_its_first_model_back_is_served_by_the_global_one(make):
    make("one")
    registry.promote(name="one", reason="")
    make("mine", slot="site:7")
    registry.promote(name="mine", reason="")
    assert registry.rollback(slot="site:7", reason="") is None
    assert serving("site:7") == "one"


def test_rolling_back_passes_over_a_model_whose_files_are_gone(make):
    for name in ("one", "two", "three"):
        make(name, bias=float(ord(name[1])))
        registry.promote(name=name, reason="")
    ruin(ModelVersion.objects.get(name="two"))
    assert registry.rollback(reason="").name == "one"


def test_a_damaged_model_is_refused_and_the_old_one_keeps_serving(make):
    make("one", bias=1.0)
    registry.promote(name="one", reason="")
    version = make("two", bias=2.0)
    ruin(version)
    with pytest.raises(NotPromotable):
        registry.promote(name="two", reason="")
    assert serving() == "one"


def test_a_model_that_vanishes_after_its_promotion_does_not_stop_judging(make, caplog):
    make("one", bias=1.0)
    registry.promote(name="one", reason="")
    serving()
    version = make("two", bias=2.0)
    registry.promote(name="two", reason="")
    ruin(version)
    assert serving() == "one"
    assert "two cannot be loaded" in caplog.text


def test_a_fresh_worker_judges_with_the_shipped_model_rather_than_not_at_all(make):
    version = make("one")
    registry.promote(name="one", reason="")
    ruin(version)
    assert serving() == lineup.shipped().model


def test_a_fresh_worker_judges_with_what_served_before(make):
    for name in ("one", "two"):
        version = make(name, bias=float(len(name) + ord(name[0])))
        registry.promote(name=name, reason="")
    ruin(version)
    lineup.forget()
    assert serving() == "one"
    lineup.forget()
    assert serving("site:7") == "one"


def test_a_model_that_cannot_be_loaded_is_there_for_people_to_see_until_it_can(make):
    version = make("one")
    registry.promote(name="one", reason="")
    whole = list(ModelFile.objects.filter(digest=version.digest))
    ruin(version)
    serving()
    broken = ModelVersion.objects.exclude(problem="").get()
    assert broken == version
    assert artifacts.WEIGHTS in broken.problem
    ModelFile.objects.bulk_create(whole)
    lineup.forget()
    assert serving() == "one"
    assert not ModelVersion.objects.exclude(problem="").exists()


@pytest.mark.parametrize("name", sorted(artifacts.LIMITS))
def test_a_damaged_copy_is_replaced_from_the_database(make, name, caplog):
    version = make("one", bias=1.0)
    registry.promote(name="one", reason="")
    damaged = registry.directory_of(version) / name
    damaged.write_bytes(damaged.read_bytes()[:-7])
    assert serving() == "one"
    assert "the copy of the model one is refused" in caplog.text
    artifacts.inspect(damaged.parent, digest=version.digest)


def test_a_folder_with_something_of_its_own_is_neither_used_nor_cleared(make):
    version = make("one", bias=1.0)
    registry.promote(name="one", reason="")
    stranger = registry.directory_of(version) / "model.pkl"
    stranger.write_bytes(b"cos\nsystem\n(S'true'\ntR.")
    assert serving() == lineup.shipped().model
    assert stranger.exists()


def test_a_broken_directory_is_not_registered(tmp_path):
    models.write(tmp_path / "one", models.blank())
    (tmp_path / "one" / artifacts.WEIGHTS).write_bytes(b"x")
    with pytest.raises(ArtifactError):
        registry.register(directory=tmp_path / "one")
    assert not ModelVersion.objects.exists()


def test_the_same_model_twice_in_one_slot_is_refused_and_in_another_is_not(make, tmp_path):
    make("one")
    with pytest.raises(AlreadyRegistered):
        registry.register(directory=tmp_path / "one")
    again = registry.register(directory=tmp_path / "one", slot="site:7")
    assert again.name != "one"
    assert again.name.startswith("one-")


def test_unknown_version():
    with pytest.raises(UnknownModelVersion, match="nobody"):
        registry.promote(name="nobody", reason="")


def test_the_starter_is_noted_once_and_never_replaces_a_trained_model(make):
    starter = registry.ensure_starter()
    assert starter.stage == Stage.PRODUCTION
    revision = RegistryState.objects.get().revision
    assert registry.ensure_starter() == starter
    assert RegistryState.objects.get().revision == revision
    make("one")
    registry.promote(name="one", reason="")
    registry.ensure_starter()
    assert serving() == "one"


def test_every_change_moves_the_revision(make):
    revisions = [0]
    for change in (
        lambda: make("one"),
        lambda: registry.promote(name="one", reason=""),
        lambda: make("two", bias=1.0),
        lambda: registry.promote(name="two", reason=""),
        lambda: registry.rollback(reason=""),
    ):
        change()
        revisions.append(RegistryState.objects.get().revision)
    assert revisions == sorted(set(revisions))


def test_a_refused_change_leaves_no_trace(make):
    make("one")
    before = RegistryState.objects.get().revision
    with pytest.raises(UnknownModelVersion):
        registry.promote(name="nobody", reason="")
    assert RegistryState.objects.get().revision == before


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "other", "digest": "b" * 64},
        {"slot": "site:7", "digest": "b" * 64, "stage": "candidate"},
        {"name": "other", "stage": "candidate"},
        {"name": "other", "digest": "b" * 64, "stage": "winning"},
        {"name": "other", "digest": "b" * 64, "stage": "candidate", "slot": "somewhere"},
        {"name": "other", "slot": "site:7", "promoted_at": None},
    ],
    ids=["two in production", "name", "digest", "stage", "slot", "production without a date"],
)
def test_the_database_refuses(make, changes):
    make("one")
    registry.promote(name="one", reason="")
    row = ModelVersion.objects.get(name="one")
    row.pk = None
    for field, value in changes.items():
        setattr(row, field, value)
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def test_the_database_holds_one_registry_state():
    with pytest.raises(IntegrityError), transaction.atomic():
        RegistryState.objects.create(pk=2)


@pytest.mark.django_db(transaction=True)
def test_two_promotions_at_once_leave_one_in_production(make):
    make("one", bias=1.0)
    make("two", bias=2.0)
    at_once(lambda name: registry.promote(name=name, reason=""), ("one", "two"))
    stages = sorted(ModelVersion.objects.values_list("stage", flat=True))
    assert stages == ["production", "retired"]
    assert RegistryState.objects.get().revision == 4
