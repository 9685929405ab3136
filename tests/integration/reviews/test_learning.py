import json
import os
import re
import signal
import subprocess
import sys
import time
from datetime import timedelta
from io import StringIO
from pathlib import Path

import psutil
import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from classifiers.assess import assess
from classifiers.models import ModelVersion, Rollout
from classifiers.types import Content, History
from classifiers.versions import lineup, registry
from moderation import leases
from moderation.exceptions import LeaseLost
from moderation.models import Site
from reviews.exceptions import NothingToLearn, RetrainRunning, SlotMissing, TrainingFailed
from reviews.learning import retraining, slots, subprocesses
from reviews.models import Label, RetrainRun
from reviews.tasks import retrain as retrain_task
from tests.conftest import worker_environment
from tests.integration.reviews.teaching import NOVEL, PLAIN, teach
from tests.integration.world import at_once

pytestmark = pytest.mark.usefixtures("folders", "here")

RUN_APART = subprocesses.run


@pytest.fixture
def apart_for_real(here: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocesses, "run", RUN_APART)
    monkeypatch.setattr(subprocesses, "NICE", 0)


def probability(text: str, slot: str) -> float:
    assessment = assess(Content(text=text), History(), (), lineup.current(slot).scorers)
    assert assessment.probability is not None
    return assessment.probability


def test_labels_make_a_model_that_takes_over(site, apart_for_real):
    slot = site.slot
    before = probability(NOVEL, slot)
    teach(site, 90)
    run = retraining.retrain(slot=slot)
    assert run.state == "promoted", run.reason
    assert run.reason.startswith("Passed: on "), "a candidate may read so, too"
    assert run.model == ModelVersion.objects.in_production(slot)
    assert run.labels == 180
    assert run.model.snapshot_hash == run.snapshot_digest
    assert lineup.current(slot).model == run.model.name
    assert probability(NOVEL, slot) > max(before, 0.5)
    assert probability(PLAIN, slot) < 0.5


def test_a_model_that_is_no_worse_is_tried_before_it_serves(site, settings):
    settings.WINNOW_ROLLOUT = True
    teach(site, 90)
    run = retraining.retrain(slot=site.slot)
    assert run.state == "rolling", run.reason
    assert run.reason.startswith("Passed: on ")
    rollout = Rollout.objects.open().get()
    assert (rollout.version, rollout.slot) == (run.model, site.slot)
    assert rollout.baseline == ModelVersion.objects.serving(site.slot)
    again = retraining.retrain(slot=site.slot)
    assert (again.state, again.reason) == ("skipped", f"{run.model} is still being rolled out.")
    registry.move_rollout(rollout, "stopped", reason="Too few to say.", now=rollout.started_at)
    stopped = retraining.retrain(slot=site.slot, at_once=True)
    assert f"{run.model} is made of them." in stopped.reason, "it trains nothing a second time"
    assert f"`manage.py promote_model {run.model}`" in stopped.reason
    assert "promote_model" not in retraining.retrain(slot=site.slot).reason
    assert lineup.current(site.slot).model == rollout.baseline.name


def test_nothing_new_is_not_learnt_again(site):
    teach(site, 30)
    first = retraining.retrain(slot=site.slot)
    again = retraining.retrain(slot=site.slot)
    assert first.model is not None
    assert again.state == "skipped"
    assert again.reason.startswith("No new labels since the retraining of")
    assert retraining.retrain(slot=site.slot, force=True).model is not None
    teach(site, 1, seed=5)
    assert retraining.retrain(slot=site.slot).model is not None


def test_few_labels_make_a_model_that_is_kept(site):
    teach(site, 15)
    run = retraining.retrain(slot=site.slot)
    assert run.state == "kept", run.reason
    assert "needs 20 of each" in run.reason
    assert run.model is not None
    assert run.model.stage == "candidate"
    assert ModelVersion.objects.in_production(site.slot) is None


def test_too_few_labels_make_none(site):
    assert retraining.retrain(slot=site.slot).reason == "There are no labels to learn from."
    teach(site, 2)
    run = retraining.retrain(slot=site.slot)
    assert (run.state, run.model) == ("skipped", None)
    assert "too few labels" in run.reason


def test_a_worse_model_is_kept(site):
    """Most labels say that honest words are spam; the latest say what is true."""
    teach(site, 100)
    good = retraining.retrain(slot=site.slot).model
    teach(site, 180, flipped=True, seed=1)
    teach(site, 90, seed=2)
    run = retraining.retrain(slot=site.slot)
    assert run.state == "kept", run.reason
    assert re.search(r"is worse|are shown to be worse|are judged wrongly", run.reason), run.reason
    assert ModelVersion.objects.in_production(site.slot) == good


