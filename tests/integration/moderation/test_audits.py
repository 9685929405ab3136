import random
from datetime import timedelta

import pytest

from classifiers.models import ModelVersion, Stage, site_slot
from classifiers.versions import registry
from classifiers.versions.artifacts import STARTER
from moderation import pipeline, sites
from moderation.deciding import audits, overtaken
from moderation.judging import scoring
from moderation.models import AuditDraw, Caution, Certificate, Event, Post, Site
from moderation.submitting import posts
from moderation.types import Stratum
from tests.integration.moderation.world import GTUBE, HAM, NOW, SPAM, draft, make_certificate

DAY = timedelta(days=1)


def age(site: Site, days: float) -> None:
    Site.objects.filter(pk=site.pk).update(created_at=NOW - days * DAY)


@pytest.mark.parametrize(
    ("text", "probability", "mode", "stratum"),
    [
        (SPAM, 0.97, "provisional", Stratum.BLOCK),
        (SPAM, 0.97, "review_only", Stratum.BLOCK),
        (SPAM, 0.97, "observe", Stratum.BLOCK),
        (HAM, 0.05, "provisional", Stratum.ALLOW),
        (HAM, 0.05, "observe", Stratum.ALLOW),
        (HAM, 0.5, "provisional", None),
        (HAM, 0.5, "observe", None),
        (f"{HAM} {GTUBE}", 0.05, "provisional", None),
    ],
)
def test_which_sample_a_decision_belongs_to(
    site, submit, decide, model_says, text, probability, mode, stratum
):
    sites.change_policy(site=site, mode=mode)
    model_says(otherwise=probability)
    submit(text)
    decide()
    assert list(AuditDraw.objects.values_list("stratum", flat=True)) == [stratum] * bool(stratum)


def test_what_else_was_blocked_is_audited_as_a_block(submit, decide, model_says):
    model_says(otherwise=0.05)
    submit(honeypot="filled")
    decide()
    assert AuditDraw.objects.get().stratum == Stratum.BLOCK


@pytest.mark.parametrize(("thrown", "selected"), [(0.0, True), (0.0499, True), (0.0501, False)])
def test_a_throw_below_the_probability_selects(site, submit, decide, model_says, thrown, selected):
    site.created_at = NOW
    site.save()
    model_says(otherwise=0.97)
    submit()
    decide(throw=lambda: thrown)
    draw = AuditDraw.objects.get()
    # Five a day of a hundred expected on a new site.
    assert draw.probability == pytest.approx(0.05, rel=0.02)
    assert (draw.draw, draw.selected) == (thrown, selected)
    assert Event.objects.get().payload["audited"] is selected


def test_targets_come_from_the_policy(site, submit, decide, model_says):
    sites.change_policy(site=site, block_audits_per_day=0, allow_audits_per_day=1000)
    model_says({SPAM: 0.97})
    submit(SPAM)
    submit(HAM)
    decide(throw=lambda: 0.0)
    draws = {draw.stratum: (draw.probability, draw.selected) for draw in AuditDraw.objects.all()}
    assert draws == {Stratum.BLOCK: (0.0, False), Stratum.ALLOW: (1.0, True)}


def test_about_the_target_is_drawn_each_day_and_weights_add_up(site, submit, decide, model_says):
    """Eight days at 120 blocks a day: the known probabilities estimate the total."""
    age(site, 30)
    sites.change_policy(site=site, blocks_per_hour=100_000)
    model_says(otherwise=0.97)
    dice = random.Random(20260115)
    days, batches, size = 8, 12, 10
    for hour in range(days * batches):
        moment = NOW + hour * (DAY / batches)
        posts.submit(site=site, drafts=[draft()] * size, now=moment)
        assert len(decide(at=moment, throw=dice.random)) == size
    draws = AuditDraw.objects.filter(created_at__gte=NOW + DAY)
    total = (days - 1) * batches * size
    assert draws.count() == total
    expected = sum(draws.values_list("probability", flat=True))
    assert expected == pytest.approx(5 * (days - 1), rel=0.15)
    chosen = draws.filter(selected=True)
    assert 15 <= chosen.count() <= 60
    # Horvitz-Thompson: each audited post stands for 1 / p posts.
    estimate = sum(1 / p for p in chosen.values_list("probability", flat=True))
    assert estimate == pytest.approx(total, rel=0.5)


def test_a_busy_day_is_extrapolated(site, submit, decide, model_says, monkeypatch):
    age(site, 30)
    model_says(otherwise=0.05)
    posts.submit(site=site, drafts=[draft()] * 60, now=NOW - timedelta(hours=1))
    decide(at=NOW - timedelta(hours=1))
    monkeypatch.setattr(audits, "MOST", 60)
    submit()
    decide()
    # 60 in an hour are 1440 a day, and one more.
    draw = AuditDraw.objects.latest("id")
    assert draw.probability == pytest.approx(2 / 1441)


