"""A model that was trained on one machine serves on every machine."""

from __future__ import annotations

import shutil

import pytest

from classifiers import artifacts, lineup, registry
from classifiers.models import ModelFile, ModelVersion
from classifiers.types import Content
from tests.unit.classifiers import models

pytestmark = pytest.mark.django_db


@pytest.fixture
def trained(settings, tmp_path) -> ModelVersion:
    """A promoted model, seen by a machine that has not got its files."""
    settings.WINNOW_MODEL_DIR = tmp_path / "here"
    models.write(tmp_path / "made", models.blank("trained", 1.5))
    version = registry.register(directory=tmp_path / "made")
    registry.promote(name=version.name, reason="It is better.")
    settings.WINNOW_MODEL_DIR = tmp_path / "elsewhere"
    lineup.forget()
    yield version
    lineup.forget()


def test_another_machine_fetches_the_model_and_judges_with_it(trained, tmp_path):
    serving = lineup.current()
    assert serving.model == "trained"
    assert serving.scorers[0].score([Content(text="a")], [()])[0].probability > 0.7
    fetched = tmp_path / "elsewhere" / trained.digest
    assert artifacts.inspect(fetched).digest == trained.digest
    assert [entry.name for entry in fetched.parent.iterdir()] == [trained.digest]


def test_what_was_changed_in_the_database_is_not_used(trained, tmp_path, caplog):
    row = ModelFile.objects.get(digest=trained.digest, name=artifacts.WEIGHTS)
    ModelFile.objects.filter(pk=row.pk).update(content=bytes(row.content)[:-1] + b"x")
    assert lineup.current().model == lineup.shipped().model
    assert "trained cannot be loaded" in caplog.text
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_model_that_is_nowhere_is_named_in_the_log(trained, caplog):
    ModelFile.objects.all().delete()
    assert lineup.current().model == lineup.shipped().model
    assert f"does not hold the model {trained.digest}" in caplog.text


def test_a_folder_that_takes_nothing_does_not_stop_judging(trained, tmp_path, caplog):
    (tmp_path / "elsewhere").write_text("a file where the folder should be")
    assert lineup.current().model == lineup.shipped().model
    assert "does not take the model" in caplog.text


def test_rolling_back_finds_a_model_that_this_machine_lost(trained, settings, tmp_path):
    models.write(tmp_path / "next", models.blank("next", 2.5))
    registry.register(directory=tmp_path / "next")
    registry.promote(name="next", reason="Newer.")
    shutil.rmtree(settings.WINNOW_MODEL_DIR)
    assert registry.rollback(reason="Worse.").name == "trained"
    lineup.forget()
    assert lineup.current().model == "trained"
