import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from classifiers.training import held_back, run
from classifiers.training.data import examples, room
from classifiers.training.data.dataset import Row, read
from classifiers.training.fitting import recipe
from classifiers.training.fitting.fit import DROPPED, Fits
from classifiers.types import Content
from classifiers.versions import artifacts
from tests.unit.classifiers import models

ROOT = Path(artifacts.__file__).parents[2]


@pytest.fixture(scope="module")
def parent(tmp_path_factory) -> Path:
    directory = tmp_path_factory.mktemp("models") / "parent"
    models.write(directory, models.scorer("parent-1"))
    return directory


def start(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """In a process that knows neither Django's settings nor a database."""
    environment = {"PATH": os.environ["PATH"], "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "classifiers.training.run", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)


def test_a_process_makes_a_model_that_loads_and_says_what_it_came_to(tmp_path, parent):
    snapshot = models.write_jsonl(tmp_path / "s.jsonl", models.rows(160, start=1000))
    audits = tmp_path / "nobody audited anything.jsonl"
    audits.touch()
    files = ("--snapshot", snapshot, "--measured", audits)
    done = start(*files, "--parent", parent, "--output", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["counts"] == {
        "spam": 80,
        "ham": 80,
        "held_back_spam": pytest.approx(21, abs=2),
        "held_back_ham": pytest.approx(21, abs=2),
    }
    manifest = artifacts.inspect(tmp_path / "out", digest=said["digest"])
    assert manifest.stored["parent"]["digest"] == artifacts.inspect(parent).digest
    assert manifest.stored["snapshot"]["sha256"] == read(snapshot).sha256
    assert said["reason"] in json.dumps(manifest.stored["gate"], ensure_ascii=False)
    child = artifacts.load(tmp_path / "out")
    scores = child.score([Content(text="free casino bonus"), Content(text="coffee")], [(), ()])
    assert scores[0].probability > 0.5 > scores[1].probability
    assert "django" not in done.stderr.lower()


def test_too_little_is_told_apart_from_failure(tmp_path, parent, capsys):
    snapshot = models.write_jsonl(tmp_path / "s.jsonl", models.rows(4))
    given = {"snapshot": snapshot, "parent": parent, "output": tmp_path / "out"}
    status = run.main([f"--{key}={path}" for key, path in given.items()])
    assert status == run.TOO_LITTLE
    assert "5 of each" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_labels_without_room_are_named_where_too_few_are_left(
    tmp_path, parent, capsys, monkeypatch
):
    monkeypatch.setattr(room, "characters", lambda: 0)
    snapshot = models.write_jsonl(tmp_path / "s.jsonl", models.rows(40))
    given = {"snapshot": snapshot, "parent": parent, "output": tmp_path / "out"}
    status = run.main([f"--{key}={path}" for key, path in given.items()])
    assert status == run.TOO_LITTLE
    assert "no room in memory for 40 rows" in capsys.readouterr().err.splitlines()[-1]


def test_labels_without_room_are_named_beside_the_verdict(tmp_path, parent, capsys, monkeypatch):
    rows = models.rows(160, start=1000)
    monkeypatch.setattr(
        room, "characters", lambda: sum(len(row.content.text) for row in rows[:100])
    )
    snapshot = models.write_jsonl(tmp_path / "s.jsonl", rows)
    given = {"snapshot": snapshot, "parent": parent, "output": tmp_path / "out"}
    assert run.main([f"--{key}={path}" for key, path in given.items()]) == 0
    said = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert "no room in memory for" in said["reason"]
    assert said["counts"]["spam"] + said["counts"]["ham"] < 160


@pytest.mark.parametrize("missing", ["snapshot", "parent"])
def test_what_cannot_be_read_is_named(tmp_path, parent, missing):
    snapshot = models.write_jsonl(tmp_path / "s.jsonl", models.rows(40))
    given = {"snapshot": snapshot, "parent": parent, missing: tmp_path / "nowhere"}
    status = run.main(
        [f"--{key}={path}" for key, path in given.items()] + [f"--output={tmp_path / 'out'}"]
    )
    assert status == run.UNREADABLE


def test_what_is_new_on_a_site_is_learnt(tmp_path):
    """The parent never saw `zorblax`; after forty verdicts the child knows what it is."""
    base = models.scorer()
    new = [
        Row(
            Content(text=f"{'zorblax' if i % 2 else 'meadow'} {models.sentence(False, i)}"),
            bool(i % 2),
        )
        for i in range(200, 280)
    ]
    snapshot = read(models.write_jsonl(tmp_path / "s.jsonl", new))
    run.retrain(snapshot, output=tmp_path / "out", parent=base)
    child = artifacts.load(tmp_path / "out")
    post = [Content(text="zorblax for you")]
    before = base.score(post, [()])[0].probability
    assert child.score(post, [()])[0].probability > max(before, 0.5)


def test_a_wave_of_one_template_is_learnt_and_may_be_promoted(tmp_path):
    wave = [
        Row(Content(text=f"Roof repair in your street, ring Dave on extension {i}"), True, time=i)
        for i in range(100)
    ]
    honest = [Row(Content(text=models.sentence(False, 700 + i)), False, time=i) for i in range(100)]
    snapshot = models.Snapshot([*wave, *honest], "0" * 64)
    result = run.retrain(snapshot, output=tmp_path / "out", parent=models.scorer())
    assert result.counts["held_back_spam"] >= 20
    child = artifacts.load(tmp_path / "out")
    posts = [Content(text="Roof repair in your street, ring Dave on extension 4711")]
    posts += [Content(text=models.sentence(False, 999))]
    wave_score, honest_score = child.score(posts, [(), ()])
    assert wave_score.probability > 0.8
    assert honest_score.probability < 0.2


def test_flipped_labels_are_not_promoted_over_a_parent_that_knows_better(tmp_path):
    base = models.scorer()
    flipped = [Row(row.content, not row.spam, time=row.time) for row in models.rows(80, 500)]
    honest = [Row(r.content, r.spam, time=r.time + 1e6) for r in models.rows(60, 900)]
    snapshot = models.Snapshot([*flipped, *honest], "0" * 64)
    result = run.retrain(snapshot, output=tmp_path / "out", parent=base)
    assert not result.gate.promote


def test_people_are_asked_about_the_latest_labels_that_speak_against_a_source(tmp_path):
    """Of so little weight that they harm nothing: the model that has none of them objects."""
    people = [replace(row, source="verdict") for row in models.rows(160, 1000)]
    honest = [row for row in models.rows(160, 3000) if not row.spam]
    hostile = [
        replace(row, spam=True, source="feedback:7", weight=1e-6, label_id=place)
        for place, row in enumerate(honest, start=1)
    ]
    snapshot = models.Snapshot([*people, *hostile], "0" * 64)
    said = run.retrain(snapshot, output=tmp_path / "out", parent=models.scorer()).as_dict()
    (source,) = said["sources"]
    assert (source["flagged"], source["harmful"], source["admitted"]) == (True, False, False)
    assert said["doubts"][: run.ASKED] == source["contradicted"][: run.ASKED]
    assert source["contradicted"] == sorted(source["contradicted"], reverse=True)
    stored = artifacts.inspect(tmp_path / "out").stored["sources"]
    assert stored == [source], "and the model's manifest says why"


def test_a_named_split_is_what_is_measured_with(tmp_path):
    made = [
        Row(row.content, row.spam, split="valid" if i < 50 else "train")
        for i, row in enumerate(models.rows(120))
    ]
    snapshot = models.Snapshot(made, "0" * 64)
    held = held_back.hold_back(snapshot, examples.of(snapshot))
    np.testing.assert_array_equal(held, np.arange(120) < 50)


@pytest.mark.parametrize(("count", "share"), [(400, 0.25), (100, 0.42), (40, 0.5)])
def test_few_labels_give_a_larger_share_to_the_proof(count, share):
    snapshot = models.snapshot(count)
    held = held_back.hold_back(snapshot, examples.of(snapshot))
    assert held.mean() == pytest.approx(share, abs=0.04)


def test_probabilities_of_the_training_posts_come_from_models_that_did_not_see_them():
    # Labels by lot: whoever saw them would know them, who did not cannot.
    generator = np.random.default_rng(0)
    lots = [Row(row.content, bool(generator.integers(2))) for row in models.rows(120)]
    trained = recipe.train(examples.of(models.Snapshot(lots, "")))
    spam = np.array([row.spam for row in lots])
    assert abs(trained.unseen[spam].mean() - trained.unseen[~spam].mean()) < 0.1


def test_dropout_is_for_communities_that_were_never_seen_and_no_parent_knows(monkeypatch):
    rates = []

    def fits(*given, dropped, **others):
        rates.append(dropped)
        return Fits(*given, dropped=dropped, **others)

    monkeypatch.setattr(recipe, "Fits", fits)
    posts, apart = examples.of(models.snapshot(40)), np.arange(40) % 4 // 2
    recipe.train(posts, platforms=apart)
    recipe.train(posts)
    recipe.train(posts, platforms=apart, parent=models.blank())
    assert rates == [DROPPED, 0.0, 0.0]


def test_the_regression_cases_are_many_in_several_languages_and_types():
    cases = read(held_back.REGRESSION_CASES)
    assert len(cases.rows) >= 60
    assert 25 <= cases.spam.sum() <= len(cases.rows) - 25
    assert len({content.language for content in cases.contents}) >= 4
    assert len({content.type for content in cases.contents}) >= 3


def test_the_shipped_model_passes_every_regression_case():
    shipped = artifacts.load(artifacts.STARTER)
    assert held_back.regression_cases(shipped, None).broken() == []