def test_labels_stay_with_their_site(site, other_site):
    teach(site, 90)
    teach(other_site, 90, flipped=True)
    Site.objects.filter(pk=other_site.pk).update(pool_labels=True)
    for slot in slots.slots_due():
        retraining.retrain(slot=slot)
    assert slots.slots_due() == ["global", site.slot]
    assert probability(NOVEL, site.slot) > 0.5
    assert set(RetrainRun.objects.values_list("slot", "labels")) == {
        ("global", 180),
        (site.slot, 180),
    }


def test_a_slot_that_fails_holds_up_no_other(site, other_site, monkeypatch):
    def full(folder: Path) -> None:
        raise OSError("No space left on device")

    both = [site.slot, other_site.slot]
    monkeypatch.setattr(retraining, "slots_due", lambda: both)
    monkeypatch.setattr(retraining, "_make_empty", full)
    ended = [(run.slot, run.state) for run in retraining.retrain_due()]
    assert ended == [(slot, "failed") for slot in both]


def test_a_site_that_pools_has_no_model_of_its_own(site):
    Site.objects.filter(pk=site.pk).update(pool_labels=True)
    with pytest.raises(SlotMissing, match="pools its labels"):
        retraining.retrain(slot=site.slot)
    with pytest.raises(SlotMissing, match="no slot"):
        retraining.retrain(slot="site:0")


def test_a_site_s_first_model_comes_from_the_global_one(site):
    teach(site, 30)
    run = retraining.retrain(slot=site.slot)
    assert run.model is not None
    assert run.model.parent == registry.ensure_starter()


def test_another_model_promoted_meanwhile_stays(site, monkeypatch):
    teach(site, 90)
    register = retraining._register

    def promote_another(run, directory, parent, trained):
        registry.register(directory=registry.directory_of(parent), slot=run.slot, name="by hand")
        registry.promote(name="by hand", reason="An operator knows better.")
        return register(run, directory, parent, trained)

    monkeypatch.setattr(retraining, "_register", promote_another)
    run = retraining.retrain(slot=site.slot)
    assert run.state == "kept", run.reason
    assert "took over" in run.reason
    assert ModelVersion.objects.in_production(site.slot).name == "by hand"


def serving(slot: str) -> str:
    lineup.forget()
    return lineup.current(slot).model


@pytest.mark.parametrize(
    ("when", "stage"),
    [
        ("before", "_write_snapshot"),
        ("before", "_train"),
        ("after", "_train"),
        ("after", "_register"),
        ("before", "_settle"),
        ("after", "_settle"),
    ],
)
def test_stopped_at_any_stage_the_serving_model_stays_and_the_next_run_succeeds(
    site, monkeypatch, stage, when
):
    """As after a kill -9: no clean-up code runs, the row says "running" until its time is out."""
    teach(site, 90)
    registry.ensure_starter()
    before = serving(site.slot)
    real = getattr(retraining, stage)

    def dies(*args, **kwargs):
        if when == "after":
            real(*args, **kwargs)
        raise KeyboardInterrupt

    with monkeypatch.context() as during, pytest.raises(KeyboardInterrupt):
        during.setattr(retraining, stage, dies)
        during.setattr(retraining, "_end", lambda *args: None)
        retraining.retrain(slot=site.slot)
    stopped = RetrainRun.objects.get()
    assert stopped.state == "running"
    whole = ModelVersion.objects.in_production(site.slot)
    assert serving(site.slot) == (whole.name if whole else before)
    with pytest.raises(RetrainRunning):
        retraining.retrain(slot=site.slot)
    RetrainRun.objects.update(lease_until=timezone.now() - timedelta(seconds=1))
    run = retraining.retrain(slot=site.slot, force=True)
    stopped.refresh_from_db()
    assert (stopped.state, stopped.finished_at is None) == ("failed", False)
    assert "without a word" in stopped.reason
    assert run.state in ("promoted", "kept")
    assert run.model is not None


def test_a_run_whose_slot_was_taken_stops(site, apart_for_real, monkeypatch):
    teach(site, 30)
    monkeypatch.setattr(leases, "RENEW_EVERY", timedelta(0))
    run = subprocesses.run

    def taken(*args, **kwargs):
        RetrainRun.objects.update(state="failed", reason="taken over", finished_at=timezone.now())
        return run(*args, **kwargs)

    monkeypatch.setattr(subprocesses, "run", taken)
    with pytest.raises(LeaseLost):
        retraining.retrain(slot=site.slot)
    assert RetrainRun.objects.get().reason == "taken over"
    assert not ModelVersion.objects.filter(slot=site.slot).exists()


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (subprocesses.Limits(seconds=0.0), "more than 0 minutes"),
        # No room for NumPy; with room for a part of SciPy, OpenBLAS may wait for more for ever.
        (subprocesses.Limits(memory_bytes=48 << 20), "The training process was"),
    ],
)
def test_a_training_that_takes_too_much_is_ended(site, apart_for_real, limits, reason):
    teach(site, 30)
    with pytest.raises(TrainingFailed, match=reason):
        retraining.retrain(slot=site.slot, limits=limits)
    run = RetrainRun.objects.get()
    assert run.state == "failed"
    assert reason in run.reason
    assert '"train"' in run.reason


