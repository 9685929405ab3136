"""A text encoder is fine-tuned on labelled posts and goes with the model that needs it."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from classifiers.encoder.model import Encoder
from classifiers.exceptions import ArtifactError, EncoderUnusable, TooFewLabels
from classifiers.scorers.head import Band
from classifiers.training.data.dataset import read
from classifiers.versions import artifacts
from classifiers.versions.lineup import equipped
from tests.unit.classifiers import encoders, models

finetuning: Any = None
transformer: Any = None
"""The modules, once a test needs them: every process reads this file, and PyTorch is slow."""
WORDS = {True: ("free", "casino", "bonus"), False: ("thanks", "lecture", "dinner", "coffee")}


@pytest.fixture(scope="module", autouse=True)
def hasty() -> Iterator[None]:
    """What is random and has sixteen dimensions learns only with large steps."""
    global finetuning, transformer
    without = "NO PYTORCH (ENCODER=no): nothing can be fine-tuned"
    finetuning = pytest.importorskip("classifiers.training.finetuning", reason=without)
    transformer = pytest.importorskip("classifiers.training.transformer", reason=without)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(finetuning, "RATE", 5e-3)
        yield


def posts(count: int, seed: int) -> list:
    """Posts that differ by single words, in no order that tells anything."""
    generator = np.random.default_rng(seed)
    kinds = [bool(number % 2) for number in range(count)]
    return [finetuning.Labelled(" ".join(generator.choice(WORDS[spam], 4)), spam) for spam in kinds]


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> Path:
    return encoders.publish(tmp_path_factory.mktemp("published") / "tiny")


@pytest.fixture(scope="module")
def labelled(tmp_path_factory) -> Path:
    return models.write_jsonl(tmp_path_factory.mktemp("posts") / "posts.jsonl", models.rows(240))


@pytest.fixture(scope="module")
def model(base, labelled, tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("models")
    return transformer.make([labelled], output=made / "model", folder=made, base=base, epochs=3)


def apart(encoder: Encoder) -> float:
    """How far spam lies from ham, in the lengths of vectors."""
    kinds = [encoder.embed([" ".join(words)])[0] for words in WORDS.values()]
    return float(np.linalg.norm(kinds[0] - kinds[1]))


def test_tuning_teaches_the_encoder_to_tell_spam(base, tmp_path):
    files, curve = finetuning.fine_tune(
        posts(200, 1), posts(40, 2), base=base, name="tuned", epochs=4
    )
    before, _ = finetuning.fine_tune(posts(4, 1), posts(4, 2), base=base, name="tuned", epochs=1)
    assert curve[-1] < 0.5 < np.log(2)
    assert apart(Encoder.of_files(files)) > apart(Encoder.of_files(before)) + 0.3


def test_tuning_gives_the_same_encoder_again(base):
    made = [
        finetuning.fine_tune(posts(40, 1), posts(20, 2), base=base, name="tuned", epochs=2)
        for _ in range(2)
    ]
    assert made[0] == made[1]


def test_tuning_ends_with_the_round_that_is_no_better_and_keeps_the_best(base):
    contrary = [replace(post, spam=not post.spam) for post in posts(40, 2)]
    files, curve = finetuning.fine_tune(posts(200, 1), contrary, base=base, name="tuned", epochs=9)
    assert len(curve) < 9
    assert curve[-1] > min(curve)
    once, first = finetuning.fine_tune(posts(200, 1), contrary, base=base, name="tuned", epochs=9)
    assert (files, curve) == (once, first)


@pytest.mark.parametrize(
    ("architecture", "pooling", "prefix"),
    [("T5", "max_tokens", ""), ("GPT2", "lasttoken", ""), ("XLMRoberta", "cls_token", "thanks ")],
)
def test_other_kinds_are_tuned_as_well(tmp_path, architecture, pooling, prefix):
    base = encoders.publish(tmp_path / "base", architecture=architecture, pooling=pooling)
    files, curve = finetuning.fine_tune(
        posts(200, 1), posts(40, 2), base=base, name="tuned", prefix=prefix, epochs=4
    )
    assert min(curve) < 0.6
    tuned = Encoder.of_files(files)
    assert json.loads(files["encoder.json"])["prefix"] == prefix
    assert len(tuned.reader.windows("free")[0]) - len(tuned.reader.tokens("free")) == 2 + bool(
        prefix
    )


def test_what_a_model_cannot_bring_along_is_refused_before_anything_is_learnt(
    base, labelled, tmp_path, monkeypatch
):
    monkeypatch.setattr(artifacts, "ENCODER_LIMIT", 1_000)
    monkeypatch.setattr(finetuning, "fine_tune", None)
    with pytest.raises(EncoderUnusable, match="parameters"):
        transformer.tune(read(labelled), base=base)


def test_too_few_posts_are_refused(base, tmp_path):
    few = models.write_jsonl(tmp_path / "few.jsonl", models.rows(30))
    with pytest.raises(TooFewLabels):
        transformer.tune(read(few), base=base)


def test_the_model_says_how_it_was_made(model):
    manifest = artifacts.inspect(model)
    made = manifest.stored["training"]["transformer"]
    assert made["base"] == "tiny"
    assert 1 <= len(made["log_loss"]) <= 3
    assert made["stacked_on"] == manifest.stored["metrics"]["folds"]["n"]
    assert 0 < made["stacked_on"] < 240 / 2
    assert "fine-tuned" in (model / artifacts.CARD).read_text()


def test_the_model_brings_its_encoder_and_needs_no_other(model, settings, tmp_path):
    settings.WINNOW_ENCODER = tmp_path / "none"
    scorer = equipped(artifacts.load(model))
    manifest = artifacts.inspect(model)
    if manifest.stored["encoder"] is None:
        pytest.fail("the encoder did not earn its place on posts made for it")
    assert scorer.encoder is not None
    assert scorer.encoder.digest == scorer.head.encoder
    contents = [row.content for row in models.rows(20, start=900)]
    scores = scorer.score(contents, [()] * 20)
    spam = np.array([score.probability > 0.5 for score in scores])
    assert (spam == np.array([bool(number % 2) for number in range(20)])).mean() >= 0.9
    always = replace(scorer, head=replace(scorer.head, band=Band(-30.0, 30.0)))
    asked, alone = (
        np.array([score.probability for score in one.score(contents, [()] * 20)])
        for one in (always, scorer.with_encoder(None))
    )
    assert (np.abs(asked - alone) > 1e-6).all()


def test_it_is_installed_whole(model, tmp_path):
    manifest, installed = artifacts.install(model, tmp_path)
    assert artifacts.encoder_of(installed) == artifacts.encoder_of(model) != {}
    assert artifacts.load(installed, digest=manifest.digest).encoder is not None


@pytest.mark.parametrize("change", ["missing", "damaged", "foreign"])
def test_a_changed_encoder_is_refused(model, tmp_path, change):
    _, installed = artifacts.install(model, tmp_path)
    weights = next(installed.glob("*.onnx"))
    if change == "missing":
        weights.unlink()
    elif change == "damaged":
        weights.write_bytes(weights.read_bytes()[:-1])
    else:
        (installed / f"{'a' * 40}.onnx").write_bytes(b"")
    with pytest.raises(ArtifactError):
        artifacts.load(installed)


def test_an_encoder_that_its_own_manifest_does_not_name_is_refused(model, tmp_path):
    """As someone would make it who knows how digests are made."""
    files = artifacts.encoder_of(model)
    facts = json.loads(files["encoder.json"])
    facts["model"] = f"{'b' * 40}.onnx"
    scorer = artifacts.load(model)
    manifest = artifacts.inspect(model)
    artifacts.write(
        tmp_path / "lying",
        name="lying",
        weights=scorer.weights,
        calibration=scorer.calibration,
        doubt=scorer.doubt,
        head=scorer.head,
        known=scorer.known,
        card="",
        facts={"snapshot": manifest.stored["snapshot"]},
        encoder={**files, "encoder.json": json.dumps(facts).encode()},
    )
    with pytest.raises(ArtifactError):
        artifacts.load(tmp_path / "lying")


def test_retraining_keeps_the_encoder(model, tmp_path, capsys):
    from classifiers.training import run

    later = models.write_jsonl(tmp_path / "later.jsonl", models.rows(200, start=400))
    asked = ["--snapshot", later, "--parent", model, "--output", tmp_path / "child"]
    assert run.main([str(part) for part in asked]) == 0
    child = artifacts.load(tmp_path / "child")
    parent = artifacts.load(model)
    assert child.head is None or child.head.encoder == parent.head.encoder
    assert (child.head is None) == (artifacts.encoder_of(tmp_path / "child") == {})
