"""Certificates stand on random draws that people judged, and end when they are not true."""

import math
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from classifiers.guarantees import sequences, weighted
from classifiers.guarantees.certificates import Level, Volumes
from classifiers.guarantees.promise import PeriodCounts, wrongly_blocked
from classifiers.guarantees.reviewers import Mistakes
from moderation.models import Author, Decision, Event, Post, Site
from moderation.types import EventKind, Ground, Mode, Outcome, Source
from reviews.measuring import (
    earned,
    promises,
    site_figures,
    volumes,
)
from reviews.measuring.draws import Question
from tests.integration.reviews.promised import (
    DAY,
    FOUR_DAYS,
    MODEL,
    NOW,
    appeal,
    certified,
    judge,
    judged,
    posts_of,
    reviewed,
    send,
)
from tests.integration.reviews.world import forget


def test_would_be_blocks_that_people_judged_earn_a_certificate(site):
    certificate = certified(site)
    assert (certificate.judged, certificate.wrong, certificate.allowed) == (40, 0, 240)
    assert (certificate.allowed_drawn, certificate.allowed_spam) == (60, 0)
    assert certificate.bound <= certificate.promise == 0.05
    assert certificate.threshold == 0.9 and certificate.grid[-1] == 0.9
    assert certificate.model == MODEL
    told = Event.objects.get(kind=EventKind.PROMISE_CERTIFIED)
    assert told.payload["certificate"] == certificate.pk
    assert promises.certify(site=site, now=NOW) is None, "nothing is due"


def test_what_was_earned_so_far_reckons_with_peoples_errors(site):
    judged(site)
    earned = site_figures.measure(site=site, now=NOW).figures["promise"]
    of_seen = sequences.upper(0, 40, 0.05)
    assert earned["wrong_of_blocks"] == pytest.approx(of_seen / (1 - 0.05))


def test_of_unequal_chances_all_that_were_judged_say_how_many_blocks_are_wrong(site):
    """A wrong one of a quiet day, drawn with 1, stays one when a busy day's 0.1 follows."""
    for thrown in (0.05, 0.5):
        judge(site, send(site, 20, probability=0.97, at=NOW - FOUR_DAYS, thrown=thrown), "spam")
    busy = send(site, 6, probability=0.97, at=NOW - FOUR_DAYS, chance=0.1, thrown=0.05)
    judge(site, busy, "ham")
    of_one = posts_of(busy[:5])
    of_one.update(author=Author.objects.create(site=site, external_id="7"))
    judge(site, send(site, 5, probability=0.02, at=NOW - FOUR_DAYS), "ham")
    earned = site_figures.measure(site=site, now=NOW).figures["promise"]
    assert (earned["judged"], earned["wrong"]) == (46, 6)
    assert earned["wrong_of_blocks"] > 6 / 46 and earned["authors"] == 2


def test_where_hardly_a_block_was_not_drawn_small_chances_widen_nothing(site):
    """Of 40 would-be blocks one is wrong and one was not drawn, which may be wrong, too."""
    quiet = send(site, 36, probability=0.97, at=NOW - FOUR_DAYS)
    few = send(site, 3, probability=0.97, at=NOW - FOUR_DAYS, chance=0.1, thrown=0.05)
    send(site, 1, probability=0.97, at=NOW - FOUR_DAYS, chance=0.1, thrown=0.5, selected=False)
    judge(site, quiet[:35] + few, "spam")
    judge(site, quiet[35:], "ham")
    judge(site, send(site, 5, probability=0.02, at=NOW - FOUR_DAYS), "ham")
    earned = site_figures.measure(site=site, now=NOW).figures["promise"]
    assert (earned["judged"], earned["wrong"]) == (39, 1)
    of_seen = sequences.upper(2, 40, 0.005)
    assert earned["wrong_of_blocks"] == pytest.approx(of_seen / (1 - 0.05))
    assert of_seen < 0.5 < weighted.upper([1.0], 0.1, 40, 0.05)