@pytest.mark.parametrize("certified", [True, False])
def test_a_flood_that_lists_block_is_measured_and_no_more(
    site, submit, decide, model_says, certified
):
    """It tells nothing of a promise: it is not judged as a whole, nor is less of the model's."""
    age(site, 30)
    sites.change_policy(site=site, mode="certified", block_from=0.9)
    if certified:
        make_certificate(site, watched_at=NOW)
    model_says({SPAM: 0.97}, otherwise=0.05)
    for _ in range(60):
        submit(honeypot="filled")
    listed = decide()
    flood = AuditDraw.objects.filter(decision__in=[one.pk for one in listed])
    assert len(listed) == 60 and {one.by for one in listed} == {"honeypot"}
    assert {round(each.probability, 3) for each in flood} == {0.333}
    for _ in range(40):
        submit(SPAM)
    own = AuditDraw.objects.filter(decision__in=[one.pk for one in decide()])
    assert {each.probability for each in own} == {0.5 if certified else 1.0}
    submit(honeypot="filled")
    decide()
    assert AuditDraw.objects.latest("pk").probability == pytest.approx(20 / 61)


def test_a_day_of_the_models_blocks_is_counted_behind_any_flood_of_lists(
    site, submit, decide, model_says, monkeypatch
):
    """Its chance would else be that of another day than the certificate takes it for."""
    age(site, 30)
    sites.change_policy(site=site, mode="certified", block_from=0.9)
    make_certificate(site, watched_at=NOW)
    model_says({SPAM: 0.97}, otherwise=0.05)
    early = NOW - DAY / 2
    for _ in range(39):
        submit(SPAM, at=early)
    decide(at=early)
    for _ in range(50):
        submit(honeypot="filled", at=NOW - DAY / 24)
    decide(at=NOW - DAY / 24)
    monkeypatch.setattr(audits, "MOST", 45)
    submit(SPAM)
    [own] = decide()
    assert AuditDraw.objects.get(decision=own.pk).probability == pytest.approx(0.5)
    monkeypatch.setattr(audits, "LOOKED_THROUGH", 50)
    submit(SPAM)
    [own] = decide()
    assert AuditDraw.objects.get(decision=own.pk).probability > 0.5, "but not without end"


@pytest.mark.parametrize(
    ("changes", "outcome", "probability"),
    [
        (None, "review", 1.0),
        ({}, "block", 0.2),
        ({"threshold": 0.98}, "review", 0.2),
        ({"doubted": True}, "block", 1.0),
        ({"model": "another"}, "review", 1.0),
        ({"expires_at": NOW + DAY / 24, "created_at": NOW - DAY, "watched_at": NOW}, "review", 1.0),
        ({"ended_at": NOW}, "review", 1.0),
        ({"created_at": NOW - DAY}, "review", 1.0),
        ({"created_at": NOW - DAY, "watched_at": NOW}, "block", 0.2),
        ({"unwatched_at": NOW, "unwatched_because": "No answers."}, "review", 0.2),
        ({"unwatched_at": NOW}, "review", 1.0),
    ],
    ids=[
        *("none", "covers", "begins higher", "in doubt", "other model", "expired", "ended"),
        *("not watched", "watched", "waits for answers", "looks failed"),
    ],
)
def test_a_certificate_decides_what_is_blocked_and_how_much_is_drawn(
    site, submit, decide, model_says, changes, outcome, probability
):
    """Without one each would-be block is drawn; with one, twenty of a hundred a day."""
    Site.objects.filter(pk=site.pk).update(created_at=NOW)
    sites.change_policy(site=site, mode="certified", block_from=0.9)
    if changes is not None:
        make_certificate(site, **changes)
    model_says(otherwise=0.97)
    at = NOW + DAY / 12 if changes and "expires_at" in changes else NOW
    submit(at=at)
    [decision] = decide(at=at)
    assert (decision.outcome, decision.would_be) == (outcome, "block")
    assert AuditDraw.objects.get().probability == pytest.approx(probability, rel=0.05)


@pytest.fixture
def meanwhile(monkeypatch):
    """Has something happen while a batch is judged."""
    assess = scoring._assess

    def happens(what):
        def assess_and(*given):
            found = assess(*given)
            what()
            return found

        monkeypatch.setattr(scoring, "_assess", assess_and)

    return happens


