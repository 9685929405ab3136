"""Candidates earn their place: stored audits, then shadow, then canary, then all."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User

from classifiers.guarantees import watch
from classifiers.models import ModelVersion, Rollout, Stage
from classifiers.versions import artifacts, lineup, registry
from moderation import sites
from moderation.models import AuditDraw, Certificate, Event, Score
from moderation.types import EventKind, Ground, Mode
from reviews.learning import checking, live_trial, rolling
from reviews.models import (
    Alarm,
    Label,
    Membership,
    Role,
)
from tests.integration.reviews.promised import (
    DAY,
    FOUR_DAYS,
    MODEL,
    NOW,
    judge,
    look,
    send,
)
from tests.integration.reviews.rolling.candidates import follow, submit, without_audits
from tests.integration.world import make_moderator


def test_slices_and_shadow_look_at_what_models_decide(site, rollout):
    sent = {"probability": 0.97, "at": NOW - FOUR_DAYS, "text": "A post.", "language": "en"}
    judge(site, send(site, 40, by=Ground.HONEYPOT, **sent), "spam")
    judge(site, send(site, 20, **{**sent, "language": "th"}), "spam")
    names = {check.what: check.posts for check in checking.checks(rollout, NOW)}
    assert names == {"errors, known cases": 0}, "one language is no slice"
    used = [lineup.of_version(each) for each in (rollout.version, rollout.baseline)]
    assert live_trial.shadow(rollout, *used)
    assert rollout.shadow["posts"] == 20


def test_a_rollout_that_cannot_be_followed_holds_up_no_other(rollout, monkeypatch, caplog):
    other = Rollout.objects.create(
        slot="site:0",
        version=rollout.version,
        baseline=rollout.version,
        share=rollout.share,
        started_at=NOW,
        stage_since=NOW,
    )

    def breaks(version: ModelVersion) -> None:
        raise RuntimeError

    monkeypatch.setattr(lineup, "of_version", breaks)
    assert follow(rollout).ended_at is None
    other.refresh_from_db()
    assert other.stage == "stopped", "its baseline does not serve"
    assert f"following the rollout of {rollout.version} failed" in caplog.text


def test_from_shadow_to_canary_to_all(site, rollout, settings):
    settings.WINNOW_CANARY_POSTS = 1  # However few authors fall to it.
    sites.change_policy(site=site, mode=Mode.PROVISIONAL)
    without_audits(rollout)
    made = submit(site, 1)
    assert {decision.arm for decision in made} == {""}
    assert follow(rollout).stage == "shadow"
    assert rollout.shadow["posts"] == 12 and rollout.shadow["differ"] == 0
    assert Score.objects.filter(serving=False, model="model-2").count() == 12
    assert not Score.objects.filter(serving=False, model=MODEL).exists()
    Rollout.objects.update(share=0.5)
    assert follow(rollout, NOW + timedelta(hours=2)).stage == "canary"
    assert ModelVersion.objects.get(name="model-2").stage == Stage.CANARY

    at = NOW + timedelta(hours=2)
    made = submit(site, 2, at=at)
    assert {(each.arm, each.model) for each in made} == {("canary", "model-2"), ("control", MODEL)}
    twice = submit(site, 3, author="1-1", at=at) + submit(site, 4, author="1-1", at=at)
    assert len({each.arm for each in twice}) == 1, "an author stays on one side"
    follow(rollout, NOW + timedelta(hours=3))
    counted = rollout.canary
    assert counted["canary"]["posts"] + counted["control"]["posts"] == 36
    assert rollout.stage == "canary"
    assert follow(rollout, NOW + timedelta(hours=30)).stage == "done", rollout.reason
    assert lineup.current(site.slot).model == "model-2"
    assert {decision.arm for decision in submit(site, 5)} == {""}

    registry.rollback(reason="It was a test.")
    assert lineup.current(site.slot).model == MODEL


def test_a_canary_that_does_harm_is_stopped(site, rollout):
    sites.change_policy(site=site, mode=Mode.PROVISIONAL)
    without_audits(rollout, "canary")
    Rollout.objects.update(share=0.2)
    made = {"probability": 0.97, "at": NOW, "blocks": True}
    blocks = send(site, 18, model="model-2", arm="canary", **made)
    blocks += send(site, 6, arm="control", **made)
    judge(site, blocks[:2], "ham")
    later = NOW + timedelta(hours=3)
    assert follow(rollout, later).stage == "canary"
    judge(site, blocks[2:12], "ham")
    judge(site, blocks[18:20], "ham")
    judge(site, blocks[12:16], "ham")
    site.senior = make_moderator(site)
    look(site, blocks[12:16], "spam", settled="spam")
    assert follow(rollout, later).stage == "stopped"
    assert rollout.reason.startswith(
        "It does harm: 12 authors' posts were decided wrongly among 18"
    )
    assert ModelVersion.objects.get(name="model-2").stage == Stage.CANDIDATE
    assert lineup.current(site.slot).canary is None


def test_what_is_stopped_leaves_one_task_for_whoever_runs_the_installation(client, site, rollout):
    rolling._stop(rollout, "It does harm.", NOW)
    Rollout.objects.update(stage="shadow", ended_at=None)
    rolling._stop(Rollout.objects.get(), "It does harm again, and waits already.", NOW)
    alarm = Alarm.objects.get()
    assert (alarm.site, alarm.kind, alarm.subject) == (None, "rollout", "global")
    assert alarm.sentence == "model-2 was stopped on stored audits. It does harm."
    answer = f"/review/alarms/{alarm.pk}/answer"
    Membership.objects.filter(user=site.user).update(role=Role.OWNER)
    client.force_login(site.user)
    assert "It does harm." not in client.get("/review/models/").content.decode()
    assert client.post(answer, {"note": "Seen."}).status_code == 404
    client.force_login(User.objects.create_superuser("ops"))
    assert "stopped on stored audits" in client.get("/review/models/").content.decode()
    assert client.post(answer, {"note": "Seen."}).headers["Location"] == "/review/models/"
    assert "stopped on stored audits" not in client.get("/review/models/").content.decode()


def test_a_sites_own_model_that_is_stopped_is_that_sites_task(site, rollout):
    Rollout.objects.update(slot=site.slot)
    ModelVersion.objects.filter(pk=rollout.version_id).update(slot=site.slot)
    rolling._stop(Rollout.objects.select_related("version").get(), "It does harm.", NOW)
    assert Alarm.objects.get().site == site
    assert Event.objects.get(kind=EventKind.ROLLOUT_STOPPED).site == site


def test_a_canary_blocks_nothing_where_blocks_need_a_certificate(site, rollout, monkeypatch):
    monkeypatch.setattr(watch, "AUDITS", 0)  # As on a busy site.
    registry.move_rollout(rollout, "canary", reason="", now=NOW)
    Rollout.objects.update(share=0.5)
    Certificate.objects.create(
        site=site, policy=site.policies.latest("revision"), model=MODEL, promise=0.05, bound=0.01,
        delta=0.05, grid=[0.02], threshold=0.02, posts=1, blocked=1, judged=1, wrong=0,
        unanswered=0, allowed=1, allowed_drawn=1, allowed_spam=0, chance=1.0, spam_of_honest=0.05,
        honest_of_spam=0.02, period_from=NOW, period_to=NOW, created_at=NOW - DAY, watched_at=NOW,
        expires_at=NOW + DAY,
    )  # fmt: skip
    sites.change_policy(site=site, block_from=0.02, review_from=0.01, block_audits_per_day=0)
    made = submit(site, 1)
    assert {(each.arm, each.outcome) for each in made} == {
        ("canary", "review"),
        ("control", "block"),
    }
    assert all(each.would_be == "block" for each in made)
    tried = next(each.post.author.external_id for each in made if each.arm == "canary")
    assert {each.arm for each in submit(site, 2, author=tried)} == {"canary"}
    chances = AuditDraw.objects.values_list("decision__arm", "probability").distinct()
    assert dict(chances) == {"control": 0.1, "canary": 0.1}, "both sides are judged as often"


def test_held_posts_are_drawn_where_the_next_model_will_need_them(site, rollout):
    sites.change_policy(site=site, block_from=0.9, review_from=0.01)
    made = submit(site, 1)
    assert {each.outcome for each in made} == {"review"}
    draws = AuditDraw.objects.filter(decision__in=made)
    assert {(draw.stratum, draw.probability) for draw in draws} == {("review", 0.25)}
    assert not Label.objects.exists()


@pytest.mark.parametrize(
    ("found", "because"),
    [
        ({"posts": 40, "failed": 8}, "It failed on 8 of 48"),
        ({"posts": 60, "seconds": 5.0, "seconds_before": 1.0}, "It takes 5.0 times"),
        ({"posts": 60, "differ": 40}, "40 of 60 posts would come out otherwise"),
        ({"posts": 60, "differ": 5, "failed": 1, "seconds": 1.5, "seconds_before": 1.0}, ""),
    ],
)
def test_what_stops_a_candidate_in_shadow(found, because):
    assert rolling.shadow_stops({**live_trial.NOTHING, **found}).startswith(because)
    assert bool(because) or not rolling.shadow_stops({**live_trial.NOTHING, **found})


def test_the_first_model_with_an_encoder_may_take_longer(site, rollout):
    Rollout.objects.update(shadow={**live_trial.NOTHING, "posts": 60, "seconds": 5.0})
    for encoder, stage in (({"digest": "aa"}, "shadow"), (None, "stopped")):
        without_audits(rollout)
        ModelVersion.objects.filter(name="model-2").update(manifest={"encoder": encoder})
        assert follow(rollout).stage == stage, rollout.reason


def test_whoever_is_put_into_service_by_hand_ends_the_trial(rollout, make):
    registry.move_rollout(rollout, "canary", reason="", now=NOW)
    make("model-3")
    registry.promote(name="model-3", reason="By hand.")
    rollout.refresh_from_db()
    assert (rollout.stage, rollout.reason) == ("stopped", "Meanwhile model-3 took over.")
    assert ModelVersion.objects.get(name="model-2").stage == Stage.CANDIDATE


def test_a_candidate_that_cannot_be_loaded_is_stopped(rollout):
    (registry.directory_of(rollout.version) / artifacts.WEIGHTS).write_bytes(b"")
    from classifiers.models import ModelFile

    ModelFile.objects.filter(digest=rollout.version.digest).delete()
    assert follow(rollout).stage == "stopped"
    assert "could not be loaded" in rollout.reason
