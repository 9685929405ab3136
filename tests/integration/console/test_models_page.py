"""What is shown of models, to whom, and who changes which one serves."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from classifiers.models import GLOBAL_SLOT, ModelVersion, RegistryState, Rollout
from classifiers.versions import lineup, registry
from moderation.models import Site
from reviews.console.leading import trials
from reviews.models import Alarm, Label, Learnt, Membership, RetrainRun
from tests.integration.console.factory import make_case, make_post
from tests.integration.console.page import read
from tests.integration.world import answer, make_moderator, make_site
from tests.unit.classifiers import models


@pytest.fixture
def trial(site: Site, settings, tmp_path: Path) -> Rollout:
    """Two models that served, and a third that is a canary."""
    settings.WINNOW_MODEL_DIR = tmp_path / "installed"
    RegistryState.objects.all().delete()
    ModelVersion.objects.all().delete()
    lineup.forget()
    made = []
    for number in (1, 2, 3):
        name = f"model-{number}"
        models.write(tmp_path / name, models.blank(name, -float(number)))
        made.append(registry.register(directory=tmp_path / name, parent=made[-1] if made else None))
    for version in made[:2]:
        registry.promote(name=version.name, reason="It was <b>better</b>.")
    rollout = registry.begin_rollout(version=made[2], baseline=made[1], share=0.1)
    rollout.audits = {
        "judged": 210, "trial": 3, "worse": 2, "better": 5, "at_most": 0.021, "at_least": -0.034,
        "margin": 0.03, "new_recipe": False, "says": "As good.",
        "checks": [{"what": "errors, language <th>", "says": "−1.0 to +2.0 points on 60 posts"}],
        "certified": {str(Site.objects.get().pk): {"says": "From 0.9 on, at most 0.71 %."}},
    }  # fmt: skip
    beside = [{"what": "processor time", "says": "0.90 to 1.10 times the other's on 48 posts"}]
    made[2].manifest = {**made[2].manifest, "gate": {"checks": beside}}
    made[2].save()
    rollout.shadow = {
        "posts": 240, "differ": 6, "differ_interval": [0.009, 0.054], "blocks_more": 2,
        "blocks_less": 4, "failed": 0, "seconds": 1.3, "seconds_before": 1.0,
    }  # fmt: skip
    rollout.canary = {
        "canary": {"posts": 31, "wrong": 1}, "control": {"posts": 280, "wrong": 9},
        "wrong_interval": [0.003, 0.445],
    }  # fmt: skip
    rollout.save()
    registry.move_rollout(rollout, "canary", reason="It judges a tenth.", now=rollout.started_at)
    return rollout


def test_an_operator_reads_where_a_trial_stands_and_stops_it(
    site: Site, trial: Rollout, operator: Client
) -> None:
    page = read(operator.get("/review/models/"))
    for said in (
        "All sites without a model of their own",
        "model-3 made",
        "from model-2",
        "210 judged: 2 that only it gets wrong, 5 that only model-2 does",
        "Difference in errors: −3.4 to 2.1 points (the lower end with 95 %, the upper one with",
        "as number 3 of the candidates tried on these draws); at most 3.0 allowed",
        "Slices and known cases errors, language <th>: −1.0 to +2.0 points on 60 posts",
        "Compared with its parent processor time: 0.90 to 1.10 times the other's on 48 posts",
        "Harbour forum : From 0.9 on, at most 0.71 %.",
        "In shadow and as canary, 6 of 240 posts would come out otherwise (0.9 to 5.4 % of posts",
        "like these: the newest of each look, no random sample): 2 more blocked, 4 fewer",
        "It takes 1.30 times the processor time",
        "31 posts judged beside 280 by the other; 1 and 9 authors’ decided wrongly",
        "It was <b>better</b>.",
    ):
        assert said in page.words, said
    Rollout.objects.update(audits={**trial.audits, "trial": 1})
    words = read(operator.get("/review/models/")).words
    assert "(the lower end with 95 %, the upper one with more); at most 3.0" in words
    Rollout.objects.update(audits=trial.audits)
    steps = [attrs.get("class") for name, attrs in page.elements if name == "li"]
    assert [step for step in steps if step in ("done", "present", "ahead", "stopped")] == [
        "done", "done", "present", "ahead",
    ]  # fmt: skip
    url = f"/review/models/{trial.version_id}/stop"
    assert "judges nothing" in read(operator.get(url)).words
    assert operator.post(url, {"reason": ""}).status_code == 200
    stopped = operator.post(url, {"reason": "Enough seen."}, follow=True)
    assert "model-3 is no longer on trial." in read(stopped).words
    trial.refresh_from_db()
    assert (trial.stage, trial.reason) == ("stopped", "Enough seen. (by operator)")
    assert "Stopped. Enough seen." in read(operator.get("/review/models/")).words
    operator.post(f"/review/models/{trial.version_id}/try", {"reason": "More audits came."})
    again = Rollout.objects.open().get()
    assert (again.version_id, again.stage) == (trial.version_id, "audits")
    assert again.baseline.name == "model-2"


def test_one_click_and_a_reason_roll_back_and_put_into_service(
    site: Site, trial: Rollout, operator: Client
) -> None:
    serving = ModelVersion.objects.get(name="model-2")
    operator.post(f"/review/models/{serving.pk}/roll-back", {"reason": "Complaints."})
    assert lineup.current(GLOBAL_SLOT).model == "model-1"
    trial.refresh_from_db()
    assert trial.stage == "stopped"
    operator.post(f"/review/models/{trial.version_id}/promote", {"reason": "Try it."})
    assert lineup.current(GLOBAL_SLOT).model == "model-3"
    first = ModelVersion.objects.get(name="model-1")
    assert first.stage == "retired"
    assert operator.get("/review/models/999999/promote").status_code == 404


STEPS = ("done", "present", "ahead", "stopped", "skipped")


def steps_of(client: Client) -> list[str]:
    page = read(client.get("/review/models/"))
    found = [attrs.get("class") for name, attrs in page.elements if name == "li"]
    return [step for step in found if step in STEPS]


def test_the_ladder_ends_where_a_trial_was_stopped(trial, operator):
    # What audits say is written before they stop it.
    Rollout.objects.update(cursor=0, shadow={}, canary={})
    registry.move_rollout(trial, "stopped", reason="It is worse.", now=trial.started_at)
    assert steps_of(operator) == ["stopped", "ahead", "ahead", "ahead"]
    Rollout.objects.update(cursor=7)
    assert steps_of(operator) == ["done", "stopped", "ahead", "ahead"]


def test_the_ladder_says_that_there_was_no_canary(trial, operator, settings):
    settings.WINNOW_SHADOW_POSTS, settings.WINNOW_ROLLOUT_HOURS = 150, 36
    Rollout.objects.update(cursor=7, canary={})
    registry.promote(name="model-3", reason="Only 12 posts came.")
    assert steps_of(operator) == ["done", "done", "skipped", "done"]
    words = read(operator.get("/review/models/")).words
    assert "Canary (left out)" in words
    assert "Where fewer than 150 posts come within 36 hours of shadow" in words
    assert "for 14 days at most" in words


def test_a_page_after_a_rollback_tells_of_it(site, trial, operator):
    run = {"slot": GLOBAL_SLOT, "state": "rolling", "reason": "On trial.", "model": trial.version}
    then = trial.started_at
    RetrainRun.objects.create(**run, started_at=then, finished_at=then, lease_until=then)
    assert "Last retraining: being rolled out" in read(operator.get("/review/models/")).words
    registry.promote(name="model-3", reason="Nothing speaks against it.")
    Rollout.objects.update(reason="Nothing speaks against it.")
    words = read(operator.get("/review/models/")).words
    assert "Last retraining: rolled out" in words
    assert words.count("Nothing speaks against it.") == 1
    operator.post(f"/review/models/{trial.version_id}/roll-back", {"reason": "Complaints."})
    words = read(operator.get("/review/models/")).words
    assert "model-3 was rolled back on" in words, "with the version that serves again"
    assert "Rolled back on" in words and words.count("UTC: Complaints. (by operator)") == 2
    assert "model-3 made" in words
    after = words[words.index("model-3 made") :]
    assert "was put into service on" in after and "in service since" not in after


def test_what_stopped_the_last_model_is_told_and_stays_when_nothing_new_came(site, trial, operator):
    run = {"slot": GLOBAL_SLOT, "lease_until": trial.started_at, "started_at": trial.started_at}
    run["finished_at"] = trial.started_at
    praise = {"state": "rolling", "reason": "Passed: better in all.", "model": trial.version}
    RetrainRun.objects.create(**run, **praise)
    why = "Not shown to be as good."
    registry.move_rollout(trial, "stopped", reason=why, now=trial.started_at)
    RetrainRun.objects.create(**run, state="skipped", reason="No new labels since yesterday.")
    words = read(operator.get("/review/models/")).words
    assert f"Last retraining: model-3, stopped on its way: {why}" in words
    assert "skipped: No new labels since yesterday." in words
    assert "Passed" not in words
    RetrainRun.objects.create(**run, state="failed", reason="It was killed.")
    words = read(operator.get("/review/models/")).words
    assert "UTC, failed: It was killed." in words and why in words


@pytest.mark.parametrize(
    ("step", "note"), [("try", "Tried again: Why not."), ("promote", "Put into service: Why not.")]
)
def test_whoever_goes_on_with_a_stopped_candidate_has_answered_its_alarm(
    trial, operator, step, note
):
    registry.move_rollout(trial, "stopped", reason="Too few.", now=trial.started_at)
    at = {"kind": "rollout", "subject": GLOBAL_SLOT, "created_at": trial.started_at}
    said = "model-3 was stopped on stored audits."
    alarm = Alarm.objects.create(**at, facts={"rollout": trial.pk}, sentence=said)
    first = ModelVersion.objects.get(name="model-1")
    operator.post(f"/review/models/{first.pk}/{step}", {"reason": "Another one."})
    assert said in read(operator.get("/review/models/")).words, "it is about another model"
    Rollout.objects.update(stage="stopped", ended_at=trial.started_at)
    operator.post(f"/review/models/{trial.version_id}/{step}", {"reason": "Why not."})
    assert said not in read(operator.get("/review/models/")).words
    alarm.refresh_from_db()
    assert (alarm.answered_by.username, alarm.note) == ("operator", f"{note} (by operator)")


def test_what_a_sites_own_learner_has_learnt_from_is_told(site, mara, trial, operator):
    assert (
        "By the last midnight its own learner had learnt from no verdict."
        in read(operator.get("/review/models/")).words
    )
    yesterday = timezone.now() - timedelta(days=1)
    for moment in (yesterday, yesterday, yesterday, None):
        answer(make_case(site), mara, now=moment)
    said = {"site": site, "revision": 1, "label": "spam", "source": "historical"}
    Label.objects.create(post=make_post(site), created_at=yesterday, **said)
    labels = list(Label.objects.all())
    Learnt.objects.bulk_create(Learnt(label=label, site=site) for label in labels)
    words = read(operator.get("/review/models/")).words
    assert "had learnt from 4 labels of this site, 3 of them from verdicts" in words


def test_a_version_that_does_not_load_is_refused_in_words(operator: Client) -> None:
    broken = ModelVersion.objects.create(name="broken", digest="2" * 64, path="2" * 64)
    promote = f"/review/models/{broken.pk}/promote"
    refused = operator.post(promote, {"reason": "Try it."}, follow=True)
    assert "cannot go to production" in read(refused).words
    broken.refresh_from_db()
    assert broken.stage == "candidate"


def test_auditors_read_and_moderators_do_not(site: Site, trial: Rollout) -> None:
    elsewhere = make_site("Elsewhere")
    foreign = ModelVersion.objects.create(
        name="foreign", slot=elsewhere.slot, digest="f" * 64, path="f" * 64
    )
    auditor = make_moderator(username="ada")
    Membership.objects.create(user=auditor, site=site, role="auditor")
    client = Client()
    client.force_login(auditor)
    RetrainRun.objects.create(
        slot=GLOBAL_SLOT, state="kept", reason="Elsewhere has a certificate.",
        started_at=trial.started_at, finished_at=trial.started_at, lease_until=trial.started_at,
    )  # fmt: skip
    page = read(client.get("/review/models/"))
    assert "Elsewhere" not in page.words
    assert "model-3" in page.words and "foreign" not in page.words
    assert not [a for a in page.all("a") if "/promote" in str(a.get("href"))]
    for action in ("promote", "roll-back", "stop", "try"):
        refused = client.post(f"/review/models/{trial.version_id}/{action}", {"reason": "x"})
        assert refused.status_code == 403
    assert client.get(f"/review/models/{trial.version_id}/card").status_code == 200
    assert client.get(f"/review/models/{foreign.pk}/card").status_code == 404
    client.force_login(make_moderator(site, username="robin"))
    assert client.get("/review/models/").status_code == 403
    assert User.objects.filter(username="robin").exists()


def test_a_figure_of_nothing_is_a_figure(trial: Rollout, operator: Client) -> None:
    metrics = {"held back": {"recall_at_fpr_1_percent": 0.0, "roc_auc": None}}
    ModelVersion.objects.filter(name="model-3").update(manifest={"metrics": metrics})
    words = read(operator.get("/review/models/")).words
    assert "held back recall at 1 % false positives 0.000" in words


def test_every_trial_is_listed_with_what_came_of_it_and_as_a_file(
    trial: Rollout, operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.move_rollout(trial, "stopped", reason="=It was worse.", now=trial.started_at)
    page = read(operator.get("/review/models/trials"))
    for said in (
        "Canary, stopped model-3 beside model-2",
        "all sites without a model of their own",
        "210 judged: 2 that only it gets wrong, 5 that only the other does",
        "In shadow and as canary, 6 of 240 posts would come out otherwise",
        "31 posts, 1 author decided wrongly; 280 and 9 by the other",
        "=It was worse.",
    ):
        assert said in page.words, said
    assert "Every model that was tried" in page.words
    monkeypatch.setattr(trials, "SHOWN", 1)
    assert "The last 1 model that was tried" in read(operator.get("/review/models/trials")).words
    file = operator.get("/review/models/trials?as=csv").content.decode()
    assert "model-3,model-2,all sites without a model of their own," in file
    assert ",stopped,Canary,0.1,210,2,5,-0.034,0.021,240,6,31,1,280,9,'=It was worse." in file
