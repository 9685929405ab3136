"""The commands, without any database to answer."""

import json
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import ManagementUtility
from django.db import OperationalError
from django.db.backends.base.base import BaseDatabaseWrapper

from classifiers.versions import artifacts
from tests.unit.classifiers import models

ROOT = Path(artifacts.__file__).parents[2]
KEYS = [
    *("file", "n", "spam", "roc_auc", "one_minus_roca_percent", "pr_auc"),
    *("recall_at_fpr_1_percent", "recall_at_fpr_0_1_percent", "f1", "ece", "log_loss"),
    *("calibration_slope", "calibration_slope_low", "calibration_slope_high"),
    *("calibration_intercept", "calibration_intercept_low", "calibration_intercept_high"),
    *("excess_log_loss", "ece_noise_floor", "ece_debiased"),
    *("posts_per_second", "left_out", "site"),
]
# Port 1 refuses at once; 192.0.2.1 (TEST-NET) swallows what is sent to it.
REFUSING = "postgresql://winnow_app:x@127.0.0.1:1/winnow"


@pytest.fixture
def manage_apart(tmp_path):
    """A process of its own, where nothing answers."""

    def manage_apart(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": os.environ["PATH"],
            "WINNOW_STATE_DIR": str(tmp_path / "state"),
            "DATABASE_URL": REFUSING,
            "REDIS_URL": "redis://127.0.0.1:1/0",
            "OMP_NUM_THREADS": "1",
        }
        command = [sys.executable, "manage.py", *map(str, arguments)]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)

    return manage_apart


@pytest.fixture
def manage(settings, monkeypatch, tmp_path):
    """In this process, which spares four seconds of starting; no database answers here either."""

    def refuse(self: BaseDatabaseWrapper) -> None:
        raise OperationalError("connection refused")

    settings.WINNOW_STATE_DIR = tmp_path / "state"
    monkeypatch.setattr(BaseDatabaseWrapper, "ensure_connection", refuse)

    def manage(*arguments: str | Path, given: str = "") -> subprocess.CompletedProcess[str]:
        line = ["manage.py", *map(str, arguments)]
        monkeypatch.setattr(sys, "stdin", StringIO(given))
        status, said, told = 0, StringIO(), StringIO()
        with redirect_stdout(said), redirect_stderr(told):
            try:
                ManagementUtility(line).execute()
            except SystemExit as ended:
                status = ended.code
        return subprocess.CompletedProcess(line, status, said.getvalue(), told.getvalue())

    return manage


@pytest.fixture
def labelled(tmp_path) -> Path:
    return models.write_jsonl(tmp_path / "posts.jsonl", models.rows(60))


def test_judge_says_what_it_thinks_and_why(manage_apart):
    done = manage_apart("judge", "Claim your free casino bonus, click here", "See you at dinner")
    assert done.returncode == 0, done.stderr
    assert "probability of spam" in done.stdout
    assert "more usual in spam" in done.stdout
    assert done.stdout.index("casino") < done.stdout.index("See you at dinner")


def test_what_judge_prints_does_not_steer_a_terminal(manage):
    out = manage(
        "judge", "\x1b]0;title\x07\x1b[2J gone \u202e turned \u2066 \x9b31m http://a\x1b.example"
    )
    shown = out.stdout.replace("\n", "")
    assert "gone" in shown and shown.isprintable()


def test_judge_reads_standard_input_and_speaks_json(manage):
    done = manage(
        "judge",
        "-",
        "--json",
        given="XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X",
    )
    said = json.loads(done.stdout)
    assert said["leaning"] == "spam beyond doubt"
    assert said["reasons"][0]["code"] == said["decisive"]


def test_evaluate_prints_one_object_a_file_and_nothing_else(manage_apart, labelled, tmp_path):
    ham = models.write_jsonl(tmp_path / "ham.jsonl", models.rows(60)[::2])
    done = manage_apart("evaluate_model", labelled, ham, "--json")
    assert done.returncode == 0, done.stderr
    both, only_ham = map(json.loads, done.stdout.splitlines())
    assert list(both) == list(only_ham) == KEYS
    assert (both["file"], both["n"], both["spam"]) == (str(labelled), 60, 30)
    assert only_ham["roc_auc"] is None
    assert both["posts_per_second"] > 0


