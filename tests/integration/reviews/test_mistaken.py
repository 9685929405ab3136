"""What people get wrong: which cases are counted, and from when on."""

from datetime import UTC, datetime, timedelta

import pytest

from classifiers.guarantees import sequences
from moderation import sites
from moderation.types import Mode
from reviews.measuring import mistaken
from reviews.measuring.mistaken import ASSUMED, BOUNDS, DELTA, begins, people
from tests.integration.reviews.promised import FOUR_DAYS, NOW, judge, look, send
from tests.integration.world import make_moderator, make_site


@pytest.fixture
def site(db):
    made = make_site()
    sites.change_policy(site=made, mode=Mode.CERTIFIED, block_from=0.9)
    made.user, made.senior = make_moderator(made), make_moderator(made)
    return made


def judged(site):
    draws = send(site, 60, probability=0.97, at=NOW - FOUR_DAYS)
    judge(site, draws, "ham")
    return draws


def test_second_looks_that_a_third_person_overrules_widen_the_assumption(site):
    draws = judged(site)
    look(site, draws[:40], "remove", why="sample")
    look(site, draws[40:], "spam", settled="not_spam", why="sample")
    honest = people(site=site, now=NOW).honest
    assert (honest.looks_wrong, honest.looks, honest.of, honest.measured) == (20, 60, 0, True)
    assert honest.bound == pytest.approx(sequences.upper(20, 60, DELTA / BOUNDS))
    widened, delta = people(site=site, now=NOW).for_certificates(0.05)
    assert widened.spam_of_honest == honest.bound and delta == 0.05 - DELTA


def test_what_the_first_person_settles_is_no_error_and_no_proof_of_none(site):
    draws = judged(site)
    site.senior = site.user
    look(site, draws[:48], "not_spam", why="sample")
    look(site, draws[48:], "spam", settled="not_spam", why="sample")
    honest = people(site=site, now=NOW).honest
    assert (honest.looks_wrong, honest.looks, honest.measured) == (0, 48, False)
    assert honest.open == 12, "said beside them"


@pytest.mark.parametrize("first_errs", [True, False])
def test_two_who_differ_often_err_more_than_is_assumed_whoever_it_is(site, first_errs):
    """Of 60 posts that both judged they differ on 20, and one of the two settles each."""
    draws = send(site, 60, probability=0.97, at=NOW - FOUR_DAYS)
    judge(site, draws[:20], "spam" if first_errs else "ham")
    judge(site, draws[20:], "ham")
    site.senior = site.user
    look(site, draws[20:], "not_spam", why="sample")
    look(site, draws[:20], "not_spam" if first_errs else "spam", settled="spam", why="sample")
    honest = people(site=site, now=NOW).honest
    assert (honest.looks_wrong, honest.looks, honest.open, honest.measured) == (0, 40, 20, True)
    assert honest.bound == pytest.approx(sequences.upper(20, 60, DELTA / BOUNDS))
    widened, delta = people(site=site, now=NOW).for_certificates(0.05)
    assert widened.spam_of_honest == honest.bound and delta == 0.05 - DELTA


def said(of, wrong=0, unsettled=0):
    return mistaken.Said(of, wrong, unsettled)


def test_what_nobody_settled_is_no_proof_that_people_do_not_err():
    each = DELTA / BOUNDS
    honest, spam = said(100, unsettled=120), said(300, unsettled=120)
    assert mistaken._differ_too_often(honest, spam, each)
    found = mistaken._kind(said(0), spam, ASSUMED.honest_of_spam, DELTA, differ=True)
    assert (found.looks_wrong, found.looks, found.open, found.measured) == (0, 300, 120, True)
    assert 120 / 420 < found.bound == sequences.upper(120, 420, each)
    assert not mistaken._differ_too_often(said(100, unsettled=30), said(300, unsettled=30), each)


def test_looks_that_nobody_answered_are_no_proof_that_people_do_not_err():
    each, many = DELTA / BOUNDS, said(1_000)

    def found(silent, looks=many):
        return mistaken._kind(
            many, looks, ASSUMED.spam_of_honest, DELTA, differ=False, silent=silent
        )

    assert found(0).measured and found(0).bound < ASSUMED.spam_of_honest
    assert found(5).bound == sequences.upper(5, 1_005, each) > found(0).bound
    assert (found(100).measured, found(100).bound) == (False, ASSUMED.spam_of_honest)
    # Nor do they contradict it.
    erring = said(1_000, wrong=200)
    assert found(500, erring).bound == found(0, erring).bound


def test_late_looks_count_as_such_for_a_sites_people(site, monkeypatch):
    monkeypatch.setattr(mistaken, "_known", lambda looks: (said(1_000), said(1_000)))
    monkeypatch.setattr(mistaken, "_second", lambda looks: (said(1_000), said(1_000)))
    assert people(site=site, now=NOW).honest.measured
    look(site, judged(site), None, why="sample")
    later = people(site=site, now=NOW + timedelta(days=4))
    assert (later.unanswered, later.honest.measured, later.spam.measured) == (60, False, False)


def test_looks_that_depend_on_what_was_said_are_no_sample(site):
    look(site, judged(site), "spam", settled="not_spam")
    honest = people(site=site, now=NOW).honest
    assert (honest.looks, honest.bound) == (0, ASSUMED.spam_of_honest)


def test_within_a_year_no_more_than_three_sequences_are_in_use():
    first = datetime(2026, 3, 5, 7, tzinfo=UTC)
    starts = [begins(first + timedelta(days=day)) for day in range(366)]
    assert sorted(set(starts)) == [
        datetime(2025, 7, 1, tzinfo=UTC),
        datetime(2026, 1, 1, tzinfo=UTC),
        datetime(2026, 7, 1, tzinfo=UTC),
    ]
    ages = [first + timedelta(days=day) - start for day, start in enumerate(starts)]
    assert timedelta(days=180) < min(ages) and max(ages) < timedelta(days=370)
