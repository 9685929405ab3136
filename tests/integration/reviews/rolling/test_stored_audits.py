"""What stored audits say of a candidate."""

from dataclasses import replace
from datetime import timedelta

import pytest

from classifiers.guarantees.replayed import spent
from classifiers.models import ModelVersion, Rollout
from classifiers.types import ENCODER_MISSING, Contribution
from classifiers.versions import lineup
from moderation import sites
from moderation.access import create_key
from moderation.models import AuditDraw, Author, Certificate, Feedback, Post, Score
from moderation.types import Ground, Mode
from reviews.learning import audit_trial, certifying, rescoring, rolling
from reviews.measuring import promises
from reviews.models import (
    Alarm,
    Case,
    Label,
    Look,
    LookPlan,
    Reporter,
    RetrainRun,
    Verdict,
)
from reviews.states import Lane
from tests.integration.moderation.world import FixedScorer
from tests.integration.reviews.promised import (
    DAY,
    FOUR_DAYS,
    MODEL,
    NOW,
    judge,
    posts_of,
    send,
)
from tests.integration.reviews.rolling.candidates import audited, follow, says, submit
from tests.integration.world import make_moderator


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
    assert "Posts that were held for people are not compared: they" in rollout.reason
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


def test_that_draws_are_lacking_is_one_task_and_not_one_a_night(site, rollout, make):
    sites.change_policy(site=site, mode=Mode.REVIEW_ONLY)
    assert follow(rollout).stage == "stopped"
    Alarm.objects.update(answered_at=NOW, answered_by=site.user)
    for name in ("one", "two"):
        night = rolling.begin(version=make(name), baseline=rollout.baseline)
        assert "too few to say" in follow(night).reason
        assert not Alarm.objects.filter(answered_at=None).exists()
    harmful = rolling.begin(version=make("three"), baseline=rollout.baseline)
    rolling._stop(harmful, "It does harm.", NOW)
    assert Alarm.objects.get(answered_at=None).sentence.endswith("It does harm.")
    Alarm.objects.update(answered_at=NOW, answered_by=site.user)
    after = rolling.begin(version=make("four"), baseline=rollout.baseline)
    assert "too few to say" in follow(after).reason
    assert Alarm.objects.filter(answered_at=None).exists(), "it was another cause before"


@pytest.fixture
def another_encoder(rollout):
    """The candidate brings another encoder than the model that serves."""
    for name, digest in ((MODEL, "aa"), ("model-2", "bb")):
        ModelVersion.objects.filter(name=name).update(manifest={"encoder": {"digest": digest}})


@pytest.mark.usefixtures("another_encoder")
def test_a_new_recipe_that_no_audit_could_show_to_be_better_is_left_to_an_operator(site, rollout):
    assert follow(rollout).stage == "stopped"
    assert "no audits are stored yet" in rollout.reason
    assert rollout.reason.endswith("an operator may put it into service by hand.")


@pytest.mark.usefixtures("another_encoder")
@pytest.mark.parametrize(("found", "stage"), [(40, "shadow"), (3, "stopped")])
def test_a_new_recipe_has_to_be_shown_to_be_better(site, rollout, found, stage):
    audited(site)
    sites.change_policy(site=site, mode=Mode.REVIEW_ONLY)
    missed = send(site, 40, probability=0.02, at=NOW - FOUR_DAYS, stratum="allow")
    judge(site, missed, "spam")
    says(missed, 0.02, MODEL)
    says(missed[:found], 0.5)
    says(missed[found:], 0.02)
    assert follow(rollout).stage == stage, rollout.reason
    assert f"gets 0 wrong, and {MODEL} alone {found}" in rollout.reason
    assert rollout.reason.startswith("A new recipe has to be better") == (stage == "stopped")


def test_to_find_use_for_the_encoder_is_no_new_recipe(rollout):
    rollout.version.manifest["encoder"] = {"digest": "aa"}
    assert not rolling.is_new_recipe(rollout.version, rollout.baseline)


def test_draws_of_unlike_chances_are_not_called_fewer_than_are_needed(site, rollout):
    audited(site)
    sites.change_policy(site=site, mode=Mode.REVIEW_ONLY)
    assert follow(rollout).stage == "stopped"
    assert rollout.reason.startswith("Stored audits cannot say: 230 are judged, but were not")
    assert "some 167 are enough" in rollout.reason


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


def test_hidden_and_forgotten_posts_are_never_read_again(site, rollout):
    made = submit(site, 1)
    Post.objects.filter(pk=made[0].post_id).update(hidden_at=NOW)
    words = [(decision.post_id, 1) for decision in made[:3]]
    used = lineup.of_version(rollout.version)
    [again] = rescoring.score(words, [used], keep=["model-2"])
    assert again.said[words[0]] is None and again.said[words[1]] is not None
    assert rescoring.known("model-2", words) == again.said


class Lazy(FixedScorer):
    """Reads something when it is first asked, as processes do."""

    clock = 0.0
    has_read = False

    def score(self, contents, signals):
        Lazy.clock += 1.0 if Lazy.has_read else 100.0
        Lazy.has_read = True
        return super().score(contents, signals)


def test_what_a_process_reads_once_is_no_models_time(site, monkeypatch):
    words = [(decision.post_id, 1) for decision in submit(site, 2)]
    monkeypatch.setattr(rescoring.time, "process_time", lambda: Lazy.clock)
    used = [lineup.Lineup(name, (Lazy({}, 0.2),), name) for name in ("model-1", "model-2")]
    took = [again.seconds for again in rescoring.score(words, used, keep=[])]
    assert took == [1.0, 1.0]


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


def test_an_authors_old_post_that_is_edited_counts_when_it_was_decided(site, rollout):
    """A certificate lets the model block both; by the posts' ids they are of one week."""
    says(send(site, 1, probability=0.5, at=NOW - 20 * DAY, stratum="review"), 0.5)
    both = [
        draw for days in (13, 5) for draw in send(site, 2, probability=0.97, at=NOW - days * DAY)
    ]
    says(both, 0.97)
    author = Author.objects.create(site=site, external_id="much")
    posts_of(both).update(author=author)
    replayed = certifying.replay(rollout, certifying.stretch_of(site, NOW))
    assert len(replayed.found(0.9)) == 2, "one of each week"
    assert {each.at for each in replayed.judged} >= {draw.created_at.timestamp() for draw in both}


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
