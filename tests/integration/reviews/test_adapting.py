"""A site's labels change what its own learner says of the next post, and of no other site's."""

import threading
from dataclasses import replace

import numpy as np
import pytest
from django.db import connection
from django.utils import timezone

from classifiers.odds import log_odds
from classifiers.versions import lineup, registry
from moderation import leases
from moderation.api.representations import DecisionOutput
from moderation.exceptions import LeaseTaken
from moderation.judging import adaptation
from moderation.models import Event, Policy, Post, Score, Site, SiteLearner
from moderation.types import LEARNT
from reviews.judging.undoing import undo
from reviews.learning import adapting
from reviews.models import Label, Learnt
from reviews.tasks import on_decision
from tests.integration.reviews.adapted import LURE, TALK, decided, say, teach, trained
from tests.integration.world import make_moderator


@pytest.fixture(autouse=True)
def nothing_held() -> None:
    lineup.forget()
    adaptation.forget()


def test_labels_move_the_next_decision_of_their_site_alone(site, other_site, moderator):
    before = decided(site, f"{LURE} now")
    teach(site, moderator)
    assert adapting.follow_labels(seconds=10) == 16
    after, elsewhere = decided(site, f"{LURE} today"), decided(other_site, f"{LURE} today")
    assert (before.site_probability, before.learner_revision) == (None, 0)
    assert after.learner_revision == SiteLearner.objects.get(site=site).revision == 1
    assert after.probability is not None
    assert after.site_probability is not None
    assert after.site_probability > max(after.probability, 0.5)
    assert (elsewhere.site_probability, elsewhere.learner_revision) == (None, 0)
    honest = decided(site, f"{TALK} today").site_probability
    assert honest is not None
    assert honest < 0.5


def test_a_site_whose_labels_cannot_be_learnt_holds_up_no_other_and_quotes_no_post(
    site, other_site, moderator, monkeypatch, caplog, capsys
):
    teach(site, moderator, times=1)
    say(other_site, make_moderator(other_site), LURE, spam=True)
    follow = adapting.follow

    def breaks(each: Site) -> int:
        if each == site:
            raise ValueError(LURE)
        return follow(each)

    monkeypatch.setattr(adapting, "follow", breaks)
    assert adapting.follow_labels(seconds=10) == 1
    said = caplog.text + "".join(capsys.readouterr())
    assert "learner.failed" in said
    assert LURE not in said


def test_a_language_that_nobody_knows_is_held_until_the_site_has_taught_it(site, moderator):
    """At a site that reviews from far above even odds, too."""
    Policy.objects.filter(site=site).update(review_from=0.9, block_from=0.95)
    lure, talk = "იაფი სესხი ახლავე, დარეკეთ ნომერზე", "მადლობა დახმარებისთვის, ხვალ შევხვდებით"
    before = decided(site, f"{talk} დილით")
    assert (before.would_be, before.outcome, before.published) == ("allow", "review", False)
    assert before.reasons[0]["code"] == "model.unfamiliar"
    assert Score.objects.get(post=before.post_id).unfamiliar > 0.2

    for number in range(6):
        say(site, moderator, f"{lure} {number}", spam=True)
        say(site, moderator, f"{talk} {number}", spam=False)
    adapting.follow(site)
    after, elsewhere = decided(site, f"{talk} საღამოს"), decided(site, "ነፃ ሽልማት አሁን ያግኙ እዚህ ይጫኑ")
    assert (after.outcome, after.published) == ("allow", True)
    assert elsewhere.outcome == "review"
    assert elsewhere.reasons[0]["code"] == "model.unfamiliar"


def test_what_the_model_allows_is_held_for_a_person_who_is_told_why(site, moderator):
    quiet = "the allotment committee sells grumblewort tonic behind the barn"
    before = decided(site, f"{quiet} on Monday")
    verdicts = [say(site, moderator, f"{quiet}, row {row}", spam=True) for row in range(6)]
    adapting.follow(site)
    after = decided(site, f"{quiet} on Tuesday")
    assert (before.outcome, after.outcome, after.published) == ("allow", "review", False)
    assert after.would_be == "allow"
    assert after.reasons[0]["code"] == "site.more"

    told = [reason for reason in after.reasons if reason["code"].startswith(LEARNT)]
    assert told[0]["sentence"] == "Learnt from 6 labels of this site (revision 1)."
    assert any("grumblewort" in reason["sentence"] and reason["weight"] > 0 for reason in told)
    assert sum(reason["weight"] for reason in told) == pytest.approx(
        log_odds(after.site_probability), abs=1e-3
    )
    others = [reason for reason in after.reasons if reason not in told]
    assert DecisionOutput().to_representation(after)["reasons"] == others

    for verdict in verdicts:
        undo(verdict_id=verdict.pk, user=moderator)
    adapting.follow(site)
    again = decided(site, f"{quiet} on Wednesday")
    assert (again.outcome, again.site_probability) == ("allow", None)
    assert not [reason for reason in again.reasons if reason["code"].startswith(LEARNT)]


