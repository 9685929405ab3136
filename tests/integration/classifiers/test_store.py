"""A model that was trained on one machine serves on every machine."""

import shutil

import numpy as np
import pytest

from classifiers.encoder.model import Encoder
from classifiers.models import ModelFile, ModelVersion
from classifiers.scorers.head import Band, Head
from classifiers.training.encoders.export import export
from classifiers.types import Content
from classifiers.versions import artifacts, lineup, registry
from tests.unit.classifiers import encoders, models


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


def test_a_text_encoder_that_a_model_brings_travels_with_it(settings, tmp_path):
    source = encoders.publish(tmp_path / "published")
    facts = export(source, tmp_path / "encoder")
    files = {file.name: file.read_bytes() for file in (tmp_path / "encoder").iterdir()}
    vector = np.ones(facts.dimensions, dtype=np.float32)
    head = Head(facts.digest, facts.name, vector, 1.0, 0.0, Band(-30.0, 30.0))
    blank = models.blank("brings its own")
    artifacts.write(
        tmp_path / "made",
        name=blank.version,
        weights=blank.weights,
        calibration=blank.calibration,
        known=blank.known,
        card="",
        facts={},
        head=head,
        encoder=files,
    )
    settings.WINNOW_ENCODER = tmp_path / "none"
    settings.WINNOW_MODEL_DIR = tmp_path / "here"
    version = registry.register(directory=tmp_path / "made")
    registry.promote(name=version.name, reason="It is better.")
    settings.WINNOW_MODEL_DIR = tmp_path / "elsewhere"
    lineup.forget()
    (scorer,) = lineup.current().scorers
    (score,) = scorer.score([Content(text="free casino bonus")], [()])
    lineup.forget()
    expected = Encoder(tmp_path / "encoder").embed(["free casino bonus"])[0] @ vector
    assert score.probability == pytest.approx(1 / (1 + np.exp(-expected)), abs=1e-6)
    assert artifacts.encoder_of(tmp_path / "elsewhere" / version.digest) == files