def test_evaluate_leaves_out_rows_that_cannot_be_used(manage, tmp_path):
    path = tmp_path / "posts.csv"
    rows = "a,ham,soon\nb,spam,\nc,maybe,\nd,ham,2024-05-01\n ,ham,\n"
    path.write_text(f"text,label,timestamp\n{rows}")
    done = manage("evaluate_model", path, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["n"] == 3
    assert found["left_out"] == {"rows": 2, "why": {"label": 1, "no words": 1}}
    bad = [line for line in done.stderr.splitlines() if str(path) in line]
    assert ["line 4: the label" in bad[0], "1 row without words." in bad[1]] == [True, True]
    assert "1 time cannot be read; that post has none" in bad[2]
    assert len(bad) == 3


def test_train_then_evaluate_then_continue(manage, labelled, tmp_path):
    done = manage("train_model", labelled, "--output", tmp_path / "model")
    assert done.returncode == 0, done.stderr
    assert str(tmp_path / "model") in done.stdout
    measured = manage("evaluate_model", labelled, "--model", tmp_path / "model", "--json")
    assert json.loads(measured.stdout)["roc_auc"] > 0.99
    assert "this is the file that trained-" in measured.stderr
    child = manage("train_model", labelled, "--parent", tmp_path / "model", "--name", "child-1")
    assert child.returncode == 0, child.stderr
    made = child.stdout.rsplit("promote_model ", 1)[1].strip()
    assert artifacts.load(Path(made)).version == "child-1"


@pytest.mark.parametrize("command", ["evaluate_model", "train_model"])
@pytest.mark.parametrize(
    ("content", "options", "says"),
    [
        ("words,label\na,ham\n", (), "lacks a column"),
        ("text,label\na,good\nb,bad\n", (), "the labels found are 'good' (1), 'bad' (1)"),
        ("text,label,split\na,ham,train\nb,spam,train\n", ("--split", "test"), "test"),
        (None, (), "cannot be read"),
    ],
    ids=["column", "labels", "split", "file"],
)
def test_what_cannot_be_used_ends_with_two(manage, tmp_path, command, content, options, says):
    path = tmp_path / "posts.csv"
    if content is not None:
        path.write_text(content)
    json_option = ("--json",) if command == "evaluate_model" else ()
    done = manage(command, path, *options, *json_option)
    assert done.returncode == 2
    assert done.stdout == ""
    assert says in done.stderr
    assert "Traceback" not in done.stderr


def test_evaluate_with_a_model_that_is_not_there(manage, labelled):
    done = manage("evaluate_model", labelled, "--model", "nobody", "--json")
    assert (done.returncode, done.stdout) == (2, "")
    assert "nobody" in done.stderr


def test_too_few_labels_to_train(manage, tmp_path):
    few = models.write_jsonl(tmp_path / "few.jsonl", models.rows(4))
    done = manage("train_model", few, "--output", tmp_path / "model")
    assert done.returncode == 3
    assert "5 of each" in done.stderr
    assert not (tmp_path / "model").exists()


def test_labels_that_contradict_each_other_teach_nothing(manage, tmp_path):
    path = tmp_path / "same.csv"
    path.write_text("text,label\n" + "hello,spam\nHello ,ham\n" * 10)
    done = manage("train_model", path, "--output", tmp_path / "model")
    assert done.returncode == 3
    assert "Each text (1 in 20 rows) is labelled spam in some rows and ham in others" in done.stderr
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    ("option", "value"),
    [
        *(("--name", value) for value in ("a\nb", "x" * 101)),
        *(("--strength", value) for value in ("-1", "0", "nan", "inf", "much")),
        *(("--head-strength", "-1"), ("--epochs", "0"), ("--epochs", "1e3")),
    ],
)
def test_what_no_model_can_be_made_with_is_refused_before_any_work(
    manage, labelled, tmp_path, option, value
):
    done = manage("train_model", labelled, "--output", tmp_path / "model", f"{option}={value}")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"argument {option}: " in done.stderr
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("command", [("promote_model", "x"), ("rollback_model",)])
def test_a_slot_that_is_none(manage, command):
    for slot in ("foo", "site:", "site:Forum", "site:1 "):
        done = manage(*command, f"--slot={slot}")
        assert done.returncode == 2
        assert "is neither global nor site:ID" in done.stderr


def test_a_model_no_better_than_chance_is_not_offered(manage, tmp_path):
    path = tmp_path / "chance.csv"
    rows = [f"word{letter},{label}" for letter in "abcdefghij" for label in ("spam", "ham")]
    path.write_text("\n".join(["text,label", *rows, "other,ham"]))
    done = manage("train_model", path, "--output", tmp_path / "model")
    assert done.returncode == 0, done.stderr
    assert "no better than chance" in done.stderr
    assert "promote_model" not in done.stdout
