"""From a probability and a site's rules to an outcome with its reasons. Pure.

What is stronger comes first: the standard test string, the honeypot, the operator's lists,
a judge that failed, copies of confirmed spam, and last the model's thresholds. The site's
mode then takes back what it does not let the machine do.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

from classifiers.odds import log_odds
from classifiers.types import ENCODER_MISSING, UNREAD_TEXT, Assessment, Contribution
from moderation.types import Ground, Mode, Outcome, PostType

UNFAMILIAR: Final = "The model has met too few of its words to answer alone, so a person must look."

Reason = Contribution
"""A code, a sentence for people and a weight in log-odds; 0 where a rule decided."""


@dataclass(frozen=True, slots=True)
class Rules:
    """One revision of a site's policy, as far as it decides."""

    mode: Mode = Mode.REVIEW_ONLY
    review_from: float = 0.3
    block_from: float = 0.95
    published_types: frozenset[PostType] = frozenset()
    """Types that stay published while they wait for review."""
    certified_from: float | None = None
    """From this probability on a certificate covers what the model blocks; None without one."""
    asks_from: float | None = None
    """From this probability on a person is asked about what the model allows; None: about none."""


@dataclass(frozen=True, slots=True)
class Findings:
    """All that is known of a post when it is decided about."""

    assessment: Assessment
    type: PostType = PostType.OTHER
    denied: tuple[str, ...] = ()
    """A sentence for each entry of the deny list that matches."""
    allowed: tuple[str, ...] = ()
    copied: bool = False
    """The same words as spam that a person confirmed."""
    blocked_before: bool = False
    """A person blocked an earlier revision."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What to do with a post, and why; the deciding reason comes first."""

    outcome: Outcome
    published: bool
    by: Ground
    reasons: tuple[Reason, ...] = field(default=())
    would_be: Outcome | None = None
    """What the thresholds alone say; None where there is no probability."""
    failed: bool = False
    capped: bool = False


def decide(rules: Rules, findings: Findings) -> Ruling:
    """Return the ruling on one post.

    A post that a person blocked before is never let through again by a machine, whatever
    its new words.
    """
    first = next(filter(None, (rule(rules, findings) for rule in _ORDER)), None)
    ruling = first or _by_learner(rules, findings, _by_model(rules, findings))
    ruling = _by_ignorance(rules, findings, ruling)
    ruling = _by_caution(rules, findings, ruling)
    ruling = _limited(rules, findings, ruling)
    if findings.blocked_before:
        ruling = hold_after_block(ruling)
    return replace(
        ruling,
        would_be=thresholds(rules, findings.assessment),
        reasons=ruling.reasons + findings.assessment.contributions,
    )


def thresholds(rules: Rules, assessment: Assessment) -> Outcome | None:
    """Return what the probability alone says, or None where there is none."""
    probability = assessment.probability
    if probability is None:
        return None
    if probability >= rules.block_from:
        return Outcome.BLOCK
    return Outcome.REVIEW if probability >= rules.review_from else Outcome.ALLOW


def hold_after_block(ruling: Ruling) -> Ruling:
    """Return the ruling on new words of a post that a person blocked: none publishes them."""
    if not ruling.published:
        return ruling
    reason = Reason("edit.after_block", "A person blocked an earlier version of this post.", 0.0)
    return _held(ruling, Ground.EARLIER_BLOCK, reason)


def hold_hidden_words(ruling: Ruling) -> Ruling:
    """Return the ruling on a post that says what a hidden one says: only a person publishes it."""
    if ruling.outcome is Outcome.BLOCK:
        return ruling
    sentence = "The same words as a post that a moderator found dangerous or illegal."
    return _held(ruling, Ground.EARLIER_BLOCK, Reason("copy.hidden", sentence, 0.0))


def hold_for_cap(ruling: Ruling, cap: int) -> Ruling:
    """Return the ruling on a post that is one automatic block too many this hour."""
    reason = Reason(
        "cap.reached",
        f"Would be blocked, but this site's limit of {cap} automatic blocks an hour is reached.",
        0.0,
    )
    return replace(_held(ruling, ruling.by, reason), capped=True)


def hold_again(ruling: Ruling, days: int) -> Ruling:
    """Return the ruling on a post that would be one block too many of its author."""
    sentence = (
        f"Would be blocked, but by itself the model blocks an author once in {days} days, "
        "and this may not be the first time, so a person must look."
    )
    return _held(ruling, ruling.by, Reason("author.again", sentence, 0.0))


def hold_overtaken(ruling: Ruling, sentence: str) -> Ruling:
    """Return the ruling on a post whose block nothing carries any more once it is recorded."""
    return _held(ruling, ruling.by, Reason("judging.overtaken", sentence, 0.0))