def test_what_was_wrong_is_said_also_once_fewer_are_drawn(site):
    quiet = send(site, 22, probability=0.97, at=NOW - FOUR_DAYS, chance=0.9, thrown=0.5)
    judge(site, quiet[:20], "spam")
    judge(site, quiet[20:21], "ham")
    judge(site, send(site, 5, probability=0.02, at=NOW - FOUR_DAYS), "ham")
    before = site_figures.measure(site=site, now=NOW).figures["promise"]
    more = send(site, 1, probability=0.97, at=NOW - FOUR_DAYS + DAY / 2, chance=0.4, thrown=0.1)
    judge(site, more, "spam")
    found = site_figures.measure(site=site, now=NOW).figures["promise"]
    assert (before["judged"], before["wrong"]) == (22, 2)
    assert (found["judged"], found["wrong"], found["authors"]) == (23, 2, 2)
    assert (found["unanswered"], found["unanswered_allowed"]) == (1, 0)
    assert found["wrong_of_blocks"] > 2 / 23


def test_what_was_judged_without_the_encoder_earns_nothing_for_the_model_with_it(site):
    without = [{"code": "encoder.missing", "sentence": "Not installed here.", "weight": 0.0}]
    judged(site, reasons=[*without, {"code": "model.usual"}])
    assert promises.certify(site=site, now=NOW) is None
    certificate = certified(site)
    assert (certificate.judged, certificate.allowed, certificate.allowed_drawn) == (40, 240, 60)


def test_that_the_encoder_was_missing_outlives_the_words(site, sent_days_ago):
    sent_days_ago(560 * [4])
    without = {"code": "encoder.missing", "sentence": "Not installed here.", "weight": 0.0}
    said = {"code": "word", "sentence": "“pills” is more usual in spam.", "weight": 2.0}
    judged(site, reasons=[said, without])
    assert forget(site, words_days=1).words == 280
    stored = Decision.objects.filter(source=Source.MACHINE).values_list("reasons", flat=True)
    assert all(reasons == [without] for reasons in stored)
    assert promises.certify(site=site, now=NOW) is None
    certificate = certified(site)
    assert (certificate.judged, certificate.allowed, certificate.allowed_drawn) == (40, 240, 60)


def test_draws_from_before_the_last_quarter_earn_nothing(site):
    Site.objects.filter(pk=site.pk).update(created_at=NOW - 300 * DAY)
    site.refresh_from_db()
    begins = earned.begins(NOW)
    assert begins.day == 1 and 90 * DAY <= NOW - begins <= 185 * DAY
    judged(site, at=begins - DAY)
    assert promises.certify(site=site, now=NOW) is None
    assert promises.certify(site=site, now=begins) is not None


def test_no_certificate_before_the_labels_and_none_from_silence(site):
    """Fresh draws are waited for; old ones without an answer count as honest."""
    reviewed(site, at=NOW - timedelta(hours=2))
    assert promises.certify(site=site, now=NOW) is None
    assert promises.certify(site=site, now=NOW + FOUR_DAYS) is None


def test_one_draw_that_waits_counts_as_wrong_rather_than_hold_up_all_that_came_after_it(site):
    send(site, 1, probability=0.97, at=NOW - timedelta(hours=5))
    judged(site, at=NOW - timedelta(hours=4), allowed=480, drawn=120)
    certificate = promises.certify(site=site, now=NOW)
    assert (certificate.judged, certificate.wrong, certificate.unanswered) == (41, 1, 1)
    assert certificate.allowed == 480


