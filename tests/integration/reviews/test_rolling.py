"""Candidates earn their place: stored audits, then shadow, then canary, then all."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.contrib.auth.models import User

from classifiers.guarantees import watch
from classifiers.guarantees.replayed import spent
from classifiers.models import ModelVersion, RegistryState, Rollout, Stage
from classifiers.types import ENCODER_MISSING, Content, Contribution
from classifiers.versions import artifacts, lineup, registry
from moderation import claims, pipeline, sites
from moderation.access import create_key
from moderation.models import AuditDraw, Certificate, Decision, Event, Feedback, Post, Score
from moderation.submitting import posts
from moderation.types import Draft, EventKind, Ground, Mode
from reviews.learning import audit_trial, certifying, checking, live_trial, rescoring, rolling
from reviews.measuring import promises
from reviews.models import (
    Alarm,
    Case,
    Label,
    Look,
    LookPlan,
    Membership,
    Reporter,
    RetrainRun,
    Role,
    Verdict,
)
from reviews.states import Lane
from tests.integration.moderation.world import FixedScorer
from tests.integration.reviews.promised import (
    DAY,
    FOUR_DAYS,
    MODEL,
    NOW,
    certifying_site,
    judge,
    look,
    reviewed,
    send,
)
from tests.integration.world import make_moderator
from tests.unit.classifiers import models


@pytest.fixture(autouse=True)
def fresh(settings, tmp_path: Path):
    settings.WINNOW_MODEL_DIR = tmp_path / "installed"
    settings.WINNOW_SHADOW_POSTS = settings.WINNOW_CANARY_POSTS = 4
    RegistryState.objects.all().delete()
    ModelVersion.objects.all().delete()
    lineup.forget()
    yield
    lineup.forget()


@pytest.fixture
def site(db):
    return certifying_site(promise=0.08, days=30)


@pytest.fixture
def make(tmp_path: Path):
    def make(name: str, bias: float = 0.0) -> ModelVersion:
        models.write(tmp_path / name, models.blank(name, bias))
        return registry.register(directory=tmp_path / name)

    return make


@pytest.fixture
def rollout(make) -> Rollout:
    baseline = make(MODEL, -3.0)
    registry.promote(name=MODEL, reason="")
    return rolling.begin(version=make("model-2", -2.0), baseline=baseline)


def says(draws, probability: float, model: str = "model-2") -> None:
    """What a model makes of stored posts, as if it had scored them again."""
    Score.objects.bulk_create(
        Score(
            post_id=draw.decision.post_id,
            revision=1,
            scorer=rescoring.SCORER,
            model=model,
            probability=probability,
            serving=False,
            created_at=NOW,
        )
        for draw in draws
    )


def audited(site, *, candidate: float = 0.97):
    """Judged draws of each kind on which both models agree, but for what is allowed."""
    held = send(site, 20, probability=0.5, at=NOW - FOUR_DAYS, stratum="review")
    spam, honest = reviewed(site, blocks=60, allowed=480, drawn=150)
    for drawn, label in ((spam, "spam"), (held, "spam"), (honest, "ham")):
        judge(site, drawn, label)
        says(drawn, candidate if label == "spam" else 0.02)
        says(drawn, 0.97 if label == "spam" else 0.02, MODEL)
    rest = AuditDraw.objects.filter(site=site, selected=False).select_related("decision")
    says(rest, 0.02)
    return spam, honest


def follow(rollout: Rollout, now=NOW) -> Rollout:
    rolling.follow(seconds=60, now=now)
    rollout.refresh_from_db()
    return rollout


def test_a_candidate_that_agrees_is_certified_on_stored_audits_and_serves_with_it(
    site, rollout, make, monkeypatch, as_owner
):
    monkeypatch.setattr(rolling, "MARGIN", 0.06)
    audited(site)
    held = promises.certify(site=site, now=NOW)
    assert held is not None and held.model == MODEL
    with as_owner():
        Certificate.objects.update(period_from=NOW - 20 * DAY, period_to=NOW - 19 * DAY)
    assert follow(rollout).stage == "shadow", rollout.reason
    assert "0.0" not in rollout.audits["says"]
    said = rollout.audits["certified"][str(site.pk)]
    assert said["trial"] == 1
    assert "held for people" not in rollout.reason, "they are drawn where blocks need a proof"
    assert follow(rollout, NOW + timedelta(hours=49)).stage == "canary"
    assert "In shadow 0 of 0 posts" in rollout.reason
    assert follow(rollout, NOW + 16 * DAY).stage == "canary", "few posts tell little"
    later = NOW + timedelta(hours=49) + 14 * DAY
    assert follow(rollout, later).stage == "done"
    assert "As canary it judged only 0 posts in 336 hours" in rollout.reason
    found = Certificate.objects.in_force(later).get()
    assert (found.model, found.replayed, found.threshold) == ("model-2", True, 0.9)
    assert found.bound <= found.promise
    assert found.expires_at == found.period_to + 30 * DAY < later + 30 * DAY
    assert ModelVersion.objects.in_production("global").name == "model-2"
    held.refresh_from_db()
    assert held.ended_because == "Another follows it."


def test_a_certificate_in_force_stops_a_candidate_that_stored_audits_do_not_carry(
    site, rollout, as_owner
):
    _, honest = audited(site)
    promises.certify(site=site, now=NOW)
    with as_owner():
        Certificate.objects.update(period_from=NOW - 20 * DAY, period_to=NOW - 19 * DAY)
    Score.objects.filter(
        model="model-2", post__in=[draw.decision.post_id for draw in honest[:40]]
    ).update(probability=0.4)
    unread = AuditDraw.objects.filter(site=site, selected=False).select_related("decision")[:150]
    Score.objects.filter(
        model="model-2", post__in=[draw.decision.post_id for draw in unread]
    ).update(probability=None)
    assert follow(rollout).stage == "stopped"
    assert rollout.reason.startswith(f"What certifies one site is for {MODEL} alone")
    assert rollout.audits["certified"][str(site.pk)]["trial"] == 1
    again = rolling.begin(version=rollout.version, baseline=rollout.baseline)
    assert certifying.trial_of(again, site) == 2
    assert spent(2) < spent(1)


def test_what_stored_audits_say_of_two_models(site, rollout, monkeypatch):
    monkeypatch.setattr(rolling, "MARGIN", 0.06)
    _, honest = audited(site)
    sites.change_policy(site=site, mode=Mode.REVIEW_ONLY)
    for trial, (count, stage, because) in enumerate(
        (
            (40, "stopped", "It is worse: of "),
            (3, "stopped", "Not shown to be as good: of "),
            (0, "shadow", "On stored audits, of 230 judged audits it alone gets 0 wrong"),
        ),
        start=1,
    ):
        wrong = [draw.decision.post_id for draw in honest[:count]]
        mine = Score.objects.filter(model="model-2", probability__in=(0.02, 0.99))
        mine.update(probability=0.02)
        mine.filter(post__in=wrong).update(probability=0.99)
        if rollout.ended_at is not None:
            rollout = rolling.begin(version=rollout.version, baseline=rollout.baseline)
        assert follow(rollout).stage == stage, rollout.reason
        assert rollout.reason.startswith(because)
        assert rollout.audits["worse"] == count
        assert rollout.audits["trial"] == trial
    assert "(as number 3 of the candidates tried on these draws)" in rollout.reason
    assert "Posts that were held for people are compared on 0 of 1 sites" in rollout.reason
    Rollout.objects.filter(pk__lt=rollout.pk).update(ended_at=NOW - FOUR_DAYS)
    assert audit_trial.trial_of(rollout, NOW) == 1, "they saw none of these draws"


def test_where_audits_are_too_few_an_operator_has_to_ask_again(site, rollout):
    sites.change_policy(site=site, mode=Mode.REVIEW_ONLY)
    assert follow(rollout).stage == "stopped"
    assert "too few to say (0 judged; some 167 drawn alike are needed)" in rollout.reason
    assert Alarm.objects.get().sentence.endswith("Tried again, it would go on without them.")
    Rollout.objects.update(audits={**rollout.audits, "trial": 1})
    again = rolling.begin(version=rollout.version, baseline=rollout.baseline)
    assert follow(again).stage == "stopped", "that one was not stopped for too few"
    again = rolling.begin(version=rollout.version, baseline=rollout.baseline)
    assert follow(again).stage == "shadow"
    assert "An operator had it tried again: the labels held back decided." in again.reason


def test_what_lists_and_traps_decide_compares_no_models(site, rollout):
    audited(site)
    before = audit_trial.compare(rollout, NOW)
    sent = {"at": NOW - FOUR_DAYS, "by": Ground.LIST}
    send(site, 300, probability=0.97, selected=False, **sent)
    listed = send(site, 20, probability=0.97, chance=0.01, thrown=0.001, **sent)
    judge(site, listed, "spam")
    says(listed, 0.02)
    after = audit_trial.compare(rollout, NOW)
    assert (after.posts, after.worse, after.judged) == (before.posts, (), before.judged)
    assert after.at_most() == before.at_most()


def test_slices_and_shadow_look_at_what_models_decide(site, rollout):
    sent = {"probability": 0.97, "at": NOW - FOUR_DAYS, "text": "A post.", "language": "en"}
    judge(site, send(site, 40, by=Ground.HONEYPOT, **sent), "spam")
    judge(site, send(site, 20, **{**sent, "language": "th"}), "spam")
    names = {check.what: check.posts for check in checking.checks(rollout, NOW)}
    assert names == {"errors, known cases": 0}, "one language is no slice"
    used = [lineup.of_version(each) for each in (rollout.version, rollout.baseline)]
    assert live_trial.shadow(rollout, *used)
    assert rollout.shadow["posts"] == 20


def agree(site, verdicts) -> None:
    """Somebody else, who knows nothing of it, says the same."""
    other = make_moderator(site)
    for verdict in verdicts.select_related("case"):
        again = Case.objects.get(pk=verdict.case_id)
        again.pk, again.audit, again.lane, again.meant_for = None, None, Lane.LOOK, [other.pk]
        again.save(force_insert=True)
        answer = Verdict.objects.create(
            case=again, round=0, user=other, kind=verdict.kind, seen=verdict.seen, created_at=NOW
        )
        Look.objects.create(
            site=site, kind="second", why="sample", probability=1.0, due_at=NOW, created_at=NOW,
            verdict=verdict, case=again, answer=answer,
        )  # fmt: skip


def test_harm_to_one_language_stops_a_candidate_that_is_no_worse_in_all(site, rollout):
    sites.change_policy(site=site, mode=Mode.REVIEW_ONLY)
    sent = {"probability": 0.97, "at": NOW - FOUR_DAYS, "text": "A post."}
    thai, english = (send(site, 60, language=each, **sent) for each in ("th", "en"))
    judge(site, thai, "spam")
    judge(site, english, "ham")
    for model, of_thai, of_english in (("model-2", 0.02, 0.5), (MODEL, 0.97, 0.97)):
        says(thai, of_thai, model)
        says(english, of_english, model)
    LookPlan.objects.create(site=site, second_share=1.0, spam_share=1.0)
    agree(site, Verdict.objects.filter(case__audit__in=thai[:21]))
    assert follow(rollout).stage == "stopped", rollout.audits
    assert rollout.reason.startswith("On stored audits it is clearly worse: errors, language th, +")
    worse = {check["what"]: check["worse"] for check in rollout.audits["checks"]}
    assert worse == {
        "errors, language en": False,
        "errors, language th": True,
        "errors, known cases": True,
    }
    assert certifying.trial_of(Rollout(pk=rollout.pk + 1, version=rollout.version), site) == 1


def without_audits(rollout: Rollout, stage: str = "shadow") -> None:
    registry.move_rollout(rollout, stage, reason="", now=NOW)
    Rollout.objects.update(cursor=live_trial.newest())


def submit(site, number: int, author: str = "", at=NOW) -> list[Decision]:
    drafts = [
        Draft(
            Content(text=f"a post about the garden, {number}-{i}"),
            author_id=author or f"{number}-{i}",
        )
        for i in range(12)
    ]
    posts.submit(site=site, drafts=drafts, now=at)
    return pipeline.moderate(claims.claim(claims.FRESH, now=at), now=at, throw=lambda: 0.5)


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


def test_hidden_and_forgotten_posts_are_never_read_again(site, rollout):
    made = submit(site, 1)
    Post.objects.filter(pk=made[0].post_id).update(hidden_at=NOW)
    words = [(decision.post_id, 1) for decision in made[:3]]
    used = lineup.of_version(rollout.version)
    [again] = rescoring.score(words, [used], keep=["model-2"])
    assert again.said[words[0]] is None and again.said[words[1]] is not None
    assert rescoring.known("model-2", words) == again.said


class WithoutEncoder(FixedScorer):
    def score(self, contents, signals):
        missing = Contribution(ENCODER_MISSING, "Not installed here.", 0.0)
        return [
            replace(said, contributions=(missing,)) for said in super().score(contents, signals)
        ]


def test_what_was_scored_without_the_encoder_compares_models_and_certifies_none(site):
    words = [(decision.post_id, 1) for decision in submit(site, 2)]
    used = lineup.Lineup("model-2", (WithoutEncoder({}, 0.2),), "digest")
    [again] = rescoring.score(words, [used], keep=["model-2"])
    assert None not in again.said.values()
    assert rescoring.known("model-2", words) == again.said
    assert rescoring.known("model-2", words, complete=True) == {}


@pytest.mark.parametrize("here", [True, False])
def test_what_was_scored_without_the_encoder_is_scored_with_it_where_it_is_installed(
    site, rollout, monkeypatch, here
):
    monkeypatch.setattr(lineup.Lineup, "has_encoders", here)
    drawn = send(site, 4, probability=0.02, at=NOW - FOUR_DAYS, text="Hello there.")
    judge(site, drawn, "ham")
    says(drawn, 0.97, MODEL)
    Score.objects.update(scorer=rescoring.WITHOUT)
    says(drawn, 0.02)
    follow(rollout)
    words = [(draw.decision.post_id, 1) for draw in drawn]
    assert (rollout.audits["better"] == 0) == here
    assert (rescoring.known(MODEL, words, complete=True).keys() == set(words)) == here
    Post.objects.update(hidden_at=NOW)
    again = rescoring.known(MODEL, words)
    rescoring.score(words, [lineup.of_version(rollout.baseline)], keep=[MODEL])
    assert rescoring.known(MODEL, words) == again, "what was made of them stays"


def test_what_the_site_said_of_a_draw_and_a_candidate_learnt_earns_it_nothing(site, rollout):
    audited(site)
    bad = send(site, 3, probability=0.97, at=NOW - FOUR_DAYS)
    says(bad, 0.97, MODEL)
    says(bad, 0.02)
    key, _ = create_key(site=site, name="forum")
    trust = {"trust": 0.95, "looked_at": NOW - DAY}
    for actor in ("", "1"):
        Reporter.objects.create(site=site, api_key=key, actor_id=actor, **trust)

    def better() -> int:
        return len(audit_trial.compare(rollout, NOW).better)

    def blocked() -> int:
        replayed = certifying.replay(rollout, certifying.stretch_of(site, NOW))
        return len([each for each in replayed.judged if each.score > 0.9 and not each.spam])

    assert (better(), blocked()) == (0, 0)
    for draw in bad:
        words = {"post_id": draw.decision.post_id, "revision": 1, "label": "ham"}
        word = Feedback.objects.create(
            actor_id="1", actor_role="owner", api_key=key, created_at=NOW, **words
        )
        Label.objects.create(site=site, source="feedback", feedback=word, created_at=NOW, **words)
    assert (better(), blocked()) == (0, 3)
    judge(site, bad, "ham")
    assert (better(), blocked()) == (0, 3), "the audits may have come after it was trained"
    RetrainRun.objects.create(
        slot="global", state="promoted", model=rollout.version, started_at=NOW,
        lease_until=NOW, last_label_id=Label.objects.latest("pk").pk,
    )  # fmt: skip
    assert (better(), blocked()) == (3, 0), "posts with an audit's label were left out"