@pytest.mark.parametrize("posts", [1, 5])
def test_what_is_blocked_is_looked_at_again_in_two_queries_a_batch(
    site, submit, decide, model_says, django_assert_num_queries, posts
):
    sites.change_policy(site=site, mode="certified", block_from=0.9)
    make_certificate(site)
    for _ in range(posts):
        submit(SPAM)
    for otherwise, queries in ((0.97, 2), (0.05, 0)):
        model_says(otherwise=otherwise)
        judged = scoring.judge(list(Post.objects.all()), now=NOW)
        rulings = [pipeline._ruling(each) for each in judged]
        with django_assert_num_queries(queries):
            assert overtaken.hold(judged, rulings, now=NOW) == list(
                zip(judged, rulings, strict=True)
            )


@pytest.mark.parametrize("mode", ["certified", "provisional"])
def test_a_model_that_is_rolled_back_while_it_judges_blocks_nothing(
    site, submit, decide, model_says, meanwhile, mode
):
    sites.change_policy(site=site, mode=mode, block_from=0.9)
    make_certificate(site)
    model_says(otherwise=0.97)
    serving = ModelVersion.objects.get(stage=Stage.PRODUCTION)
    ModelVersion.objects.update(name="fixed-1")
    meanwhile(lambda: retire(serving))
    submit()
    [decision] = decide()
    assert (decision.outcome, decision.published, decision.would_be) == ("review", False, "block")
    assert decision.reasons[0]["code"] == "judging.overtaken"
    meanwhile(lambda: None)
    submit()
    assert [each.outcome for each in decide()] == ["block"]


@pytest.mark.parametrize("stage", [Stage.PRODUCTION, Stage.CANARY])
def test_a_candidate_that_is_noted_meanwhile_keeps_no_block_of_who_goes_on_serving(
    site, submit, decide, model_says, meanwhile, settings, tmp_path, stage
):
    settings.WINNOW_MODEL_DIR = tmp_path
    sites.change_policy(site=site, mode="provisional", block_from=0.9)
    ModelVersion.objects.update(name="fixed-1", stage=stage)
    model_says(otherwise=0.97)
    meanwhile(lambda: registry.register(directory=STARTER, slot=site_slot(site.pk)))
    submit()
    assert [each.outcome for each in decide()] == ["block"]


def retire(version: ModelVersion) -> None:
    registry._lock_and_count()
    registry._retire(version, "Wrong.")


def test_a_certificate_that_ends_while_it_is_used_covers_nothing(
    site, submit, decide, model_says, meanwhile
):
    sites.change_policy(site=site, mode="certified", block_from=0.9)
    certificate = make_certificate(site)
    model_says({SPAM: 0.97})
    meanwhile(lambda: Certificate.objects.filter(pk=certificate.pk).update(ended_at=NOW))
    submit(SPAM)
    submit(honeypot="filled")
    outcomes = {each.by: (each.outcome, each.reasons[0]["code"]) for each in decide()}
    assert outcomes["model"] == ("review", "judging.overtaken")
    assert outcomes["honeypot"][0] == "block", "what needs no certificate is blocked"
    drawn = AuditDraw.objects.filter(decision__by="model")
    assert set(drawn.values_list("probability", flat=True)) == {1.0}, "as without one"


def test_where_missed_spam_is_limited_a_caution_asks_about_more_and_no_more_than_it_may(
    site, submit, decide, model_says
):
    Site.objects.filter(pk=site.pk).update(created_at=NOW)
    sites.change_policy(site=site, missed_limit=0.02)
    model_says({SPAM: 0.1}, otherwise=0.05)
    Caution.objects.create(site=site, limit=0.02, asks_from=0.1, a_day=2, created_at=NOW)
    for text in (SPAM, SPAM, SPAM, HAM):
        submit(text)
    made = [(d.outcome, d.published, d.by) for d in decide()]
    asked, allowed = ("review", True, "caution"), ("allow", True, "model")
    assert sorted(made) == [allowed, allowed, asked, asked]
    # Of what is allowed as many are drawn as where a certificate is wanted.
    chances = AuditDraw.objects.values_list("stratum", "probability")
    assert list(chances) == [("allow", pytest.approx(0.15))] * 2
    Caution.objects.update(ended_at=NOW)
    submit(SPAM)
    assert [d.outcome for d in decide()] == ["allow"]


def test_a_share_of_the_allowed_posts_is_drawn_where_a_certificate_is_wanted(
    site, submit, decide, model_says
):
    Site.objects.filter(pk=site.pk).update(created_at=NOW)
    sites.change_policy(site=site, mode="certified")
    model_says(otherwise=0.05)
    submit()
    decide()
    assert AuditDraw.objects.get().probability == pytest.approx(0.15)