def of_few_authors(site, each=6, **more):
    """Draws that carry a promise but for this: of each author there are so many allowed posts."""
    judged(site, **more)
    posts = list(Post.objects.filter(site=site, outcome="allow").order_by("pk"))
    for number, post in enumerate(posts):
        post.author, _ = Author.objects.get_or_create(site=site, external_id=str(number // each))
    Post.objects.bulk_update(posts, ["author"])
    return posts


@pytest.mark.parametrize("answered", [True, False])
def test_a_flood_of_allowed_posts_shows_nothing_before_its_draws_are_answered(site, answered):
    judged(site, blocks=20, allowed=60, drawn=40)
    send(site, 2_000, probability=0.02, at=NOW - DAY, selected=False, chance=0.01)
    flood = send(site, 20, probability=0.02, at=NOW - DAY, chance=0.01, thrown=0.001)
    if answered:
        judge(site, flood, "spam")
    assert promises.certify(site=site, now=NOW) is None


def test_a_day_of_a_wave_takes_nothing_from_what_other_days_have_shown(site):
    """Of many would-be blocks few are drawn, each with a small chance."""
    judged(site)
    judge(site, send(site, 20, probability=0.97, at=NOW - 2 * DAY, chance=0.2, thrown=0.05), "spam")
    send(site, 30, probability=0.02, at=NOW - 2 * DAY, selected=False)
    certificate = promises.certify(site=site, now=NOW)
    assert (certificate.judged, certificate.allowed, certificate.chance) == (60, 270, 0.2)


def test_a_bound_can_be_worked_out_again_from_what_a_certificate_keeps(site):
    judged(site)
    judge(site, send(site, 20, probability=0.97, at=NOW - 2 * DAY, chance=0.2, thrown=0.05), "spam")
    send(site, 30, probability=0.02, at=NOW - 2 * DAY, selected=False)
    kept = promises.certify(site=site, now=NOW)
    assert kept.mean_chance == pytest.approx((240 + 30 * 0.2) / 270) and kept.part == 0.5
    seen = PeriodCounts(
        kept.wrong,
        kept.allowed,
        kept.allowed_drawn,
        kept.allowed_spam,
        kept.mean_chance,
        kept.together,
        kept.part,
    )
    mistakes = Mistakes(kept.spam_of_honest, kept.honest_of_spam)
    assert wrongly_blocked(seen, mistakes, kept.delta) == pytest.approx(kept.bound)


def test_what_is_wrong_mainly_on_days_of_waves_earns_none(site):
    """Of 500 posts 20 may be wrong blocks: three of those drawn with 0.1 stand for 30."""
    judged(site, blocks=20, allowed=500, drawn=120)
    wave = send(site, 20, probability=0.97, at=NOW - 2 * DAY, chance=0.1, thrown=0.05)
    judge(site, wave[:3], "ham")
    judge(site, wave[3:], "spam")
    assert promises.certify(site=site, now=NOW) is None
    earned = site_figures.measure(site=site, now=NOW).figures["promise"]
    assert earned["bound"] <= 0.05 and earned["if_days_are_alike"]
    assert earned["still"]["verdicts"] > 0


def test_posts_count_by_what_was_drawn_of_blocks_on_their_day_and_the_one_before(site):
    noon = (NOW - 9 * DAY).replace(hour=12)
    for day, chance in enumerate((0.5, 0.1, None, None, 1.0)):
        send(
            site,
            4,
            probability=0.02,
            at=noon + day * DAY,
            chance=0.2 if day < 2 else 0.05,
            thrown=0.01,
        )
        if chance:
            at = noon + day * DAY
            send(site, 2, probability=0.97, at=at, chance=chance, thrown=0.05)
    asked = Question(site.pk, MODEL, Mode.CERTIFIED, 0.9, noon - DAY, NOW)
    third = (noon + 2 * DAY + timedelta(hours=1)).timestamp()
    found = volumes.counted(asked, [third])
    levels = found.until(third).levels
    assert levels[-1] == Level(0.05, 0.125) and levels[0].share == pytest.approx(8 / 12)
    assert found.until(third) == Volumes(12, pytest.approx((0.5 + 0.1 + 0.1) / 3), levels, 0.1)
    assert found.until(math.inf).chance == pytest.approx((0.5 + 0.1 + 0.1 + 1.0 + 1.0) / 5)
    assert (found.would_block(third), found.would_block(math.inf)) == (4, 6)
    assert found.least_of_blocks(third) == 0.1


def test_lists_block_many_and_the_posts_of_that_day_count_as_ever(site):
    """The chance of a draw follows the number of what the model would block."""
    noon = (NOW - 9 * DAY).replace(hour=12)
    send(site, 4, probability=0.02, at=noon)
    send(site, 2, probability=0.97, at=noon, chance=0.5, thrown=0.05)
    send(site, 2, probability=0.97, at=noon, chance=0.1, thrown=0.05, by=Ground.COPY)
    asked = Question(site.pk, MODEL, Mode.CERTIFIED, 0.9, noon - DAY, NOW)
    assert volumes.counted(asked).until(math.inf).chance == pytest.approx(0.5)


def test_allowed_posts_of_one_author_say_little_of_the_others(site):
    """All that were drawn came from one author on one day: they say as much as one."""
    of_few_authors(site, each=240)
    assert promises.certify(site=site, now=NOW) is None
    earned = site_figures.measure(site=site, now=NOW).figures["promise"]
    assert earned["together"] == pytest.approx(60.0)
    of_few_authors(site, each=6, blocks=0, allowed=0, drawn=0)
    assert promises.certify(site=site, now=NOW).together == pytest.approx(6.0)


def test_to_forget_words_earns_nothing(site, sent_days_ago):
    """Nobody knows any more whose the posts were: they count as one author's."""
    of_few_authors(site, each=240)
    sent_days_ago(280 * [4])
    forget(site, words_days=1)
    assert promises.certify(site=site, now=NOW) is None


def test_one_authors_wrong_blocks_of_a_week_are_one(site):
    """A certificate lets the model block one of them, and people judge the others."""
    spam, honest = reviewed(site, blocks=60, allowed=480, drawn=150)
    judge(site, spam[:40], "spam")
    judge(site, spam[40:], "ham")
    judge(site, honest, "ham")
    assert promises.certify(site=site, now=NOW) is None
    posts_of(spam[40:]).update(author=Author.objects.create(site=site, external_id="7"))
    certificate = promises.certify(site=site, now=NOW)
    assert (certificate.wrong, certificate.wrong_authors) == (1, 1)


def test_an_author_who_appeals_against_every_block_is_one_wrong_block_a_week(site):
    """An appeal ends the audit of its post; turned down it is no answer, and counts as honest."""
    spam, honest = reviewed(site, blocks=60, allowed=480, drawn=150)
    judge(site, spam[:40], "spam")
    for draw in spam[40:]:
        appeal(site, draw, Outcome.BLOCK)
    judge(site, honest, "ham")
    assert promises.certify(site=site, now=NOW) is None
    posts_of(spam[40:]).update(author=Author.objects.create(site=site, external_id="7"))
    assert promises.certify(site=site, now=NOW).wrong == 1


def test_the_draws_are_read_once_also_where_they_certify(site):
    judged(site)
    with CaptureQueriesContext(connection) as queries:
        assert promises.certify(site=site, now=NOW) is not None
    read = [each for each in queries if "draw.draw, draw.probability" in each["sql"]]
    assert len(read) == 1


@pytest.mark.parametrize("threshold", [0.95, 0.9])
def test_what_is_wrong_below_a_threshold_does_not_speak_against_it(site, threshold):
    judged(site)
    low = send(site, 10, probability=0.92, at=NOW - FOUR_DAYS)
    judge(site, low, "ham" if threshold == 0.95 else "spam")
    assert promises.certify(site=site, now=NOW).threshold == threshold


def test_honest_posts_among_would_be_blocks_prevent_it(site):
    spam, honest = reviewed(site)
    judge(site, spam[:30], "spam")
    judge(site, spam[30:], "ham")
    judge(site, honest, "ham")
    assert promises.certify(site=site, now=NOW) is None


def test_it_needs_to_be_known_that_allowed_posts_are_honest(site):
    spam, honest = reviewed(site)
    judge(site, spam, "spam")
    judge(site, honest, "spam")
    assert promises.certify(site=site, now=NOW) is None


def test_only_the_models_blocks_count_and_only_of_one_model(site):
    judge(site, send(site, 20, probability=0.97, at=NOW - FOUR_DAYS, by=Ground.COPY), "ham")
    judge(site, send(site, 20, probability=0.97, at=NOW - FOUR_DAYS, model="model-0"), "ham")
    certificate = certified(site)
    assert (certificate.judged, certificate.wrong) == (40, 0)
