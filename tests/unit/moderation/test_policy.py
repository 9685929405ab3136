"""Every mode with every kind of findings, as a table."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.types import ENCODER_MISSING, Assessment, Contribution, Signal
from moderation.policy import (
    Findings,
    Rules,
    Ruling,
    decide,
    give_up,
    hold_for_cap,
    let_through,
    percent,
    thresholds,
)
from moderation.types import Ground, Mode, Outcome, PostType

OBSERVE, REVIEW_ONLY, PROVISIONAL = Mode.OBSERVE, Mode.REVIEW_ONLY, Mode.PROVISIONAL
ALLOW, REVIEW, BLOCK = Outcome.ALLOW, Outcome.REVIEW, Outcome.BLOCK
HELD, PUBLISHED = (REVIEW, False), (REVIEW, True)
ALLOWED, BLOCKED = (ALLOW, True), (BLOCK, False)

GTUBE = Signal("standard_string.gtube", "The standard string.", decisive=True)
HONEYPOT = Signal("honeypot.filled", "The hidden field.", decisive=True)
BROKEN = Signal("scorer.failed", "The scorer failed.", failed=True)

HAM, DOUBT, SPAM = (Findings(Assessment(p)) for p in (0.05, 0.5, 0.97))
FAILED = Findings(Assessment(None, (BROKEN,), failed=True))


def with_signal(findings: Findings, *signals: Signal) -> Findings:
    return replace(findings, assessment=replace(findings.assessment, signals=signals))


DENIED = replace(HAM, denied=("On the deny list.",))
LISTED = replace(SPAM, allowed=("On the allow list.",))
BOTH = replace(HAM, denied=("On the deny list.",), allowed=("On the allow list.",))
COPY = replace(HAM, copied=True)

TABLE = [
    # findings, observe, review_only, provisional, what it rests on in provisional mode
    ("ham", HAM, ALLOWED, ALLOWED, ALLOWED, Ground.MODEL),
    ("doubt", DOUBT, ALLOWED, HELD, HELD, Ground.MODEL),
    ("spam", SPAM, ALLOWED, HELD, BLOCKED, Ground.MODEL),
    ("failed", FAILED, PUBLISHED, HELD, HELD, Ground.FAILURE),
    ("no number", Findings(Assessment(None)), PUBLISHED, HELD, HELD, Ground.FAILURE),
    ("gtube", with_signal(HAM, GTUBE), BLOCKED, BLOCKED, BLOCKED, Ground.STANDARD_STRING),
    ("honeypot", with_signal(HAM, HONEYPOT), ALLOWED, BLOCKED, BLOCKED, Ground.HONEYPOT),
    ("denied", DENIED, ALLOWED, BLOCKED, BLOCKED, Ground.LIST),
    ("allow-listed", LISTED, ALLOWED, ALLOWED, ALLOWED, Ground.LIST),
    ("both lists", BOTH, ALLOWED, HELD, HELD, Ground.LIST),
    ("copy", COPY, ALLOWED, BLOCKED, BLOCKED, Ground.COPY),
    # What is stronger wins.
    (
        "gtube by a listed author",
        with_signal(LISTED, GTUBE),
        *(BLOCKED, BLOCKED, BLOCKED, Ground.STANDARD_STRING),
    ),
    (
        "gtube when a scorer fails",
        with_signal(FAILED, BROKEN, GTUBE),
        *(BLOCKED, BLOCKED, BLOCKED, Ground.STANDARD_STRING),
    ),
    (
        "honeypot by a listed author",
        with_signal(LISTED, HONEYPOT),
        *(ALLOWED, BLOCKED, BLOCKED, Ground.HONEYPOT),
    ),
    (
        "copy by a listed author",
        replace(COPY, allowed=("Listed.",)),
        *(ALLOWED, ALLOWED, ALLOWED, Ground.LIST),
    ),
    (
        "copy when a scorer fails",
        replace(FAILED, copied=True),
        *(PUBLISHED, HELD, HELD, Ground.FAILURE),
    ),
    # A person's block outlives an edit.
    (
        "ham after a block",
        replace(HAM, blocked_before=True),
        *(HELD, HELD, HELD, Ground.EARLIER_BLOCK),
    ),
    (
        "spam after a block",
        replace(SPAM, blocked_before=True),
        *(HELD, HELD, BLOCKED, Ground.MODEL),
    ),
    (
        "allow-listed after a block",
        replace(LISTED, blocked_before=True),
        *(HELD, HELD, HELD, Ground.EARLIER_BLOCK),
    ),
]


@pytest.mark.parametrize(
    ("findings", "observe", "review_only", "provisional", "by"),
    [pytest.param(*row[1:], id=row[0]) for row in TABLE],
)
def test_outcome_in_every_mode(findings, observe, review_only, provisional, by):
    rulings = {mode: decide(Rules(mode=mode), findings) for mode in Mode}
    assert {mode: (r.outcome, r.published) for mode, r in rulings.items()} == {
        OBSERVE: observe,
        REVIEW_ONLY: review_only,
        PROVISIONAL: provisional,
        Mode.CERTIFIED: review_only,  # Without a certificate.
    }
    assert rulings[PROVISIONAL].by is by
    for ruling in rulings.values():
        assert ruling.reasons, "a decision without a reason"


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize(
    ("findings", "would_be"), [(HAM, ALLOW), (DOUBT, REVIEW), (SPAM, BLOCK), (FAILED, None)]
)
def test_what_the_thresholds_say_is_kept_in_every_mode(mode, findings, would_be):
    assert decide(Rules(mode=mode), findings).would_be is would_be
    assert decide(Rules(mode=mode), replace(findings, denied=("x",))).would_be is would_be


@pytest.mark.parametrize(
    ("probability", "outcome"),
    [(0.0, ALLOW), (0.2999, ALLOW), (0.3, REVIEW), (0.9499, REVIEW), (0.95, BLOCK), (1.0, BLOCK)],
)
def test_a_threshold_belongs_to_the_stricter_side(probability, outcome):
    assert thresholds(Rules(), Assessment(probability)) is outcome


def test_equal_thresholds_leave_no_room_for_review():
    rules = Rules(mode=PROVISIONAL, review_from=0.8, block_from=0.8)
    assert decide(rules, Findings(Assessment(0.79))).outcome is ALLOW
    assert decide(rules, Findings(Assessment(0.8))).outcome is BLOCK


def test_types_that_stay_published_while_they_wait():
    rules = Rules(mode=REVIEW_ONLY, published_types=frozenset({PostType.COMMENT}))
    comment = replace(DOUBT, type=PostType.COMMENT)
    assert decide(rules, comment).published
    assert not decide(rules, replace(DOUBT, type=PostType.LISTING)).published
    # Would-be blocks, failures and posts that a person blocked are held whatever their type.
    assert not decide(rules, replace(SPAM, type=PostType.COMMENT)).published
    assert not decide(rules, replace(FAILED, type=PostType.COMMENT)).published
    assert not decide(rules, replace(comment, blocked_before=True)).published


def test_reasons_put_the_deciding_one_first_and_then_the_evidence():
    word = Contribution("word", "The word “casino” speaks for spam.", 2.0)
    findings = Findings(Assessment(0.97, contributions=(word,)))
    blocked = decide(Rules(mode=PROVISIONAL), findings)
    assert [reason.sentence for reason in blocked.reasons] == [
        "The model gives 97 % spam; this site's limit for blocking is 95 % (unproven).",
        word.sentence,
    ]
    held = decide(Rules(mode=REVIEW_ONLY), findings)
    assert [reason.code for reason in held.reasons] == [
        "mode.review_only",
        "model.block",
        "word",
    ]
    assert held.reasons[0].sentence.startswith("Would be blocked, but")
    assert decide(Rules(mode=OBSERVE), findings).reasons[0].code == "mode.observe"


def test_a_failure_names_the_judge_that_failed():
    ruling = decide(Rules(), FAILED)
    assert ruling.failed
    assert [reason.code for reason in ruling.reasons] == ["judging.failed", "scorer.failed"]


def test_an_unknown_decisive_signal_decides_nothing_by_itself():
    signal = Signal("rules.anything", "New.", decisive=True)
    assert decide(Rules(mode=PROVISIONAL), with_signal(HAM, signal)).outcome is ALLOW


LESS, MORE = (
    Findings(Assessment(0.97, site_probability=0.2)),
    Findings(Assessment(0.05, site_probability=0.6)),
)


@pytest.mark.parametrize(
    ("findings", "code", "outcome"),
    [
        (LESS, "site.less", HELD),
        (MORE, "site.more", HELD),
        (replace(MORE, type=PostType.COMMENT), "site.more", PUBLISHED),
        (replace(LESS, type=PostType.COMMENT), "site.less", HELD),
        (replace(LESS, copied=True), "copy.spam", BLOCKED),
        (replace(MORE, allowed=("On the list.",)), "list.allow", ALLOWED),
        (replace(DOUBT, assessment=Assessment(0.5, site_probability=0.999)), "model.review", HELD),
        (replace(DOUBT, assessment=Assessment(0.5, site_probability=0.001)), "model.review", HELD),
    ],
)
def test_the_site_s_own_labels_ask_for_a_person_and_do_no_more(findings, code, outcome):
    rules = Rules(mode=PROVISIONAL, published_types=frozenset({PostType.COMMENT}))
    ruling = decide(rules, findings)
    assert (ruling.outcome, ruling.published) == outcome
    assert ruling.reasons[0].code == code
    assert ruling.would_be is thresholds(rules, findings.assessment)


STRANGE = {p: Findings(Assessment(p, strange=True)) for p in (0.05, 0.5, 0.97)}
CIPHER = Signal("unread.text", "90 % of it is neither words nor a code that could be read.")


@pytest.mark.parametrize(
    ("findings", "code", "outcome"),
    [
        (STRANGE[0.05], "model.unfamiliar", HELD),
        (STRANGE[0.97], "model.unfamiliar", HELD),
        (STRANGE[0.5], "model.unfamiliar", HELD),
        (replace(STRANGE[0.05], type=PostType.COMMENT), "model.unfamiliar", PUBLISHED),
        (replace(STRANGE[0.97], type=PostType.COMMENT), "model.unfamiliar", HELD),
        (replace(STRANGE[0.05], allowed=("Listed.",)), "list.allow", ALLOWED),
        (replace(STRANGE[0.05], copied=True), "copy.spam", BLOCKED),
        (with_signal(STRANGE[0.05], GTUBE), "standard_string.gtube", BLOCKED),
        (with_signal(HAM, CIPHER), "model.unread", HELD),
        (with_signal(SPAM, CIPHER), "model.block", BLOCKED),
    ],
)
def test_a_person_is_asked_about_what_the_model_cannot_know_wherever_the_limits_lie(
    findings, code, outcome
):
    rules = Rules(
        mode=PROVISIONAL,
        review_from=0.6,
        block_from=0.9,
        published_types=frozenset({PostType.COMMENT}),
    )
    ruling = decide(rules, findings)
    assert (ruling.outcome, ruling.published) == outcome
    assert ruling.reasons[0].code == code
    assert ruling.would_be is thresholds(rules, findings.assessment)


def test_a_site_that_observes_holds_nothing_that_is_strange():
    ruling = decide(Rules(mode=OBSERVE), STRANGE[0.05])
    assert (ruling.outcome, ruling.published) == ALLOWED


@given(
    mode=st.sampled_from(Mode),
    probability=st.floats(0, 1),
    site=st.floats(0, 1),
    thresholds=st.tuples(st.floats(0, 1), st.floats(0, 1)).map(sorted),
    type=st.sampled_from(PostType),
    published=st.frozensets(st.sampled_from(PostType)),
)
def test_a_learner_never_blocks_and_never_publishes(
    mode, probability, site, thresholds, type, published
):
    rules = Rules(mode, *thresholds, published_types=published)
    alone = decide(rules, Findings(Assessment(probability), type))
    both = decide(rules, Findings(Assessment(probability, site_probability=site), type))
    assert both.outcome in (alone.outcome, REVIEW)
    assert alone.published or not both.published


@pytest.mark.parametrize(
    ("mode", "findings", "code", "outcome"),
    [
        (PROVISIONAL, Findings(Assessment(0.05)), "caution.missed", PUBLISHED),
        (PROVISIONAL, Findings(Assessment(0.03)), "model.allow", ALLOWED),
        (PROVISIONAL, replace(HAM, allowed=("On the list.",)), "list.allow", ALLOWED),
        (PROVISIONAL, DOUBT, "model.review", HELD),
        (PROVISIONAL, SPAM, "model.block", BLOCKED),
        (OBSERVE, Findings(Assessment(0.05)), "model.allow", ALLOWED),
    ],
)
def test_a_caution_asks_about_what_stays_published_and_does_no_more(mode, findings, code, outcome):
    ruling = decide(Rules(mode=mode, asks_from=0.04), findings)
    assert (ruling.outcome, ruling.published) == outcome
    assert ruling.reasons[0].code == code
    if code == "caution.missed":
        assert let_through(ruling) == decide(Rules(mode=mode), findings)


def test_overflow_of_the_cap_is_held_and_says_so():
    ruling = hold_for_cap(decide(Rules(mode=PROVISIONAL), SPAM), 200)
    assert (ruling.outcome, ruling.published, ruling.capped) == (REVIEW, False, True)
    assert ruling.would_be is BLOCK
    assert "200 automatic blocks an hour" in ruling.reasons[0].sentence


def test_giving_up_holds_except_where_the_site_only_observes():
    assert give_up("Broken.", mode=PROVISIONAL) == Ruling(
        REVIEW, False, Ground.FAILURE, give_up("Broken.", mode=OBSERVE).reasons, failed=True
    )
    assert give_up("Broken.", mode=OBSERVE).published


@pytest.mark.parametrize(
    ("probability", "text"),
    [
        (0.0, "0 %"),
        (0.0001, "less than 0.1 %"),
        (0.29, "29 %"),
        (0.3, "30 %"),
        (0.9499, "94.9 %"),
        (0.95, "95 %"),
        (0.99999, "99.9 %"),
        (1.0, "100 %"),
    ],
)
def test_percent_never_rounds_up(probability, text):
    assert percent(probability) == text


# Certified


def test_an_observing_site_tells_what_the_model_would_have_done_from_what_a_rule_would():
    grounds = [decide(Rules(mode=OBSERVE), each).by for each in (SPAM, DENIED, COPY)]
    assert grounds == [Ground.MODEL, Ground.MODE, Ground.MODE]


def test_a_certificate_covers_no_post_that_the_model_judged_without_its_encoder():
    unasked = Contribution(ENCODER_MISSING, "Not installed here.", 0.0)
    findings = Findings(Assessment(0.97, contributions=(unasked,)))
    ruling = decide(Rules(mode=Mode.CERTIFIED, block_from=0.9, certified_from=0.9), findings)
    assert (ruling.outcome, ruling.reasons[0].code) == (REVIEW, "certificate.encoder")


CERTIFIED = Rules(mode=Mode.CERTIFIED, block_from=0.9)


@pytest.mark.parametrize(
    ("start", "standing", "code"),
    [(None, HELD, "certificate.none"), (0.98, HELD, "certificate.below"), (0.96, BLOCKED, None)],
)
def test_the_model_blocks_what_a_certificate_covers_and_no_more(start, standing, code):
    ruling = decide(replace(CERTIFIED, certified_from=start), SPAM)
    assert (ruling.outcome, ruling.published) == standing
    assert (ruling.by, ruling.would_be) == (Ground.MODEL, BLOCK)
    assert code is None or ruling.reasons[0].code == code


@pytest.mark.parametrize("findings", [DENIED, COPY, with_signal(HAM, HONEYPOT)])
def test_what_people_said_blocks_without_a_certificate(findings):
    assert decide(CERTIFIED, findings).outcome is BLOCK


def test_a_learner_softens_what_a_certificate_covers():
    doubted = replace(SPAM, assessment=replace(SPAM.assessment, site_probability=0.5))
    assert decide(replace(CERTIFIED, certified_from=0.9), doubted).outcome is REVIEW