def test_what_nobody_is_asked_about_is_not_explained(site, moderator):
    teach(site, moderator)
    adapting.follow(site)
    allowed = decided(site, f"{TALK} today")
    assert (allowed.outcome, allowed.learner_revision) == ("allow", 1)
    assert not [reason for reason in allowed.reasons if reason["code"].startswith(LEARNT)]


def test_a_learner_that_cannot_explain_itself_holds_nothing_up(site, moderator, monkeypatch):
    def fail(*args: object) -> None:
        raise ArithmeticError

    teach(site, moderator)
    adapting.follow(site)
    monkeypatch.setattr(adaptation, "explain", fail)
    decision = decided(site, f"{LURE} today")
    assert (decision.outcome, decision.learner_revision) == ("review", 1)
    assert decision.site_probability is not None
    assert not [reason for reason in decision.reasons if reason["code"].startswith(LEARNT)]


def test_each_label_is_learnt_once(site, moderator):
    teach(site, moderator, 2)
    assert adapting.follow(site) == 4
    state = bytes(SiteLearner.objects.get(site=site).state)
    assert adapting.follow(site) == 0
    learner = SiteLearner.objects.get(site=site)
    assert (learner.labels, learner.revision, bytes(learner.state)) == (4, 1, state)
    say(site, moderator, "a fifth", spam=False)
    assert adapting.follow(site) == 1
    assert SiteLearner.objects.get(site=site).labels == Learnt.objects.count() == 5


def test_an_undone_verdict_is_as_if_it_had_never_been(site, moderator):
    teach(site, moderator, 2)
    adapting.follow(site)
    without = bytes(SiteLearner.objects.get(site=site).state)
    mistaken = say(site, moderator, "the harvest supper is on Friday", spam=True)
    adapting.follow(site)
    assert bytes(SiteLearner.objects.get(site=site).state) != without
    undo(verdict_id=mistaken.pk, user=moderator)
    adapting.follow(site)
    learner = SiteLearner.objects.get(site=site)
    assert bytes(learner.state) == without
    assert (learner.labels, learner.revision) == (4, 3)


def test_audits_measure_and_do_not_teach(site, moderator):
    say(site, moderator, f"{LURE} again", spam=True, audit=0.2)
    assert Label.objects.filter(audit=True).count() == 1
    assert adapting.follow(site) == 0
    assert not Learnt.objects.exists()


def test_deleted_words_are_forgotten(site, moderator, as_owner):
    verdicts = teach(site, moderator, 2)
    adapting.follow(site)
    with as_owner():
        Post.objects.filter(pk=verdicts[0].case.post_id).update(pruned_at=timezone.now())
    adapting.follow(site)
    learner = SiteLearner.objects.get(site=site)
    assert (learner.labels, learner.revision) == (3, 2)
    assert adapting.follow(site) == 0
    assert SiteLearner.objects.get(site=site).revision == 2


def test_a_learner_is_passed_over_and_made_anew_when_another_model_judges(
    site, moderator, monkeypatch
):
    teach(site, moderator)
    adapting.follow(site)
    used = lineup.current(site.slot)
    other = replace(used, digest="0" * 64, model="another")
    monkeypatch.setattr(lineup, "current", lambda slot: other)
    assert decided(site, LURE).site_probability is None
    assert adapting.follow(site) == 16
    assert SiteLearner.objects.get(site=site).model == "another"
    assert decided(site, LURE).learner_revision == 2


def test_what_the_model_was_trained_on_is_not_learnt_again(site, moderator):
    teach(site, moderator, 3)
    newest = Label.objects.order_by("pk").last()
    assert newest is not None
    trained(registry.ensure_starter(), [site], newest.pk - 2)
    assert adapting.follow(site) == 2