def give_up(sentence: str, *, mode: Mode) -> Ruling:
    """Return the ruling on a post that could not be judged at all: a person must look."""
    return Ruling(
        outcome=Outcome.REVIEW,
        published=mode is Mode.OBSERVE,
        by=Ground.FAILURE,
        reasons=(Reason("judging.failed", sentence, 0.0),),
        failed=True,
    )


def _by_standard_string(rules: Rules, findings: Findings) -> Ruling | None:
    return _by_signal(findings, Ground.STANDARD_STRING)


def _by_honeypot(rules: Rules, findings: Findings) -> Ruling | None:
    return _by_signal(findings, Ground.HONEYPOT)


def _by_signal(findings: Findings, ground: Ground) -> Ruling | None:
    for signal in findings.assessment.signals:
        if signal.decisive and signal.code.partition(".")[0] == ground.value:
            return _block(ground, Reason(signal.code, signal.sentence, 0.0))
    return None


def _by_lists(rules: Rules, findings: Findings) -> Ruling | None:
    denied = tuple(Reason("list.deny", sentence, 0.0) for sentence in findings.denied)
    allowed = tuple(Reason("list.allow", sentence, 0.0) for sentence in findings.allowed)
    if denied and allowed:
        reason = Reason("list.conflict", "The allow list and the deny list both match.", 0.0)
        return Ruling(Outcome.REVIEW, False, Ground.LIST, (reason, *denied, *allowed))
    if denied:
        return Ruling(Outcome.BLOCK, False, Ground.LIST, denied)
    return Ruling(Outcome.ALLOW, True, Ground.LIST, allowed) if allowed else None


def _by_failure(rules: Rules, findings: Findings) -> Ruling | None:
    if not findings.assessment.failed:
        return None
    failures = tuple(
        Reason(signal.code, signal.sentence, 0.0)
        for signal in findings.assessment.signals
        if signal.failed
    )
    ruling = give_up("A judge failed on this post, so a person must look.", mode=rules.mode)
    return replace(ruling, reasons=ruling.reasons + failures)


def _by_copy(rules: Rules, findings: Findings) -> Ruling | None:
    if not findings.copied:
        return None
    return _block(
        Ground.COPY, Reason("copy.spam", "The same words as spam that a person confirmed.", 0.0)
    )


def _by_model(rules: Rules, findings: Findings) -> Ruling:
    probability = findings.assessment.probability
    if probability is None:
        return give_up("This post could not be judged.", mode=rules.mode)
    says = f"The model gives {percent(probability)} spam; this site"
    weight = log_odds(probability)
    outcome = thresholds(rules, findings.assessment)
    if outcome is Outcome.BLOCK:
        proven = "" if rules.mode is Mode.CERTIFIED else " (unproven)"
        sentence = f"{says}'s limit for blocking is {percent(rules.block_from)}{proven}."
        return _block(Ground.MODEL, Reason("model.block", sentence, weight))
    if outcome is Outcome.ALLOW:
        sentence = f"{says} reviews from {percent(rules.review_from)} on."
        return Ruling(Outcome.ALLOW, True, Ground.MODEL, (Reason("model.allow", sentence, weight),))
    sentence = (
        f"{says} reviews from {percent(rules.review_from)} on "
        f"and blocks from {percent(rules.block_from)} on."
    )
    return Ruling(
        Outcome.REVIEW,
        findings.type in rules.published_types,
        Ground.MODEL,
        (Reason("model.review", sentence, weight),),
    )


def _by_learner(rules: Rules, findings: Findings, ruling: Ruling) -> Ruling:
    """Ask a person where the site's own labels contradict the model's outcome.

    No audit has certified a learner, so it never blocks, never lets through what the model
    would not, and answers nothing alone.
    """
    probability = findings.assessment.site_probability
    if probability is None:
        return ruling
    says = f"By this site's own labels it is {percent(probability)} spam"
    if ruling.outcome is Outcome.BLOCK and probability < rules.block_from:
        sentence = f"{says}, below its limit for blocking, so a person must look."
        return _held(ruling, ruling.by, Reason("site.less", sentence, log_odds(probability)))
    if ruling.outcome is Outcome.ALLOW and probability >= rules.review_from:
        sentence = f"{says}, and this site reviews from {percent(rules.review_from)} on."
        reason = Reason("site.more", sentence, log_odds(probability))
        published = findings.type in rules.published_types
        held = _held(ruling, ruling.by, reason)
        return replace(held, published=published)
    return ruling


def _by_ignorance(rules: Rules, findings: Findings, ruling: Ruling) -> Ruling:
    """Ask a person about what the model cannot know, wherever the site's limits lie.

    Its number is then no better than a guess, and a guess may lie on either side of them. What
    nobody could read is not let through for it.
    """
    if ruling.by is not Ground.MODEL or ruling.outcome is Outcome.REVIEW:
        return ruling
    found = findings.assessment
    allowed = ruling.outcome is Outcome.ALLOW
    unread = next((signal for signal in found.signals if signal.code == UNREAD_TEXT), None)
    if found.strange:
        reason = Reason("model.unfamiliar", UNFAMILIAR, 0.0)
    elif unread is not None and allowed:
        reason = Reason("model.unread", unread.sentence, 0.0)
    else:
        return ruling
    held = _held(ruling, ruling.by, reason)
    return replace(held, published=allowed and findings.type in rules.published_types)