def test_people_s_words_do_not_stay_behind(site, apart_for_real, settings):
    teach(site, 30)
    retraining.retrain(slot=site.slot)
    left = [path for path in Path(settings.WINNOW_STATE_DIR).rglob("*") if path.is_file()]
    assert left == []


def test_audits_that_choose_whose_labels_train_judge_no_candidate(site, monkeypatch):
    now = timezone.now()
    for age in (91, 89):
        teach(site, 1, seed=age, now=now - timedelta(days=age))
    oldest = list(Label.objects.order_by("pk").values_list("pk", flat=True)[:2])
    monkeypatch.setattr(retraining, "audited", lambda sites: Label.objects.order_by("pk"))
    written: list[str] = []

    def keep(folder, parent, lease, limits):
        written.append((folder / "measured.jsonl").read_text("utf-8"))
        raise NothingToLearn("Seen.")

    monkeypatch.setattr(retraining, "_train", keep)
    retraining.retrain(slot=site.slot)
    assert [json.loads(line)["label_id"] for line in written[0].splitlines()] == oldest


def test_the_nightly_task_goes_on_after_a_failure(site, other_site, monkeypatch):
    teach(site, 30)
    teach(other_site, 30)
    train = retraining._train

    def fails_once(folder, parent, lease, limits):
        if site.slot.replace(":", "-") in str(folder):
            raise TrainingFailed("It fell over.")
        return train(folder, parent, lease, limits)

    monkeypatch.setattr(retraining, "_train", fails_once)
    retrain_task()
    assert dict(RetrainRun.objects.values_list("slot", "state")) == {
        site.slot: "failed",
        other_site.slot: "kept",
    }


def test_the_schedule_is_there_and_an_operator_s_change_stays():
    from django_celery_beat.models import PeriodicTask

    from reviews.apps import create_schedules

    task = PeriodicTask.objects.get(name="Retrain")
    assert (task.task, task.enabled) == ("reviews.tasks.retrain", True)
    PeriodicTask.objects.filter(pk=task.pk).update(enabled=False)
    create_schedules(using="default")
    assert not PeriodicTask.objects.get(name="Retrain").enabled


def test_the_command_tells_how_it_went(site):
    out = StringIO()
    call_command("retrain", stdout=out)
    assert "No site has 20 labels of spam and of ham yet" in out.getvalue()
    teach(site, 30)
    call_command("retrain", stdout=out)
    assert "kept, not promoted: Kept as a candidate" in out.getvalue()
    call_command("retrain", site=site.name, stdout=out)
    assert "skipped: No new labels" in out.getvalue()
    with pytest.raises(CommandError, match="no site named 'x'"):
        call_command("retrain", site="x")


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_runs(site):
    teach(site, 30)
    registry.ensure_starter()
    ended: list[str] = []

    def work(_: int) -> None:
        try:
            ended.append(retraining.retrain(slot=site.slot).state)
        except RetrainRunning:
            ended.append("refused")

    at_once(work, range(2))
    assert sorted(ended) == ["kept", "refused"]
    assert RetrainRun.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_kill_9_takes_the_training_process_along(
    site, apart_for_real, settings, tmp_path, eventually
):
    teach(site, 90)
    registry.ensure_starter()
    environment = {
        **worker_environment(),
        "WINNOW_MODEL_DIR": str(settings.WINNOW_MODEL_DIR),
        "WINNOW_STATE_DIR": str(tmp_path / "state"),
    }
    command = [sys.executable, "manage.py", "retrain", "--site", site.name]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    trainer = None
    limit = time.monotonic() + 120
    while trainer is None and time.monotonic() < limit and process.poll() is None:
        children = psutil.Process(process.pid).children()
        trainer = next((x for x in children if "classifiers.training.run" in x.cmdline()), None)
        time.sleep(0.05)
    assert trainer is not None
    assert trainer.nice() == 19
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    psutil.wait_procs([trainer], timeout=60)
    assert not trainer.is_running() or trainer.status() == psutil.STATUS_ZOMBIE
    assert ModelVersion.objects.in_production(site.slot) is None
    killed = RetrainRun.objects.get()
    eventually(lambda: not RetrainRun.objects.running(timezone.now()).exists())
    assert killed.lease_until > timezone.now()
    settings.WINNOW_STATE_DIR = tmp_path / "state"
    assert retraining.retrain(slot=site.slot).state == "promoted"


def test_a_process_apart_gets_no_secrets(apart_for_real, tmp_path):
    code = "import json, os; print(json.dumps(dict(os.environ)))"
    finished = subprocesses.run(
        [sys.executable, "-c", code],
        folder=tmp_path,
        limits=subprocesses.Limits(),
        while_running=lambda: None,
    )
    environment = json.loads(finished.output)
    assert not {"DATABASE_URL", "REDIS_URL", "SECRET_KEY"} & environment.keys()
    assert environment["OMP_NUM_THREADS"] == "1"