def test_what_trained_on_the_labels_of_others_has_not_learnt_these(site, other_site, moderator):
    teach(site, moderator, 3)
    trained(registry.ensure_starter(), [other_site])
    assert adapting.follow(site) == 6


class Reading:
    """An encoder that remembers what it was asked to read."""

    name, digest = "reading", "r" * 64

    def __init__(self) -> None:
        self.asked: list[str] = []

    def unread(self, texts: list[str], languages: list[str]) -> np.ndarray:
        return np.zeros(len(texts))

    def embed(self, texts: list[str]) -> np.ndarray:
        self.asked += texts
        return np.tile(np.array([0.6, 0.8], dtype=np.float32), (len(texts), 1))


def test_posts_are_embedded_for_a_learner_whose_model_does_not_know_the_site(
    site, other_site, moderator, monkeypatch
):
    encoder = Reading()
    monkeypatch.setattr("classifiers.encoder.loaded.current", lambda: encoder)
    version = registry.ensure_starter()
    teach(site, moderator, 2)
    adapting.follow(site)
    assert len(encoder.asked) == 4
    decided(other_site, f"{TALK} elsewhere")
    assert len(encoder.asked) == 4
    decided(site, f"{TALK} today")
    assert encoder.asked[4:] == [f"{TALK} today".lower()]

    monkeypatch.setattr(adapting, "FAMILIAR", 3)
    newest = Label.objects.latest("pk")
    trained(version, [site], newest.pk - 1)
    assert adapting.follow(site) == 1
    decided(site, f"{TALK} tomorrow")
    assert len(encoder.asked) == 5


def test_a_state_that_cannot_be_read_stops_nothing_and_is_made_anew(site, moderator):
    teach(site, moderator)
    adapting.follow(site)
    good = bytes(SiteLearner.objects.get(site=site).state)
    SiteLearner.objects.update(state=b"\x80\x04cos\nsystem\n", revision=7)
    decision = decided(site, LURE)
    assert decision.probability is not None
    assert (decision.site_probability, decision.learner_revision) == (None, 0)
    assert "cannot be read" in SiteLearner.objects.get(site=site).problem
    assert adapting.follow_labels(seconds=10) == 16
    learner = SiteLearner.objects.get(site=site)
    assert (learner.problem, learner.revision, bytes(learner.state)) == ("", 8, good)


def test_two_do_not_learn_for_one_site_at_once(site, moderator):
    teach(site, moderator, 1)
    with leases.hold(f"learn {site.pk}"):
        with pytest.raises(LeaseTaken):
            adapting.follow(site)
        assert adapting.follow_labels(seconds=1) == 0
    assert adapting.follow(site) == 2


@pytest.mark.django_db(transaction=True)
def test_who_is_killed_before_writing_neither_loses_nor_doubles(site, moderator, monkeypatch):
    teach(site, moderator, 2)

    def die(self, *args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr(adapting.Learnt.objects, "bulk_create", die)
        with pytest.raises(KeyboardInterrupt):
            adapting.follow(site)
    assert not Learnt.objects.exists()
    assert SiteLearner.objects.get(site=site).labels == 0
    assert adapting.follow(site) == 4


@pytest.mark.django_db(transaction=True)
def test_verdicts_given_meanwhile_are_learnt_the_next_time(site, moderator):
    teach(site, moderator, 3)
    done: list[int] = []

    def follow() -> None:
        try:
            done.append(adapting.follow(site))
        finally:
            connection.close()

    thread = threading.Thread(target=follow)
    thread.start()
    teach(site, moderator, 2)
    thread.join()
    assert sum(done) + adapting.follow(site) == 10
    assert Learnt.objects.count() == SiteLearner.objects.get(site=site).labels == 10


def test_a_persons_decision_rings(site, moderator, monkeypatch, django_capture_on_commit_callbacks):
    rung: list[dict[str, object]] = []
    monkeypatch.setattr("reviews.tasks.learn.apply_async", lambda **options: rung.append(options))
    verdict = say(site, moderator, LURE, spam=True)
    assert verdict.decision is not None
    with django_capture_on_commit_callbacks(execute=True):
        on_decision(list(Event.objects.filter(decision=verdict.decision)))
    assert len(rung) == 1
    machine = decided(site, TALK)
    with django_capture_on_commit_callbacks(execute=True):
        on_decision(list(Event.objects.filter(decision=machine)))
    assert len(rung) == 1