def _by_caution(rules: Rules, findings: Findings, ruling: Ruling) -> Ruling:
    """Ask a person about what the model allows, where a site missed more spam than it allows.

    Such a post stays published: nobody loses anything by it until a person has looked.
    """
    probability, start = findings.assessment.probability, rules.asks_from
    if start is None or probability is None or rules.mode is Mode.OBSERVE:
        return ruling
    if ruling.by is not Ground.MODEL or ruling.outcome is not Outcome.ALLOW or probability < start:
        return ruling
    sentence = (
        "More spam was let through than this site allows, so people are asked from "
        f"{percent(start)} on."
    )
    held = _held(ruling, Ground.CAUTION, Reason("caution.missed", sentence, 0.0))
    return replace(held, published=True)


def let_through(ruling: Ruling) -> Ruling:
    """Return the ruling without the caution that asked a person; see `_by_caution`."""
    return replace(
        ruling,
        outcome=Outcome.ALLOW,
        published=True,
        by=Ground.MODEL,
        reasons=tuple(reason for reason in ruling.reasons if reason.code != "caution.missed"),
    )


_ORDER: tuple[Callable[[Rules, Findings], Ruling | None], ...] = (
    _by_standard_string,
    _by_honeypot,
    _by_lists,
    _by_failure,
    _by_copy,
)


def _limited(rules: Rules, findings: Findings, ruling: Ruling) -> Ruling:
    """Take back what the site's mode does not let the machine do."""
    if ruling.by is Ground.STANDARD_STRING or ruling.failed:
        return ruling
    if rules.mode is Mode.OBSERVE and ruling.outcome is not Outcome.ALLOW:
        reason = Reason("mode.observe", "Allowed, because this site only observes.", 0.0)
        return replace(
            ruling,
            outcome=Outcome.ALLOW,
            published=True,
            by=Ground.MODEL if ruling.by is Ground.MODEL else Ground.MODE,
            reasons=(reason, *ruling.reasons),
        )
    if (
        rules.mode is Mode.REVIEW_ONLY
        and ruling.outcome is Outcome.BLOCK
        and ruling.by is Ground.MODEL
    ):
        reason = Reason(
            "mode.review_only", "Would be blocked, but this site is in review-only mode.", 0.0
        )
        return _held(ruling, Ground.MODEL, reason)
    if rules.mode is Mode.CERTIFIED and ruling.outcome is Outcome.BLOCK:
        return _as_certified(rules, findings, ruling)
    return ruling


def _as_certified(rules: Rules, findings: Findings, ruling: Ruling) -> Ruling:
    """Hold what the model would block and no certificate covers; other grounds need none."""
    probability, start = findings.assessment.probability, rules.certified_from
    if ruling.by is not Ground.MODEL or probability is None:
        return ruling
    if start is None:
        sentence = "Would be blocked, but no certificate is in force, so a person must look."
        return _held(ruling, Ground.MODEL, Reason("certificate.none", sentence, 0.0))
    if any(part.code == ENCODER_MISSING for part in findings.assessment.contributions):
        sentence = (
            "Would be blocked, but what is certified is this model with its text encoder, which "
            "is not installed here, so a person must look."
        )
        return _held(ruling, Ground.MODEL, Reason("certificate.encoder", sentence, 0.0))
    if probability < start:
        sentence = (
            f"Would be blocked, but this site's certificate begins at {percent(start)}, "
            "so a person must look."
        )
        return _held(ruling, Ground.MODEL, Reason("certificate.below", sentence, 0.0))
    reason = Reason("certificate.covers", f"A certificate covers it from {percent(start)} on.", 0.0)
    return replace(ruling, reasons=(*ruling.reasons, reason))


def _block(ground: Ground, reason: Reason) -> Ruling:
    return Ruling(Outcome.BLOCK, False, ground, (reason,))


def _held(ruling: Ruling, ground: Ground, reason: Reason) -> Ruling:
    return replace(
        ruling,
        outcome=Outcome.REVIEW,
        published=False,
        by=ground,
        reasons=(reason, *ruling.reasons),
    )


def percent(probability: float) -> str:
    """Return a share for people, never rounded up to a certainty that is not there.

    >>> percent(0.97), percent(0.9996), percent(0.0002)
    ('97 %', '99.9 %', 'less than 0.1 %')
    """
    if 0.0 < probability < 0.001:
        return "less than 0.1 %"
    # The small addend undoes 0.29 * 1000 == 289.99999999999994.
    return f"{math.floor(probability * 1000 + 1e-9) / 10:g} %"
